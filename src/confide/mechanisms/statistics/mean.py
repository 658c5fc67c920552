"""Fieller: Some Problems in Interval Estimation (JRSS B, 1954); a private sum over a private count."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from confide.core.arrays import Rng
from confide.core.nouns import Outcome
from confide.mechanisms.noise.source import outcome
from confide.mechanisms.statistics.clip import Clip, coded, group_sums
from confide.mechanisms.statistics.counts import count, count_cells, statistics
from confide.mechanisms.statistics.intervals import mean_of
from confide.mechanisms.statistics.noisy_sums import NoisySums, noisy_sums
from confide.mechanisms.statistics.promise import Promise
from confide.views.statistics import PersonRows, Statistics


@dataclass(frozen=True, slots=True, kw_only=True)
class PrivateMean(Promise):
    """Averages a clipped column for each public key; pays for a sum and a count, and publishes the count too.

    *Statement.* The release keeps (epsilon, delta) for one person more or less, with all their rows.

    *Proof.* Two releases, each with half of the budget: the sums of the codes, counted from the middle of the
    bounds, which the person moves by at most K R in the L1 norm; and the numbers of rows with a value, which
    they move by at most K. Budgets of releases add up: of Laplace noise their epsilons, of Gaussian noise
    their rhos. The quotient follows from both.

    *Conditions.* Bounds, keys and `at_most` are public.

    The interval of noise holds the means m for which the noisy sum less m times the noisy count is within
    what noise does to it (Fieller). It is all of the bounds where the count could be 0. For chance there is
    at most the variance (high - m) (m - low) for each row (Bhatia and Davis), which shares of yes and no
    reach: for them the second interval is neither too wide nor too narrow. Elsewhere it is too wide:
    `PrivateVariance` publishes a mean with its own.

    Args:
        clip: the bounds of the column.

    >>> import numpy as np
    >>> ages = PersonRows.of(values=np.arange(20_000) % 100)
    >>> mechanism = PrivateMean(epsilon=1.0, clip=Clip(0, 100, whole=True), noise="rehearsal")
    >>> mechanism(ages, rng=np.random.default_rng(0)).view.only("mean").values.round(-1).tolist()
    [50.0]
    """

    clip: Clip

    def __call__(self, data: PersonRows, *, rng: Rng) -> Outcome[Statistics]:
        """Sum, count and publish."""
        choosing, noising = rng.spawn(2)
        sums, rows = moments(self, self.cut(data, choosing), self.clip, powers=(1,), rng=noising)
        mean = mean_of(sums[0], rows, *bounds_of(self.clip), each=self.most).cells.map(self.clip.values)
        cells = {"mean": mean, "count": count_cells(rows, self.most)}
        return outcome(self.noise, statistics(data.keys, cells), self.budget, "PrivateMean")


def moments(
    promise: Promise, data: PersonRows, clip: Clip, *, powers: tuple[int, ...], rng: Rng
) -> tuple[list[NoisySums], NoisySums]:
    """Noisy sums of powers of the codes, and the noisy number of rows with a value; the budget is divided."""
    codes, group = coded(data, clip)
    m, parts = len(data.keys), len(powers) + 1
    entries, children = min(promise.most, m), rng.spawn(parts)
    found = []
    for power, child in zip(powers, children, strict=False):
        move = promise.most * clip.reach**power
        exact = group_sums(codes**power, group, m)
        found.append(noisy_sums(promise, exact, move=move, entries=entries, parts=parts, rng=child))
    exact = count(group, m)
    rows = noisy_sums(promise, exact, move=promise.most, entries=entries, parts=parts, rng=children[-1])
    return found, rows


def bounds_of(clip: Clip) -> tuple[float, float]:
    """The bounds in steps from the middle."""
    step = Fraction(clip.step)
    return float((Fraction(clip.low) - clip.origin) / step), float((Fraction(clip.high) - clip.origin) / step)
