"""Heavy hitters: values that many people have, found in the data behind a threshold."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from confide.core.errors import BudgetError
from confide.mechanisms.statistics.intervals import LEVEL
from confide.mechanisms.statistics.private_keys import PrivateKeys
from confide.releases.session.grouped import counts_by, exact_counts, frame_of_counts, places_of, stored
from confide.releases.session.prices import Price
from confide.releases.session.speaking import Stored
from confide.releases.sql import Dialect, PrivateTable, Query
from confide.releases.sql.answers import Asks


@dataclass(frozen=True, slots=True, kw_only=True)
class HeavyKeys:
    """The values of a column that many people have.

    Args:
        query: counts the people of each value that the data have.
    """

    query: Query

    @classmethod
    def of(cls, table: PrivateTable, column: str) -> HeavyKeys:
        """The question as a user puts it.

        Raises:
            QueryError: for a column that is not there, or that no groups are made of.
        """
        return cls(query=counts_by(table, [column], people=True, keys=None))

    @property
    def asked(self) -> str:
        return f"values of {self.query.groups[0].name} that many people have"

    def widths(self, price: Price) -> dict[str, float]:
        """How far the noise moves the count of a value."""
        return {"count": float(self._mechanism(price).law_of_counts.half_width(LEVEL))}

    def notes(self, price: Price) -> tuple[str, ...]:
        """From which number of people on a value is shown."""
        threshold = self._mechanism(price).threshold
        return (
            f"A value is shown if its noisy number of people is {threshold:,} or more; a shown number near "
            "that is rather too large.",
        )

    def speak(self, price: Price, ask: Asks, dialect: Dialect = "duckdb") -> Stored:
        """Count, add noise, and give what reaches the threshold, the most people first."""
        keys, exact = exact_counts(self.query, ask, dialect)
        # A secure mechanism draws nothing from the generator.
        made = self._mechanism(price).of_counts(exact, tuple(range(len(keys))), rng=np.random.default_rng(0))
        named = [keys[place] for place in places_of(made.view)]
        # By released numbers and names alone: the order of the database could depend on hidden values.
        order = sorted(range(len(named)), key=lambda i: (-made.view.values[i], named[i] == (None,), named[i]))
        found = stored(named, made.view)
        return {part: [rows[i] for i in order] for part, rows in found.items()}

    def frame(self, stored: Stored) -> pl.DataFrame:
        """The values that are shown, the most people first."""
        return frame_of_counts(self.query, stored)

    def _mechanism(self, price: Price) -> PrivateKeys:
        epsilon, delta = price.pure("finding values")
        if not delta:
            raise BudgetError(
                "the values come from the data, so that they may give people away: give a delta such as "
                "1e-7 (--delta, in Python delta=), with which values of few people stay hidden."
            )
        bound = None if self.query.table.unit is None else self.query.at_most
        return PrivateKeys(epsilon=epsilon, delta=delta, at_most=bound)
