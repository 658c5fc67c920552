"""Worked out from the originals and a release of them: what was done. Pure functions, a file a kind."""
