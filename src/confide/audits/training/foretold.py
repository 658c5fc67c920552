"""What an audit of a training can prove at most, said before it starts."""

from __future__ import annotations

from functools import lru_cache
from math import sqrt

import numpy as np

from confide.attacks.membership.training import ALL
from confide.core.language import t
from confide.inputs.training import Training
from confide.measure import Rows, one_run, one_run_fdp
from confide.measure.rows import mix

ENOUGH = 64_000
"""Canaries at most that are advised: with more, delta alone bounds what can be proved."""
TYPICAL = 0.674
"""Of half of all runs the numbers of canaries in and out differ by no more than that, in deviations."""


@lru_cache(maxsize=64)
def most_provable(canaries: int, delta: float) -> float:
    """Foretell which epsilon this number of canaries can prove, if the adversary knows all coins.

    It is the larger ceiling of the certified bounds, corrected for the attacks, in a run in the middle of all
    runs: where more canaries are in than out, guesses at both ends take some for what they are not.

    >>> 3.5 < most_provable(1_000, 1e-5) < 4.5
    True
    """
    exposed = np.arange(canaries) < round(canaries / 2 + TYPICAL * sqrt(canaries) / 2)
    rows = Rows(exposed, exposed.astype(np.float64), mix(np.arange(canaries)))
    confidence = 1 - 0.05 / len(ALL)
    return max(
        bound(rows, delta=delta, confidence=confidence, randomised=True).ceiling
        for bound in (one_run, one_run_fdp)
    )


def foretold(held: Training) -> str:
    """Warn where the promise is beyond what this number of canaries can hardly refute; empty where it can."""
    most = most_provable(held.canaries, held.delta)
    if most > held.epsilon:
        return ""
    enough = held.canaries
    while enough <= ENOUGH and most_provable(enough, held.delta) <= held.epsilon:
        enough *= 2
    what = (
        t("give --canaries {n:,}", n=enough)
        if enough <= ENOUGH
        else t("{n:,} canaries would not do either", n=ENOUGH)
    )
    return t(
        "With {n:,} canaries no more than about epsilon {epsilon:.1f} can be proved, even of a training "
        "that hides nothing, so a promise of {promised:g} is not refuted end to end: {what}. The checks of "
        "single steps see more.",
        n=held.canaries,
        epsilon=most,
        promised=held.epsilon,
        what=what,
    )
