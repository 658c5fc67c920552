"""Questions, tables beside the private one, and errors that can be borne, as a user writes them."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TypeAlias

from confide.core.errors import DataError
from confide.core.foreign import in_one_line

Named: TypeAlias = dict[str, tuple[str, tuple[str, ...]]]
"""For the name of a table where it is, and the columns that are given with it."""
MOST_BINS = 1_000
SHOWN = 60
"""Characters of a wrong text in a message."""


def histogram_of(text: str) -> tuple[str, tuple[float, ...]]:
    """A column and the edges of its bins: COLUMN:EDGE,EDGE or COLUMN:LOW..HIGH/STEP.

    Raises:
        DataError: with the two ways to write one.

    >>> histogram_of("age:0,18,65")
    ('age', (0, 18, 65))
    >>> histogram_of("share:0..1/0.25")
    ('share', (0, 0.25, 0.5, 0.75, 1))
    """
    column, _, edges = text.rpartition(":")
    try:
        if not column:
            raise ValueError
        ends, slash, step = edges.partition("/")
        if slash:
            return column, _steps(*map(Decimal, (*ends.split(".."), step)))
        return column, tuple(_plain(Decimal(edge)) for edge in edges.split(","))
    except (ValueError, TypeError, InvalidOperation, OverflowError):
        raise DataError(
            f"--histogram {in_one_line(text):.{SHOWN}} is no histogram: write COLUMN:EDGE,EDGE such as "
            f"age:0,18,65, or COLUMN:LOW..HIGH/STEP such as age:0..100/10, with at most {MOST_BINS:,} bins."
        ) from None


def _steps(low: Decimal, high: Decimal, step: Decimal) -> tuple[float, ...]:
    """Edges from low to high; the last step may be shorter."""
    if not (low < high and step > 0 and (high - low) / step <= MOST_BINS):
        raise ValueError
    edges = [low + i * step for i in range(int((high - low) / step) + 1)]
    return tuple(_plain(edge) for edge in (edges if edges[-1] == high else [*edges, high]))


def _plain(number: Decimal) -> float:
    """A whole number where it is one: columns of whole numbers take no others."""
    return int(number) if number == number.to_integral_value() else float(number)


def top_of(text: str) -> tuple[str, int]:
    """A column and how many of its values are named: COLUMN:K.

    Raises:
        DataError: with the way to write one.

    >>> top_of("word:10")
    ('word', 10)
    """
    column, _, k = text.rpartition(":")
    if not column or not (k.isascii() and k.isdigit()) or not 1 <= len(k) <= 9:
        raise DataError(f"--top {in_one_line(text):.{SHOWN}}: write COLUMN:K, such as word:10.")
    return column, int(k)


def within_of(texts: Sequence[str]) -> float | dict[str, float] | None:
    """The error that can be borne, WIDTH for all numbers or NAME=WIDTH for some; None where none is said.

    Raises:
        DataError: with the ways to write it.

    >>> within_of(["50"]), within_of(["n=50", "mean=0.5"]), within_of([])
    (50.0, {'n': 50.0, 'mean': 0.5}, None)
    """
    found: dict[str, float] = {}
    for text in texts:
        name, _, width = text.rpartition("=")
        try:
            number = float(width)
        except ValueError:
            raise DataError(
                f"--within {in_one_line(text):.{SHOWN}}: write a number such as 50, or NAME=NUMBER such as "
                "n=50."
            ) from None
        if name in found:
            raise DataError(f"--within says {name or 'a number'!r:.{SHOWN}} twice: say it once.")
        found[name] = number
    if "" in found and len(found) > 1:
        raise DataError("--within gives one number for all and others by name: give one or the other.")
    return found.get("", found or None)


def beside_in(option: str, texts: Sequence[str]) -> Named:
    """Tables beside the private one: NAME=FILE:COLUMN,COLUMN, on a server NAME=SCHEMA.TABLE:COLUMN.

    Raises:
        DataError: with the way to write one.

    >>> beside_in("--public", ["regions=r.parquet:state"])["regions"][1]
    ('state',)
    """
    found: Named = {}
    for text in texts:
        name, _, rest = text.partition("=")
        file, _, columns = rest.rpartition(":")
        if not name or not file or not all(columns.split(",")):
            such = "regions=regions.parquet:state" if option == "--public" else "homes=homes.parquet:user_id"
            raise DataError(f"{option} {in_one_line(text):.{SHOWN}}: write NAME=FILE:COLUMN, such as {such}.")
        if name in found:
            raise DataError(f"{option} gives {name!r:.{SHOWN}} twice: give each table a name of its own.")
        found[name] = (file, tuple(columns.split(",")))
    return found


def parts_in(texts: Sequence[str]) -> dict[str, str]:
    """Shares of a budget: NAME=SHARE.

    Raises:
        DataError: with the way to write one.

    >>> parts_in(["ada=1/4", "ben=0.5"])
    {'ada': '1/4', 'ben': '0.5'}
    """
    found: dict[str, str] = {}
    for text in texts:
        name, sign, share = text.rpartition("=")
        if not sign or not name:
            raise DataError(f"--part {in_one_line(text):.{SHOWN}}: write NAME=SHARE, such as ada=1/4.")
        if name in found:
            raise DataError(f"--part names {name!r:.{SHOWN}} twice: give one share.")
        found[name] = share
    return found


def lines_of(option: str, path: Path) -> list[str]:
    """The lines of a text file, without empty ones.

    Raises:
        DataError: if it cannot be read, or has none.
    """
    try:
        lines = [line for line in path.read_text(encoding="utf-8-sig").splitlines() if line.strip()]
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or "it is no text in UTF-8"
        raise DataError(f"{option} {path} cannot be read ({why}): check the name.") from error
    if not lines:
        raise DataError(f"{option} {path} has no values: write one a line.")
    return lines


def questions_in(path: Path) -> dict[int, str]:
    """The questions of a file by their lines, from 1; empty lines and those that begin with -- are none.

    Raises:
        DataError: if it cannot be read, or has none.
    """
    try:
        lines = [line.strip() for line in path.read_text(encoding="utf-8").splitlines()]
    except (OSError, UnicodeDecodeError, ValueError) as error:
        raise DataError(f"--workload {path} cannot be read ({in_one_line(error):.100}).") from error
    found = {n: line for n, line in enumerate(lines, 1) if line and not line.startswith("--")}
    if not found:
        raise DataError(f"--workload {path} has no questions: write one select a line.")
    return found
