"""Views: what is released, as immutable records of arrays."""
