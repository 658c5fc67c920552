"""Membership inference from a model's outputs; one file an attack."""
