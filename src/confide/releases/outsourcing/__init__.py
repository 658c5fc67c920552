"""Outsourced scores: the plan that client and server agree on, and the keys of the client."""
