"""Ghosh, Roughgarden, Sundararajan: Universally Utility-Maximizing Privacy Mechanisms (SICOMP 2012)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from confide.core.arrays import Bools, Ints, Rng
from confide.core.budget import Budget, Unit
from confide.core.errors import PromiseError
from confide.core.nouns import Release
from confide.mechanisms.statistics.discrete_laplace import discrete_laplace, rehearsal_words, secure_words
from confide.views.counts import Counts, Grid
from confide.views.traces import Traces

EVERY_VISIT = 2**31
"""However many visits somebody makes, all of them are hidden: counts of him are cut at `at_most`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitCounts:
    """How many people were in each cell in each bin of time, with two-sided geometric noise or as it is.

    *Statement.* With an epsilon, the release is epsilon-differentially private for one person more or less,
    with all of his visits.

    *Proof.* A person counts at most once in a (cell, bin), and in at most `at_most` of them: of somebody who
    was in more, so many are drawn at random, independently of everybody else. Couple that draw in two
    neighbouring data sets: everybody else adds the same, so the table of whole numbers changes by at most
    `at_most` in the L1 norm. Each count gets independent noise with P(k) in proportion to exp(-epsilon |k| /
    at_most); the ratio of two tables' probabilities is at most exp(epsilon / at_most x at_most), by the
    triangle inequality. Averaging over the draw keeps the bound.

    *Conditions.* The grid, `at_most` and the number of cells are chosen without the data. The noise is drawn
    exactly, in whole numbers.

    Args:
        grid: which visits are counted where.
        epsilon: in nats; None releases the exact counts, and promises nothing.
        at_most: (cell, bin) pairs that one person counts in; None counts all, and needs epsilon None.
        noise: "secure" comes from the operating system, for a real release. "rehearsal" comes from `rng` and
            can be replayed by whoever knows the seed: for audits and tests only.

    Raises:
        PromiseError: if a setting cannot be kept.
    """

    grid: Grid
    epsilon: float | None = None
    at_most: int | None = None
    noise: Literal["secure", "rehearsal"] = "secure"

    def __post_init__(self) -> None:
        if self.at_most is not None and self.at_most < 1:
            raise PromiseError(f"at_most is {self.at_most}: give 1 or more.")
        if self.noise not in ("secure", "rehearsal"):
            raise PromiseError(f"noise is {self.noise!r}: say 'secure' or 'rehearsal'.")
        if self.epsilon is None:
            return
        if self.at_most is None:
            raise PromiseError("counts of people with any number of visits cannot be hidden: give at_most.")
        if not self.epsilon > 0:
            raise PromiseError(f"epsilon is {self.epsilon}: give a number above 0.")
        discrete_laplace(
            0, rate=self.epsilon / self.at_most, words=secure_words
        )  # refuses what it cannot draw

    @property
    def budget(self) -> Budget | None:
        if self.epsilon is None:
            return None
        return Budget(self.epsilon, unit=Unit.person("person", at_most=EVERY_VISIT))

    def __call__(self, data: Traces, *, rng: Rng) -> Release[Counts]:
        """Count and publish; visits to places beyond the grid's cells are not counted."""
        choosing, noising = rng.spawn(2)
        person, slot = self.grid.pairs(data.rows(data.place < self.grid.cells))
        if self.at_most is not None:
            kept = _kept(person, self.at_most, secure=self.noise == "secure", rng=choosing)
            person, slot = person[kept], slot[kept]
        counts = np.bincount(slot, minlength=self.grid.size)
        if self.epsilon is not None and self.at_most is not None:
            words = secure_words if self.noise == "secure" else rehearsal_words(noising)
            counts = counts + discrete_laplace(len(counts), rate=self.epsilon / self.at_most, words=words)
        table = counts.reshape(self.grid.cells, self.grid.times).astype(np.float64)
        return Release(Counts(counts=table, grid=self.grid), self.budget, "VisitCounts")


def _kept(person: Ints, at_most: int, *, secure: bool, rng: Rng) -> Bools:
    """At most so many of each person's pairs, drawn at random; people stand in rising order."""
    ticket = (secure_words if secure else rehearsal_words(rng))(len(person))
    order = np.lexsort((ticket, person))
    rank = np.arange(len(person)) - np.searchsorted(person, person[order])
    kept = np.empty(len(person), np.bool_)
    kept[order] = rank < at_most
    return kept
