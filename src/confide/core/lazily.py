"""Lazy import: loads a module when something of it is first asked for."""

from __future__ import annotations

from importlib import import_module


class Lazily:
    """Stands for a module that takes long to import, so that `import confide` need not wait for it.

    >>> Lazily("math").sqrt(9.0)
    3.0
    """

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, attribute: str) -> object:
        found = getattr(import_module(self._name), attribute)
        # Kept, so that the next time nothing is looked up.
        setattr(self, attribute, found)
        return found
