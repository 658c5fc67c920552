"""Means of vectors, and robust ones that few poisoned vectors cannot move far."""
