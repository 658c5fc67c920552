"""Utility of synthetic files: margins beside the sampling floor and shuffled columns, and the gate."""
