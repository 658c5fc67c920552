"""Theory of tracing: how surely a record is told from its share in m statistics of n people.

A record moves each of m independent statistics of a pool of n people by 1/n of its own deviation, while the
statistic itself deviates by 1 / sqrt(n) from the population's. The best test therefore tells a member from
somebody else with a separation of sqrt(m / n) standard deviations [Sankararaman et al. 2009]. An adversary
that knows the population from n_ref people alone has their deviation to bear besides.
"""

from __future__ import annotations

from math import floor, inf, sqrt

from confide.core.errors import DataError
from confide.measure.special import normal_cdf, normal_quantile


def separation(statistics: float, people: float, *, reference: float = inf) -> float:
    """The separation d' of members from others: sqrt(m / n) / sqrt(1 + n / n_ref).

    It is the gap between the mean scores in standard deviations, for independent statistics.

    Args:
        statistics: m, how many are published.
        people: n, how many are in the pool.
        reference: n_ref, how many the adversary knows the population from.

    >>> round(separation(1000, 100), 3), round(separation(1000, 100, reference=200), 3)
    (3.162, 2.582)
    """
    _check(statistics >= 0 and people > 0 and reference > 0, "m >= 0, n > 0 and a reference of > 0 people")
    return sqrt(statistics / people) / sqrt(1 + people / reference)


def power(separated: float, fpr: float) -> float:
    """The true positive rate at a false positive rate, for normal scores this far apart: Phi(d' - z).

    >>> round(power(separation(1000, 100), 0.01), 3)
    0.798
    """
    _check(0 < fpr < 1, "a false positive rate between 0 and 1")
    return float(normal_cdf(separated - float(normal_quantile(1 - fpr))))


def most_statistics(
    people: float, *, most: float, fpr: float = 0.01, reference: float = inf, ratio: float = 1.0
) -> int:
    """SecureGenome's number: the largest m whose statistics let the best test reach at most a power.

    An infinite reference is the safe assumption: who publishes does not know how many people the adversary
    has data of.

    Args:
        people: n, how many are in the pool.
        most: the true positive rate that may be reached.
        fpr: at this false positive rate.
        reference: n_ref, how many the adversary knows the population from.
        ratio: the measured separation by that of the theory, where it was measured.

    Returns:
        m; 0 where no statistic may be published.

    >>> most_statistics(100, most=0.05), round(power(separation(46, 100), 0.01), 3)
    (46, 0.05)
    """
    _check(0 < most < 1 and people > 0 and ratio > 0, "a power between 0 and 1")
    _check(0 < fpr < 1, "a false positive rate between 0 and 1")
    # Phi(d' - z) <= most is d' <= z + Phi^-1(most), and d' grows with the root of m.
    widest = float(normal_quantile(1 - fpr)) + float(normal_quantile(most))
    return floor(people * (1 + people / reference) * (max(widest, 0.0) / ratio) ** 2 + 1e-9)


def _check(holds: bool, what: str) -> None:
    if not holds:  # also for NaN
        raise DataError(f"theory of tracing needs {what}.")
