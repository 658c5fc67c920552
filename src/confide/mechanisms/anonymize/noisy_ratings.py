"""Noise on ratings and dates."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from confide.core.arrays import Array, Floats, Rng
from confide.core.nouns import Outcome
from confide.mechanisms.noise.lattice import off_grid, on_grid
from confide.mechanisms.noise.laws import Law
from confide.mechanisms.noise.source import Noise, outcome, refuse_unknown, words_of
from confide.mechanisms.noise.words import Words
from confide.views.interactions import Interactions


@dataclass(frozen=True, slots=True, kw_only=True)
class NoisyRatings:
    """Adds noise to every rating, every date, or both; ratings stay within the scale of the data.

    The rated items stay, and they alone often single a person out. So there is no promise. Values and noise
    are added in whole steps of one grid, which the noise alone decides: low bits give no value away.

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
    noise: Noise = "secure"

    def __post_init__(self) -> None:
        refuse_unknown(self.noise)

    @property
    def budget(self) -> None:
        return None

    def __call__(self, data: Interactions, *, rng: Rng) -> Outcome[Interactions]:
        rating, day = data.rating, data.day
        words = words_of(self.noise, rng)
        if rating is not None and self.stars is not None and len(data):
            # A rating outside of the scale would tell by how much it was moved at least.
            moved = np.clip(_moved(rating, self.stars, words), rating.min(), rating.max())
            rating = moved.astype(np.float32)
        if day is not None and self.days is not None:
            day = _moved(day, self.days, words).astype(np.float32)
        return outcome(self.noise, replace(data, rating=rating, day=day), None, "NoisyRatings")


def _moved(values: Array, law: Law, words: Words) -> Floats:
    return off_grid(on_grid(values, law.step) + law.drawn(len(values), words), law.step)
