"""Coarser ratings and dates: less to tell people apart by."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from confide.core.arrays import Rng
from confide.core.errors import PromiseError
from confide.core.nouns import Release
from confide.views.interactions import Interactions


@dataclass(frozen=True, slots=True, kw_only=True)
class CoarseRatings:
    """Rounds ratings to steps and dates to windows, or leaves either out.

    What is rated stays, and that alone often singles a person out: coarsening has no promise.

    Args:
        step: ratings become the nearest multiple of this (halves go up); `inf` leaves ratings out, None
            leaves them as they are.
        days: a date becomes the middle of its window of so many days; `inf` leaves dates out, None leaves
            them as they are.

    Raises:
        PromiseError: if a setting is not above 0.

    >>> seen = Interactions.of(np.array([0]), np.array([0]), rating=np.array([3.5]), day=np.array([44.0]))
    >>> found = CoarseRatings(step=1, days=30)(seen, rng=None).view
    >>> found.rating.tolist(), found.day.tolist()
    ([4.0], [45.0])
    """

    step: float | None = None
    days: float | None = None

    def __post_init__(self) -> None:
        for name in ("step", "days"):
            value = getattr(self, name)
            if value is not None and not value > 0:
                raise PromiseError(f"{name} is {value}: give a number above 0, inf or None.")

    @property
    def budget(self) -> None:
        return None

    def __call__(self, data: Interactions, *, rng: Rng | None) -> Release[Interactions]:
        rating, day = data.rating, data.day
        if rating is not None and self.step is not None:
            steps = None if math.isinf(self.step) else np.floor(rating / self.step + 0.5) * self.step
            rating = None if steps is None else steps.astype(np.float32)
        if day is not None and self.days is not None:
            middles = None if math.isinf(self.days) else (np.floor(day / self.days) + 0.5) * self.days
            day = None if middles is None else middles.astype(np.float32)
        return Release(replace(data, rating=rating, day=day), None, "CoarseRatings")
