"""FLOOR 1: numbers with intervals, from evidence."""
