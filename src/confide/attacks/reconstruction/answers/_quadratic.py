"""The sum of squares of answers to subset sums as a quadratic in the bits, by normal equations or without."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from confide.core.arrays import Floats
from confide.measure.reconstruction import largest_eigenvalue
from confide.views.answers import AT_ONCE, Answers

DENSE = 5_000
"""Up to this number of people the Gram matrix is formed: 200 MB."""
POWER = 30
"""Steps of power iteration: the value is some percent too small; `minimise` doubles it if that matters."""


@dataclass(frozen=True, eq=False)
class Quadratic:
    """Half the weighted sum of squares of `a - Q x`, with the unknown total centred out.

    All subsets have about the same size, so that the answers' mean is about the total, and one direction of x
    has a curvature some n times that of all others. Steps short enough for it take long for the rest.
    Therefore the mean answer is a measurement of its own, `mean(a) = mean(q) x`, beside the centred ones.

    Of many random halves it is left out: it says nothing but the total, which tells how likely the secret is
    beforehand (`_claims.prior`). In the sum it would do harm, for a box pulls the bits of a rare secret
    upwards, and a total that is kept would push all of them down again.

    In other workloads one answer can say all there is about somebody. There the mean keeps its weight, as far
    as its curvature is not above that of the others, and a published total is one more measurement.

    Args:
        view: the answers.
        weights: float64[m], of each answer's square.
    """

    view: Answers
    weights: Floats

    @cached_property
    def count(self) -> float:
        """The number of answers that count, by weight."""
        return float(self.weights.sum())

    @cached_property
    def rows(self) -> int:
        """The number of answers that have any weight."""
        return int((self.weights > 0).sum())

    @cached_property
    def mean_query(self) -> Floats:
        """The weighted share of the subsets that each person is in, float64[n]."""
        return self.view.subsets.spread(self.weights) / self.count

    @cached_property
    def curvature(self) -> float:
        """About the largest eigenvalue of the centred Gram matrix: its law's edge, or power iteration."""
        # A start that no workload is orthogonal to, the same each time.
        subsets, x = self.view.subsets, np.cos(np.arange(self.view.people) ** 2.0)
        if subsets.random_halves:
            return largest_eigenvalue(subsets.people, self.count)
        top = 1.0
        for _ in range(POWER):
            x = x / (np.linalg.norm(x) or 1.0)
            product = self._centred(x)
            top, x = float(x @ product), product
        return max(1.05 * top, 1e-9)

    @cached_property
    def mean_weight(self) -> float:
        """The weight of the mean answer, relative to what its answers have together."""
        if self.view.subsets.random_halves:
            return 0.0
        stiff = self.count * float(self.mean_query @ self.mean_query)
        # Half the curvature, and the other half for a total in the same direction: the sum has no more.
        return min(1.0, self.curvature / (2 * stiff)) if stiff else 1.0

    @property
    def total_weight(self) -> float:
        """The weight of a published total's square."""
        left_out = self.view.total is None or self.view.subsets.random_halves
        return 0.0 if left_out else self.curvature / (2 * self.view.people)

    @cached_property
    def matrix(self) -> Floats:
        """The whole quadratic's matrix, float64[n, n]."""
        n, m = self.view.people, len(self.view)
        gram, plain = np.zeros((n, n), np.float64), bool((self.weights == 1).all())
        for start in range(0, m, AT_ONCE):
            block = self.view.subsets.members(start, min(start + AT_ONCE, m))
            if not plain:
                block *= np.sqrt(self.weights[start : start + AT_ONCE]).astype(np.float32)
            gram += block @ block.T  # whole numbers below 2^24: exact in single precision
        cut = (1 - self.mean_weight) * self.count
        gram -= cut * np.outer(self.mean_query, self.mean_query)
        gram += self.total_weight
        return gram

    @cached_property
    def diagonal(self) -> Floats:
        """The matrix's diagonal, float64[n], without the matrix."""
        cut = (1 - self.mean_weight) * self.count
        return self.count * self.mean_query - cut * self.mean_query**2 + self.total_weight

    @cached_property
    def right_side(self) -> Floats:
        """Minus the gradient at x = 0, float64[n]."""
        return -self.gradient(np.zeros(self.view.people))

    def gradient(self, x: Floats) -> Floats:
        """At x, float64[n], with two passes over the queries."""
        return self._of_residual(self.residual(x), x)

    def by_matrix(self, x: Floats) -> Floats:
        """The same by the matrix."""
        return self.matrix @ x - self.right_side

    def residual(self, x: Floats) -> Floats:
        """`Q x - a`, float64[m]."""
        return self.view.subsets.sums(x) - self.view.answers

    def squares(self, x: Floats) -> float:
        """The weighted sum of squares of the residuals, without what was cut from the mean's."""
        residual = self.residual(x)
        mean = float(self.weights @ residual) / self.count
        return float(self.weights @ residual**2) - (1 - self.mean_weight) * self.count * mean**2

    def _of_residual(self, residual: Floats, x: Floats) -> Floats:
        mean = float(self.weights @ residual) / self.count
        weighted = self.weights * (residual - (1 - self.mean_weight) * mean)
        found = self.view.subsets.spread(weighted)
        if not self.total_weight or self.view.total is None:
            return found
        return found + self.total_weight * (float(x.sum()) - self.view.total)

    def _centred(self, x: Floats) -> Floats:
        sums = self.view.subsets.sums(x)
        centred = sums - float(self.weights @ sums) / self.count
        return self.view.subsets.spread(self.weights * centred)
