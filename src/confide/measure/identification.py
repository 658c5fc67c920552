"""Identification rates of a linkage attack: right, wrong and missing links, and false matches."""

from __future__ import annotations

from dataclasses import dataclass
from math import nan

import numpy as np

from confide.core.arrays import Bools, Floats, Ints
from confide.core.estimate import Estimate
from confide.core.evidence import Evidence
from confide.measure.intervals import proportion
from confide.measure.people import counted_once
from confide.measure.rates import place_of, threshold_at, tpr_at


@dataclass(frozen=True, slots=True, kw_only=True)
class Linked:
    """The rates of an adversary that names a record for each target whose score is above a threshold.

    Args:
        threshold: on the score.
        right: share of the people in the release whose own record is named.
        wrong: share of them for whom another record is named.
        abstained: share of them for whom no record is named.
        false_matches: share of the people who are not in the release for whom a record is named: counted, or
            the rate that was asked for.
        present, absent: how many people these shares are computed from.
    """

    threshold: float
    right: Estimate
    wrong: Estimate
    abstained: Estimate
    false_matches: Estimate
    present: int
    absent: int

    @property
    def precision(self) -> float:
        """The share of right links among all links made for people in the release; NaN if none is made."""
        named = self.right.value + self.wrong.value
        return self.right.value / named if named else float("nan")


def linked(evidence: Evidence, *, threshold: float, confidence: float = 0.95) -> Linked:
    """The rates at a threshold fixed before the evidence was seen, with Clopper-Pearson intervals.

    >>> found = linked(Evidence.of(np.array([True, True, False]), np.array([2.0, 1.0, 1.6])), threshold=1.5)
    >>> found.right.value, found.abstained.value, found.false_matches.value
    (0.5, 0.5, 1.0)
    """
    named, hit = _scores(evidence) > threshold, evidence.table["hit"].to_numpy()
    present, absent = evidence.exposed, ~evidence.exposed

    def share(of: Bools, people: Bools) -> Estimate:
        return _rate(of[people], evidence.person[people], confidence)

    return Linked(
        threshold=threshold,
        right=share(named & hit, present),
        wrong=share(named & ~hit, present),
        abstained=share(~named, present),
        false_matches=share(named, absent),
        present=_people(evidence, present),
        absent=_people(evidence, absent),
    )


def at_false_match_rate(evidence: Evidence, *, rate: float, confidence: float = 0.95) -> Linked | None:
    """The rates at the threshold that a share `rate` of all absent people is above.

    Each is a true-positive rate at a stated false-positive rate: `confide.measure.rates.tpr_at` says how it
    is estimated, and why its interval holds although the threshold itself comes from few absent people.

    Returns:
        None if there are too few absent people for the rate: fewer than 1 / rate.

    Raises:
        EvidenceError: if the rate is not between 0 and 1.
    """
    scores, here = _scores(evidence), evidence.exposed
    absent, k = scores[~here], place_of(int((~here).sum()), rate)
    if k is None or place_of(_people(evidence, ~here), rate) is None:
        return None
    hit, person = evidence.table["hit"].to_numpy(), evidence.person

    def share(named: Floats) -> Estimate:
        people = person[here], person[~here]
        at = tpr_at(named[here], absent, fpr=rate, confidence=confidence, people=people)
        return at.rate or Estimate(nan, 0.0, 1.0, confidence)

    named = share(scores)
    return Linked(
        threshold=threshold_at(absent, k),
        right=share(np.where(hit, scores, -np.inf)),
        wrong=share(np.where(hit, -np.inf, scores)),
        abstained=Estimate(1 - named.value, 1 - named.high, 1 - named.low, confidence),
        false_matches=Estimate(rate, rate, rate, confidence),
        present=_people(evidence, here),
        absent=_people(evidence, ~here),
    )


def rank_one(evidence: Evidence, *, confidence: float = 0.95) -> Estimate:
    """The rank-1 rate: the share of the people in the release whose own record fits best; no threshold."""
    here, hits = evidence.exposed, evidence.table["hit"].to_numpy()
    return _rate(hits[here], evidence.person[here], confidence)


def _rate(hits: Bools, person: Ints, confidence: float) -> Estimate:
    """The share of hits, with the interval that as many independent rows give."""
    worth = counted_once(hits, person) if len(hits) else 1.0
    return proportion(int(hits.sum()) / worth, len(hits) / worth, confidence=confidence)


def _people(evidence: Evidence, rows: Bools) -> int:
    return len(np.unique(evidence.person[rows]))


def _scores(evidence: Evidence) -> Floats:
    return evidence.table["score"].to_numpy()
