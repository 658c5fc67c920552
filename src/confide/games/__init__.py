"""FLOOR 1: threat models, one file a goal."""
