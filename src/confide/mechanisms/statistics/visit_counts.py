"""Ghosh, Roughgarden, Sundararajan: Universally Utility-Maximizing Privacy Mechanisms (SICOMP 2012)."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from confide.core.arrays import Rng
from confide.core.budget import ANY_NUMBER, Budget, Unit
from confide.core.errors import PromiseError
from confide.core.nouns import Outcome
from confide.mechanisms.noise.coins import rate_below
from confide.mechanisms.noise.discrete_laplace import discrete_laplace
from confide.mechanisms.noise.source import Noise, outcome, refuse_unknown, words_of
from confide.mechanisms.noise.words import secure_words
from confide.mechanisms.statistics.bounded_rows import kept_rows
from confide.views.counts import Counts, Visits


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitCounts:
    """Counts the people in each cell in each bin of time, exactly or with two-sided geometric noise.

    *Statement.* With an epsilon, the release is epsilon-differentially private for one person more or less,
    with all their visits.

    *Proof.* A person counts at most once in a (cell, bin), and in at most `at_most` of them: of a person who
    was in more, that many are drawn at random, independently of all other people. Couple that draw in two
    neighbouring data sets: all other people add the same, so the table of whole numbers changes by at most
    `at_most` in the L1 norm. Each count gets independent noise with P(k) in proportion to exp(-epsilon |k| /
    at_most). The ratio of two tables' probabilities is at most exp(epsilon / at_most x at_most), by the
    triangle inequality. Averaging over the draw keeps the bound.

    *Conditions.* The grid of the visits and `at_most` are public, and chosen without the data. The noise is
    drawn exactly, in whole numbers.

    Args:
        epsilon: in nats; None releases the exact counts, and promises nothing.
        at_most: (cell, bin) pairs that one person counts in; None counts all, and needs epsilon None.
        noise: "secure" is drawn from the operating system's cryptographic source, for a real release.
            "rehearsal" is drawn from `rng`, and anyone who knows the seed can replay it: for audits and tests
            only.

    Raises:
        PromiseError: if a setting cannot be kept.
    """

    epsilon: float | None = None
    at_most: int | None = None
    noise: Noise = "secure"

    def __post_init__(self) -> None:
        if self.at_most is not None and self.at_most < 1:
            raise PromiseError(f"at_most is {self.at_most}: give 1 or more.")
        refuse_unknown(self.noise)
        if self.epsilon is None:
            return
        if self.at_most is None:
            raise PromiseError(
                "counts of people with any number of visits cannot be hidden: give at_most with epsilon."
            )
        if not self.epsilon > 0:
            raise PromiseError(f"epsilon is {self.epsilon}: give a number above 0.")
        # Drawing nothing refuses a rate that cannot be drawn.
        if not self.epsilon < float("inf"):
            raise PromiseError(f"noise for epsilon {self.epsilon} cannot be drawn: give a finite number.")
        discrete_laplace(0, rate=self._rate(self.epsilon, self.at_most), words=secure_words)

    @property
    def budget(self) -> Budget | None:
        if self.epsilon is None:
            return None
        # However many visits a person has: what they count in is cut at `at_most` before the noise.
        return Budget(self.epsilon, unit=Unit.person("person", at_most=ANY_NUMBER))

    def __call__(self, data: Visits, *, rng: Rng) -> Outcome[Counts]:
        """Count and publish; visits to places beyond the grid's cells are not counted."""
        choosing, noising = rng.spawn(2)
        grid, traces = data.grid, data.traces
        person, slot = grid.pairs(traces.rows(traces.place < grid.cells))
        if self.at_most is not None:
            kept = kept_rows(person, self.at_most, words_of(self.noise, choosing))
            person, slot = person[kept], slot[kept]
        counts = np.bincount(slot, minlength=grid.size)
        if self.epsilon is not None and self.at_most is not None:
            rate, words = self._rate(self.epsilon, self.at_most), words_of(self.noise, noising)
            counts = counts + discrete_laplace(len(counts), rate=rate, words=words)
        table = counts.reshape(grid.cells, grid.times).astype(np.float64)
        return outcome(self.noise, Counts(counts=table, grid=grid), self.budget, "VisitCounts")

    @staticmethod
    def _rate(epsilon: float, at_most: int) -> Fraction:
        return rate_below(Fraction(epsilon) / at_most)
