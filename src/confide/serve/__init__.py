"""Servers: what a person or a program asks over a network, answered under a promise."""
