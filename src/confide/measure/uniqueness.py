"""Uniqueness in a population, of which a sample is at hand: what the models of it have in common."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from confide.core.arrays import Array, Ints
from confide.core.errors import DataError


@dataclass(frozen=True, slots=True, kw_only=True)
class Uniqueness:
    """How many people are unique, by a model.

    Args:
        model: whose model it is.
        people: n, the size of the sample.
        population: N, the size of the population.
        in_sample: the share of the sample that is unique in the sample.
        share: the share of the population that is unique in the population, as the model expects it.
        given_unique: the probability that a person who is unique in the sample is unique in the population;
            NaN where the model cannot say.
    """

    model: str
    people: int
    population: int
    in_sample: float
    share: float
    given_unique: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sizes:
    """The counts of counts of a sample: how many keys have one person, how many two, ...

    Args:
        size: int64[m], the sizes that occur, rising.
        keys: int64[m], the number of keys of each size.
        population: N, the number of people from whom the sample was drawn.
    """

    size: Ints
    keys: Ints
    population: int

    @classmethod
    def of(cls, count: Array, *, sampled: float) -> Sizes:
        """The counts of counts.

        Args:
            count: int64[q], the number of people of each key of the sample.
            sampled: the share of the population that is in the sample.

        Raises:
            DataError: if the share is not in (0, 1], or the counts are not those of at least two people.
        """
        if not 0 < sampled <= 1:
            raise DataError(f"a sampling share of {sampled}: give one above 0 and up to 1, such as 0.1.")
        whole = np.asarray(count)
        if (whole.astype(np.int64) != whole).any() or (whole < 1).any():
            raise DataError("keys are counted in whole people, from 1 on: give counts without weights.")
        size, keys = np.unique(whole.astype(np.int64), return_counts=True)
        people = int((size * keys).sum())
        if people < 2:
            raise DataError(f"a sample of {people} people shows nothing about a population: give more rows.")
        return cls(size=size, keys=keys.astype(np.int64), population=max(round(people / sampled), people))

    @property
    def people(self) -> int:
        """n, the number of people in the sample."""
        return int((self.size * self.keys).sum())

    @property
    def unique(self) -> int:
        """The number of people who are unique in the sample."""
        return int(self.keys[0]) if self.size[0] == 1 else 0
