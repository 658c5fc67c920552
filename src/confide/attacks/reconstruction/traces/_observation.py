"""Observation model: how places look in a release, found by running the mechanism (Kerckhoffs' principle)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from confide.core.arrays import Array, Floats, Ints, Rng
from confide.core.nouns import Mechanism
from confide.knowledge.traces import owners
from confide.views.traces import Traces, metres

# A step at which a person shows nothing.
HIDDEN = -1
# More released places than this are mapped to the nearest region: the table of R x O chances must stay small.
MOST_SYMBOLS = 1_000
# Draws that count as missed where none was: no symbol may be quite impossible.
LEAST_MISSED = 1e-3
# Distances that are computed at once: 16 MB.
PAIRS = 2_000_000


@dataclass(frozen=True, slots=True, eq=False)
class Regions:
    """Map of p places onto the R most visited of them: every place belongs to the nearest region.

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
        """Symbol of each released place, int64[released.places], and the number of symbols.

        A few released places keep a symbol each; many are mapped to the nearest region.
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
    block = max(PAIRS // len(centres), 1)
    for first in range(0, len(points), block):
        found[first : first + block] = metres(points[first : first + block, None], centres).argmin(axis=1)
    return found


def shown_as(
    mechanism: Mechanism[Traces], traces: Traces, regions: Regions, *, draws: int = 2_000, rng: Rng
) -> Floats:
    """Probability that a visit to a region is shown as each symbol, by simulation: float64[R, O].

    `draws` made-up people each visit every region once, and go through the mechanism. A visit that it hides
    tells nothing, like a gap. Within a region visits spread over its places as real visits do. The
    probability that the draws have missed is about the share of symbols that came up once (Good and Turing).
    It is spread evenly over the symbols and never quite 0. Rows sum to 1.

    Args:
        mechanism: made the release.
        traces: where it is known how a region's visits spread, and when people move.
        regions: R of them.
        draws: made-up visits to each region; a probability is right to about 0.5 / sqrt(draws).
        rng: draws places, times and the mechanism's noise.
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
    # Good and Turing: the share of symbols seen once estimates the chance of those never seen.
    missed = ((table == 1).sum(axis=1, keepdims=True) + LEAST_MISSED) / count
    table += missed
    return table / table.sum(axis=1, keepdims=True)


def _within(traces: Traces, regions: Regions, whom: Ints, *, rng: Rng) -> Ints:
    """A place in each of these regions, in proportion to visits plus one half."""
    weight = np.bincount(traces.place, minlength=traces.places) + 0.5  # a place may have had no visits yet
    order = np.argsort(regions.of, kind="stable")
    up_to = np.concatenate([[0.0], np.cumsum(weight[order])])
    first = np.searchsorted(regions.of[order], np.arange(len(regions) + 1))
    low, high = up_to[first[whom]], up_to[first[whom + 1]]
    drawn = np.searchsorted(up_to, low + (high - low) * rng.random(len(whom)), side="right") - 1
    return order[np.clip(drawn, first[whom], first[whom + 1] - 1)]


def steps(person: Array, time: Ints, *, step: int, forget: int) -> Ints:
    """Step at which each visit falls, int64[k], counted from the person's first; visits in any order.

    A gap of more than `forget` steps is shortened to that many: by then a chain has forgotten where it was.

    >>> steps(np.array([0, 0, 0, 1]), np.array([7200, 0, 999_999, 50]), step=3600, forget=24).tolist()
    [2, 0, 26, 0]
    """
    slot = time // step
    order = np.lexsort((slot, person))
    whose, ahead = person[order], np.diff(slot[order], prepend=0)
    first = np.append(np.ones(min(len(whose), 1), np.bool_), whose[1:] != whose[:-1])
    along = np.cumsum(np.where(first, 0, np.minimum(ahead, forget)))
    # The cumulated sum runs over all people; each person starts at 0 again.
    along -= along[np.flatnonzero(first)][np.cumsum(first) - 1]
    found = np.empty(len(order), np.int64)
    found[order] = along
    return found


def laid_out(person: Array, at: Ints, what: Ints, *, people: int, length: int) -> Ints:
    """Table int64[people, length] of what each person shows at each step, `HIDDEN` where nothing.

    The first visit of a step is shown; steps beyond the table are left out.
    """
    table = np.full((people, length), HIDDEN)
    back = np.flatnonzero(at < length)[::-1]  # the last that is written stays
    table[person[back], at[back]] = what[back]
    return table


def sequences(traces: Traces, symbol: Ints, *, step: int, forget: int, longest: int) -> Ints:
    """Each person's visits as a sequence of symbols, step by step: int64[U, T], `HIDDEN` where there is none.

    Args:
        traces: of U people.
        symbol: int64[places], the symbol of each place.
        step: seconds.
        forget: longer gaps count as this many steps.
        longest: steps after this many are left out.
    """
    at = steps(traces.person, traces.time, step=step, forget=forget)
    length = min(int(at.max(initial=0)) + 1, longest)
    return laid_out(traces.person, at, symbol[traces.place], people=traces.people, length=length)
