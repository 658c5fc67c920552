"""By which rule places were made coarse, and by which law they were moved."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from scipy.spatial import KDTree

from confide.core.arrays import Floats, Ints
from confide.core.language import t
from confide.inputs.worked_out.making import SAME, Step
from confide.mechanisms.anonymize.coarse_traces import METRES_PER_DEGREE, ROUNDED_M, CoarseTraces, cells
from confide.mechanisms.anonymize.gaussian_places import GaussianPlaces
from confide.mechanisms.anonymize.rounded_places import RoundedPlaces
from confide.mechanisms.randomize.planar_laplace import PlanarLaplace, plane
from confide.views.traces import metres as metres_between

DEGREES = (1.0, 0.5, 0.25, 0.2, 0.1, 0.05, 0.02, 0.01, 0.005, 0.002, 0.001, 5e-4, 2e-4, 1e-4)
"""Usual steps of rounded coordinates; a finer one hides nobody's house."""
FINEST_M = 20
"""Metres: smaller cells hide nobody's house."""
ON_STEP = 5e-6
"""Degrees that a coordinate may be off a multiple of the step."""
ALL_BUT = 0.99
"""This share of places must lie on a lattice: one odd row must not hide it."""
FEWEST, MOST = 60, 10_000
"""From fewer moved visits no law of noise can be recognised, and more than these are not looked at."""
MISFIT = 0.12
"""The largest distance of Kolmogorov and Smirnov at which a law counts as the right one, besides chance."""
WITHIN = 200
"""Metres that a promise of planar noise is written for; only the level divided by them counts."""
SIDES = (100.0, 200.0, 250.0, 500.0, 1_000.0, 2_000.0)
"""Usual sides of cells in metres, on which places may have been put before they were made coarser still."""
Rule = CoarseTraces | RoundedPlaces
"""A rule for places; it makes places from the table alone."""


@dataclass(frozen=True, slots=True)
class Coarse:
    """Rules for places, one after the other, as --made-by writes them.

    Args:
        rules: none where places were left as they were.
        steps: the same in words.
    """

    rules: tuple[Rule, ...] = ()
    steps: tuple[Step, ...] = ()

    def points(self, where: Floats) -> Floats:
        """Where each place stands after the rules, float64[p, 2]."""
        for rule in self.rules:
            if isinstance(rule, RoundedPlaces):
                where = rule.rounded(where)
            elif rule.metres is not None:
                cell, middle = cells(where, metres=rule.metres)
                where = middle[cell]
        return where

    def after(self, side: float) -> Coarse:
        """The same rules after cells of this side, in metres."""
        first = _cells(side)
        return Coarse((*first.rules, *self.rules), (*first.steps, *self.steps))


AS_THEY_WERE = Coarse()


def rules(shown: Floats) -> list[Coarse]:
    """The rules on whose lattice the released points lie, float64[p, 2] in degrees; the coarsest first."""
    found: list[Coarse] = []
    for step in DEGREES:
        if np.mean(np.abs(shown - np.rint(shown / step) * step).max(axis=1) <= ON_STEP) >= ALL_BUT:
            near = t("Latitudes and longitudes were rounded to {step:g} degrees.", step=step)
            down = t("Latitudes and longitudes were rounded to {step:g} degrees, down.", step=step)
            zero = t("Latitudes and longitudes were rounded to {step:g} degrees, towards 0.", step=step)
            for rule, text, said in (
                (RoundedPlaces(step=step), "", near),
                (RoundedPlaces(step=step, how="down"), ",down", down),
                (RoundedPlaces(step=step, how="zero"), ",zero", zero),
            ):
                found.append(Coarse((rule,), (Step(f"degrees:{step:g}{text}", said),)))
            break  # finer steps hold the same points
    side = _side(shown)
    return found if side is None else [_cells(side), *found]


def _cells(side: float) -> Coarse:
    text = f"{side / 1000:g}km" if side >= 1_000 and side % 100 == 0 else f"{side:g}m"
    step = Step(f"cell:{text}", t("Places became the middle of cells of {side}.", side=text))
    return Coarse((CoarseTraces(metres=side),), (step,))


def width(coarse: Coarse) -> float:
    """How wide the last rule makes places, in metres."""
    last = coarse.rules[-1] if coarse.rules else None
    if isinstance(last, RoundedPlaces):
        return last.step * METRES_PER_DEGREE
    return 0.0 if last is None or last.metres is None else last.metres


