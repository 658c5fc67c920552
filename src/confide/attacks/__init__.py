"""FLOOR 1: adversaries, a room for each goal, one file a paper."""
