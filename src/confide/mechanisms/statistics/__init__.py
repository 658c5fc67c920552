"""FLOOR 1: statistics of people, released with a promise."""
