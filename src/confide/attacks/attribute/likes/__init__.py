"""Attribute inference from likes; one file an attack."""
