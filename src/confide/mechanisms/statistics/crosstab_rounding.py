"""Willenborg, de Waal: Elements of Statistical Disclosure Control (2001), chapter 9: rounding."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from confide.core.arrays import Rng
from confide.core.errors import PromiseError
from confide.core.nouns import Outcome
from confide.mechanisms.noise.source import Noise, outcome, refuse_unknown, words_of
from confide.mechanisms.noise.words import Words, below
from confide.views.crosstabs import Crosstab, Crosstabs

LARGEST = 1_000
"""A larger base leaves nothing of most tables."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundedCounts:
    """Rounds every count of contingency tables to a multiple of a base; makes no promise.

    A rounded count says in which range the count is, and that is what the release shows: a proof may use it,
    and nothing else. Cells and totals are rounded independently, so that published sums need not add up.

    - To the nearest multiple (of two that are as near, the higher): the count is up to half a base away.
    - At random, to the multiple below or above, with the chances that keep the count in the mean; a multiple
      stays. The count is less than one base away.

    *Conditions.* The base, and whether it was done at random, are known (Kerckhoffs' principle).

    Args:
        base: 2 or more.
        at_random: whether chance decides between the multiple below and the one above.
        noise: "secure" for a real release; "rehearsal" is drawn from `rng`.

    Raises:
        PromiseError: if the base is out of range.
    """

    base: int
    at_random: bool = False
    noise: Noise = "secure"

    def __post_init__(self) -> None:
        refuse_unknown(self.noise)
        if not 2 <= self.base <= LARGEST:
            raise PromiseError(f"the base is {self.base}: give a whole number from 2 to {LARGEST:,}.")

    @property
    def budget(self) -> None:
        return None

    def __call__(self, data: Crosstabs, *, rng: Rng) -> Outcome[Crosstabs]:
        """Round exact counts and publish.

        Raises:
            PromiseError: for hidden counts, which cannot be rounded.
        """
        need_counts(data)
        words = words_of(self.noise, rng)
        tables = tuple(self._rounded(table, words) for table in data.tables)
        return outcome(self.noise, replace(data, tables=tables), None, "RoundedCounts")

    def _rounded(self, table: Crosstab, words: Words) -> Crosstab:
        count = table.low
        down = count - count % self.base
        if not self.at_random:
            nearest = (2 * count + self.base) // (2 * self.base) * self.base
            return self.read(table, nearest)
        up = below(self.base, len(count), words) < count % self.base
        return self.read(table, down + up * self.base)

    def read(self, table: Crosstab, shown: np.ndarray[tuple[int, ...], np.dtype[np.int64]]) -> Crosstab:
        """The counts that may stand behind rounded ones, int64[m]."""
        if self.at_random:
            down, up = self.base - 1, self.base - 1
        else:
            down, up = self.base // 2, (self.base - 1) // 2
        return replace(table, low=np.maximum(shown - down, 0), high=shown + up)


def need_counts(data: Crosstabs) -> None:
    """Refuse tables of which some counts are not known.

    Raises:
        PromiseError: if there are any.
    """
    if not data.exact or any(table.hidden.any() for table in data.tables):
        raise PromiseError("some counts are hidden: give the people behind the tables with --data.")
