"""Bhatia, Davis: A Better Bound on the Variance (American Mathematical Monthly, 2000)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from confide.core.arrays import Rng
from confide.core.errors import PromiseError
from confide.core.nouns import Outcome
from confide.mechanisms.noise.source import outcome
from confide.mechanisms.statistics.clip import Clip
from confide.mechanisms.statistics.counts import count_cells, statistics
from confide.mechanisms.statistics.intervals import mean_of, variance_of
from confide.mechanisms.statistics.mean import bounds_of, moments
from confide.mechanisms.statistics.promise import Promise
from confide.views.statistics import PersonRows, Statistics

WIDEST = 2**31
"""The largest code whose square fits 63 bits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PrivateVariance(Promise):
    """Publishes the variance, deviation and mean of a clipped column for each public key, and the count.

    *Statement.* The release keeps (epsilon, delta) for one person more or less, with all their rows.

    *Proof.* Three releases, each with a third of the budget: the sums of the codes, counted from the middle
    of the bounds, of their squares, and the numbers of rows with a value. The person moves them by at most K
    R, K R^2 and K in the L1 norm: each row adds a function of itself alone. This does not hold for the sum of
    squared deviations from the mean, which one row moves for all others too (opendp#2923). Variance,
    deviation and mean follow from the three.

    *Conditions.* Bounds, keys and `at_most` are public.

    Noise can make a variance negative; it is 0 then. Its interval of noise leaves out terms of the second
    order, which are below noise / count of it. For chance the greatest variance of squared deviations is
    taken that their mean and the bounds allow (Bhatia and Davis): it is reached where values are at the mean
    or at the farther bound, and too wide elsewhere. The second interval of the mean rests on the largest
    variance that is likely, and so holds it in about 97 %.

    Args:
        clip: the bounds of the column; at most 2^32 steps apart.

    >>> ages = PersonRows.of(values=np.arange(50_000) % 101)
    >>> mechanism = PrivateVariance(epsilon=1.0, clip=Clip(0, 100, whole=True), noise="rehearsal")
    >>> [round(x) for x in mechanism(ages, rng=np.random.default_rng(0)).view.only("deviation").values]
    [29]
    """

    clip: Clip

    def __post_init__(self) -> None:
        Promise.__post_init__(self)
        if self.clip.reach > WIDEST:
            raise PromiseError(
                f"the bounds {self.clip.low} and {self.clip.high} are too far apart for squares: give bounds "
                "that are at most 2^32 apart, or take the column for numbers with fractions (whole=False)."
            )

    def __call__(self, data: PersonRows, *, rng: Rng) -> Outcome[Statistics]:
        """Sum, count and publish."""
        choosing, noising = rng.spawn(2)
        sums, rows = moments(self, self.cut(data, choosing), self.clip, powers=(2, 1), rng=noising)
        squares, total = sums
        low, high = bounds_of(self.clip)
        variance = variance_of(squares, total, rows, low, high, each=self.most)
        mean = mean_of(total, rows, low, high, each=self.most, spread=variance)
        spread = variance.cells.map(lambda codes: codes * self.clip.step**2)
        cells = {
            "variance": spread,
            "deviation": spread.map(np.sqrt),
            "mean": mean.cells.map(self.clip.values),
            "count": count_cells(rows, self.most),
        }
        return outcome(self.noise, statistics(data.keys, cells), self.budget, "PrivateVariance")
