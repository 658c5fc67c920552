"""Identification rates of a linkage attack: right, wrong and missing links, and false matches."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from confide.core.arrays import Bools, Floats
from confide.core.errors import EvidenceError
from confide.core.estimate import Estimate
from confide.core.evidence import Evidence
from confide.measure.intervals import proportion
from confide.measure.rows import mix


@dataclass(frozen=True, slots=True, kw_only=True)
class Linked:
    """The rates of an adversary that names a record for each target whose score is above a threshold.

    Args:
        threshold: on the score.
        right: share of the people in the release whose own record is named.
        wrong: share of them for whom another record is named.
        abstained: share of them for whom no record is named.
        false_matches: share of the people who are not in the release for whom a record is named.
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
    return _at(evidence, threshold, ~evidence.exposed, confidence)


def at_false_match_rate(evidence: Evidence, *, rate: float, confidence: float = 0.95) -> Linked | None:
    """The rates at a threshold set for a false-match rate, measured on people who did not set it.

    Half of the absent people, N chosen by a hash of their numbers, set the threshold. It is the k-th largest
    of their scores with k = floor(rate x (N + 1)). Another absent person then scores above it with
    probability at most k / (N + 1), over the draw of all of them. The rate therefore holds on average for
    every distribution of scores [the argument of conformal prediction: Vovk, Gammerman, Shafer 2005]. False
    matches are counted on the other half.

    Returns:
        None if the half is too small for the rate: N + 1 below 1 / rate.

    Raises:
        EvidenceError: if the rate is not between 0 and 1.
    """
    if not 0 < rate < 1:
        raise EvidenceError(f"the false-match rate is {rate}: give a number between 0 and 1.")
    keys = mix(evidence.table["target"].to_numpy())
    first = np.zeros(len(evidence), np.bool_)
    absent = np.flatnonzero(~evidence.exposed)
    # A hash decides who sets the threshold, so that neither row order nor a seed changes the result.
    first[absent[np.argsort(keys[absent], kind="stable")[: len(absent) // 2]]] = True
    scores = np.sort(_scores(evidence)[first])
    k = int(rate * (len(scores) + 1) + 1e-9)  # 0.1 x 10 is 1, although floats may make it 0.999...
    if not k:
        return None
    return _at(evidence, float(scores[len(scores) - k]), ~evidence.exposed & ~first, confidence)


def rank_one(evidence: Evidence, *, confidence: float = 0.95) -> Estimate:
    """The rank-1 rate: the share of the people in the release whose own record fits best; no threshold."""
    hits = evidence.table.filter(pl.col("exposed"))["hit"]
    return proportion(int(hits.sum()), len(hits), confidence=confidence)


def _scores(evidence: Evidence) -> Floats:
    return evidence.table["score"].to_numpy()


def _at(evidence: Evidence, threshold: float, absent: Bools, confidence: float) -> Linked:
    named = _scores(evidence) > threshold
    hit, present = evidence.table["hit"].to_numpy(), evidence.exposed
    here, gone = int(present.sum()), int(absent.sum())

    def share(of: Bools, people: int) -> Estimate:
        return proportion(int(of.sum()), people, confidence=confidence)

    return Linked(
        threshold=threshold,
        right=share(present & named & hit, here),
        wrong=share(present & named & ~hit, here),
        abstained=share(present & ~named, here),
        false_matches=share(absent & named, gone),
        present=here,
        absent=gone,
    )
