"""Noise on ratings and dates."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from confide.core.arrays import Floats, Rng
from confide.core.errors import PromiseError
from confide.core.nouns import Release
from confide.mechanisms.noise.laws import Law
from confide.mechanisms.noise.secure import secure_uniform
from confide.views.interactions import Interactions

TINY = 2.0**-54
"""Half of the step between uniform fractions: with it none is 0, where a Gaussian quantile is infinite."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NoisyRatings:
    """Adds noise to every rating, every date, or both; ratings stay within the scale of the data.

    The rated items stay, and they alone often single a person out. So there is no promise.

    Args:
        stars: the noise on ratings; None leaves them as they are.
        days: the noise on dates, in days; None leaves them as they are.
        noise: where it comes from: "secure" is the operating system's cryptographic source, for a real
            release; "rehearsal" is `rng`, for audits and tests only.

    Raises:
        PromiseError: for an unknown source.
    """

    stars: Law | None = None
    days: Law | None = None
    noise: Literal["secure", "rehearsal"] = "secure"

    def __post_init__(self) -> None:
        if self.noise not in ("secure", "rehearsal"):
            raise PromiseError(f"noise is {self.noise!r}: say 'secure' or 'rehearsal'.")

    @property
    def budget(self) -> None:
        return None

    def __call__(self, data: Interactions, *, rng: Rng) -> Release[Interactions]:
        rating, day = data.rating, data.day
        if rating is not None and self.stars is not None and len(data):
            # A rating outside of the scale would tell by how much it was moved at least.
            moved = np.clip(rating + self._drawn(self.stars, len(data), rng), rating.min(), rating.max())
            rating = moved.astype(np.float32)
        if day is not None and self.days is not None:
            day = (day + self._drawn(self.days, len(data), rng)).astype(np.float32)
        return Release(replace(data, rating=rating, day=day), None, "NoisyRatings")

    def _drawn(self, law: Law, n: int, rng: Rng) -> Floats:
        return law.quantile((secure_uniform(n) if self.noise == "secure" else rng.random(n)) + TINY)
