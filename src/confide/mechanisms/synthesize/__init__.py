"""Synthetic records: a model of some noised margins of a table, and rows drawn from the model."""
