"""Least squares of bits on answers: estimates, and how much the answers say about each bit."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.linalg import (  # pyright: ignore[reportMissingTypeStubs]
    cho_factor,
    cho_solve,
    get_lapack_funcs,
    solve_triangular,
)

from confide.attacks.reconstruction.answers._fista import minimise
from confide.attacks.reconstruction.answers._quadratic import DENSE, Quadratic
from confide.core.arrays import Bools, Floats
from confide.views.answers import Answers

RIDGE = 1e-9
"""Added to the diagonal, relative to its largest element: bits that no answer tells apart stay where they
are, and get no weight of evidence."""
FINEST = 0.01
"""The least deviation of noise, in people: exact answers must not turn rounding errors into certainty."""
MANY = 100
"""From this number of free answers on their spread says what the noise is, within 7 %, whatever is stated."""


@dataclass(frozen=True, slots=True, eq=False)
class Fit:
    """Estimates of the bits, and what is known about their errors.

    Args:
        x: float64[n], the estimates.
        gradient: float64[n], of half the sum of squares at x; 0 but for bits on the edge of the box.
        information: float64[n], of the answers about each bit when all other free bits are fitted too: the
            inverse of the estimate's variance at noise of deviation 1.
        noise: the deviation of the noise, from the residuals or as stated.
        converged: whether the solution is one.
        steps: of the iteration; 0 for none.
    """

    x: Floats
    gradient: Floats
    information: Floats
    noise: float
    converged: bool = True
    steps: int = 0

    @property
    def evidence(self) -> Floats:
        """The logarithm of the ratio of the likelihoods of 1 and 0 for each bit, float64[n].

        With all others fitted, a bit's own estimate is r = x - gradient / information, beyond the box for a
        bit on its edge, and normal with variance noise^2 / information around the true value. So the
        logarithm of the ratio is (r - 1/2) information / noise^2; written without a division by 0.
        """
        return ((self.x - 0.5) * self.information - self.gradient) / self.noise**2


def box_fit(view: Answers, *, weights: Floats | None = None, start: Floats | None = None) -> Fit:
    """Least squares with every bit in [0, 1].

    Args:
        view: the answers.
        weights: float64[m], of each answer; 1 by default.
        start: float64[n], where the iteration begins; the middle by default.
    """
    problem = Quadratic(view, np.ones(len(view)) if weights is None else weights)
    dense = view.people <= DENSE
    found = minimise(
        problem.by_matrix if dense else problem.gradient,
        np.full(view.people, 0.5) if start is None else start,
        curvature=problem.curvature,
        low=0.0,
        high=1.0,
        tolerance=1e-6 if dense else 1e-4,
        most=5_000 if dense else 300,
    )
    free = (found.x > 0) & (found.x < 1)
    told = _information(problem.matrix, free) if dense else _by_law(problem, found.x)
    noise = _noise(problem, found.x, int(free.sum()))
    # Inside the box it is 0 but for the tolerance, which exact answers would take for evidence.
    slope = np.where(free | (told == 0), 0.0, found.gradient)
    return Fit(found.x, slope, told, noise, found.converged, found.steps)


def plain_fit(view: Answers) -> Fit:
    """Least squares without a box: by Cholesky's factors, or by iteration above `DENSE` people."""
    problem = Quadratic(view, np.ones(len(view)))
    n, free = view.people, np.ones(view.people, np.bool_)
    if n <= DENSE:
        told = _information(problem.matrix, free)
        x = np.asarray(cho_solve(_factors(problem.matrix), problem.right_side))
        return Fit(x, np.zeros(n), told, _noise(problem, x, n))
    found = minimise(
        problem.gradient,
        np.full(n, 0.5),
        curvature=problem.curvature,
        low=-np.inf,
        high=np.inf,
        tolerance=1e-4,
        most=300,
    )
    told, noise = _by_law(problem, found.x), _noise(problem, found.x, n)
    return Fit(found.x, found.gradient, told, noise, found.converged, found.steps)


def _factors(matrix: Floats) -> tuple[Floats, bool]:
    ridge = RIDGE * max(float(np.diag(matrix).max()), 1e-300)
    factors, lower = cho_factor(matrix + ridge * np.eye(len(matrix)), lower=True, check_finite=False)
    return np.asarray(factors), bool(lower)


def _information(matrix: Floats, free: Bools) -> Floats:
    """The Schur complement of the other free bits, for each bit, float64[n].

    Of a free bit it is one over the diagonal of the inverse of the free bits' matrix; of a bit on the edge,
    its own diagonal less what the free bits explain of it.
    """
    told = np.diag(matrix).copy()
    if not free.any():
        return told
    factors, _ = _factors(matrix[np.ix_(free, free)])
    (invert,) = get_lapack_funcs(
        ("potri",), (factors,)
    )  # from the factors, in a third of the time of solving
    inverse, _ = invert(factors, lower=1)
    told[free] = 1 / np.diag(inverse)
    explained = solve_triangular(factors, matrix[np.ix_(free, ~free)], lower=True, check_finite=False)
    told[~free] -= (explained**2).sum(axis=0)
    # What is left of nothing but rounding and the ridge is nothing.
    told[told < 1e-6 * np.diag(matrix)] = 0.0
    return told


def _by_law(problem: Quadratic, x: Floats) -> Floats:
    """The same from the law of random subsets: of m answers, one is used up by each free bit.

    It is the closed form (m - n) / 4 of random half subsets, with each person's own share of them. Where more
    bits are free than there are answers, the doubt about the other bits of a subset counts as noise: that
    says less than there is to know, but not nothing.
    """
    free = (x > 0) & (x < 1)
    left = 1 - float(free.sum()) / problem.rows
    square = max(problem.view.noise or 0.0, FINEST) ** 2
    doubt = float(problem.view.subsets.sums(np.clip(x * (1 - x), 0, 0.25)).mean())
    return problem.diagonal * max(left, square / (square + doubt))


def _noise(problem: Quadratic, x: Floats, fitted: int) -> float:
    """The deviation of the noise: from the residuals if they are many, else what was stated.

    In the box the errors of bits that stand on the wrong edge count as noise, as they do for other bits.
    """
    left = problem.rows - fitted
    seen = float(np.sqrt(max(problem.squares(x), 0.0) / max(left, 1)))
    stated = problem.view.noise
    known = seen if stated is None or left >= MANY else max(stated, seen if left >= 1 else 0.0)
    return max(known, FINEST)
