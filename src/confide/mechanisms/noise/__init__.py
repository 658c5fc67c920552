"""Noise distributions, and the cryptographic source they are drawn from."""
