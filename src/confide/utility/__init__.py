"""Utility: measures of what a release is still good for."""
