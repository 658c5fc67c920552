"""Reconstruction of where people were, from released traces."""
