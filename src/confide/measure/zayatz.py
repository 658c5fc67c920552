"""Population uniqueness by Zayatz's method.

Source: Zayatz: Estimation of the Percent of Unique Population Elements on a Microdata File Using the Sample
(Bureau of the Census, Statistical Research Division Report 91/08, 1991).
"""

from __future__ import annotations

from math import nan

import numpy as np

from confide.core.arrays import Floats, Ints
from confide.measure.special import log_binomial, log_gamma
from confide.measure.uniqueness import Sizes, Uniqueness


def zayatz(count: Ints, *, sampled: float) -> Uniqueness:
    """Estimate population uniqueness by Zayatz's method: the sample's keys stand for the population's.

    Let p_i be the share of the sample's keys that have i people. If it were the share in the population, a
    population key of i people would show exactly one of them in the sample with the hypergeometric
    probability h_i = i C(N - i, n - 1) / C(N, n). By Bayes's rule a unique person of the sample is unique in
    the population with probability p_1 h_1 / sum_i p_i h_i, where h_1 = n / N. Times the number of unique
    people in the sample, over h_1, it is the number of unique people in the population.

    Keys are smaller in a sample than in the population, so the method tends to say too much. It has no model
    to fit, and stands beside Pitman's for comparison.

    Args:
        count: int64[q], the number of people of each key of the sample (`Keys.count`).
        sampled: the share of the population that is in the sample.

    Raises:
        DataError: if the share is not in (0, 1], or there are fewer than two people.

    >>> found = zayatz(np.array([1, 1, 2]), sampled=0.5)  # p = 2/3, 1/3; h = 1/2, 4/7
    >>> round(found.given_unique, 4), round(found.share, 4)
    (0.6364, 0.3182)
    """
    sizes = Sizes.of(count, sampled=sampled)
    n, population, unique = sizes.people, sizes.population, sizes.unique
    # A key larger than what the population has outside the sample shows more than one person for sure.
    possible = sizes.size <= population - n + 1
    i, keys = sizes.size[possible].astype(np.float64), sizes.keys[possible]
    whole = log_binomial(population, np.array([float(n)]))
    once = i * np.exp(_log_binomials(population - i, n - 1.0) - whole)
    total = float((keys * once).sum())
    given = unique * n / population / total if unique else nan
    return Uniqueness(
        model="Zayatz",
        people=n,
        population=population,
        in_sample=unique / n,
        share=unique / n * given if unique else 0.0,
        given_unique=given,
    )


def _log_binomials(of: Floats, k: float) -> Floats:
    """ln of (of over k) for several tops."""
    return log_gamma(of + 1) - log_gamma(k + 1) - log_gamma(of - k + 1)
