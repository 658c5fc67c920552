"""Inputs: what the user holds, read and checked, one file a kind."""
