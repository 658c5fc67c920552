"""How places look in a release: the observation model, read off the mechanism itself (Kerckhoffs' rule)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from confide.core.arrays import Array, Floats, Ints, Rng
from confide.core.nouns import Mechanism
from confide.knowledge.traces import owners
from confide.views.traces import Traces, metres

HIDDEN = -1
MOST_SYMBOLS = 1_000
LEAST_MISSED = 1e-3
"""Draws that are taken to have been missed where none was."""


@dataclass(frozen=True, slots=True, eq=False)
class Regions:
    """A map of p places onto the R most visited of them: every place belongs to the nearest.

    Args:
        place: int64[R], the place that each region is named after.
        of: int64[p], the region of each place.
        where: float64[R, 2], latitude and longitude in degrees; None where not known. Then every place that
            is no region's own belongs to the last region.
    """

    place: Ints
    of: Ints
    where: Floats | None

    @classmethod
    def most_visited(cls, traces: Traces, regions: int) -> Regions:
        """The R most visited places."""
        count = np.bincount(traces.place, minlength=traces.places)
        chosen = np.argsort(-count, kind="stable")[: min(regions, max(int((count > 0).sum()), 1))]
        chosen = np.sort(chosen)
        if traces.where is not None:
            return cls(chosen, nearest(traces.where, traces.where[chosen]), traces.where[chosen])
        of = np.full(traces.places, len(chosen) - 1)
        of[chosen] = np.arange(len(chosen))
        return cls(chosen, of, None)

    def __len__(self) -> int:
        return len(self.place)

    def symbols(self, released: Traces) -> tuple[Ints, int]:
        """What each released place tells, int64[released.places], and how many such symbols there are.

        A few released places are told apart; many are put to the nearest region.
        """
        if released.places <= MOST_SYMBOLS:
            return np.arange(released.places), released.places
        if released.where is None or self.where is None:
            of = self.of if released.places == len(self.of) else np.arange(released.places) % MOST_SYMBOLS
            return of, int(of.max()) + 1
        return nearest(released.where, self.where), len(self)

    def distances(self) -> Floats:
        """Metres between regions, float64[R, R]; without coordinates 0 for the same and 1 for another."""
        if self.where is None:
            return 1.0 - np.eye(len(self))
        return metres(self.where[:, None], self.where[None])


def nearest(points: Floats, centres: Floats) -> Ints:
    """The nearest centre of each point, int64[p]; both float64[., 2] in degrees, in blocks of 16 MB."""
    found = np.empty(len(points), np.int64)
    block = max(2_000_000 // len(centres), 1)
    for first in range(0, len(points), block):
        found[first : first + block] = metres(points[first : first + block, None], centres).argmin(axis=1)
    return found


def shown_as(
    mechanism: Mechanism[Traces], traces: Traces, regions: Regions, *, draws: int = 2_000, rng: Rng
) -> Floats:
    """The chance that a visit to a region shows as each symbol, by trying it: float64[R, O].

    `draws` made-up people each pay one visit to each region, and are put through the mechanism; a visit that
    it hides tells nothing, as a gap does. Each region spreads over its places as visits do. What the draws
    have missed is about the share of them that came up once (Good and Turing), spread evenly over the symbols
    and never quite nothing; rows sum to 1.

    Args:
        traces: where it is known how a region's visits spread, and when people move.
        draws: made-up visits to each region; a chance is right to about 0.5 / sqrt(draws).
    """
    choosing, timing, noise = rng.spawn(3)
    whom = np.tile(np.arange(len(regions)), draws)
    place = _within(traces, regions, whom, rng=choosing)
    time = timing.choice(traces.time, len(whom))
    trial = Traces.of(
        np.arange(len(whom)), time, place, people=len(whom), places=traces.places, where=traces.where
    )
    view = mechanism(trial, rng=noise).view
    symbol, count = regions.symbols(view)
    region = whom[owners(mechanism, trial)[view.person]]
    shown = np.bincount(region * count + symbol[view.place], minlength=len(regions) * count)
    table = shown.reshape(len(regions), count).astype(np.float64)
    missed = ((table == 1).sum(axis=1, keepdims=True) + LEAST_MISSED) / count
    table += missed
    return table / table.sum(axis=1, keepdims=True)


def _within(traces: Traces, regions: Regions, whom: Ints, *, rng: Rng) -> Ints:
    """A place in each of these regions, in proportion to visits and half a one."""
    weight = np.bincount(traces.place, minlength=traces.places) + 0.5  # nobody may have been there yet
    order = np.argsort(regions.of, kind="stable")
    up_to = np.concatenate([[0.0], np.cumsum(weight[order])])
    first = np.searchsorted(regions.of[order], np.arange(len(regions) + 1))
    low, high = up_to[first[whom]], up_to[first[whom + 1]]
    drawn = np.searchsorted(up_to, low + (high - low) * rng.random(len(whom)), side="right") - 1
    return order[np.clip(drawn, first[whom], first[whom + 1] - 1)]


def steps(person: Array, time: Ints, *, step: int, forget: int) -> Ints:
    """The step at which each visit falls, int64[k], counted from the person's first; visits in any order.

    A gap of more than `forget` steps is shortened to so many: by then a chain has forgotten where it was.

    >>> steps(np.array([0, 0, 0, 1]), np.array([7200, 0, 999_999, 50]), step=3600, forget=24).tolist()
    [2, 0, 26, 0]
    """
    slot = time // step
    order = np.lexsort((slot, person))
    whose, ahead = person[order], np.diff(slot[order], prepend=0)
    first = np.append(np.ones(min(len(whose), 1), np.bool_), whose[1:] != whose[:-1])
    along = np.cumsum(np.where(first, 0, np.minimum(ahead, forget)))
    along -= along[np.flatnonzero(first)][np.cumsum(first) - 1]
    found = np.empty(len(order), np.int64)
    found[order] = along
    return found


def laid_out(person: Array, at: Ints, what: Ints, *, people: int, length: int) -> Ints:
    """A table int64[people, length] of what each person shows at each step, `HIDDEN` where nothing.

    The first visit of a step is the one shown; steps beyond the table are left out.
    """
    table = np.full((people, length), HIDDEN)
    back = np.flatnonzero(at < length)[::-1]  # the last that is written stays
    table[person[back], at[back]] = what[back]
    return table


def sequences(traces: Traces, symbol: Ints, *, step: int, forget: int, longest: int) -> Ints:
    """Each person's visits as a sequence of symbols, step by step: int64[U, T], `HIDDEN` where there is none.

    Args:
        symbol: int64[places], what each place is called.
        step: seconds.
        forget: longer gaps count as so many steps.
        longest: steps after these are left out.
    """
    at = steps(traces.person, traces.time, step=step, forget=forget)
    length = min(int(at.max(initial=0)) + 1, longest)
    return laid_out(traces.person, at, symbol[traces.place], people=traces.people, length=length)
