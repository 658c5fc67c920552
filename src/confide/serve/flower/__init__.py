"""Collaborations on Flower's deployment engine: every party is a machine of its own (extra `flower`)."""
