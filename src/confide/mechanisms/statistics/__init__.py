"""Statistics of people, released with a promise."""
