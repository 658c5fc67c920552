"""Paired comparison of two attacks on the same people."""

from __future__ import annotations

from math import sqrt

import numpy as np

from confide.core.arrays import Bools, Floats
from confide.core.errors import EvidenceError
from confide.core.estimate import Estimate
from confide.core.evidence import Evidence
from confide.measure.intervals import check_confidence, difference
from confide.measure.roc import auc
from confide.measure.special import normal_quantile


def paired_auc(first: Evidence, second: Evidence, *, confidence: float = 0.95) -> Estimate:
    """The AUC of `first` minus that of `second`, on the people scored by both, with a paired interval.

    Two attacks usually fail on the same people. The interval of the difference is therefore far narrower
    than their own intervals suggest. Each person's placement is the share of the other group on the right
    side of it. The two attacks' placements are subtracted person by person; the mean of these differences is
    the difference of the AUCs, and their variance gives its variance [DeLong, DeLong and Clarke-Pearson
    1988]. If that variance is zero, or a group has one person, the two intervals are combined as if they
    were independent, which is wider.

    Args:
        first, second: of one world, with the same truth.

    Raises:
        EvidenceError: if there are several worlds, if nobody in one of the groups was scored by both, or if
            the two disagree about who is exposed.

    >>> exposed = np.array([True, True, True, False, False, False])
    >>> one = Evidence.of(exposed, np.array([6.0, 5.0, 2.0, 4.0, 3.0, 1.0]))
    >>> other = Evidence.of(exposed, np.array([6.0, 3.0, 2.0, 4.0, 5.0, 1.0]))
    >>> str(paired_auc(one, other))
    '0.222 [-0.265, 0.709] at 95%'
    """
    check_confidence(confidence)
    exposed, mine, other = _same_people(first, second)
    by_member = _below(mine[exposed], mine[~exposed]) - _below(other[exposed], other[~exposed])
    # For a control person the right side of the other group is above, so the order is the other one.
    by_control = _below(other[~exposed], other[exposed]) - _below(mine[~exposed], mine[exposed])
    variance = _error(by_member) + _error(by_control)
    if variance <= 0 or min(len(by_member), len(by_control)) < 2:
        apart = [auc(scores[exposed], scores[~exposed], confidence=confidence) for scores in (mine, other)]
        return difference(*apart)
    gain, half = float(by_member.mean()), float(normal_quantile((1 + confidence) / 2)) * sqrt(variance)
    return Estimate(gain, max(gain - half, -1.0), min(gain + half, 1.0), confidence)


def _same_people(first: Evidence, second: Evidence) -> tuple[Bools, Floats, Floats]:
    if first.worlds != 1 or second.worlds != 1:
        raise EvidenceError(
            f"the attacks were played in {first.worlds} and {second.worlds} worlds: pair them in one world."
        )
    truths = [e.table.select("target", "exposed").with_columns(claim=e.claims) for e in (first, second)]
    both = truths[0].join(truths[1], on="target", how="inner", suffix="_other", maintain_order="left")
    exposed = both["exposed"].to_numpy()
    if (exposed != both["exposed_other"].to_numpy()).any():
        raise EvidenceError(
            f"{first.attack} and {second.attack} disagree about who is exposed: pair attacks on one game."
        )
    if exposed.all() or not exposed.any():
        raise EvidenceError(
            f"{first.attack} and {second.attack} scored nobody in common on one side: pair attacks on the "
            "same people."
        )
    return exposed, both["claim"].to_numpy(), both["claim_other"].to_numpy()


def _below(scores: Floats, others: Floats) -> Floats:
    """For each score, in the given order, the share of others below it; ties count half."""
    others = np.sort(others)
    places = np.searchsorted(others, scores, "left") + np.searchsorted(others, scores, "right")
    return places / (2 * len(others))


def _error(values: Floats) -> float:
    return float(values.var(ddof=1)) / len(values) if len(values) > 1 else 0.0
