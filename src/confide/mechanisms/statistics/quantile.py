"""Smith: Privacy-Preserving Statistical Estimation with Optimal Convergence Rates (STOC 2011)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from confide.core.arrays import Ints, Rng
from confide.core.errors import DataError, PromiseError
from confide.core.nouns import Outcome
from confide.mechanisms.noise.source import outcome
from confide.mechanisms.statistics.bands import Band
from confide.mechanisms.statistics.counts import statistics
from confide.mechanisms.statistics.intervals import Cells
from confide.mechanisms.statistics.noisy_sums import noisy_sums
from confide.mechanisms.statistics.permute_and_flip import Selection
from confide.mechanisms.statistics.promise import Promise
from confide.views.statistics import PersonRows, Statistics

FINEST = 10_000
"""A quantile's p is taken as a fraction with no larger denominator, as OpenDP takes it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PrivateQuantile(Promise):
    """Names one of some public candidates as the quantile of a column: at it, about p of the rows are below.

    *Statement.* The release keeps epsilon for one person more or less, with all their rows.

    *Proof.* With p = a / b, the score of a candidate is |(b - a) x rows below it - a x rows above it|. A row
    more or less changes it by at most max(a, b - a), and so the person by at most K times that. The smallest
    score is named (`Selection`), with half of epsilon. The other half counts the rows between candidates, for
    the intervals: a row is counted once.

    *Conditions.* Candidates, p and `at_most` are public, and delta is 0. Scores and scale are those of
    OpenDP's `make_private_quantile`, and so is the law; a test holds both against it. Rows are only counted,
    so that they need not leave a database.

    The quantile is the smallest candidate that at least p of the rows do not exceed. Its interval of noise
    goes from the first to the last candidate that the noisy counts do not refute, each at 95 %. It ends at
    candidates, so it is right more often where many people are between two of them. For chance, the number of
    rows up to the candidate varies with the variance K n p (1 - p) at most.

    Args:
        candidates: rising.
        p: 0.5 for the median.
        missing: the number that stands for NaN; None leaves these rows out.

    >>> ages = PersonRows.of(values=np.arange(5_000) % 100)
    >>> mechanism = PrivateQuantile(epsilon=1.0, candidates=tuple(range(0, 101, 10)), noise="rehearsal")
    >>> mechanism(ages, rng=np.random.default_rng(0)).view.values.tolist()
    [50.0]
    """

    candidates: tuple[float, ...]
    p: float = 0.5
    missing: float | None = None

    def __post_init__(self) -> None:
        Promise.__post_init__(self)
        if self.delta:
            raise PromiseError(f"delta is {self.delta}: this selection needs none, give 0.")
        if not 1 / FINEST <= self.p <= 1 - 1 / FINEST:
            raise PromiseError(f"p is {self.p}: give a number from 0.0001 to 0.9999; 0.5 is the median.")
        pairs = zip(self.candidates, self.candidates[1:], strict=False)
        if not self.candidates or not all(a < b for a, b in pairs) or not math.isfinite(sum(self.candidates)):
            raise PromiseError(f"the candidates are {self.candidates!s:.100}: give finite numbers that rise.")

    @property
    def fraction(self) -> Fraction:
        """p = a / b."""
        return Fraction(self.p).limit_denominator(FINEST)

    @property
    def move(self) -> int:
        """By how much the person changes a score at most."""
        a, b = self.fraction.as_integer_ratio()
        return self.most * max(a, b - a)

    @property
    def selection(self) -> Selection:
        """Names the candidate of the smallest score, with half of epsilon."""
        return Selection.for_epsilon(Fraction(self.epsilon) / 2, move=self.move, smallest=True)

    def __call__(self, data: PersonRows, *, rng: Rng) -> Outcome[Statistics]:
        """Choose and publish.

        Raises:
            DataError: if the rows have no values, or have groups.
        """
        if data.values is None or data.group is not None:
            raise DataError("a quantile is of one column without groups: give values, and no group.")
        choosing, naming, noising = rng.spawn(3)
        values = np.asarray(self.cut(data, choosing).values)
        if values.dtype == np.float64:
            there = ~np.isnan(values)
            values = values[there] if self.missing is None else np.where(there, values, self.missing)
        below, upto = (np.searchsorted(np.sort(values), self.candidates, side=s) for s in ("left", "right"))
        named = int(self.selection.names(self.scores(below, len(values) - upto), self.noise, naming)[0])
        exact = np.diff([0, *upto, len(values)]).tolist()
        between = noisy_sums(
            self, exact, move=self.most, entries=min(self.most, len(exact)), parts=2, rng=noising
        )
        band = Band(counts=between.numbers[None], noise=between.law, p=float(self.fraction), each=self.most)
        # Behind the last candidate are the rows above it: there is nothing to name.
        listed = np.array([*self.candidates, self.candidates[-1]], np.float64)
        ends = (band.interval(sampling=s).map(lambda at: listed[at.astype(np.int64)]) for s in (False, True))
        cells = Cells(listed[[named]], *ends)
        return outcome(self.noise, statistics(((),), {"quantile": cells}), self.budget, "PrivateQuantile")

    def scores(self, below: Ints, above: Ints) -> list[int]:
        """How far each candidate is from the quantile, from the rows below and above it; int64[m] each."""
        a, b = self.fraction.as_integer_ratio()
        return [abs((b - a) * int(u) - a * int(v)) for u, v in zip(below, above, strict=True)]
