"""k-anonymity, l-diversity and t-closeness of a table as it stands, whatever made it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from confide.core.arrays import Floats, Ints
from confide.core.errors import DataError
from confide.measure.class_secrets import distance, distinct, effective, skew
from confide.views.table import Table
from confide.views.table_keys import distinct_people, packed

CELLS = 20_000_000
"""Counts that are held at once: 160 MB."""


@dataclass(frozen=True, slots=True, eq=False)
class Classes:
    """The classes of a table: people whose known columns show exactly the same.

    Args:
        row: int64[n], the class of each row; -1 for a row of which all known columns are suppressed. It is
            no class and no company for others.
        size: int64[c], the people in each class.
        count: int64[n], how many rows each row stands for; None: for itself.
    """

    row: Ints
    size: Ints
    count: Ints | None = None

    @property
    def k(self) -> int:
        """The smallest class; 0 if all rows are suppressed."""
        return int(self.size.min()) if len(self.size) else 0

    @property
    def suppressed(self) -> int:
        """The number of rows that are wholly suppressed."""
        hidden = self.row < 0
        return int(hidden.sum() if self.count is None else self.count[hidden].sum())

    def counts(self, secret: Ints, values: int) -> Iterator[Floats]:
        """The counts of each class and value of the secret, in pieces of classes, float64[., values]."""
        piece = max(CELLS // max(values, 1), 1)
        kept = self.row >= 0
        row, code = self.row[kept], secret[kept]
        weight = None if self.count is None else self.count[kept]
        for start in range(0, len(self.size), piece):
            stop = min(start + piece, len(self.size))
            here = slice(None) if stop - start == len(self.size) else (row >= start) & (row < stop)
            flat = (row[here] - start) * values + code[here]
            of = None if weight is None else weight[here]
            cells = np.bincount(flat, weights=of, minlength=(stop - start) * values)
            yield cells.reshape(stop - start, values).astype(np.float64)


def classes(table: Table, known: Sequence[str], *, count: Ints | None = None) -> Classes:
    """The classes by the known columns, with the number of their people.

    A missing value is a value of its own. Somebody with several rows in a class is one person of it.

    Args:
        table: as it is released; cells are ranges.
        known: columns that the adversary may know.
        count: int64[n], how many rows each row stands for, where a row is a person; None: for itself.

    Raises:
        DataError: if no column is known.
    """
    if not known:
        raise DataError("no column is known: name the columns that an adversary may know.")
    seen = table.only(known)
    hidden = (seen.suppressed | (seen.sizes == 1)).all(axis=1) & bool((seen.sizes > 1).any())
    row = np.full(len(table), -1, np.int64)
    word = _word(seen)[~hidden]
    _, row[~hidden] = np.unique(word, return_inverse=True)
    number = int(row.max(initial=-1)) + 1
    if table.people is None:
        weight = None if count is None else count[~hidden]
        size = np.bincount(row[~hidden], weights=weight, minlength=number).astype(np.int64)
        return Classes(row, size, count)
    assert count is None  # a tally does not say whose its rows are
    return Classes(row, distinct_people(row[~hidden], table.people[~hidden], number))


@dataclass(frozen=True, slots=True)
class Anonymity:
    """What holds in all classes of a table.

    Args:
        k: the people in the smallest class; 0 if all rows are suppressed.
        classes: how many there are.
        suppressed: rows that are wholly suppressed, and in no class.
        distinct: the fewest values of the secret in a class; None without a secret.
        entropy: the smallest exp(entropy) of the secret in a class.
        t: the largest earth mover's distance of a class from all rows of the table.
    """

    k: int
    classes: int
    suppressed: int
    distinct: int | None = None
    entropy: float | None = None
    t: float | None = None


def anonymity(
    table: Table,
    known: Sequence[str],
    *,
    secret: str | None = None,
    ordered: bool | None = None,
    count: Ints | None = None,
) -> Anonymity:
    """k, and with a secret l and t, of a table as it stands.

    k counts people. l and t count rows, also where somebody has several.

    Args:
        table: as it is released.
        known: columns that the adversary may know.
        secret: a column of single values.
        ordered: whether the secret's values have an order; None: if they are numbers or dates.
        count: int64[n], how many rows each row stands for; None: for itself.

    Raises:
        DataError: for a secret that is generalised, or among the known columns.
    """
    found = classes(table, known, count=count)
    if secret is None:
        return Anonymity(found.k, len(found.size), found.suppressed)
    code, values, whole = secrets_of(table, secret, known, count=count)
    in_order = is_ordered(table, secret) if ordered is None else ordered
    fewest, least, farthest = (values, float(values), 0.0) if len(found.size) else (0, 0.0, 0.0)
    for part in found.counts(code, values):
        fewest = min(fewest, int(distinct(part).min(initial=values)))
        least = min(least, float(effective(part).min(initial=values)))
        farthest = max(farthest, float(distance(part, whole, ordered=in_order).max(initial=0.0)))
    return Anonymity(found.k, len(found.size), found.suppressed, fewest, least, farthest)


def recursive(
    table: Table,
    known: Sequence[str],
    *,
    secret: str,
    l: int,  # noqa: E741
    count: Ints | None = None,
) -> float:
    """The largest r1 / (rl + ... + rm) of a class: recursive (c,l)-diversity holds for every c above it."""
    code, values, _ = secrets_of(table, secret, known)
    pieces = classes(table, known, count=count).counts(code, values)
    return max((float(skew(part, l).max(initial=0.0)) for part in pieces), default=0.0)


def k_of_subsets(
    table: Table, known: Sequence[str], size: int, *, count: Ints | None = None
) -> dict[tuple[str, ...], int]:
    """k for the adversary who knows only `size` of the known columns, for each such set of columns.

    Rows of which exactly these columns are all suppressed are left out: they are found by nobody who knows no
    more. 0 where that is all rows.

    Raises:
        DataError: if there are fewer columns.
    """
    if not 1 <= size <= len(known):
        raise DataError(f"subsets of {size} of {len(known)} known columns: give 1 to {len(known)}.")
    return {chosen: classes(table, chosen, count=count).k for chosen in combinations(known, size)}


def secrets_of(
    table: Table, secret: str, known: Sequence[str], *, count: Ints | None = None
) -> tuple[Ints, int, Floats]:
    """The secret of each row, int64[n], the number of its values s, and their counts, float64[s].

    Raises:
        DataError: for a secret that is generalised, or among the known columns.
    """
    if secret in known:
        raise DataError(f"the secret {secret!r} is among the known columns: take it out of one of them.")
    at = table.at(secret)
    code = table.low[:, at].astype(np.int64)
    if not np.array_equal(code, table.high[:, at]):
        raise DataError(f"the secret {secret!r} is generalised: l and t are for a column of single values.")
    values = len(table.domains[at])
    return code, values, np.bincount(code, weights=count, minlength=values).astype(np.float64)


def is_ordered(table: Table, column: str) -> bool:
    """Whether the values of a column have an order of their own: numbers and dates."""
    return table.domains[table.at(column)].numbers is not None


def _word(table: Table) -> Ints:
    """One number for each row, equal only for equal ranges in all columns."""
    word = packed(table.low, table.sizes)
    if table.precise:
        return word
    _, low = np.unique(word, return_inverse=True)
    _, high = np.unique(packed(table.high, table.sizes), return_inverse=True)
    return low * (int(high.max(initial=0)) + 1) + high
