"""Released statements: sums over disjoint parts of the people, with their values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from math import ceil, floor

import numpy as np

from confide.attacks.reconstruction.crosstabs._exact import Row
from confide.core.arrays import Array, Ints
from confide.core.errors import DataError
from confide.core.language import t
from confide.views.crosstabs import ALL, Crosstabs


@dataclass(frozen=True, slots=True, eq=False)
class Released:
    """Statements of the same people: low <= row . (counts of the parts) <= high.

    Args:
        rows: a sparse vector each, over the same positions 0..width-1.
        low, high: int64[m]; equal where the value is published, a range where it is hidden.
        names: what each statement is about, in words.
        width: how many positions there are.
    """

    rows: tuple[Row, ...]
    low: Ints
    high: Ints
    names: tuple[str, ...]
    width: int

    @property
    def published(self) -> Ints:
        """The numbers of the statements whose value is known."""
        return np.flatnonzero(self.low == self.high)

    @property
    def hidden(self) -> Ints:
        """The numbers of the others."""
        return np.flatnonzero(self.low < self.high)

    def __add__(self, other: Released) -> Released:
        """Both sets of statements, of the same people and positions."""
        return Released(
            (*self.rows, *other.rows),
            np.append(self.low, other.low),
            np.append(self.high, other.high),
            (*self.names, *other.names),
            max(self.width, other.width),
        )


class _Basis:
    """Positions for patterns of values: a column is free, or has any value but its last.

    The last value of a column is "all, without the others". So patterns need no list of all combinations, and
    equal sums get equal vectors.
    """

    def __init__(self, view: Crosstabs) -> None:
        self.sizes = view.sizes.tolist()
        self.at: dict[tuple[int, ...], int] = {}

    def row(self, pattern: Sequence[int]) -> Row:
        """The vector of a pattern: a code for each column of the release, ALL for a free one."""
        choices: list[list[tuple[int, int]]] = []
        for code, size in zip(pattern, self.sizes, strict=True):
            last = code == size - 1 and code != ALL
            choices.append([(ALL, 1), *((i, -1) for i in range(size - 1))] if last else [(code, 1)])
        row: dict[int, int] = {}
        for parts in product(*choices):
            key = tuple(code for code, _ in parts)
            sign = int(np.prod([sign for _, sign in parts]))
            row[self.at.setdefault(key, len(self.at))] = sign
        return row


def released_cells(view: Crosstabs, *, means: Sequence[Mean] = ()) -> Released:
    """The cells of tables as statements, and means that were published beside them.

    Args:
        view: exact tables.
        means: of columns with whole numbers.

    Raises:
        DataError: if a mean is of a column without numbers.
    """
    basis = _Basis(view)
    rows: list[Row] = []
    names: list[str] = []
    for number, table in enumerate(view.tables):
        for cell, codes in enumerate(table.codes.tolist()):
            pattern = [ALL] * len(view.domains)
            for i, code in zip(table.columns, codes, strict=True):
                pattern[i] = code
            rows.append(basis.row(pattern))
            names.append(t("{cell} in {table}", cell=view.cell(number, cell), table=table.name))
    low = [table.low for table in view.tables]
    high = [table.high for table in view.tables]
    ranges = [mean.range for mean in means]
    rows += [mean.row(view, basis) for mean in means]
    return Released(
        tuple(rows),
        np.concatenate([*low, np.array([a for a, _ in ranges], np.int64)]),
        np.concatenate([*high, np.array([b for _, b in ranges], np.int64)]),
        (*names, *(mean.name for mean in means)),
        len(basis.at),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Mean:
    """A published mean of a column of whole numbers, over people with some values.

    The mean times the number of people is the sum, up to the rounding of the mean. A sum says how many have
    each value, weighted: where only one number of people is hidden, it follows.

    Args:
        column: whose mean it is, by name.
        mean: as published.
        decimals: with how many decimals it is published.
        people: over how many people.
        among: the values of other columns that they share, by name; all people if empty.
    """

    column: str
    mean: float
    decimals: int
    people: int
    among: Mapping[str, str]

    @property
    def name(self) -> str:
        whom = ", ".join(f"{column}={value}" for column, value in self.among.items()) or t("all people")
        return t("sum of {column} over {whom}", column=self.column, whom=whom)

    @property
    def range(self) -> tuple[int, int]:
        """The least and the greatest sum that round to this mean."""
        off = 0.5 * 10**-self.decimals * self.people
        # A little wider than the rounding, so that the true sum is never cut off by floating point.
        return ceil(self.mean * self.people - off - 1e-6), floor(self.mean * self.people + off + 1e-6)

    def row(self, view: Crosstabs, basis: _Basis) -> Row:
        """The sum as a vector: each value times the number of people who have it."""
        names = [domain.name for domain in view.domains]
        at = names.index(self.column)
        numbers = view.domains[at].numbers
        if numbers is None or not np.equal(numbers, np.round(numbers)).all():
            raise DataError(f"column {self.column!r} has no whole numbers: a mean of it says nothing here.")
        pattern = [ALL] * len(names)
        for column, value in self.among.items():
            i = names.index(column)
            pattern[i] = view.domains[i].labels.index(value)
        total: dict[int, int] = {}
        for code, number in enumerate(numbers.astype(int).tolist()):
            pattern[at] = code
            for place, value in basis.row(pattern).items():
                total[place] = total.get(place, 0) + number * value
        return {place: value for place, value in total.items() if value}


def released_queries(queries: Array, answers: Ints, *, names: Sequence[str] | None = None) -> Released:
    """Answers to subset queries as statements; a position is a person.

    Args:
        queries: bool[m, n], whom each query counts.
        answers: int64[m], exact.
        names: of the queries; by default "query 1", "query 2" and so on.
    """
    rows = tuple({int(i): 1 for i in np.flatnonzero(query)} for query in queries)
    named = names if names is not None else [f"query {i + 1}" for i in range(len(rows))]
    return Released(rows, answers, answers, tuple(named), queries.shape[1])
