"""Identifiers in one form, by steps that both parties declare: else the same person does not match."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType

from confide.core.errors import DataError

LONGEST = 1_000
"""Characters of an identifier."""
STEPS: Mapping[str, Callable[[str], str]] = MappingProxyType(
    {
        "strip": str.strip,
        "casefold": str.casefold,
        "nfkc": lambda text: unicodedata.normalize("NFKC", text),
        "no-spaces": lambda text: "".join(text.split()),
        "digits": lambda text: "".join(c for c in text if c in "0123456789"),
    }
)
"""What may be done to an identifier, by name: spaces at both ends, upper and lower case, one form of the same
character in Unicode, all spaces, and all but the digits 0 to 9."""


def check_steps(steps: Sequence[str]) -> tuple[str, ...]:
    """The names of steps.

    Raises:
        DataError: for a step that there is not.
    """
    for step in steps:
        if step not in STEPS:
            raise DataError(f"there is no step {step!r:.60} for identifiers: choose from {', '.join(STEPS)}.")
    return tuple(steps)


def in_one_form(identifiers: Iterable[str | None], *, steps: Sequence[str]) -> tuple[str, ...]:
    """Normalise identifiers by the declared steps, in their order; refuse empty and double ones.

    Two rows of one person would make the size of an intersection wrong, and an empty identifier would match
    everybody's empty one. Messages name rows and never a value.

    Args:
        identifiers: of each row.
        steps: names of `STEPS`.

    Raises:
        DataError: with the number of rows, and the first of them.

    >>> in_one_form([" Ann@X.org", "bob@x.org "], steps=["strip", "casefold"])
    ('ann@x.org', 'bob@x.org')
    """
    found: list[str] = []
    for row, given in enumerate(identifiers, 1):
        if given is not None and not isinstance(given, str):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise DataError(
                f"the identifier of row {row:,} is of type {type(given).__name__}: give text, so that both "
                "parties mean the same by it."
            )
        text = given or ""
        for step in check_steps(steps):
            text = STEPS[step](text)
        if len(text) > LONGEST:
            raise DataError(f"the identifier of row {row:,} has {len(text):,} characters: is it the column?")
        found.append(text)
    _refuse_empty(found)
    _refuse_double(found)
    return tuple(found)


def _refuse_empty(texts: Sequence[str]) -> None:
    empty = [row for row, text in enumerate(texts, 1) if not text]
    if empty:
        raise DataError(
            f"{len(empty):,} identifiers are empty after the plan's steps, the first in row {empty[0]:,}: "
            "leave these rows out, or change the steps with the other party."
        )


def _refuse_double(texts: Sequence[str]) -> None:
    first: dict[str, int] = {}
    double = [(first[text], row) for row, text in enumerate(texts, 1) if first.setdefault(text, row) != row]
    if double:
        earlier, later = double[0]
        raise DataError(
            f"{len(double):,} identifiers are there before, after the plan's steps: row {later:,} is that of "
            f"row {earlier:,}. Keep one row of each person."
        )
