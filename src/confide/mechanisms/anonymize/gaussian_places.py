"""Gaussian noise on places."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from confide.core.arrays import Floats, Rng
from confide.core.errors import PromiseError
from confide.core.nouns import Release
from confide.mechanisms.noise.gaussian import secure_normal
from confide.mechanisms.randomize.planar_laplace import moved
from confide.views.traces import Traces


@dataclass(frozen=True, slots=True, kw_only=True)
class GaussianPlaces:
    """Moves each visit by Gaussian noise, and then to the nearest place of the place table.

    Visits that repeat can be averaged, and times stay as they are. Nothing is promised: for noise with a
    promise see `PlanarLaplace`.

    Args:
        sigma_m: the deviation in metres, to the east and to the north.
        noise: where it comes from: "secure" is the operating system's cryptographic source, for a real
            release; "rehearsal" is `rng`, for audits and tests only.

    Raises:
        PromiseError: if the deviation is not above 0, or the source is unknown.
    """

    sigma_m: float
    noise: Literal["secure", "rehearsal"] = "secure"

    def __post_init__(self) -> None:
        if not 0 < self.sigma_m < float("inf"):
            raise PromiseError(f"the deviation is {self.sigma_m} metres: give a finite number above 0.")
        if self.noise not in ("secure", "rehearsal"):
            raise PromiseError(f"noise is {self.noise!r}: say 'secure' or 'rehearsal'.")

    @property
    def budget(self) -> None:
        return None

    def __call__(self, data: Traces, *, rng: Rng) -> Release[Traces]:
        """Release the visits, one for one and in the same order, moved.

        Raises:
            DataError: if the places have no coordinates.
        """
        return Release(moved(data, lambda n: self.moves(n, rng=rng)), None, "GaussianPlaces")

    def moves(self, n: int, *, rng: Rng) -> Floats:
        """n moves in metres, float64[n, 2]."""
        drawn = secure_normal((n, 2)) if self.noise == "secure" else rng.standard_normal((n, 2))
        return self.sigma_m * drawn

    def seen(self, visits: Traces, *, release: Traces) -> Traces:
        """The visits themselves: their own place is where they most likely stand."""
        return visits
