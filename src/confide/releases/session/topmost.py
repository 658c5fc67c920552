"""Top-k: the candidates that most people have, named and counted."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import polars as pl

from confide.core.fields import shown
from confide.mechanisms.statistics.intervals import LEVEL
from confide.mechanisms.statistics.top_k import PrivateTopK
from confide.releases.session.grouped import counts_by, exact_counts, frame_of_counts, places_of, stored
from confide.releases.session.prices import Price
from confide.releases.session.speaking import Stored
from confide.releases.sql import Dialect, PrivateTable, Query, QueryError
from confide.releases.sql.answers import Asks

MOST_CANDIDATES = 10_000
"""They are written into one statement, which takes seconds to make above this."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TopKeys:
    """The k candidates that most people have.

    Args:
        query: counts the people of each candidate.
        k: how many are named.
    """

    query: Query
    k: int

    @classmethod
    def of(cls, table: PrivateTable, column: str, k: int, candidates: Iterable[object]) -> TopKeys:
        """The question as a user puts it.

        Raises:
            QueryError: for a column or candidates that cannot be, or another number of them than k needs.
        """
        if isinstance(candidates, str | bytes) or not isinstance(candidates, Iterable):
            raise QueryError(
                f"candidates is {shown(candidates)}", "give a list of values that everybody may know"
            )
        listed = list(candidates)
        if len(listed) > MOST_CANDIDATES:
            raise QueryError(f"there are {len(listed):,} candidates", f"give at most {MOST_CANDIDATES:,}")
        query = counts_by(table, [column], people=True, keys={column: listed})
        if isinstance(k, bool) or not isinstance(k, int) or not 1 <= k <= len(listed):
            raise QueryError(
                f"k is {shown(k)}, and there are {len(listed):,} candidates",
                f"give a whole number from 1 to {len(listed):,}",
            )
        return cls(query=query, k=k)

    @property
    def asked(self) -> str:
        (group,), candidates = self.query.groups, self.query.keys or ()
        return f"the {self.k} of {len(candidates):,} values of {group.name} that most people have"

    def widths(self, price: Price) -> dict[str, float]:
        """How far the noise moves the count of a named candidate."""
        made = self._mechanism(price)
        law = made.law(l1=min(made.most, self.k), l2_squared=min(made.most, self.k), parts=2)
        return {"count": float(law.half_width(LEVEL))}

    def notes(self, price: Price) -> tuple[str, ...]:
        """How wrong the choice may be."""
        candidates = len(self.query.keys or ())
        if self.k == candidates:
            return ()
        missed = self._mechanism(price).missed(candidates, LEVEL)
        return (
            f"A candidate that is left out has at most {missed:,} people more than one that is named, at "
            f"{LEVEL:.0%}.",
        )

    def speak(self, price: Price, ask: Asks, dialect: Dialect = "duckdb") -> Stored:
        """Count, choose, count again with noise, and give what may be released."""
        keys, exact = exact_counts(self.query, ask, dialect)
        # A secure mechanism draws nothing from the generator.
        made = self._mechanism(price).of_counts(exact, tuple(range(len(keys))), rng=np.random.default_rng(0))
        return stored([keys[place] for place in places_of(made.view)], made.view)

    def frame(self, stored: Stored) -> pl.DataFrame:
        """The named candidates in the order in which they were chosen."""
        return frame_of_counts(self.query, stored)

    def _mechanism(self, price: Price) -> PrivateTopK:
        epsilon, _ = price.pure("top-k")
        bound = None if self.query.table.unit is None else self.query.at_most
        return PrivateTopK(epsilon=epsilon, k=self.k, at_most=bound)
