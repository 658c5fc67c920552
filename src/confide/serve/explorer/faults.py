"""Faults of a schema, each with its line and key."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from confide.core.errors import DataError
from confide.core.foreign import escaped
from confide.serve.explorer.lines import Path, line_of

LONGEST = 2000
"""Characters of a label or a description."""


@dataclass(frozen=True, slots=True)
class Place:
    """A table or key of a schema.

    Args:
        file: its name.
        lines: of all keys.
        path: of this one.
    """

    file: str
    lines: dict[Path, int]
    path: Path

    def at(self, key: str) -> Place:
        """A key inside."""
        return Place(self.file, self.lines, (*self.path, key))

    def fault(self, wrong: str, instead: str) -> DataError:
        """What is wrong here, and what to write instead."""
        line = line_of(self.lines, self.path)
        where = f"{self.file}{f', line {line}' if line else ''}"
        key = ".".join(self.path)
        return DataError(f"{where}{f' ({key})' if key else ''}: {wrong}{f': {instead}' if instead else ''}.")

    def table(self, said: object, *, example: str) -> Mapping[str, Any]:
        """What is said here, if it is a table."""
        if not isinstance(said, dict):
            raise self.fault(
                "there is no such table" if said is None else "this is no table", f"write {example}"
            )
        return said

    def only(self, said: Mapping[str, Any], *known: str) -> None:
        """Refuse a key that means nothing: it is misspelt, or would be missed."""
        for key in said:
            if key not in known:
                near = get_close_matches(key, known, 1)
                raise self.at(key).fault(
                    f"{key!r:.60} is no key here",
                    f"the nearest one is {near[0]}" if near else f"the keys are {', '.join(known)}",
                )

    def text(self, said: Mapping[str, Any], key: str, default: str) -> str:
        """A text without signs that act."""
        value = said.get(key, default)
        if not isinstance(value, str) or len(value) > LONGEST or escaped(value) != value:
            raise self.at(key).fault(
                f"{value!r:.40} is no text of at most {LONGEST:,} signs that show", "write one in quotes"
            )
        return value.strip()

    def yes_or_no(self, said: Mapping[str, Any], key: str) -> bool:
        """True or false; false where nothing is said."""
        value = said.get(key, False)
        if not isinstance(value, bool):
            raise self.at(key).fault(f"{value!r:.40} is neither true nor false", "write one of them")
        return value
