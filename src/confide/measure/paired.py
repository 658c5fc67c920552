"""Paired comparison of two attacks on the same people."""

from __future__ import annotations

from math import sqrt

import numpy as np

from confide.core.arrays import Bools, Floats, Ints
from confide.core.errors import EvidenceError
from confide.core.estimate import Estimate
from confide.core.evidence import Evidence
from confide.measure.influence import shares_below
from confide.measure.intervals import check_confidence, difference
from confide.measure.roc import auc


def paired_auc(first: Evidence, second: Evidence, *, confidence: float = 0.95) -> Estimate:
    """The AUC of `first` minus that of `second`, on the people scored by both, with a paired interval.

    Two attacks usually fail on the same people. The interval of the difference is therefore far narrower
    than their own intervals suggest. Each person's placement is the share of the other group on the right
    side of it. The covariance of the two attacks' placements gives the correlation of the two AUCs [DeLong,
    DeLong and Clarke-Pearson 1988]. With it the difference gets its limits from those of each AUC [Zou and
    Donner 2008], so it holds where these do: with ten people on a side, and near 1. Where an attack's
    placements have no spread, or a group has one person, the AUCs are taken as independent, which is wider.

    Args:
        first, second: of one world, with the same truth.

    Raises:
        EvidenceError: if there are several worlds, if nobody in one of the groups was scored by both, or if
            the two disagree about who is exposed.

    >>> exposed = np.array([True, True, True, False, False, False])
    >>> one = Evidence.of(exposed, np.array([6.0, 5.0, 2.0, 4.0, 3.0, 1.0]))
    >>> other = Evidence.of(exposed, np.array([6.0, 3.0, 2.0, 4.0, 5.0, 1.0]))
    >>> str(paired_auc(one, other))
    '0.222 [-0.242, 0.584] at 95%'
    """
    check_confidence(confidence)
    exposed, claims, person = _same_people(first, second)
    people = person[exposed], person[~exposed]
    again = people if len(np.unique(person)) < len(person) else None
    areas = [auc(c[exposed], c[~exposed], confidence=confidence, people=again) for c in claims]
    # For a control person the right side of the other group is above; the sign is the same for both attacks.
    by_member = np.array([shares_below(c[exposed], c[~exposed]) for c in claims])
    by_control = np.array([shares_below(c[~exposed], c[exposed]) for c in claims])
    both = _covariance(by_member, people[0]) + _covariance(by_control, people[1])
    size = sqrt(both[0, 0] * both[1, 1])
    return difference(*areas, correlation=max(-1.0, min(1.0, both[0, 1] / size)) if size > 0 else 0.0)


def _covariance(places: Floats, person: Ints) -> Floats:
    """What one side's people add to the covariance of the two AUCs, float64[2, 2]; a person's rows together.

    Args:
        places: float64[2, n], the placements of both attacks.
    """
    everybody, number = np.unique(person, return_inverse=True)
    if len(everybody) < 2:
        return np.zeros((2, 2))
    gaps = places - places.mean(axis=1, keepdims=True)
    sums = np.array([np.bincount(number, weights=row) for row in gaps])
    # Gaps from an estimated mean are too small by this factor.
    return sums @ sums.T / len(person) ** 2 * len(everybody) / (len(everybody) - 1)


def _same_people(first: Evidence, second: Evidence) -> tuple[Bools, tuple[Floats, Floats], Ints]:
    """Who is exposed, the claims of both attacks, and whom each row is about."""
    if first.worlds != 1 or second.worlds != 1:
        raise EvidenceError(
            f"the attacks were played in {first.worlds} and {second.worlds} worlds: pair them in one world."
        )
    truths = [
        e.table.select("target", "exposed").with_columns(claim=e.claims, person=e.person)
        for e in (first, second)
    ]
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
    claims = both["claim"].to_numpy(), both["claim_other"].to_numpy()
    return exposed, claims, both["person"].to_numpy()
