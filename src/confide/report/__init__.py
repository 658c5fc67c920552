"""FLOOR 2: one dict, rendered to HTML, JSON and the terminal."""
