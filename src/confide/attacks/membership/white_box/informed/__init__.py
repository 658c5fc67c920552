"""Informed membership inference: the adversary knows all other training records."""
