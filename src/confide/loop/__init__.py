"""FLOOR 2: attack, protect, attack again; and what is left of the data."""
