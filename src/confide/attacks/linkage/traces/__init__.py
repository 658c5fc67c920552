"""Linkage of released traces to people; one file an attack."""
