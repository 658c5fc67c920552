"""Coarsening of ratings and dates."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from confide.core.arrays import Rng
from confide.core.claims import Claim
from confide.core.errors import PromiseError
from confide.core.nouns import Release
from confide.views.interactions import Interactions

MONTH = 365.2425 / 12
"""Days in an average month of the Gregorian calendar."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CoarseRatings:
    """Rounds ratings to steps and dates to windows, or removes either.

    The rated items stay, and they alone often single a person out. So coarsening has no promise.

    Args:
        step: ratings become the nearest multiple of this (halves go up); `inf` removes ratings, None leaves
            them as they are.
        days: a date becomes the middle of its window of this many days; `inf` removes dates, None leaves them
            as they are.

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
        return Release(self.recoded(data), None, "CoarseRatings")

    def recoded(self, data: Interactions) -> Interactions:
        """The same interactions with their ratings and dates made coarse, or without them."""
        rating, day = data.rating, data.day
        if rating is not None and self.step is not None:
            # floor(x + 1/2), because NumPy's `round` takes halves to the even step.
            steps = None if math.isinf(self.step) else np.floor(rating / self.step + 0.5) * self.step
            rating = None if steps is None else steps.astype(np.float32)
        if day is not None and self.days is not None:
            middles = None if math.isinf(self.days) else (np.floor(day / self.days) + 0.5) * self.days
            day = None if middles is None else middles.astype(np.float32)
        return replace(data, rating=rating, day=day)

    def claims(self, view: Interactions) -> tuple[Claim, ...]:
        """Every rating is on a step and every date in the middle of a window, or they are left out."""
        again = self(view, rng=None).view
        found: list[Claim] = []
        # Of a column that another step has left out there is nothing to say.
        if self.step is not None and (view.rating is not None or self.step == math.inf):
            text = f"every rating is a multiple of {self.step:g}" if self.step < math.inf else "no ratings"
            found.append(Claim(text, _same(view.rating, again.rating)))
        if self.days is not None and (view.day is not None or self.days == math.inf):
            text = f"every date is the middle of {self.days:.4g} days" if self.days < math.inf else "no dates"
            found.append(Claim(text, _same(view.day, again.day)))
        return tuple(found)


def _same(one: NDArray[np.float32] | None, other: NDArray[np.float32] | None) -> bool:
    """Whether both are left out, or equal to within the precision of their type."""
    if one is None or other is None:
        return one is other
    return bool(np.allclose(one, other, rtol=1e-6, atol=1e-3))
