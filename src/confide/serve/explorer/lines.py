"""Lines of keys in a TOML text, so that a fault can be named by its place."""

from __future__ import annotations

import tomllib
from typing import Any, TypeAlias

Path: TypeAlias = tuple[str, ...]

LONGEST = 2000
"""Lines that one value may take before the search for its end is given up."""


def lines_of(text: str) -> dict[Path, int]:
    """The line, from 1, of each table and key of a TOML text that can be read.

    `tomllib` gives values without their places. A statement is found here as the fewest lines that it reads.
    Keys inside a table on one line have no place of their own.

    >>> lines_of('title = "x"\\n[columns.age]\\nlow = 0\\n')
    {('title',): 1, ('columns', 'age'): 2, ('columns', 'age', 'low'): 3}
    """
    found: dict[Path, int] = {}
    table: Path = ()
    lines = text.splitlines()
    at = 0
    while at < len(lines):
        length, read = _statement(lines, at)
        path = _path(read)
        if lines[at].lstrip().startswith("["):
            table = path
        found.setdefault((*table, *path) if table is not path else path, at + 1)
        found.pop((), None)
        at += length
    return found


def line_of(lines: dict[Path, int], path: Path) -> int | None:
    """The line of a key, or of what is first inside it, or of the nearest table around it."""
    for end in range(len(path), 0, -1):
        inside = [line for known, line in lines.items() if known[:end] == path[:end]]
        if inside:
            return min(inside)
    return None


def _statement(lines: list[str], at: int) -> tuple[int, dict[str, Any]]:
    """How many lines the statement takes that begins here, and what it says."""
    for length in range(1, min(LONGEST, len(lines) - at) + 1):
        try:
            return length, tomllib.loads("\n".join(lines[at : at + length]))
        except tomllib.TOMLDecodeError:
            continue
    return 1, {}


def _path(read: Any) -> Path:
    """The key of a text that has one: `a.b = 1` is `("a", "b")`.

    Where a table on one line follows, its only key would look like a part of the path, and is harmless: the
    longest known path is searched.
    """
    path: list[str] = []
    while True:
        if isinstance(read, list) and read:
            read = read[0]
        if not isinstance(read, dict) or len(read) != 1:
            return tuple(path)
        name, read = next(iter(read.items()))
        path.append(str(name))
