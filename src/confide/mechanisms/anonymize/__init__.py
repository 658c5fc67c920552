"""FLOOR 1: obscuring by rule: what is rare goes, what is fine gets coarse. Nothing here has a promise."""
