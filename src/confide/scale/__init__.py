"""FLOOR 2: maps that spread work over threads, processes or a cluster."""
