"""Goodness of fit of answers to records: do they rise with what the records say, and how noisy are they?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from confide.core.arrays import Floats
from confide.inputs.workloads import Workload

NORMAL = 1.4826
"""The deviation of a normal law over its median absolute deviation."""
MEDIAN = 1.2533
"""The deviation of a slope by least distances over that by least squares, for normal noise."""
ENOUGH = 30
"""From this number of answers on a slope and a spread are worth looking at."""
SURE = 3.3
"""Deviations of the slope's interval: a right order falls outside about once in 1,000 times."""
SLACK = 0.02
"""By how much the slope may be off besides, for answers in whole numbers."""
NARROW = 0.3
"""An interval of the slope that reaches further settles nothing: a third of the rows may be out of order."""
UNRELATED = 0.5
"""Where the whole interval is below, most rows or answers belong to somebody else."""
FINEST = 0.25
"""The least deviation that is assumed for the slope's interval: counts are whole numbers."""
FAR = 6.0
"""An answer this many deviations off is arbitrary: of normal noise none is, of Laplace noise 1 in 5,000."""
TRIMMED = 3.5
"""Answers more deviations off do not count for the spread of the others."""
ROUNDS = 20
"""Of leaving out what is far off."""
STEPS = 100
"""Of reweighting; each halves the error or better."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerFit:
    """How answers go with the records.

    Args:
        slope: of the answers on what the records say, among queries that count equally many people: 1 in the
            right order, about 0 if rows or answers are shuffled.
        half: half the width of the slope's interval; infinite where nothing can be said.
        spread: the deviation of most answers from the records, in people.
        arbitrary: the number of answers that are much further off.
        answers: m.
    """

    slope: float
    half: float
    spread: float
    arbitrary: int
    answers: int

    @property
    def unrelated(self) -> bool:
        """Whether most rows or answers surely belong to somebody else."""
        return self.slope + self.half < UNRELATED

    @property
    def settled(self) -> bool:
        """Whether it is sure that rows and answers stand in the right order."""
        return self.half <= NARROW and abs(self.slope - 1) <= self.half


def answer_fit(sums: Floats, workload: Workload, true: Floats, *, noise: float) -> AnswerFit:
    """Fit answers to what the records say, by least distances, which arbitrary answers do not move.

    The number of people that a query counts is fitted too. Large groups have large answers whatever the order
    of the rows, so without it any order would seem right. With it the slope is about the share of the people
    whose row is right: the correlation of their secrets with those of the rows that were taken for theirs.

    Args:
        sums: float64[m], the answers as sums of the secret.
        workload: what was asked.
        true: float64[m], the sums by the records.
        noise: the deviation as stated.
    """
    off, m = np.abs(sums - true), len(sums)
    spread = _spread(off, noise)
    arbitrary = int((off > FAR * max(spread, noise)).sum())
    slope, half = 0.0, float("inf")
    design = np.column_stack([np.ones(m), workload.subsets.sizes.astype(np.float64)])
    alone = true - design @ np.linalg.lstsq(design, true, rcond=None)[0]
    length = float(np.linalg.norm(alone))
    if m >= ENOUGH and length > 1e-6 * (1 + float(np.linalg.norm(true))):
        weights = _least_distances(np.column_stack([design, alone]), sums)
        slope = float(weights[2])
        left = np.abs(sums - np.column_stack([design, alone]) @ weights)
        noisy = max(NORMAL * float(np.median(left)), FINEST)
        half = SURE * MEDIAN * noisy / length + SLACK
    return AnswerFit(slope=slope, half=half, spread=spread, arbitrary=arbitrary, answers=m)


def _spread(off: Floats, noise: float) -> float:
    """The deviation of most distances: the root of their mean square, again and again without those far off.

    >>> _spread(np.array([0.0] * 9 + [50.0]), 0.0)
    0.0
    >>> _spread(np.array([1.0, 1.0, 1.0, 50.0]), 0.0)
    1.0
    """
    # Of little noise in whole numbers most may be 0, and the median with it.
    spread = max(NORMAL * float(np.median(off)), min(noise, 1.0))
    for _ in range(ROUNDS):
        near = off[off <= TRIMMED * spread]
        spread = float(np.sqrt(np.mean(near**2))) if len(near) else 0.0
    return spread


def _least_distances(design: Floats, y: Floats) -> Floats:
    """The weights with the least sum of distances, by reweighted least squares."""
    scale = np.maximum(np.abs(design).max(axis=0), 1e-12)
    x = design / scale
    least = 1e-7 * (1 + float(np.abs(y).max(initial=0.0)))
    weights = np.linalg.lstsq(x, y, rcond=None)[0]
    for _ in range(STEPS):
        root = 1 / np.sqrt(np.maximum(np.abs(y - x @ weights), least))
        following = np.linalg.lstsq(x * root[:, None], y * root, rcond=None)[0]
        moved, weights = float(np.abs(following - weights).max()), following
        if moved < least:
            break
    return np.asarray(weights / scale, np.float64)
