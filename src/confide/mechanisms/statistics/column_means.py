"""Publication of means: the average of each variable over a pool of people."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from confide.core.arrays import Rng
from confide.core.budget import Budget
from confide.core.errors import PromiseError
from confide.core.nouns import Release
from confide.mechanisms.statistics.allele_frequencies import chosen_of
from confide.views.frequencies import Means, Measurements


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnMeans:
    """Publishes the mean of each variable over a pool, exactly, rounded, or fewer of them; promises nothing.

    Args:
        at_most: how many means are published, drawn at random; None publishes all.
        decimals: that published means are rounded to; None does not round.

    Raises:
        PromiseError: if a setting cannot be kept.

    >>> pool = Measurements(values=np.array([[0.0, 4.0], [1.0, 2.0]]))
    >>> ColumnMeans()(pool, rng=np.random.default_rng(0)).view.values.tolist()
    [0.5, 3.0]
    """

    at_most: int | None = None
    decimals: int | None = None

    def __post_init__(self) -> None:
        if self.at_most is not None and self.at_most < 1:
            raise PromiseError(f"at_most is {self.at_most}: publish 1 mean or more.")
        if self.decimals is not None and not 0 <= self.decimals <= 15:
            raise PromiseError(f"decimals is {self.decimals}: give 0 to 15.")

    @property
    def budget(self) -> Budget | None:
        return None

    def __call__(self, data: Measurements, *, rng: Rng) -> Release[Means]:
        """Publish the means of the pool."""
        values = np.full(data.statistics, np.nan)
        chosen = chosen_of(data.statistics, self.at_most, rng=rng)
        found = data.values[:, chosen].mean(axis=0)
        values[chosen] = found if self.decimals is None else np.round(found, self.decimals)
        return Release(Means(values=values, people=len(data)), None, "ColumnMeans")
