"""Distances of margins: each one, their mean, and the worst by name."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from confide.core.arrays import Floats
from confide.core.estimate import Estimate
from confide.measure.special import normal_quantile


@dataclass(frozen=True, slots=True, eq=False)
class MarginDistances:
    """The total variation distances of k margins, or differences of two of them.

    Args:
        columns: the names of each margin's columns.
        each: float64[k], the distance of each.
        error: float64[k], its standard error.
        mean: over all margins, with its interval.
    """

    columns: tuple[tuple[str, ...], ...]
    each: Floats
    error: Floats
    mean: Estimate

    def at(self, i: int) -> Estimate:
        """One margin; the intervals of all k hold together with the confidence (Bonferroni)."""
        alone = 1 - (1 - self.mean.confidence) / len(self.each)
        half = float(normal_quantile((1 + alone) / 2)) * float(self.error[i])
        value = float(self.each[i])
        return Estimate(value, value - half, value + half, self.mean.confidence)

    def worst(self, n: int = 1) -> list[tuple[tuple[str, ...], Estimate]]:
        """The n margins with the largest distances, the worst first."""
        order = np.argsort(-self.each, kind="stable")[:n]
        return [(self.columns[i], self.at(i)) for i in order.tolist()]
