"""Wang, Kulkarni, Verdú: Divergence estimation via k-nearest-neighbour distances (2009)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from confide.attacks.membership.synthetic._neighbours import CLOSEST, distances
from confide.core.arrays import Rng
from confide.core.errors import DataError
from confide.core.language import later
from confide.core.nouns import Case, Guess
from confide.core.paper import Paper
from confide.knowledge.synthetic import SyntheticKnowledge
from confide.views.table import Table
from confide.views.table_nearest import ranges


@dataclass(frozen=True, slots=True, kw_only=True)
class NeighbourDensity:
    """Density ratio by neighbours: are synthetic rows denser at this person's row than people are?

    A generator that overfits puts more rows near a member than the population has there. The density of rows
    at a place falls with a power of the distance to the k-th nearest of them. So the score is the logarithm
    of the distance to the k-th of the people whom the adversary knows, over that to the k-th synthetic row.

    Unlike the difference of the two distances, the ratio puts a row that stands alone before all others as
    soon as a synthetic row is at its place.

    Args:
        k: which neighbour. The first sees single copies, later ones a generator that crowds around members.
    """

    name: ClassVar[str] = "synthetic-knn-density"
    title: ClassVar[str] = later("Are synthetic rows denser around this person than people are?")
    paper: ClassVar[Paper] = Paper(
        authors="Qing Wang and Sanjeev R. Kulkarni and Sergio Verdú",
        title="Divergence Estimation for Multidimensional Densities Via k-Nearest-Neighbor Distances",
        venue="IEEE Transactions on Information Theory 55(5)",
        year=2009,
        url="https://doi.org/10.1109/TIT.2009.2016060",
    )

    # Chosen on COMPAS and on NIST's ACS excerpts, of 1 to 5.
    k: int = 1

    def __post_init__(self) -> None:
        if self.k < 1:
            raise DataError(f"k is {self.k}: give 1 or more.")

    def __call__(self, case: Case[Table, SyntheticKnowledge, Table], *, rng: Rng) -> Guess:
        reference, units = case.known.need_reference(self.name, least=max(self.k, 2)), ranges(case.view)
        usual, near = (
            np.maximum(distances(case.targets, rows, units, count=self.k)[:, -1], CLOSEST)
            for rows in (reference, case.view)
        )
        return Guess(None, np.log(usual / near))
