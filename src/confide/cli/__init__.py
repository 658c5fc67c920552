"""The command line."""

from confide.cli.commands import main

__all__ = ["main"]
