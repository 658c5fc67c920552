"""Influence of each person on a measured number, and the correlation of two numbers over shared people."""

from __future__ import annotations

from dataclasses import dataclass
from math import atanh, sqrt, tanh

import numpy as np

from confide.core.arrays import Floats, Ints
from confide.core.evidence import Evidence
from confide.measure.rates import Ranks, place_of, threshold_at
from confide.measure.rows import require_both

LEAST = 4
"""Effective people from which on a correlation is believed at all: its error is 1 / sqrt(k - 3)."""


@dataclass(frozen=True, slots=True, eq=False)
class Influence:
    """By how much each person moves a number: the linear part of its error.

    Args:
        person: int64[p], each person once, rising.
        weight: float64[p], the sum over the person's rows; all of them add up to about 0.
    """

    person: Ints
    weight: Floats

    @classmethod
    def of(cls, person: Ints, weight: Floats) -> Influence:
        """From rows, of which a person may have several."""
        everybody, number = np.unique(person, return_inverse=True)
        summed = np.bincount(number, weights=weight, minlength=len(everybody))
        return cls(everybody, summed.astype(np.float64))

    @property
    def variance(self) -> float:
        """Of the number, if people are independent."""
        return float((self.weight**2).sum())

    @property
    def carried_by(self) -> float:
        """By how many people the variance is carried: all if each moves it as much, else fewer."""
        fourth = float((self.weight**4).sum())
        return self.variance**2 / fourth if fourth else 0.0


def auc_influence(evidence: Evidence) -> Influence:
    """The influence of each person on the AUC.

    An exposed row moves it by its placement, the share of control rows below it, minus the AUC; a control row
    by the share of exposed rows above it, minus the AUC; each divided by the rows of its side [DeLong et al.
    1988, Hampel 1974].

    >>> e = Evidence.of(np.array([True, True, False, False]), np.array([3.0, 1.0, 2.0, 0.0]))
    >>> auc_influence(e).weight.tolist()
    [0.125, -0.125, -0.125, 0.125]
    """
    require_both(evidence)
    exposed, claims = evidence.exposed, evidence.claims
    weight = np.empty(len(claims))
    above = shares_below(claims[exposed], claims[~exposed])
    below = 1 - shares_below(claims[~exposed], claims[exposed])
    weight[exposed] = (above - above.mean()) / len(above)
    weight[~exposed] = (below - below.mean()) / len(below)
    return Influence.of(evidence.person, weight)


def tpr_influence(evidence: Evidence, *, fpr: float) -> Influence | None:
    """The influence of each person on the true-positive rate at a false-positive rate; None if unresolved.

    An exposed row moves it by being above the threshold or not. A control row above it moves the threshold
    up, and with it the rate down by the slope of the ROC there. The slope is that of the line between the
    rates two standard errors of the threshold's rank to either side.

    >>> rng = np.random.default_rng(0)
    >>> exposed = np.arange(200_000) < 100_000
    >>> influence = tpr_influence(Evidence.of(exposed, rng.standard_normal(200_000) + exposed), fpr=0.1)
    >>> round(influence.variance**0.5, 3)  # truth, by both noises: .0026; at a known threshold .0015
    0.003
    """
    require_both(evidence)
    exposed, claims = evidence.exposed, evidence.claims
    control = claims[~exposed]
    k = place_of(len(control), fpr)
    if k is None:
        return None
    hit = claims > threshold_at(control, k)
    # A threshold at -inf lets everything through that is claimed at all: then nothing depends on controls.
    weight = np.empty(len(claims))
    weight[exposed] = (hit[exposed] - hit[exposed].mean()) / exposed.sum()
    weight[~exposed] = -_slope(claims[exposed], control, fpr) * (hit[~exposed] - hit[~exposed].mean())
    weight[~exposed] /= len(control)
    return Influence.of(evidence.person, weight)


def correlation(first: Influence, second: Influence) -> float:
    """The correlation of two numbers over the people that both have, lowered by its own standard error.

    The covariance is the sum of the products of a person's influences. With a correlation that is too high
    the interval of a difference would be too narrow, so Fisher's z is lowered by 1 / sqrt(k - 3), where k
    people carry the variance of the number that fewer carry [Fisher 1921]. It is 0 or below where too few do,
    or where nobody is shared.

    >>> one = Influence(np.arange(400), np.tile([0.1, -0.1], 200))
    >>> round(correlation(one, one), 3), correlation(one, Influence(np.arange(400) + 400, one.weight))
    (0.997, 0.0)
    """
    shared, at, there = np.intersect1d(first.person, second.person, return_indices=True)
    size = sqrt(first.variance * second.variance)
    if not len(shared) or not size:
        return 0.0
    found = float(first.weight[at] @ second.weight[there]) / size
    k = min(first.carried_by, second.carried_by)
    if k < LEAST:
        return min(found, 0.0)
    # Of few people all may agree by chance: 1 itself has no z.
    most = k / (k + 1)
    return tanh(atanh(max(-most, min(most, found))) - 1 / sqrt(k - 3))


def _slope(exposed: Floats, control: Floats, fpr: float) -> float:
    """The slope of the ROC at a false-positive rate."""
    n, ranks = len(control), Ranks.of(exposed, control)
    reach = max(1.0, 2 * sqrt(n * fpr * (1 - fpr)))
    low, high = max(0, round(n * fpr - reach)), min(n, round(n * fpr + reach))
    found = ranks.above(np.array([low, high]))
    return float(found[1] - found[0]) / len(exposed) / ((high - low) / (n + 1))


def shares_below(scores: Floats, others: Floats) -> Floats:
    """For each score, in the given order, the share of others below it; ties count half."""
    others = np.sort(others)
    places = np.searchsorted(others, scores, "left") + np.searchsorted(others, scores, "right")
    return places / (2 * len(others))
