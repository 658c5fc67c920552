"""ROOF: the command line."""

from confide.cli import people
from confide.cli.commands import main

__all__ = ["main", "people"]
