"""Andrés, Bordenabe, Chatzikokolakis, Palamidessi: Geo-Indistinguishability (CCS 2013)."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from scipy.spatial import KDTree
from scipy.special import lambertw

from confide.core.arrays import Floats, Rng
from confide.core.budget import Budget, Unit
from confide.core.errors import DataError, PromiseError
from confide.core.nouns import Release
from confide.mechanisms.noise.secure import secure_uniform
from confide.views.traces import EARTH_RADIUS_M, Traces, unwrapped


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanarLaplace:
    """Moves each visit by planar Laplace noise, and then to the nearest place of the place table.

    *Statement.* If one visit had been at another place at most `within_m` metres away, every release would be
    equally likely up to a factor of e^level.

    *Proof.* Let e = level / within_m. Visits are moved independently, each with density e^2 / (2 pi) exp(-e
    |z - x|) at z around the place x, in a plane. For two places x and x' the ratio of the densities is exp(e
    (|z - x'| - |z - x|)) <= exp(e |x - x'|), by the triangle inequality. The plane is the equirectangular one
    at the table's latitude furthest from the equator, cut at the widest stretch of longitudes without a
    place, which has to be wider than `within_m`. No distance of places so near is longer in it than on the
    ground (except for the bend of a parallel, less than one part in 10^8 for a kilometre below 60 degrees),
    so they give at most exp(level). Taking the nearest place reads nothing but z and the table:
    post-processing. The angle is uniform and the radius -(W_{-1}((p - 1) / e') + 1) / e for uniform p, e'
    Euler's number (section 4.1 there).

    *Conditions.* The place table is public, and chosen without the visits. Each visit is protected alone: t
    visits of one person together have t times the level, and visits that repeat can be averaged. Times are
    released as they are. The proof takes arithmetic as exact; rounding to places of the table removes the low
    bits by which floating point revealed such noise (Mironov 2012).

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
    noise: Literal["secure", "rehearsal"] = "secure"

    def __post_init__(self) -> None:
        if not 0 < self.level < math.inf:
            raise PromiseError(f"the level is {self.level}: give a finite number above 0.")
        Unit.place(within_m=self.within_m)  # refuses less than a metre
        if self.noise not in ("secure", "rehearsal"):
            raise PromiseError(f"noise is {self.noise!r}: say 'secure' or 'rehearsal'.")

    @property
    def budget(self) -> Budget:
        return Budget(self.level, unit=Unit.place(within_m=self.within_m))

    @property
    def mean_radius_m(self) -> float:
        """The mean move of a visit, before it is taken to a place."""
        return 2 * self.within_m / self.level

    def __call__(self, data: Traces, *, rng: Rng) -> Release[Traces]:
        """Release the visits, one for one and in the same order, moved.

        Raises:
            DataError: if the places have no coordinates, or lie all around a pole, where no plane keeps
                those together that are near each other.
        """
        if data.where is not None and len(data.where) and _cut_m(data.where) < self.within_m:
            raise DataError(
                "the places lie all around a pole, or around the whole globe, so a plane would part some "
                f"that are less than {self.within_m} m apart: protect the sides of the globe one by one."
            )
        # Noise is added in the plane, where distances are at most those on the ground.
        view = moved(data, lambda n: self.moves(n, rng=rng))
        return Release(view, self.budget, "PlanarLaplace")

    def moves(self, n: int, *, rng: Rng) -> Floats:
        """n moves in metres, float64[n, 2]."""
        uniform = secure_uniform((2, n)) if self.noise == "secure" else rng.random((2, n))
        angle = 2 * math.pi * uniform[0]
        radius = radii(uniform[1], rate=self.level / self.within_m)
        return radius[:, None] * np.column_stack([np.cos(angle), np.sin(angle)])

    def seen(self, visits: Traces, *, release: Traces) -> Traces:
        """The visits themselves: their own place is where they most likely stand."""
        return visits


def moved(data: Traces, moves: Callable[[int], Floats]) -> Traces:
    """Each visit moved in the plane, and then to the nearest place of the table.

    Args:
        moves: n -> n moves in metres, float64[n, 2].

    Raises:
        DataError: if the places have no coordinates.
    """
    if data.where is None:
        raise DataError("places without latitude and longitude cannot be moved: give both.")
    flat = plane(data.where)
    nearest = KDTree(flat).query(flat[data.place] + moves(len(data)))[1] if len(data) else data.place
    return replace(data, place=np.asarray(nearest).astype(np.int32))


def radii(p: Floats, *, rate: float) -> Floats:
    """Quantile of the radius of planar Laplace noise at probability p in [0, 1).

    >>> from math import exp
    >>> r = float(radii(np.array([0.5]), rate=0.01)[0])
    >>> round(r, 3), round(1 - (1 + 0.01 * r) * exp(-0.01 * r), 12)
    (167.835, 0.5)
    """
    # At the branch point, where p is 0 or rounds to it, SciPy gives NaN.
    return -(np.nan_to_num(np.real(lambertw((p - 1) / math.e, k=-1)), nan=-1.0) + 1) / rate


def plane(where: Floats) -> Floats:
    """Places in metres east and north in a plane that makes no distance longer, float64[p, 2].

    Except across the widest stretch of longitudes without a place, where the plane is cut.
    """
    shrink = math.cos(math.radians(float(np.abs(where[:, 0]).max(initial=0.0))))
    east = np.column_stack([unwrapped(where[:, 1]), where[:, 0]])
    return EARTH_RADIUS_M * np.radians(east) * np.array([shrink, 1.0])


def _cut_m(where: Floats) -> float:
    """The least distance on the ground of places at the two ends of the plane."""
    lon = unwrapped(where[:, 1])
    gap = math.radians(360 - float(lon.max() - lon.min()))
    return EARTH_RADIUS_M * math.cos(math.radians(float(np.abs(where[:, 0]).max()))) * min(gap, math.pi)
