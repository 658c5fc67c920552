"""What is compared of names, numbers and other values: fields of both tables, and levels of likeness."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from confide.attacks.linkage.table._cells import Cells, mass
from confide.core.arrays import Array, Bools, Floats, Ints
from confide.views.table import Domain, Table

MANY = 100
"""A column of names has this many different words or more."""
LETTERS = 3
"""Most words of a column of names hold this many letters or more; codes of places do not."""
SIMILAR = (0.92, 0.88)
"""Similarities of Jaro and Winkler: one letter wrong in a name of usual length, and two."""
NEAR = (0.1, 0.5)
"""How far numbers are apart, in standard deviations of the column."""
HALF = 3
"""Names are looked up by this number of letters at their beginning, and at their end."""


def are_names(domain: Domain) -> bool:
    """Whether a column holds names, or other words that may be misspelt.

    >>> are_names(Domain("name", tuple("ann" + chr(97 + i // 9) + chr(97 + i % 9) for i in range(100))))
    True
    >>> are_names(Domain("zip", tuple(f"02{i:03}" for i in range(100))))
    False
    """
    if domain.numbers is not None or len(domain) < MANY:
        return False
    return float(np.mean([sum(map(str.isalpha, word)) >= LETTERS for word in domain.labels])) > 0.5


@dataclass(frozen=True, slots=True, eq=False)
class Key:
    """Something of a column that a fact and a cell may have in common, by which rows are looked up.

    Args:
        column: its number.
        sql: over l (asked) and r (released).
        agree: bool[pairs], of the positions of facts and of cells.
        part: 0 for the value, 1 and 2 for the beginning and the end of a name.
    """

    column: int
    sql: str
    agree: Callable[[Ints, Ints], Bools]
    part: int


@dataclass(frozen=True, slots=True, eq=False)
class Fields:
    """The facts and the q distinct rows of a release, as they are compared.

    Args:
        cells: of the release.
        asked, released: with the fields of each column, numbered from 0.
        levels: of each column, SQL, as in `Comparison`.
        rare: of each column, float64[q], as there.
        keys: of all columns.
    """

    cells: Cells
    asked: pl.DataFrame
    released: pl.DataFrame
    levels: tuple[tuple[str, ...], ...]
    rare: tuple[Floats, ...]
    keys: tuple[Key, ...]

    @classmethod
    def of(cls, release: Table, facts: Table) -> Fields:
        """Those of a release with one row or more, of the known columns."""
        cells = Cells.of(release)
        sides: list[dict[str, Array | pl.Series]] = [
            {"unique_id": np.arange(n)} for n in (len(facts), len(cells.count))
        ]
        levels: list[tuple[str, ...]] = []
        rare: list[Floats] = []
        keys: list[Key] = []
        for i, domain in enumerate(facts.domains):
            at = cells.at[:, i]
            low, high, fact = cells.low[i][at], cells.high[i][at], facts.low[:, i].astype(np.int64)
            rare.append(mass(cells.law(i, len(domain)), cells.low[i], cells.high[i])[at])
            sides[0] |= {f"low{i}": fact, f"high{i}": fact}
            sides[1] |= {f"low{i}": low, f"high{i}": high}
            for side, codes, known in ((sides[0], fact, None), (sides[1], low, low == high)):
                side |= _likeness_fields(i, domain, codes, known)
            precise = bool((low == high).all())
            levels.append((_holds(i, precise), *_further_levels(i, domain)))
            keys.append(Key(i, _holds_of_rows(i, precise), _within(fact, low, high), 0))
            if are_names(domain):
                for part, field in enumerate((f"head{i}", f"tail{i}"), start=1):
                    ours, theirs = (np.asarray(side[field]) for side in sides)
                    keys.append(Key(i, f"l.{field} = r.{field}", _equal(ours, theirs), part))
        asked, released = map(pl.DataFrame, sides)
        return cls(cells, asked, released, tuple(levels), tuple(rare), tuple(keys))


def _likeness_fields(i: int, domain: Domain, codes: Ints, known: Bools | None) -> dict[str, pl.Series]:
    """What is compared where values differ: nothing of a cell that is a range."""

    def column(values: Sequence[object] | Array, kind: pl.DataType) -> pl.Series:
        found = pl.Series(values, dtype=kind, nan_to_null=True, strict=False).gather(codes)
        return found if known is None else found.zip_with(pl.Series(known), pl.Series([None], dtype=kind))

    if domain.numbers is not None:
        return {f"number{i}": column(domain.numbers, pl.Float64())}
    if not are_names(domain):
        return {}
    halves = {
        f"{part}{i}": np.unique([cut(word) for word in domain.labels], return_inverse=True)[1]
        for part, cut in (("head", lambda word: word[:HALF]), ("tail", lambda word: word[-HALF:]))
    }
    # A half of no code is a number of its own in ranges, which no fact has.
    found = {name: column(values, pl.Int64()).fill_null(-1) for name, values in halves.items()}
    return {f"word{i}": column(domain.labels, pl.String()), **found}


def _further_levels(i: int, domain: Domain) -> tuple[str, ...]:
    if domain.numbers is not None:
        known = domain.numbers[~np.isnan(domain.numbers)]
        unit = float(known.std()) if len(known) else 0.0
        return tuple(f"abs(number{i}_l - number{i}_r) <= {unit * near!r}" for near in NEAR)
    if not are_names(domain):
        return ()
    return tuple(f"jaro_winkler_similarity(word{i}_l, word{i}_r) >= {least}" for least in SIMILAR)


def _holds(i: int, precise: bool) -> str:
    return f"low{i}_l = low{i}_r" if precise else f"low{i}_r <= low{i}_l AND low{i}_l <= high{i}_r"


def _holds_of_rows(i: int, precise: bool) -> str:
    return f"l.low{i} = r.low{i}" if precise else f"r.low{i} <= l.low{i} AND l.low{i} <= r.high{i}"


def _within(fact: Ints, low: Ints, high: Ints) -> Callable[[Ints, Ints], Bools]:
    return lambda asked, row: (low[row] <= fact[asked]) & (fact[asked] <= high[row])


def _equal(ours: Array, theirs: Array) -> Callable[[Ints, Ints], Bools]:
    return lambda asked, row: ours[asked] == theirs[row]
