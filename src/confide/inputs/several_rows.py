"""Whose row each is: somebody may have several rows, and the unit is then the person."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import polars as pl

from confide.core.arrays import Floats, Ints
from confide.core.errors import DataError
from confide.core.language import t
from confide.inputs.columns import SHOWN, named_rows
from confide.inputs.keys import as_ids


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SeveralRows:
    """A table in which somebody has several rows.

    Args:
        id: the column that names people.
        people: int64[n], the person of each row; rows of control people come last.
        number: how many people the records have.
        rows: how many rows they have.
        most: how many rows nobody has more of; of control people too.
        pairs: int64[p, 2], the first two rows, from 1, of everybody who has several.
        control_named: whether control people have ids too; if not, each of their rows is a person.
    """

    id: str
    people: Ints
    number: int
    rows: int
    most: int
    pairs: Ints
    control_named: bool = True

    def said(self, count: Callable[[int], str]) -> tuple[str, ...]:
        """How the rows were taken together, a sentence each.

        Args:
            count: a number of people or rows in words, as exact as the reader may see it.
        """
        first = t(
            "Several rows have one {column}, so the unit is the person, not the row: {people} people in "
            "{rows} rows, at most {most} of one person. k and all shares count people, l and t rows; a "
            "person is held out with all rows. The adversary asks about a person by one of their rows, "
            "knows nothing of the others, and is right if it names any of them.",
            column=self.id,
            people=count(self.number),
            rows=count(self.rows),
            most=count(self.most),
        )
        alone = t(
            "The control table has no {column}: each of its rows is taken for a person.", column=self.id
        )
        return (first,) if self.control_named else (first, alone)

    @property
    def which(self) -> str:
        """The first two rows of those who have several: they point at people."""
        shown = "; ".join(
            t("rows {a} and {b}", a=first, b=second) for first, second in self.pairs[:SHOWN].tolist()
        )
        rest = len(self.pairs) - SHOWN
        more = t("; and so for {n:,} more people", n=rest) if rest > 0 else ""
        return t("These have one {column}: {rows}{more}.", column=self.id, rows=shown, more=more)


def several_rows(id: str, ours: pl.Series, theirs: pl.Series | int) -> SeveralRows | None:  # noqa: A002
    """Whose row each is; None where everybody has one.

    Args:
        id: the column that names people.
        ours: it, in the records.
        theirs: it, in the table of control people; or how many rows that has, where it has no such column.

    >>> found = several_rows("who", pl.Series(["b", "a", "b"]), 1)
    >>> found.people.tolist(), found.number, found.most, found.which
    ([1, 0, 1, 2], 2, 2, 'These have one who: rows 1 and 3.')
    """
    mine = as_ids(ours)
    every = mine if isinstance(theirs, int) else pl.concat([mine, as_ids(theirs).alias(mine.name)])
    if not every.is_duplicated().any():
        return None
    people = every.rank("dense").to_numpy().astype(np.int64) - 1
    if isinstance(theirs, int):
        people = np.append(people, int(people.max()) + 1 + np.arange(theirs))
    return SeveralRows(
        id=id,
        people=people,
        number=mine.n_unique(),
        rows=len(mine),
        most=int(np.bincount(people).max()),
        pairs=_first_two(people[: len(mine)]),
        control_named=not isinstance(theirs, int) or theirs == 0,
    )


def _first_two(people: Ints) -> Ints:
    """The first two rows, from 1, of everybody who has several, in the order of the first, int64[p, 2]."""
    order = np.argsort(people, kind="stable")
    of, begins = people[order], np.append(True, np.diff(people[order]) > 0)
    at = np.flatnonzero(begins[:-1] & ~begins[1:]) if len(of) > 1 else np.empty(0, np.int64)
    pairs = np.stack([order[at], order[at + 1]], axis=1) + 1
    return pairs[np.argsort(pairs[:, 0])]


def need_one_weight(weights: Floats, several: SeveralRows | None, *, name: str, column: str) -> None:
    """Refuse rows of one person with different weights: it would not be clear for how many people they stand.

    Raises:
        DataError: with the rows that differ from the first of their person.
    """
    if several is None:
        return
    _, first, person = np.unique(several.people, return_index=True, return_inverse=True)
    other = weights != weights[first][person]
    if other.any():
        raise DataError(
            f"{name}: {named_rows(pl.Series(other))} have another {column!r} than an earlier row of the same "
            f"{several.id}: a weight says for how many people a person stands, so give each person one."
        )
