"""Theory of reconstruction: how well answers to random subset sums determine each person's bit.

The closed forms are for n people, m random half subsets and noise of deviation sigma on each answer. The
estimate of a bit s is then s + tau h with h standard normal, and tau says everything else.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from confide.measure.special import normal_cdf

MOST = 1e15
"""The most answers that a forecast looks at: nobody publishes more."""
NOTHING = 1e-12
"""Below this square of a deviation no bit is in doubt."""


def least_squares_deviation(people: int, answers: float, *, noise: float) -> float:
    """The deviation of each bit's estimate by least squares, 2 sigma / sqrt(m - n); infinite for m <= n.

    Centred, the queries' entries are ±1/2, so that their Gram matrix is a quarter of a Wishart matrix with m
    degrees of freedom. The mean of its inverse is 4 / (m - n) on the diagonal. With sigma = c sqrt(n) this is
    2 c sqrt(n) / sqrt(m - n).

    >>> least_squares_deviation(100, 500, noise=10.0)
    1.0
    """
    return 2 * noise / math.sqrt(answers - people) if answers > people else math.inf


def box_deviation(people: int, answers: float, *, noise: float) -> float:
    """The deviation of a bit's estimate when all others are kept in [0, 1]; answers may be fewer than people.

    The estimate is s + tau h, cut off at 0 and 1, and tau solves `tau^2 = 4 sigma^2 / m + (n / m) e(tau)`,
    where e is the mean square error after the cut (Thrampoulidis, Xu, Hassibi, Symbol Error Rate Performance
    of Box-Relaxation Decoders, 2018). Without the cut e is tau^2, and the solution that of least squares.

    >>> wide = least_squares_deviation(1_000, 1e6, noise=1.0)
    >>> abs(box_deviation(1_000, 1e6, noise=1.0) / wide - 1) < 1e-3
    True
    """
    own, ratio = 4 * noise**2 / answers, people / answers
    square = own + ratio / 2  # the error of a guess that is 0 or 1 by chance is the largest
    for _ in range(10_000):
        # Exact answers that are enough: the error falls to 0 for good.
        if square < NOTHING:
            return 0.0
        after = own + ratio * _cut_error(math.sqrt(square))
        # The error after the cut rises with tau: from above the iteration only falls.
        if square - after <= 1e-12 * square:
            break
        square = after
    return math.sqrt(square)


def share_right(deviation: float, *, share: float = 0.5) -> float:
    """The share of bits that are guessed right from estimates of this deviation, where `share` are 1.

    The guess is the likelier value: 1 above 1/2 - tau^2 ln(share / (1 - share)).

    >>> round(share_right(0.5), 3), share_right(math.inf, share=0.9)
    (0.841, 0.9)
    """
    if share in (0.0, 1.0) or deviation == math.inf:
        return max(share, 1 - share)
    if deviation == 0:
        return 1.0
    above, below = _reached(deviation, share, 0.0)
    return share * above[1] + (1 - share) * below[0]


def share_known(deviation: float, *, share: float = 0.5, confidence: float = 0.95) -> float:
    """The share of people whose bit is known with this confidence, of those where the prior is not enough.

    If the population alone makes a value so likely, as for a rare disease, everybody is known not to have it,
    and nothing was learned. Then it is the share, of the people with the rarer value, who are known to have
    that.

    Args:
        deviation: of the estimates.
        share: of the people whose bit is 1.
        confidence: the posterior probability that counts as known.

    >>> round(share_known(0.2), 2), round(share_known(10.0), 2)
    (0.97, 0.0)
    """
    if share in (0.0, 1.0) or deviation == math.inf:
        return 0.0
    if deviation == 0:
        return 1.0
    above, below = _reached(deviation, share, math.log(confidence / (1 - confidence)))
    if max(share, 1 - share) >= confidence:
        return above[1] if share < 0.5 else below[0]
    return share * (above[1] + below[1]) + (1 - share) * (above[0] + below[0])


def answers_until(
    people: int,
    *,
    noise: float,
    known: float,
    share: float = 0.5,
    confidence: float = 0.95,
    deviation: Callable[..., float] = box_deviation,
) -> float:
    """The number of answers at which this share of people is known; infinite if that is beyond `MOST`.

    Args:
        people: n.
        noise: the deviation of the noise on each answer.
        known: the share that is to be known, as in `share_known`.
        share: of the people whose bit is 1.
        confidence: as in `share_known`.
        deviation: of an estimate, by people, answers and noise: the box's, or that of least squares.

    >>> answers_until(1_000, noise=0.25 * 1_000**0.5, known=0.5) < 5_000
    True
    """

    def enough(answers: float) -> bool:
        tau = deviation(people, answers, noise=noise)
        return share_known(tau, share=share, confidence=confidence) >= known

    low, high = 0.0, 1.0
    while not enough(high):
        low, high = high, 2 * high
        if high > MOST:
            return math.inf
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high


def largest_eigenvalue(people: int, answers: float) -> float:
    """An upper bound on the largest eigenvalue of the centred Gram matrix of random half subsets.

    The edge of the Marchenko-Pastur law, (m / 4) (1 + sqrt(n / m))^2, and a little more: the largest
    eigenvalue passes the edge by a share of order min(n, m)^(-2/3) (Johnstone 2001).
    """
    edge = answers / 4 * (1 + math.sqrt(people / answers)) ** 2
    return edge * (1 + 2 * min(people, answers) ** (-2 / 3))


def _cut_error(tau: float) -> float:
    """The mean square error of s + tau h cut off at 0 and 1, for s in {0, 1}: half of the draws go in."""
    edge = 1 / tau
    inside = float(normal_cdf(edge)) - 0.5 - edge * math.exp(-edge * edge / 2) / math.sqrt(2 * math.pi)
    return tau * tau * inside + float(normal_cdf(-edge))


def _reached(tau: float, share: float, log_odds: float) -> tuple[tuple[float, float], tuple[float, float]]:
    """How likely the log-odds are above `log_odds`, and below its negative: for a bit of 0 and one of 1."""
    prior = math.log(share / (1 - share))
    high = 0.5 + tau * tau * (log_odds - prior)
    low = 0.5 + tau * tau * (-log_odds - prior)
    bits = np.array([0.0, 1.0])
    above, below = normal_cdf((bits - high) / tau), normal_cdf((low - bits) / tau)
    return (float(above[0]), float(above[1])), (float(below[0]), float(below[1]))
