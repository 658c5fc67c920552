"""Reconstruction of pictures from obscured ones."""
