"""Reconstruction of pictures: clear ones restored from obscured ones."""
