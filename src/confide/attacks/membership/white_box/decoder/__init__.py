"""Gradient decoder: membership by linear inversion of the parameters."""
