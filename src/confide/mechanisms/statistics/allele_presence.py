"""Fiume et al.: Federated discovery and sharing of genomic data using Beacons (Nature Biotechnology 2019)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from confide.core.arrays import Rng
from confide.core.budget import Budget
from confide.core.nouns import Release
from confide.views.frequencies import Genotypes, Presence


@dataclass(frozen=True, slots=True)
class AllelePresence:
    """Answers as a beacon does: whether anybody in the pool has a copy of each allele; it promises nothing.

    A missing genotype shows no copy.

    >>> pool = Genotypes(copies=np.array([[0, 2, -1], [0, 1, 0]], np.int8))
    >>> AllelePresence()(pool, rng=np.random.default_rng(0)).view.bits.tolist()
    [False, True, False]
    """

    @property
    def budget(self) -> Budget | None:
        return None

    def __call__(self, data: Genotypes, *, rng: Rng) -> Release[Presence]:
        """Publish the bits of the pool."""
        bits = np.any(data.copies > 0, axis=0)
        return Release(Presence(bits=bits, people=len(data), alleles=data.alleles), None, "AllelePresence")
