"""FLOOR 2: real data sets, one file each: card, loader, and a synthetic twin."""
