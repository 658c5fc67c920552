"""Graphical models of tables, fitted to noised margins on a junction tree."""
