"""Gaussian noise on places."""

from __future__ import annotations

from dataclasses import dataclass

from confide.core.arrays import Floats, Ints, Rng
from confide.core.errors import PromiseError
from confide.core.nouns import Outcome
from confide.mechanisms.noise.lattice import off_grid
from confide.mechanisms.noise.laws import Law
from confide.mechanisms.noise.source import Noise, outcome, refuse_unknown, words_of
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
    noise: Noise = "secure"

    def __post_init__(self) -> None:
        if not 0 < self.sigma_m < float("inf"):
            raise PromiseError(f"the deviation is {self.sigma_m} metres: give a finite number above 0.")
        refuse_unknown(self.noise)

    @property
    def budget(self) -> None:
        return None

    def __call__(self, data: Traces, *, rng: Rng) -> Outcome[Traces]:
        """Release the visits, one for one and in the same order, moved.

        Raises:
            DataError: if the places have no coordinates.
        """
        view = moved(data, lambda n: self._steps(n, rng), step=self._law.step)
        return outcome(self.noise, view, None, "GaussianPlaces")

    def moves(self, n: int, *, rng: Rng) -> Floats:
        """n moves in metres, float64[n, 2]."""
        return off_grid(self._steps(n, rng), self._law.step)

    @property
    def _law(self) -> Law:
        return Law("gaussian", self.sigma_m)

    def _steps(self, n: int, rng: Rng) -> Ints:
        return self._law.drawn(2 * n, words_of(self.noise, rng)).reshape(n, 2)

    def seen(self, visits: Traces, *, release: Traces) -> Traces:
        """The visits themselves: their own place is where they most likely stand."""
        return visits
