"""Outsourced scores over a network: a server that computes on encrypted rows, and its client."""
