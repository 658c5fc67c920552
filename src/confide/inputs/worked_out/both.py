"""The visits of the people who are on both sides, under codes by which they can be compared."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from scipy.spatial import KDTree

from confide.core.arrays import Floats, Ints
from confide.inputs.worked_out.places import Coarse
from confide.inputs.worked_out.times import Fit
from confide.mechanisms.randomize.planar_laplace import plane
from confide.views.traces import Traces

MOST = 60_000
"""Visits that are compared; whole people are left out beyond them."""
NEAR_M = 1.5
"""Metres between points that are the same: what written digits round."""
Cut: TypeAlias = Callable[[Ints], Ints]
"""How an original time is released."""


@dataclass(frozen=True, slots=True, eq=False)
class Both:
    """The visits of people who are on both sides; of many people, of some.

    Args:
        who, time, place: int64[k], of the original.
        owner, row, when, there: int64[m], of the release: the person, the id, the time and the place.
        exact, shown: all visits of both sides.
        owners: int64[ids], the person behind each id.
        named: whether places are known by their names, and not by their points.
    """

    who: Ints
    time: Ints
    place: Ints
    owner: Ints
    row: Ints
    when: Ints
    there: Ints
    exact: Traces
    shown: Traces
    owners: Ints
    named: bool

    @classmethod
    def of(cls, exact: Traces, shown: Traces, owners: Ints, *, named: bool) -> Both:
        whose = owners[shown.person]
        people = np.intersect1d(exact.person, whose)
        many = np.bincount(exact.person, minlength=exact.people)[people].cumsum()
        if len(people) and many[-1] > MOST:  # every so manieth person, whole
            people = people[:: -(-int(many[-1]) // MOST)]
        ours, theirs = np.isin(exact.person, people), np.isin(whose, people)
        return cls(
            exact.person[ours].astype(np.int64),
            exact.time[ours],
            exact.place[ours].astype(np.int64),
            whose[theirs],
            shown.person[theirs].astype(np.int64),
            shown.time[theirs],
            shown.place[theirs].astype(np.int64),
            exact,
            shown,
            owners,
            named,
        )

    def fit(self, cut: Cut | None, code: Codes | None = None) -> Fit:
        """How well rules explain the released visits, by the person, the time, and the code of the place.

        Args:
            cut: for times; None where they are not compared.
            code: of places; None where they are not compared.
        """
        ours, theirs = self.keys(cut, code)
        return Fit(float(np.isin(theirs, ours).mean()), float(np.isin(ours, theirs).mean()))

    def keys(self, cut: Cut | None, code: Codes | None = None) -> tuple[Ints, Ints]:
        """One number for each visit of either side: equal where person, time and place are."""
        ours, theirs = (self.time, self.when) if cut is None else (cut(self.time), self.when)
        if cut is None:
            ours, theirs = np.zeros_like(ours), np.zeros_like(theirs)
        times, at = np.unique(np.concatenate([ours, theirs]), return_inverse=True)
        key = np.concatenate([self.who, self.owner]) * len(times) + at
        if code is not None:
            key = key * code.many + np.concatenate([code.ours[self.place], code.theirs[self.there]])
        return key[: len(ours)], key[len(ours) :]


@dataclass(frozen=True, slots=True, eq=False)
class Codes:
    """Codes of places: equal where a rule takes the original place to the released one.

    Args:
        ours, theirs: int64[p], the code of each place as one of the original, or of the release.
        table: float64[t, 2], the points of the original places under the rule; their codes are 0..t-1.
    """

    ours: Ints
    theirs: Ints
    table: Floats

    @property
    def many(self) -> int:
        return 1 + int(max(self.ours.max(initial=0), self.theirs.max(initial=0)))

    @classmethod
    def of(cls, both: Both, coarse: Coarse) -> Codes:
        used, there = np.unique(both.exact.place), np.unique(both.shown.place)
        ours, theirs = np.zeros(both.exact.places, np.int64), np.zeros(both.exact.places, np.int64)
        where = both.exact.where
        if both.named or where is None:
            same = np.arange(both.exact.places)
            return cls(same, same, np.empty((0, 2)) if where is None else where)
        ours[used], theirs[there], ruled = same_points(coarse.points(where[used]), where[there])
        return cls(ours, theirs, ruled)


def same_points(ours: Floats, theirs: Floats) -> tuple[Ints, Ints, Floats]:
    """Codes of points, equal where two are one up to written digits, and the points of the first codes.

    Args:
        ours: float64[p, 2], latitudes and longitudes.
        theirs: float64[q, 2]; one that is near none of ours has a code of its own.
    """
    points, one = np.unique(ours, axis=0, return_inverse=True)
    flat = plane(np.concatenate([points, theirs]))
    away, nearest = KDTree(flat[: len(points)]).query(flat[len(points) :])
    own = len(points) + np.arange(len(theirs))
    return one.reshape(-1), np.where(np.asarray(away) <= NEAR_M, np.asarray(nearest), own), points
