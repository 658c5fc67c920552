"""Andrés, Bordenabe, Chatzikokolakis, Palamidessi: Geo-Indistinguishability (CCS 2013)."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np
from scipy.spatial import KDTree

from confide.core.arrays import Floats, Ints, Rng
from confide.core.budget import Budget, Unit
from confide.core.errors import DataError, PromiseError
from confide.core.nouns import Outcome
from confide.mechanisms.noise.coins import rate_below
from confide.mechanisms.noise.lattice import off_grid, on_grid, step_for
from confide.mechanisms.noise.planar import planar_laplace
from confide.mechanisms.noise.source import Noise, outcome, refuse_unknown, words_of
from confide.mechanisms.noise.words import secure_words
from confide.views.traces import EARTH_RADIUS_M, Traces

FINEST_M = 2.0**-20
"""The smallest step: coordinates on Earth are then some 2^45 of them."""
ROUNDING = 3
"""Steps by which rounding can make two places on the grid be further apart than they are in the plane."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanarLaplace:
    """Moves each visit by planar Laplace noise, and then to the nearest place of the place table.

    *Statement.* If one visit had been at another place at most `within_m` metres away, every release would be
    equally likely up to a factor of e^level.

    *Proof.* Places are put on a grid in a plane, and visits are moved on it independently, in whole numbers
    of steps of g metres. A place x moves to z with a probability in proportion to exp(-r D(z - x)), where D
    is the Euclidean length, rounded up to a whole number. D(a + b) <= D(a) + D(b), since |a + b| <= |a| + |b|
    and rounding up keeps that. So the ratio for two places x and x' is at most exp(r D(x - x')). Places
    within `within_m` metres on the ground are at most so far apart in the plane (`plane`), which is w =
    within_m / g steps. Taking both to the grid adds sqrt 2 steps at most, rounding up one, and the
    coordinates' own rounding less than 1/2: D(x - x') <= w + 3, and r is level / (w + 3), rounded down.
    Taking the nearest place reads nothing but z and the table: post-processing. All is drawn in whole
    numbers, so the proof holds for what is computed; g is a power of two, fixed by level and within_m.

    As g is a millionth of within_m / level, the move is the paper's planar Laplace noise for all that can be
    noticed: angle uniform, radius with density r^2 z exp(-r z) (section 4.1 there).

    *Conditions.* The place table is public, and chosen without the visits. Each visit is protected alone: t
    visits of one person together have t times the level, and visits that repeat can be averaged. Times are
    released as they are.

    Args:
        level: the logarithm of the factor; ln 4 in the paper's example.
        within_m: how far away the other place may be, in metres.
        noise: "secure" is drawn from the operating system's cryptographic source, for a real release.
            "rehearsal" is drawn from `rng`, and anyone who knows the seed can replay it: for audits and tests
            only.

    Raises:
        PromiseError: if a setting cannot be kept.

    >>> round(PlanarLaplace().mean_radius_m, 1)  # ln 4 within 200 m
    288.5
    """

    level: float = math.log(4)
    within_m: int = 200
    noise: Noise = "secure"

    def __post_init__(self) -> None:
        if not 0 < self.level < math.inf:
            raise PromiseError(f"the level is {self.level}: give a finite number above 0.")
        Unit.place(within_m=self.within_m)  # refuses less than a metre
        refuse_unknown(self.noise)
        planar_laplace(0, rate=self._rate, words=secure_words)  # refuses a rate that cannot be drawn

    @property
    def budget(self) -> Budget:
        return Budget(self.level, unit=Unit.place(within_m=self.within_m))

    @property
    def mean_radius_m(self) -> float:
        """The mean move of a visit, before it is taken to a place."""
        return 2 * self.within_m / self.level

    @property
    def _step(self) -> float:
        """Of the grid, in metres."""
        return max(step_for(self.within_m / self.level), FINEST_M)

    @property
    def _rate(self) -> Fraction:
        """Of the noise, for each step."""
        return rate_below(Fraction(self.level) / (self.within_m / Fraction(self._step) + ROUNDING))

    def __call__(self, data: Traces, *, rng: Rng) -> Outcome[Traces]:
        """Release the visits, one for one and in the same order, moved.

        Raises:
            DataError: if the places have no coordinates, or go round the globe.
        """
        view = moved(data, lambda n: self._steps(n, rng), step=self._step, within_m=self.within_m)
        return outcome(self.noise, view, self.budget, "PlanarLaplace")

    def moves(self, n: int, *, rng: Rng) -> Floats:
        """n moves in metres, float64[n, 2]."""
        return off_grid(self._steps(n, rng), self._step)

    def _steps(self, n: int, rng: Rng) -> Ints:
        return planar_laplace(n, rate=self._rate, words=words_of(self.noise, rng))

    def seen(self, visits: Traces, *, release: Traces) -> Traces:
        """The visits themselves: their own place is where they most likely stand."""
        return visits


