"""FLOOR 3: the door, by what you hold."""
