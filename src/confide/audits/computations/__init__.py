"""Audits of recorded computations: what a party saw of the others' inputs, and what the result says."""
