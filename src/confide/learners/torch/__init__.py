"""Learners that train PyTorch modules, many at once."""
