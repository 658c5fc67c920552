"""Linkage of released ratings to people; one file an attack."""
