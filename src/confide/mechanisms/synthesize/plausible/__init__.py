"""Plausible deniability: records from real seeds, each released only if many other seeds could explain it."""
