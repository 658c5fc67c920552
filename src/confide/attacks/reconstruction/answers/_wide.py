"""The best linear estimate of bits, from the side of the answers or of the people, whichever are fewer."""

from __future__ import annotations

import numpy as np
from scipy.linalg import cho_factor, cho_solve  # pyright: ignore[reportMissingTypeStubs]

from confide.attacks.reconstruction.answers._fit import Fit
from confide.core.arrays import Floats
from confide.measure.subset_information import FINEST, LOST, by_answers
from confide.views.answers import AT_ONCE, Answers


def wide_fit(view: Answers, *, share: float) -> Fit:
    """Estimates of the bits of many people from fewer answers: n m^2 operations, and m^2 numbers.

    Bits count as normal with the population's mean and variance, and the estimate of each is freed from what
    was assumed of it beforehand: the likelihood of its value is left. If the answers are further off than the
    stated noise and the population explain, the noise is larger, and all that is said counts for less.

    Args:
        view: the answers.
        share: of the people whose bit is 1; above 0 and below 1.
    """
    noise = max(view.noise or 0.0, FINEST)
    found = by_answers(view.subsets, noise=noise, share=share)
    off = view.answers - share * view.subsets.sizes
    weights = found.inverse @ off
    unlike = max(float(off @ weights) / len(view), 1.0)
    mean, told = share + found.variance * view.subsets.spread(weights), found.information
    # The estimate is the weighted mean of `share`, with 1/v, and of the bit's own measurement, with `told`.
    own = share + (mean - share) * (1 + 1 / np.maximum(told * found.variance, 1e-300))
    x = np.where(told > 0, own, share)
    told = told / unlike
    return Fit(x, np.zeros(view.people), told * noise**2, noise)


def tall_fit(view: Answers, *, share: float, noise: float, weights: Floats | None = None) -> Fit:
    """The same from the people's side, where answers are many: n^3 operations, and n^2 numbers.

    Args:
        view: the answers. A published total counts as one more answer.
        share: of the people whose bit is 1; above 0 and below 1.
        noise: the deviation of the noise on an answer of weight 1.
        weights: float64[m], of each answer; 1 by default.
    """
    n, v = view.people, share * (1 - share)
    square, weights = max(noise, FINEST) ** 2, np.ones(len(view)) if weights is None else weights
    precision = np.eye(n) / v
    for start in range(0, len(view), AT_ONCE):
        block = view.subsets.members(start, min(start + AT_ONCE, len(view))).astype(np.float64)
        precision += (block * (weights[start : start + AT_ONCE] / square)) @ block.T
    off = view.answers - share * view.subsets.sizes
    told, squares, count = view.subsets.spread(weights * off) / square, weights @ off**2, len(view)
    if view.total is not None:
        precision += 1 / square
        told = told + (view.total - share * n) / square
        squares, count = squares + (view.total - share * n) ** 2, count + 1
    factors = cho_factor(precision, lower=True, check_finite=False)
    ahead = np.asarray(cho_solve(factors, told))
    variance = np.diag(np.asarray(cho_solve(factors, np.eye(n))))
    information = 1 / variance - 1 / v
    information = np.where(information < LOST / v, 0.0, information)
    own = ahead * (1 + 1 / np.maximum(information * v, 1e-300))
    x = np.where(information > 0, share + own, share)
    # As for fewer answers: further off than noise and population explain, all of it counts for less.
    unlike = max(float(squares / square - told @ ahead) / count, 1.0)
    return Fit(x, np.zeros(n), information / unlike * square, square**0.5)