def moved(data: Traces, steps: Callable[[int], Ints], *, step: float, within_m: float = 0.0) -> Traces:
    """Each visit moved on a grid in the plane, and then to the nearest place of the table.

    Args:
        steps: n -> n moves in whole steps, int64[n, 2].
        step: in metres, a power of two.
        within_m: as of `plane`.

    Raises:
        DataError: if the places have no coordinates, or as `plane`.
    """
    if data.where is None:
        raise DataError("places without latitude and longitude cannot be moved: give both.")
    if not len(data):
        return data
    grid = on_grid(plane(data.where, within_m=within_m), step)
    # Added in whole numbers; what follows reads the sum alone, and is free to round.
    here = off_grid(grid[data.place] + steps(len(data)), step)
    nearest = KDTree(off_grid(grid, step)).query(here)[1]
    return replace(data, place=np.asarray(nearest).astype(np.int32))


def plane(where: Floats, *, within_m: float = 0.0) -> Floats:
    """Places in metres east and north in a plane that makes no short distance longer, float64[p, 2].

    *Statement.* Places at most `within_m` metres apart on the ground are not further apart in the plane.

    *Proof.* The plane is the equirectangular one at a latitude that the shortest way between such places does
    not pass: it is at most half of `within_m` nearer to a pole than both ends. Each part of the way is then
    as long as in the plane, or longer. Longitudes are counted from the widest gap between them, over the
    antimeridian where that is shorter. A way through this gap would be longer than `within_m`, or the table
    is refused: with latitudes b, b' and the gap g its length d has sin^2(d/2R) >= cos b cos b' sin^2(g/2).

    Raises:
        DataError: if places near each other are on both sides of the widest gap: they go round a pole.
    """
    furthest = float(np.radians(np.abs(where[:, 0]).max(initial=0.0)))
    east, gap = _from_the_gap(where[:, 1])
    through = 2 * EARTH_RADIUS_M * math.asin(math.cos(furthest) * math.sin(math.radians(gap) / 2))
    if gap < 180 and through <= within_m:
        raise DataError(
            f"the places go round the globe with gaps of less than {within_m:g} m: no plane keeps all their "
            "distances. Leave out the places near the pole, or audit parts of the table."
        )
    shrink = math.cos(min(furthest + within_m / (2 * EARTH_RADIUS_M), math.pi / 2))
    return EARTH_RADIUS_M * np.radians(np.column_stack([east * shrink, where[:, 0]]))


def _from_the_gap(longitude: Floats) -> tuple[Floats, float]:
    """Longitudes counted from the end of the widest gap between them, and this gap, in degrees."""
    span = float(np.ptp(longitude)) if len(longitude) else 0.0
    if span <= 180:
        return longitude, 360 - span
    around = np.unique(longitude % 360)
    gaps = np.diff(around, append=around[:1] + 360)
    start = around[(int(gaps.argmax()) + 1) % len(around)]
    return (longitude - start) % 360 + start, float(gaps.max())
