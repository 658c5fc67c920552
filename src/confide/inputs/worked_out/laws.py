"""Which law noise follows, and at which scale: the likeliest, if it fits at all."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from confide.core.arrays import Array, Floats
from confide.mechanisms.noise.laws import LAWS, Law

FEWEST = 100
"""From fewer values no law can be recognised."""
DISTINCT = 40
"""A column of more different values than this has no steps of its own: only the differences are looked at."""
MOST = 200_000
"""Values that are looked at; more tell nothing new."""
SCALES = 60
DEPENDENT = 0.1
"""Slope of the differences over the original values from which on these are no noise."""
MISFIT = 0.05
"""The largest distance in total variation at which a law is the right one, beside chance."""
MOVED = 0.5
"""Deviations by which fine values may be moved on average: noise has the mean 0, rounding moves little."""


@dataclass(frozen=True, slots=True)
class _Table:
    """Counts of released values by original value.

    Args:
        count: float64[v, c].
        edges: float64[v, c + 1], the ends of each cell of released values, from the original value on.
    """

    count: Floats
    edges: Floats

    def chances(self, law: Law) -> Floats:
        """The chance of each cell for each original value."""
        return np.diff(law.cdf(self.edges), axis=1)

    def loss(self, law: Law) -> float:
        """Minus the log-likelihood of the counts, for each value."""
        return -float((self.count * np.log(np.maximum(self.chances(law), 1e-12))).sum() / self.count.sum())

    def misfit(self, law: Law) -> float:
        """The distance in total variation between the counts and the law, beyond what chance makes of it."""
        rows = self.count.sum(axis=1, keepdims=True)
        expected = rows * self.chances(law)
        apart = np.abs(self.count - expected).sum() / 2
        # The mean distance of a binomial count from its mean, by the Gaussian with the same deviation.
        chance = np.sqrt(2 / np.pi * expected * (1 - expected / np.maximum(rows, 1))).sum() / 2
        return float((apart - chance) / rows.sum())


def law_of(original: Array, released: Array) -> Law | None:
    """The law of the noise between the values of the same rows; None where no law fits.

    Released values may have been rounded, or cut off at the ends of their scale.

    >>> rng = np.random.default_rng(0)
    >>> before = rng.integers(1, 6, 20_000).astype(np.float64)
    >>> law = law_of(before, before + rng.laplace(0, 0.5, 20_000))
    >>> law.name, abs(law.scale - 0.5) < 0.02
    ('laplace', True)
    """
    if len(original) < FEWEST:
        return None
    part = slice(None, None, max(1, len(original) // MOST))
    before, after = np.asarray(original, np.float64)[part], np.asarray(released, np.float64)[part]
    table = _table(before, after)
    spread = float(np.abs(after - before).mean())
    if not spread > 0 or _drawn_anew(before, after) or _moved(before, after):
        return None
    best = min((_fitted(name, table, spread) for name in LAWS), key=table.loss)
    return best if table.misfit(best) <= MISFIT else None


def _drawn_anew(before: Floats, after: Floats) -> bool:
    """Whether fine values do not depend on the original ones: what was shuffled differs by no noise."""
    # Noise is independent of the value that it moves; of shuffled values the difference is not.
    size = float(before.var())
    slope = float(np.mean((after - before) * (before - before.mean()))) / size if size > 0 else 0.0
    return len(np.unique(before)) > DISTINCT and abs(slope) > DEPENDENT


def _moved(before: Floats, after: Floats) -> bool:
    """Whether fine values were moved all in one direction: that is a shift, and no noise."""
    gaps = after - before
    return len(np.unique(before)) > DISTINCT and abs(float(gaps.mean())) > MOVED * float(gaps.std())


def _table(before: Floats, after: Floats) -> _Table:
    values, row = np.unique(before, return_inverse=True)
    if len(values) > DISTINCT:  # differences alone: they have no ends of a scale
        after, values, row = after - before, np.zeros(1), np.zeros(len(before), np.int64)
    shown = np.unique(after)
    if len(shown) > DISTINCT:
        # The ends of the scale are cells of their own: there stands all noise that went beyond.
        ends = [(shown[0] + shown[1]) / 2, (shown[-2] + shown[-1]) / 2]
        inner = np.quantile(after, np.linspace(0, 1, DISTINCT + 1)[1:-1])
        cut = np.unique(np.concatenate([ends, inner[(inner > ends[0]) & (inner < ends[1])]]))
    else:
        cut = (shown[1:] + shown[:-1]) / 2
    column = np.searchsorted(cut, after)
    count = np.bincount(row * (len(cut) + 1) + column, minlength=len(values) * (len(cut) + 1))
    edges = np.concatenate([[-np.inf], cut, [np.inf]])[None, :] - values[:, None]
    return _Table(count.reshape(len(values), -1).astype(np.float64), edges)


def _fitted(name: str, table: _Table, spread: float) -> Law:
    """The likeliest scale of a law: the best of a coarse list, then of a finer one around it."""
    around = spread * np.geomspace(0.1, 20, SCALES)
    best = min((Law(name, float(scale)) for scale in around), key=table.loss)  # type: ignore[arg-type]
    finer = best.scale * np.geomspace(0.9, 1.1, SCALES)
    return min((Law(best.name, float(scale)) for scale in finer), key=table.loss)
