"""Known non-members among the candidates: they show which scores stand out, without any label."""

from __future__ import annotations

import numpy as np

from confide.core.access import WhiteBox
from confide.core.arrays import Floats, Rng
from confide.core.nouns import Case
from confide.knowledge.models import Background
from confide.views.records import Records

# Known non-members that join the candidates. More of them would make the Gram matrix slow.
NONMEMBERS = 600
# With fewer, the 99 % quantile of their scores would be a guess, and none join.
FEWEST = 100


def with_known_nonmembers(case: Case[WhiteBox, Background, Records], *, rng: Rng) -> Records:
    """The candidates, followed by known non-members where there are enough."""
    population = case.known.population
    if population is None or len(population) < FEWEST:
        return case.targets
    some = np.sort(rng.permutation(len(population))[:NONMEMBERS])
    return Records.concat([case.targets, population.take(some)])


def flagged(score: Floats, n: int) -> float:
    """The share of the first n that score above 99 % of the others: of two halves, the higher threshold.

    The quantile of one set may be low by chance; the larger of two rarely is.
    """
    others = score[n:][np.isfinite(score[n:])]
    threshold = max(float(np.quantile(half, 0.99)) for half in (others[::2], others[1::2]))
    return float((score[:n] > threshold).mean())
