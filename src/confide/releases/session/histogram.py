"""Histograms over public bins: one count a bin, and all of them paid once."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import cast

import numpy as np
import polars as pl

from confide.core.fields import shown
from confide.mechanisms.statistics.intervals import LEVEL, of_total
from confide.mechanisms.statistics.noisy_sums import NoisySums
from confide.releases.session.answers import ENDS
from confide.releases.session.planning import Part, part
from confide.releases.session.prices import Price
from confide.releases.session.questions_as_text import MOST_BINS
from confide.releases.session.speaking import Stored
from confide.releases.sql import Dialect, PrivateTable, Query, QueryError, group_sums
from confide.releases.sql.answers import Asks
from confide.releases.sql.query import ColumnOf, Share, Source
from confide.releases.sql.refusal import offered
from confide.releases.sql.sensitivity import Sensitivity
from confide.releases.sql.sums import Inside

FARTHEST = sys.float_info.max
"""Of an edge, either side of 0."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bins:
    """A column and its bins: each from an edge on and below the next one; the last one with its end.

    Args:
        column: of numbers.
        edges: rising, and public.
        rows: that a person has at most.
        place: of the table in the database.
        unit: the person's column.
    """

    column: ColumnOf
    edges: tuple[float, ...]
    rows: int
    place: tuple[str, ...]
    unit: str | None

    @classmethod
    def of(cls, table: PrivateTable, column: str, edges: Iterable[float]) -> Bins:
        """The bins as a user names them.

        Raises:
            QueryError: for a column without numbers, or edges that do not rise.
        """
        if not isinstance(column, str) or column not in table.columns:
            raise QueryError(f"there is no column {shown(column)}", offered(str(column), table.columns))
        kind = table.columns[column].kind
        if kind not in ("integer", "float"):
            raise QueryError(
                f"{column} holds no numbers", "count its values,",
                nearest=f"select {column}, count(*) from {table.name} group by {column}",
            )  # fmt: skip
        if not isinstance(edges, Iterable):
            raise QueryError(
                f"bins is {shown(edges)}", "give the edges of the bins, such as range(0, 101, 10)"
            )
        given = tuple(_edge(e, whole=kind == "integer") for e in edges)
        if not 2 <= len(given) <= MOST_BINS + 1:
            raise QueryError(f"bins has {len(given)} edges", f"give from 2 to {MOST_BINS + 1:,} edges")
        if any(b <= a for a, b in pairwise(given)):
            raise QueryError(f"bins is {shown(given)}", "give edges that rise, such as range(0, 101, 10)")
        return cls(
            column=ColumnOf(0, column, kind),
            edges=given,
            rows=table.at_most,
            place=table.place,
            unit=table.unit,
        )

    @property
    def sensitivity(self) -> Sensitivity:
        """Of all counts together: each row of a person is in one bin at most."""
        entries = min(self.rows, len(self.edges) - 1)
        return Sensitivity(entries, self.rows, self.rows, self.rows**2)

    def part(self, price: Price) -> Part:
        """The noise of all counts."""
        return part(self.sensitivity, price, Fraction(1))

    @property
    def asked(self) -> str:
        return f"histogram of {self.column.name} with {len(self.edges) - 1} bins"

    def widths(self, price: Price) -> dict[str, float]:
        """How far the noise moves the count of a bin."""
        return {"count": float(self.part(price).half_width(LEVEL))}

    def notes(self, price: Price) -> tuple[str, ...]:
        """Which rows are in no bin."""
        return (f"Rows whose {self.column.name} is missing or outside the bins are left out.",)

    def speak(self, price: Price, ask: Asks, dialect: Dialect = "duckdb") -> Stored:
        """Count, add noise, and give what may be released."""
        shares = self._shares()
        query = Query(
            table=Source(self.place, self.unit),
            at_most=self.rows,
            joins=(),
            where=None,
            groups=(),
            aggregates=shares,
            columns=(),
        )
        exact = group_sums(query, ask, dialect).sums
        noise = self.part(price)
        noisy = noise.noisy([exact[Inside(one)][0] for one in shares])
        cells = of_total(NoisySums(tuple(noisy), noise.noise, 1 << noise.bits), 0, 1)
        return {"keys": [list(pair) for pair in pairwise(self.edges)], "cells": cells.five.tolist()}

    def frame(self, stored: Stored) -> pl.DataFrame:
        """The counts with the edges of their bins."""
        kind = pl.Int64 if self.column.kind == "integer" else pl.Float64
        names = ["from", "to", "count", *(f"count_{end}" for end in ENDS)]
        rows = [(*key, *cells) for key, cells in zip(stored["keys"], stored["cells"], strict=True)]
        types = [kind, kind, *[pl.Float64] * 5]
        return pl.DataFrame(rows, schema=dict(zip(names, types, strict=True)), orient="row")

    def _shares(self) -> tuple[Share, ...]:
        """Each bin as a closed range: of whole numbers up to the one before the next edge."""
        found: list[Share] = []
        for i, (low, high) in enumerate(pairwise(self.edges)):
            if i < len(self.edges) - 2:
                high = high - 1 if self.column.kind == "integer" else math.nextafter(high, -math.inf)
            found.append(Share(self.column, low, high))
        return tuple(found)


def _edge(edge: object, *, whole: bool) -> float:
    plain = cast(object, edge.item()) if isinstance(edge, np.generic) else edge
    if isinstance(plain, bool) or not isinstance(plain, int | float):
        raise QueryError(f"bins holds {shown(edge)}", "give finite numbers")
    if not -FARTHEST <= plain <= FARTHEST:  # a whole number of 400 digits is no float
        raise QueryError(f"bins holds {shown(edge)}", "give finite numbers")
    if not whole:
        return float(plain)
    if plain != int(plain) or not -(2**62) <= plain <= 2**62:
        raise QueryError(f"bins holds {shown(edge)}, and the column whole numbers", "give whole numbers")
    return int(plain)
