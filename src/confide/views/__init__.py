"""Views: released data as immutable records of arrays."""
