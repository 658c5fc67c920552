"""Inputs: what the user holds, read and checked, one file for each kind of data."""
