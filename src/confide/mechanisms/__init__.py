"""FLOOR 1: data -> release, with a promise or none."""