def _side(shown: Floats) -> float | None:
    """The side in metres of the cells in whose middle the points are; None where there are none."""
    bands = np.unique(np.round(shown[:, 0] * METRES_PER_DEGREE, 1))
    gaps = np.diff(bands)
    gaps = gaps[gaps > FINEST_M]
    if not len(gaps):
        return None
    # The smallest gap, or a usual part of it where neighbouring bands are empty.
    for parts in (1, 2, 3):
        side = float(np.quantile(gaps, 0.05)) / parts
        for _ in range(3):
            number = np.rint(bands / side - 0.5) + 0.5
            side = float((bands * number).sum() / (number**2).sum())
        for digits in (1, 2, 3, 4):
            rounded = float(f"{side:.{digits}g}")
            cell, middle = cells(shown, metres=rounded)
            if np.mean(metres_between(shown, middle[cell]) <= ROUNDED_M) >= ALL_BUT:
                return rounded
    return None


@dataclass(frozen=True, slots=True, eq=False)
class Moves:
    """Visits before and after they were moved, pair by pair.

    Args:
        place: int64[v], the place of each visit before, by the table `where`.
        after: float64[v, 2], where the release has it, in degrees.
        where: float64[p, 2], the places before, after any rule.
        on_table: whether the released points are all among `where`.
    """

    place: Ints
    after: Floats
    where: Floats
    on_table: bool

    @property
    def metres(self) -> Floats:
        """By how many metres each visit was moved, in whole ones: written digits add a part of one."""
        return np.rint(metres_between(self.where[self.place], self.after))

    def some(self) -> Moves:
        """At most as many moves as tell the law."""
        part = slice(None, None, max(1, len(self.place) // MOST))
        return replace(self, place=self.place[part], after=self.after[part])


def law_of(moves: Moves) -> Step | None:
    """Planar Laplace or Gaussian noise, if one moves visits as far as they were moved."""
    moves = moves.some()
    seen = np.sort(moves.metres)
    if len(seen) < FEWEST or np.mean(seen <= ROUNDED_M) >= SAME:
        return None
    candidates: tuple[tuple[str, Callable[[float], PlanarLaplace | GaussianPlaces]], ...] = (
        ("planar", lambda mean: PlanarLaplace(level=2 * WITHIN / mean, within_m=WITHIN, noise="rehearsal")),
        ("gauss", lambda mean: GaussianPlaces(sigma_m=mean / np.sqrt(np.pi / 2), noise="rehearsal")),
    )
    found: list[tuple[float, str, float]] = []
    for name, made in candidates:
        mean = _mean(moves, made, float(seen.mean()))
        found.append((_apart(seen, np.sort(_simulated(moves, made(mean)))), name, mean))
    apart, name, mean = min(found)
    if apart > MISFIT + 1.36 / np.sqrt(len(seen)):
        return None
    if name == "planar":
        level = f"{2 * WITHIN / mean:.3g}"
        said = t(
            "Visits were moved by planar Laplace noise, by {mean:,.0f} m on average{then}.",
            mean=mean,
            then=_snapped(moves),
        )
        return Step(f"planar:{WITHIN}m,{level}", said)
    sigma = max(round(mean / np.sqrt(np.pi / 2)), 1)
    said = t(
        "Visits were moved by Gaussian noise of {sigma:,} m to the east and to the north{then}.",
        sigma=sigma,
        then=_snapped(moves),
    )
    return Step(f"gauss:{sigma}m", said)


def _snapped(moves: Moves) -> str:
    return t(", and then to the nearest place") if moves.on_table else ""


def _mean(moves: Moves, made: Callable[[float], PlanarLaplace | GaussianPlaces], seen: float) -> float:
    """The mean of the noise with which visits move as far, on average, as they were seen to move."""
    if not moves.on_table:
        return seen
    low, high = np.log(seen / 50), np.log(seen * 50)
    for _ in range(20):  # the mean move rises with the noise: each round halves the interval
        middle = (low + high) / 2
        far = float(_simulated(moves, made(float(np.exp(middle)))).mean()) > seen
        low, high = (low, middle) if far else (middle, high)
    return float(np.exp((low + high) / 2))


def _simulated(moves: Moves, mechanism: PlanarLaplace | GaussianPlaces) -> Floats:
    """By how much the mechanism moves these visits, in metres; always by the same draws."""
    drawn = mechanism.moves(len(moves.place), rng=np.random.default_rng(0))
    if not moves.on_table:
        return np.rint(np.hypot(drawn[:, 0], drawn[:, 1]))
    flat = plane(moves.where)
    nearest = np.asarray(KDTree(flat).query(flat[moves.place] + drawn)[1])
    return np.rint(metres_between(moves.where[moves.place], moves.where[nearest]))


def _apart(one: Floats, other: Floats) -> float:
    """The distance of Kolmogorov and Smirnov between two sorted samples."""
    both = np.concatenate([one, other])
    shares = [np.searchsorted(x, both, side="right") / len(x) for x in (one, other)]
    return float(np.abs(shares[0] - shares[1]).max())
