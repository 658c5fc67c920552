"""Ranked rows: combinations by how often they occur in random data sets that fit the tables.

Dick et al. (PNAS 2023) rank reconstructed rows by how often they occur, for the measure used here: the share
of the first k rows that are in the data. Their optimiser is not used: data sets come from an integer program.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from confide.attacks.reconstruction.crosstabs._combinations import Combinations, combinations
from confide.attacks.reconstruction.crosstabs._guess import counted_in
from confide.attacks.reconstruction.crosstabs._nearest import nearest_points
from confide.attacks.reconstruction.crosstabs._propagation import ContradictionError, propagated
from confide.attacks.reconstruction.crosstabs._solver import System
from confide.core.arrays import Floats, Rng
from confide.core.language import later
from confide.core.nouns import Case, Guess
from confide.core.paper import Paper
from confide.views.crosstabs import Crosstabs
from confide.views.table import Table

WHOLE = 500
"""Open combinations up to which data sets are sought in whole numbers: above, one takes seconds."""
PATIENCE = 5.0
"""Seconds for one data set in whole numbers; then the fractional point stands for it."""


@dataclass(frozen=True, slots=True, eq=False)
class Ranked:
    """How often each combination occurs in random data sets that fit.

    Args:
        share: float64[N], the mean over draws of min(1, its count).
        draws: how many data sets were drawn.
        whole: how many of them hold whole people. The others are points of the relaxation, where a count may
            be a fraction: mixtures of data sets, or near to them.
    """

    share: Floats
    draws: int
    whole: int


def ranked(found: Combinations, *, draws: int, rng: Rng) -> Ranked:
    """Rank the combinations by how often they occur in random data sets that fit the tables.

    For each draw every combination gets a random normal cost, and the cheapest data set that fits is taken: a
    random corner of all that fit. If the corner of the relaxation is whole it is that data set. If not, the
    integer program is solved, up to a size at which it is quick.

    Args:
        found: from `combinations`.
        draws: how many data sets.

    Raises:
        ContradictionError: if nothing fits.
    """
    bounds = propagated(found)
    system = System.of(found, bounds)
    total = np.zeros(system.size)
    whole = 0
    for _ in range(draws):
        cost = rng.normal(size=system.size)
        point = system.vertex(cost)
        if point is None:
            raise ContradictionError
        if not system.fits(np.round(point).astype(np.int64)) and system.size <= WHOLE:
            answer = system.minimise(cost, seconds=PATIENCE, gap=0.02)
            point = point if answer.example is None else answer.example
        whole += bool(system.fits(np.round(point).astype(np.int64)))
        total += np.minimum(point, 1)
    share = np.minimum(bounds.least, 1).astype(np.float64)
    share[system.open] = total / draws
    return Ranked(share, draws, whole)


def nearest(found: Combinations, *, draws: int, rng: Rng) -> Ranked:
    """The same from counts with noise, which no data set fits: by the data sets that come nearest.

    Args:
        found: from `combinations`, of which no zero has ruled out any.
        draws: how many points are drawn of those that are nearest in the L1 norm.
    """
    points = nearest_points(found, draws=draws, rng=rng)
    return Ranked(np.minimum(points, 1).mean(axis=0), draws, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class RankedRows:
    """Ranked rows: claims the records that occur most often in random data sets that fit the tables.

    Many data sets may fit the tables. The adversary draws some of them at random, and counts how many hold a
    record with these values. A record that is in all of them need not be proved, but is likely.

    What the population alone would say stands beside it. Where that ranks as well, the tables
    give nothing away by this method.

    Args:
        draws: how many data sets are drawn.
    """

    name: ClassVar[str] = "ranked-rows"
    title: ClassVar[str] = later("Which records are in most data sets that fit the tables?")
    paper: ClassVar[Paper] = Paper(
        authors="Travis Dick and Cynthia Dwork and Michael Kearns and Terrance Liu and Aaron Roth and "
        "Giuseppe Vietri and Zhiwei Steven Wu",
        title="Confidence-Ranked Reconstruction of Census Microdata from Published Statistics",
        venue="Proceedings of the National Academy of Sciences 120(8)",
        year=2023,
        url="https://doi.org/10.1073/pnas.2218605120",
    )

    draws: int = 50

    def __call__(self, case: Case[Crosstabs, object, Table], *, rng: Rng) -> Guess:
        found = combinations(case.view, prune=case.view.exact)
        rank = ranked if case.view.exact else nearest
        return Guess(None, counted_in(found, rank(found, draws=self.draws, rng=rng).share, case.targets))
