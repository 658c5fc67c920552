"""Anonymisation by rule: rare values are removed, fine ones made coarse. Nothing here has a promise."""
