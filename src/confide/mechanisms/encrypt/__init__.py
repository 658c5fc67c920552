"""Homomorphic encryption: a model that computes on records it cannot read (extra `encrypt`)."""
