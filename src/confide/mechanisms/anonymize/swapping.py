"""Dalenius, Reiss: Data-Swapping (1982); Moore: Controlled Data-Swapping Techniques (1996)."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from confide.core.arrays import Ints, Rng
from confide.core.errors import PromiseError
from confide.core.nouns import Outcome
from confide.mechanisms.anonymize.suppression import refuse_no_columns
from confide.mechanisms.noise.source import Noise, outcome, refuse_unknown, words_of
from confide.mechanisms.noise.words import Words
from confide.mechanisms.randomize.columns import codes_of
from confide.views.table import Table
from confide.views.table_keys import packed

TRIES = 8
"""Partners that a rank draws before it looks at all that are within reach."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RankSwapping:
    """Rank swapping: exchanges each value of a column with one at most a share of all rows away in rank.

    Each column is swapped by itself, and keeps its values exactly. Ranks of equal values are drawn. There is
    no promise: a swapped value is near the true one, and columns that are not swapped stay.

    Args:
        columns: their names; values rise with their codes.
        window: the largest distance in rank, as a share of the rows.
        noise: "secure" is drawn from the operating system's cryptographic source, for a real release.
            "rehearsal" is drawn from `rng`, for audits and tests only.

    Raises:
        PromiseError: if a setting is refused.
    """

    columns: tuple[str, ...]
    window: float = 0.05
    noise: Noise = "secure"

    def __post_init__(self) -> None:
        refuse_unknown(self.noise)
        refuse_no_columns(self.columns)
        if not 0 < self.window <= 1:
            raise PromiseError(f"a window of {self.window} of the ranks: give one above 0 and at most 1.")

    @property
    def budget(self) -> None:
        return None

    def __call__(self, data: Table, *, rng: Rng | None) -> Outcome[Table]:
        """Release the table with these columns swapped.

        Raises:
            DataError: if a column is missing or holds ranges.
        """
        words, view = words_of(self.noise, rng), data
        reach = max(math.floor(self.window * len(data)), 1)
        for column in self.columns:
            codes = codes_of(data, column)
            ranked = np.lexsort((words(len(codes)), codes))  # equal values in a drawn order
            partner = _within(len(codes), reach, words)
            source = np.empty(len(codes), np.int64)
            source[ranked] = ranked[partner]
            view = _with_rows(view, (column,), source)
        return outcome(self.noise, view, None, "RankSwapping")


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordSwapping:
    """Random record swapping: pairs a share of the rows at random and exchanges their values in some columns.

    The swapped columns move together. Pairs agree in the columns `within`. There is no promise: rows that are
    not swapped stay as they are, and nobody but the releaser knows which.

    Args:
        columns: those that are exchanged, such as where people live.
        share: of the rows that are swapped.
        within: columns in which the two rows of a pair agree.
        noise: "secure" is drawn from the operating system's cryptographic source, for a real release.
            "rehearsal" is drawn from `rng`, for audits and tests only.

    Raises:
        PromiseError: if a setting is refused.
    """

    columns: tuple[str, ...]
    share: float = 0.1
    within: tuple[str, ...] = ()
    noise: Noise = "secure"

    def __post_init__(self) -> None:
        refuse_unknown(self.noise)
        refuse_no_columns(self.columns)
        if not 0 < self.share <= 1:
            raise PromiseError(f"the share of swapped rows is {self.share}: give one above 0 and at most 1.")
        if both := set(self.columns) & set(self.within):
            raise PromiseError(f"column {min(both)!r} is swapped and is to agree: give it once.")

    @property
    def budget(self) -> None:
        return None

    def __call__(self, data: Table, *, rng: Rng | None) -> Outcome[Table]:
        """Release the table with pairs of rows swapped.

        Raises:
            DataError: if a column is missing or holds ranges.
        """
        words, n = words_of(self.noise, rng), len(data)
        for column in (*self.columns, *self.within):
            codes_of(data, column)
        like = data.only(self.within)
        group = packed(like.low, like.sizes)
        chosen = np.argsort(words(n), kind="stable")[: round(self.share * n)]
        # In a drawn order within each group; neighbours are pairs, and an odd row out stays.
        order = chosen[np.lexsort((words(len(chosen)), group[chosen]))]
        place = np.arange(len(order)) - np.searchsorted(group[order], group[order])
        first = np.flatnonzero(place[:-1] % 2 == 0) if len(order) else np.zeros(0, np.int64)
        first = first[group[order[first]] == group[order[first + 1]]]
        source = np.arange(n)
        source[order[first]], source[order[first + 1]] = order[first + 1], order[first]
        return outcome(self.noise, _with_rows(data, self.columns, source), None, "RecordSwapping")


def _within(n: int, reach: int, words: Words) -> Ints:
    """A random pairing of n ranks, each with one at most `reach` away: int64[n], its own inverse.

    From the lowest rank on, each that has no partner draws one among the free ones above it within reach; a
    rank that finds none keeps its value.
    """
    partner, free = list(range(n)), [True] * n
    drawn = (words(n * TRIES) % reach).reshape(n, TRIES).tolist()
    for rank in range(n - 1):
        if not free[rank]:
            continue
        ahead = (rank + 1 + jump for jump in drawn[rank])
        other = next((at for at in ahead if at < n and free[at]), None)
        if other is None:  # few are free, or none
            found = [at for at in range(rank + 1, min(rank + reach, n - 1) + 1) if free[at]]
            if not found:
                continue
            other = found[drawn[rank][-1] % len(found)]
        partner[rank], partner[other], free[other] = other, rank, False
    return np.array(partner, np.int64)


def _with_rows(table: Table, columns: tuple[str, ...], source: Ints) -> Table:
    """The table whose cells in some columns come from other rows."""
    at = [table.at(column) for column in columns]

    def moved(cells: NDArray[np.int32]) -> NDArray[np.int32]:
        new = cells.copy()
        new[:, at] = cells[source][:, at]
        return new

    low = moved(table.low)
    high = low if table.low is table.high else moved(table.high)
    return Table(table.domains, low, high, table.people)
