"""Frequencies and means, estimated without bias from randomised answers, each with its interval."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import nan, sqrt

import numpy as np

from confide.core.arrays import Array, Floats
from confide.core.errors import EvidenceError
from confide.core.estimate import Estimate
from confide.measure.intervals import check_confidence, clopper_pearson
from confide.measure.special import normal_quantile, t_quantile


@dataclass(frozen=True, slots=True, eq=False)
class Frequencies:
    """How frequent each of m values is, estimated from randomised answers.

    Args:
        values: as text.
        unbiased: of each value. An estimate may be below 0 or above 1: cut off, it would be biased. Each
            interval holds by itself, and not all of them together.
        projected: float64[m], the nearest shares that are at least 0 and, where each person has one value,
            add up to 1. These are for use, and biased.
    """

    values: tuple[str, ...]
    unbiased: tuple[Estimate, ...]
    projected: Floats


def kept_or_not(
    counts: Array, of: int, *, keep: float, other: float, values: Sequence[str], confidence: float
) -> Frequencies:
    """Frequencies from answers that show a value with chance `keep` if it is true, else with chance `other`.

    With lambda the share of answers that show a value, (lambda - other) / (keep - other) is its unbiased
    frequency [Warner 1965; Wang et al. 2017]. Persons drawn independently show it independently, so that the
    interval is the exact one of Clopper and Pearson, moved and stretched. It is about the population that the
    n people were drawn from, and wider than one about these n people alone.

    Args:
        counts: int[m], the number of answers that show each value.
        of: n answers.
        keep, other: where they are equal an answer says nothing, and the estimates are NaN.

    >>> yes = kept_or_not(np.array([60]), 100, keep=0.75, other=0.25, values=["yes"], confidence=0.95)
    >>> str(yes.unbiased[0])
    '0.700 [0.494, 0.893] at 95%'
    """
    gap = keep - other
    ends = [np.asarray(counts) / of if of else np.full(len(counts), nan)]
    ends += clopper_pearson(counts, of, confidence=confidence)
    if not gap > 0:
        ends = [np.full(len(counts), end) for end in (nan, 0.0, 1.0)]
        gap, other = 1.0, 0.0
    value, low, high = ((end - other) / gap for end in ends)
    return _made(values, value, low, high, confidence)


def undone(counts: Array, matrix: Floats, *, values: Sequence[str], confidence: float) -> Frequencies:
    """Frequencies from answers that a Markov matrix randomised: lambda times its inverse.

    The answers are multinomial. So an estimate sum_i lambda_i M_ij, M being the inverse, has the variance
    (sum_i lambda_i M_ij^2 - (sum_i lambda_i M_ij)^2) / n. The interval is normal, with half an answer added
    to each value where the variance is taken, because a value that nobody showed has no variance of its own.

    Args:
        counts: int[m], the number of answers that show each value.
        matrix: float64[m, m], the chance of answer j for the true value i.

    Raises:
        EvidenceError: if the matrix has no inverse: different frequencies give the same answers.

    Source: Gouweleeuw et al. 1998, section 3.
    """
    if np.linalg.matrix_rank(matrix) < len(matrix):
        raise EvidenceError(
            "this randomisation cannot be undone: two mixtures of values give the same answers."
        )
    inverse = np.linalg.inv(matrix)
    n = int(np.sum(counts))
    if not n:
        raise EvidenceError("there is no answer: give a table with rows.")
    value = counts @ inverse / n
    share = (counts + 0.5) / (n + len(counts) / 2)
    spread = np.sqrt(np.maximum(share @ inverse**2 - (share @ inverse) ** 2, 0.0) / n)
    reach = float(normal_quantile((1 + check_confidence(confidence)) / 2)) * spread
    return _made(values, value, value - reach, value + reach, confidence)


def invariant(counts: Array, *, values: Sequence[str], confidence: float) -> Frequencies:
    """Frequencies from answers whose randomisation keeps them in the mean, as invariant PRAM does.

    The share of answers is unbiased as it is. Its variance is pi (1 - pi) / n for the people drawn, and at
    most as much again for the randomisation, as x (1 - x) is concave. So the interval is Clopper and
    Pearson's for half of the answers.

    Source: Gouweleeuw et al. 1998, section 4.
    """
    n = int(np.sum(counts))
    low, high = clopper_pearson(np.asarray(counts) / 2, n / 2, confidence=confidence)
    value = np.asarray(counts) / n if n else np.full(len(counts), nan)
    return _made(values, value, low, high, confidence)


def mean_of(noisy: Floats, *, confidence: float) -> Estimate:
    """The mean of numbers from these numbers with noise of mean 0, with Student's interval.

    The deviation of the noisy numbers holds that of the numbers and that of the noise, so that neither need
    be known.

    Raises:
        EvidenceError: for fewer than two numbers.
    """
    if len(noisy) < 2:
        raise EvidenceError(f"{len(noisy)} numbers have no deviation: give two or more.")
    centre, spread = float(noisy.mean()), float(noisy.std(ddof=1))
    quantile = t_quantile((1 + check_confidence(confidence)) / 2, len(noisy) - 1)
    reach = float(quantile) * spread / sqrt(len(noisy))
    return Estimate(centre, centre - reach, centre + reach, confidence)


def on_simplex(shares: Floats) -> Floats:
    """The nearest numbers in the Euclidean distance that are at least 0 and add up to 1.

    A constant is taken off all of them, and what falls below 0 becomes 0 [Held, Wolfe, Crowder 1974].

    >>> on_simplex(np.array([0.7, 0.5, -0.1])).round(9).tolist()
    [0.6, 0.4, 0.0]
    """
    falling = np.sort(shares)[::-1]
    taken = (np.cumsum(falling) - 1) / np.arange(1, len(shares) + 1)
    last = int(np.flatnonzero(falling > taken)[-1])
    return np.maximum(shares - taken[last], 0.0)


def _made(values: Sequence[str], value: Floats, low: Floats, high: Floats, confidence: float) -> Frequencies:
    unbiased = tuple(
        Estimate(float(v), float(a), float(b), confidence) for v, a, b in zip(value, low, high, strict=True)
    )
    projected = np.full(len(value), nan) if np.isnan(value).any() or not len(value) else on_simplex(value)
    return Frequencies(tuple(values), unbiased, projected)
