"""Simulated genotypes of populations that drifted apart (Balding, Nichols 1995).

No real person is in it, so it can be published. SNPs are independent of each other.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from confide.core.arrays import Floats, Rng
from confide.core.errors import DataError
from confide.views.frequencies import Genotypes


@dataclass(frozen=True, slots=True, kw_only=True)
class GenotypesLike:
    """A simulation of genotypes.

    The ancestral frequency of each SNP is uniform between `low` and `high`. Each population's own frequency
    has a Beta law around it, with variance F_ST p (1 - p). A person belongs to one population, drawn
    uniformly, and has two alleles drawn independently with its frequency.

    Args:
        people: the number of people.
        snps: the number of SNPs.
        populations: how many there are.
        fst: how far they are apart, from 0 (one population) to below 1.
        low, high: of the ancestral frequencies.

    Raises:
        DataError: for a number out of range.

    >>> made = GenotypesLike(people=100, snps=2_000)(rng=np.random.default_rng(0))
    >>> len(made), bool(abs(made.frequencies().mean() - 0.275) < 0.02)
    (100, True)
    """

    people: int = 500
    snps: int = 1_000
    populations: int = 1
    fst: float = 0.0
    low: float = 0.05
    high: float = 0.5

    def __post_init__(self) -> None:
        for name in ("people", "snps", "populations"):
            if getattr(self, name) < 1:
                raise DataError(f"{name} is {getattr(self, name)}: give 1 or more.")
        if not 0 <= self.fst < 1:
            raise DataError(f"fst is {self.fst}: give a number from 0 to below 1.")
        if not 0 < self.low <= self.high < 1:
            raise DataError(f"frequencies from {self.low} to {self.high}: give low <= high, inside (0, 1).")

    def shares(self, *, rng: Rng) -> Floats:
        """The frequency of each SNP in each population, float64[populations, snps]."""
        ancestral = rng.uniform(self.low, self.high, self.snps)
        if self.fst == 0:
            return np.broadcast_to(ancestral, (self.populations, self.snps))
        spread = (1 - self.fst) / self.fst
        return rng.beta(ancestral * spread, (1 - ancestral) * spread, (self.populations, self.snps))

    def __call__(self, *, rng: Rng) -> Genotypes:
        """Simulate the people."""
        shares = self.shares(rng=rng)
        population = rng.integers(self.populations, size=self.people)
        return Genotypes(copies=rng.binomial(2, shares[population]).astype(np.int8))
