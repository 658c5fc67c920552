"""Rounding of latitudes and longitudes, as the tables of places in many published files have it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from confide.core.arrays import Floats, Rng
from confide.core.claims import Claim
from confide.core.errors import DataError, PromiseError
from confide.core.nouns import Release
from confide.views.traces import Traces

SLIGHT = 1e-6
"""A part of a step: what binary fractions are off a decimal one. A half step must go up whatever its bits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundedPlaces:
    """Rounds the latitude and the longitude of every place to multiples of a step in degrees.

    It makes cells that are `step` degrees high and wide. Several people in one cell look the same, but the
    sequence of a person's cells stays. So there is no promise. The codes of the cells come from the place
    table alone.

    Args:
        step: in degrees, such as 0.01.
        how: "nearest" multiple (halves go up), "down", or towards "zero", as by cutting off decimals.

    Raises:
        PromiseError: if the step is not above 0 and at most 90, or the way of rounding is unknown.

    >>> seen = Traces.of(np.array([0]), np.array([0]), np.array([0]), where=np.array([[40.717, -74.004]]))
    >>> RoundedPlaces(step=0.01)(seen, rng=None).view.where.tolist()
    [[40.72, -74.0]]
    """

    step: float
    how: Literal["nearest", "down", "zero"] = "nearest"

    def __post_init__(self) -> None:
        if not 0 < self.step <= 90:
            raise PromiseError(f"places cannot be rounded to {self.step} degrees: give a number up to 90.")
        if self.how not in ("nearest", "down", "zero"):
            raise PromiseError(f"there is no rounding {self.how!r}: say nearest, down or zero.")

    @property
    def budget(self) -> None:
        return None

    def __call__(self, data: Traces, *, rng: Rng | None) -> Release[Traces]:
        """Release the visits, one for one and in the same order, their places rounded.

        Raises:
            DataError: if the places have no coordinates.
        """
        if data.where is None:
            raise DataError("places without latitude and longitude cannot be rounded: give both.")
        where, code = np.unique(self.rounded(data.where), axis=0, return_inverse=True)
        place = code.reshape(-1)[data.place].astype(np.int32)
        return Release(replace(data, place=place, places=len(where), where=where), None, "RoundedPlaces")

    def rounded(self, where: Floats) -> Floats:
        """The points in degrees, rounded."""
        parts = where / self.step
        if self.how == "nearest":
            whole = np.floor(parts + 0.5 + SLIGHT)
        elif self.how == "down":
            whole = np.floor(parts + SLIGHT)
        else:
            whole = np.trunc(parts + np.sign(parts) * SLIGHT)
        # Twelve decimals remove what the multiplication adds, and minus zero becomes zero.
        return np.round(whole * self.step, 12) + 0.0

    def claims(self, view: Traces) -> tuple[Claim, ...]:
        """Both coordinates of every place are multiples of the step."""
        if view.where is None:
            return ()
        parts = view.where[np.unique(view.place)] / self.step
        # What a column of 32 bits rounds is allowed: a hundred-thousandth of a degree.
        holds = bool((np.abs(parts - np.rint(parts)) * self.step <= 1e-5).all())
        return (Claim(f"every coordinate is a multiple of {self.step:g} degrees", holds),)
