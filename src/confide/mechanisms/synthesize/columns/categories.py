"""Columns of categories, and identifiers: what may stand in them, from public knowledge alone."""

from __future__ import annotations

from collections import Counter
from dataclasses import KW_ONLY, dataclass
from typing import TypeAlias

from confide.core.errors import DataError

Value: TypeAlias = str | int | float | bool


@dataclass(frozen=True, slots=True)
class Category:
    """A column of categories, which are listed.

    Args:
        name: of the column.
        values: all that may stand in it, each once.
        nulls: whether a cell may be empty; that is a value of its own.
        other: the value that unlisted ones count as; it is among `values`. None refuses them.

    Raises:
        DataError: for a list that cannot be.
    """

    name: str
    values: tuple[Value, ...]
    _: KW_ONLY
    nulls: bool = False
    other: Value | None = None

    def __post_init__(self) -> None:
        if not self.values:
            raise DataError(f"column {self.name!r:.60} has no values: list them, values = [...].")
        if len({type(v) is bool for v in self.values}) > 1:
            raise DataError(f"column {self.name!r:.60} mixes truth values and others: write all as text.")
        texts = [text_of(v) for v in self.values]
        if twice := [text for text, count in Counter(texts).items() if count > 1]:
            raise DataError(f"column {self.name!r:.60} lists {twice[0]!r:.60} twice: list each value once.")
        if self.other is not None and text_of(self.other) not in texts:
            raise DataError(
                f"column {self.name!r:.60}: unlisted values are to count as {self.other!r:.60}, which is not "
                "listed: add it to values."
            )

    @property
    def labels(self) -> tuple[str, ...]:
        """The values as text."""
        return tuple(text_of(v) for v in self.values)

    def __len__(self) -> int:
        return len(self.values) + self.nulls


def text_of(value: Value) -> str:
    """A category as text: the same for 1 and 1.0, and for a truth value as for its word.

    >>> text_of(1.0), text_of(True), text_of("a")
    ('1', 'true', 'a')
    """
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


@dataclass(frozen=True, slots=True)
class Key:
    """A column of identifiers: never read, made new, each once.

    Args:
        name: of the column.
        prefix: before the number, where the column is text.
    """

    name: str
    _: KW_ONLY
    prefix: str = "s"
