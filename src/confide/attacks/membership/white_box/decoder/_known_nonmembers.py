"""Known non-members among the candidates: who stands out from them, stands out without any label."""

from __future__ import annotations

import numpy as np

from confide.core.access import WhiteBox
from confide.core.arrays import Floats, Rng
from confide.core.nouns import Case
from confide.knowledge.models import Background
from confide.views.records import Records

STRANGERS = 600
"""So many known non-members stand among the candidates, where there are FEWEST of them or more."""
FEWEST = 100


def with_strangers(case: Case[WhiteBox, Background, Records], *, rng: Rng) -> Records:
    """The candidates, and after them known non-members, where there are any."""
    population = case.known.population
    if population is None or len(population) < FEWEST:
        return case.targets
    some = np.sort(rng.permutation(len(population))[:STRANGERS])
    return Records.concat([case.targets, population.take(some)])


def flagged(score: Floats, n: int) -> float:
    """The share of the first n that stand above 99 % of the others: of two halves, the higher threshold.

    One set's quantile is luck; the larger of two is rarely too low.
    """
    others = score[n:][np.isfinite(score[n:])]
    threshold = max(float(np.quantile(half, 0.99)) for half in (others[::2], others[1::2]))
    return float((score[:n] > threshold).mean())
