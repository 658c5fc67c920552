"""Statistics of a pool of people: allele frequencies, presence bits or means, and the people behind them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from confide.core.arrays import Array, Bools, Floats, Ints
from confide.core.errors import DataError
from confide.core.language import later
from confide.views.people import digest_of

MISSING = -1
"""The number of copies where a genotype is not known."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Genotypes:
    """The genotypes of n people at m SNPs, as the number of copies of one allele.

    Args:
        copies: int8[n, m], from 0 to `alleles`; -1 is missing.
        alleles: how many each person has at each SNP: 2 for genotypes, 1 for attributes of yes or no.

    Raises:
        DataError: if a number of copies is none of these.

    >>> people = Genotypes(copies=np.array([[0, 2], [1, -1]], np.int8))
    >>> people.frequencies().tolist()
    [0.25, 1.0]
    """

    copies: Array
    alleles: int = 2

    def __post_init__(self) -> None:
        if self.copies.ndim != 2 or self.alleles not in (1, 2):
            raise DataError(
                f"genotypes are a table of people and SNPs with 1 or 2 alleles each, not of shape "
                f"{self.copies.shape} with {self.alleles}."
            )
        low, high = self.copies.min(initial=MISSING), self.copies.max(initial=MISSING)
        if low < MISSING or high > self.alleles:
            wrong = low if low < MISSING else high
            raise DataError(
                f"somebody has {wrong} copies of an allele: give 0 to {self.alleles}, "
                f"or {MISSING} if missing."
            )

    def __len__(self) -> int:
        return len(self.copies)

    @property
    def statistics(self) -> int:
        """The number m of SNPs."""
        return self.copies.shape[1]

    def take(self, people: Ints | Bools) -> Genotypes:
        """The genotypes of these people, in this order."""
        return Genotypes(copies=self.copies[people], alleles=self.alleles)

    def only(self, statistics: Ints | Bools) -> Genotypes:
        """The genotypes at these SNPs alone."""
        return Genotypes(copies=self.copies[:, statistics], alleles=self.alleles)

    def frequencies(self) -> Floats:
        """The share of all known alleles that are the counted one, float64[m]; NaN where none is known."""
        known = self.copies != MISSING
        alleles = self.alleles * known.sum(axis=0)
        # Summed in 64 bits: the sum of int8 alone would be too, but -1 must not be in it.
        counted = np.where(known, self.copies, 0).sum(axis=0, dtype=np.int64)
        return np.divide(counted, alleles, out=np.full(len(alleles), np.nan), where=alleles > 0)

    def shares(self) -> Floats:
        """Each person's own frequency at each SNP, 0, 1/2 or 1: float64[n, m], NaN where it is missing."""
        return np.where(self.copies == MISSING, np.nan, self.copies / self.alleles)

    def digest(self) -> str:
        """A SHA-256 of the genotypes."""
        return digest_of(self)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Measurements:
    """Measurements of n people in m variables, such as expression levels.

    Args:
        values: float64[n, m], all finite.

    Raises:
        DataError: for another shape, or a number that is not finite.
    """

    values: Floats

    def __post_init__(self) -> None:
        if self.values.ndim != 2 or not np.isfinite(self.values).all():
            raise DataError("measurements are a table of finite numbers, a row a person: leave no gaps.")

    def __len__(self) -> int:
        return len(self.values)

    @property
    def statistics(self) -> int:
        """The number m of variables."""
        return self.values.shape[1]

    def take(self, people: Ints | Bools) -> Measurements:
        """The measurements of these people, in this order."""
        return Measurements(values=self.values[people])

    def only(self, statistics: Ints | Bools) -> Measurements:
        """The measurements of these variables alone."""
        return Measurements(values=self.values[:, statistics])

    def digest(self) -> str:
        """A SHA-256 of the measurements."""
        return digest_of(self)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Frequencies:
    """A release of allele frequencies in a pool of people.

    Args:
        values: float64[m]; NaN where no frequency is published. Noise can move them out of [0, 1].
        people: how many are in the pool, as it is published.
        alleles: of each person at each SNP.
    """

    shown: ClassVar[str] = later("frequencies")

    values: Floats
    people: int
    alleles: int = 2

    def __len__(self) -> int:
        return int(self.published.sum())

    @property
    def published(self) -> Bools:
        """Whether there is a frequency, bool[m]."""
        return ~np.isnan(self.values)

    def only(self, statistics: Ints | Bools) -> Frequencies:
        """The frequencies at these SNPs alone."""
        return Frequencies(values=self.values[statistics], people=self.people, alleles=self.alleles)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Presence:
    """A beacon's answers: whether anybody in a pool has a copy of each allele.

    Args:
        bits: bool[m].
        people: how many are in the pool.
        alleles: of each person at each SNP.
    """

    shown: ClassVar[str] = later("presence")

    bits: Bools
    people: int
    alleles: int = 2

    def __len__(self) -> int:
        return len(self.bits)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Means:
    """A release of the means of a pool of people.

    Args:
        values: float64[m]; NaN where no mean is published.
        people: how many are in the pool.
    """

    shown: ClassVar[str] = later("means")

    values: Floats
    people: int

    def __len__(self) -> int:
        return int(self.published.sum())

    @property
    def published(self) -> Bools:
        """Whether there is a mean, bool[m]."""
        return ~np.isnan(self.values)

    def only(self, statistics: Ints | Bools) -> Means:
        """The means of these variables alone."""
        return Means(values=self.values[statistics], people=self.people)
