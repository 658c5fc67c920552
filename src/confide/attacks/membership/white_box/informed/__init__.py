"""Membership inference by an adversary who knows all other training records."""
