"""Synthetic records: a domain file, and a table from a model that a budget was spent on."""
