"""FLOOR 1: mechanisms that learn: records in, a model out."""
