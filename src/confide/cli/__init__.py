"""ROOF: the command line."""
