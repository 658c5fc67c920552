"""Dwork, McSherry, Nissim, Smith: Calibrating Noise to Sensitivity (TCC 2006); sums of clipped values."""

from __future__ import annotations

from dataclasses import dataclass

from confide.core.arrays import Rng
from confide.core.nouns import Outcome
from confide.mechanisms.noise.source import outcome
from confide.mechanisms.statistics.clip import Clip, coded, group_sums
from confide.mechanisms.statistics.counts import statistics
from confide.mechanisms.statistics.intervals import of_total
from confide.mechanisms.statistics.noisy_sums import noisy_sums
from confide.mechanisms.statistics.promise import Promise
from confide.views.statistics import PersonRows, Statistics


@dataclass(frozen=True, slots=True, kw_only=True)
class PrivateSum(Promise):
    """Sums a clipped column for each public key, with noise.

    *Statement.* The release keeps (epsilon, delta) for one person more or less, with all their rows.

    *Proof.* Each value becomes a whole number of steps, of a size of at most R: that of the larger bound. The
    person has at most K rows after the cut, and moves the exact sums by at most K R in the L1 norm. Sums are
    Python's whole numbers, so that nothing wraps, whatever the data are. The noise is made for K R
    (`noisy_sums`).

    *Conditions.* Bounds, keys and `at_most` are public.

    The interval of noise is exact. The one for noise and chance is known where the bounds do not contain
    numbers of both signs: people came at random, so the variance of the sum is at most K times the larger
    bound times the sum. It is reached where all values are 0 or that bound, and wider than needed elsewhere.
    For other bounds it is NaN: ask for a variance.

    Args:
        clip: the bounds of the column.

    >>> import numpy as np
    >>> pay = PersonRows.of(values=np.full(1000, 30.0))
    >>> made = PrivateSum(epsilon=1.0, clip=Clip(0, 50), noise="rehearsal")(pay, rng=np.random.default_rng(1))
    >>> bool(abs(made.view.values[0] - 30_000) < 500)
    True
    """

    clip: Clip

    def __call__(self, data: PersonRows, *, rng: Rng) -> Outcome[Statistics]:
        """Sum and publish."""
        choosing, noising = rng.spawn(2)
        codes, group = coded(self.cut(data, choosing), self.clip, from_zero=True)
        m, move = len(data.keys), self.most * self.clip.reach_from_zero
        exact = group_sums(codes, group, m)
        found = noisy_sums(self, exact, move=move, entries=min(self.most, m), rng=noising)
        step = self.clip.step
        cells = of_total(found, self.clip.low / step, self.clip.high / step, each=self.most)
        cells = cells.map(lambda codes: codes * step)
        return outcome(self.noise, statistics(data.keys, {"sum": cells}), self.budget, "PrivateSum")
