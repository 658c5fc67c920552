"""Attacks: what an adversary does with a release; a folder for each goal, a folder in it for each kind."""
