"""Observation model: how places look in a release, found by running the mechanism (Kerckhoffs' principle)."""

from __future__ import annotations

from dataclasses import dataclass, replace

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
        """The R most visited places; all places, where there are no more than that."""
        if traces.places <= regions:
            every = np.arange(traces.places)
            return cls(every, every, traces.where)
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

    def symbols(self, released: Traces) -> tuple[Ints, Floats | None]:
        """Symbol of each released place, int64[released.places], and where the O symbols are, float64[O, 2].

        A few released places keep a symbol each; many are mapped to the nearest region.
        """
        if released.places <= max(MOST_SYMBOLS, len(self)):
            return np.arange(released.places), released.where
        if released.where is None or self.where is None:
            return self.of if released.places == len(self.of) else np.arange(
                released.places
            ) % MOST_SYMBOLS, None
        return nearest(released.where, self.where), self.where

    def distances(self) -> Floats:
        """Metres between regions, float64[R, R]; without coordinates 0 for the same and 1 for another."""
        return 1.0 - np.eye(len(self)) if self.where is None else between(self.where, self.where)


def between(points: Floats, others: Floats) -> Floats:
    """Metres between points, float64[p, q], in blocks of 16 MB."""
    found = np.empty((len(points), len(others)))
    block = max(PAIRS // max(len(others), 1), 1)
    for first in range(0, len(points), block):
        found[first : first + block] = metres(points[first : first + block, None], others)
    return found


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
    It is spread over the symbols, the near ones first, and never quite 0. Rows sum to 1.

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
    symbol, where = regions.symbols(view)
    count = int(symbol.max(initial=-1)) + 1 if where is None else len(where)
    region = whom[owners(mechanism, trial)[view.person]]
    shown = np.bincount(region * count + symbol[view.place], minlength=len(regions) * count)
    table = shown.reshape(len(regions), count).astype(np.float64)
    # Good and Turing: the number of symbols seen once estimates the draws that would show a new one.
    missed = (table == 1).sum(axis=1)
    for row in np.flatnonzero(missed).tolist():
        table[row] += missed[row] * _around(table[row], regions, row, where)
    table += LEAST_MISSED / max(count, 1)
    return table / table.sum(axis=1, keepdims=True)


def _around(shown: Floats, regions: Regions, row: int, where: Floats | None) -> Floats:
    """Weights of symbols for what was missed, which sum to 1: they fall with the distance, as moves do."""
    if regions.where is None or where is None:
        return np.full(len(shown), 1 / len(shown))
    away = metres(regions.where[row], where)
    weight = np.exp(-away / max(float(shown @ away / shown.sum()), 1.0))
    return weight / weight.sum()


def _within(traces: Traces, regions: Regions, whom: Ints, *, rng: Rng) -> Ints:
    """A place in each of these regions, in proportion to visits plus one half."""
    weight = np.bincount(traces.place, minlength=traces.places) + 0.5  # a place may have had no visits yet
    order = np.argsort(regions.of, kind="stable")
    up_to = np.concatenate([[0.0], np.cumsum(weight[order])])
    first = np.searchsorted(regions.of[order], np.arange(len(regions) + 1))
    low, high = up_to[first[whom]], up_to[first[whom + 1]]
    drawn = np.searchsorted(up_to, low + (high - low) * rng.random(len(whom)), side="right") - 1
    return order[np.clip(drawn, first[whom], first[whom + 1] - 1)]


def steps(person: Array, time: Ints, symbol: Array, *, step: int, forget: int) -> Ints:
    """Step at which each visit falls, int64[k], counted from the person's first; visits in any order.

    No two visits of a person share a step. Those within one length of a step follow each other by time, and
    those at one time by symbol, since nothing tells which of them came first. A gap of more than `forget`
    steps is shortened to that many: by then a chain has forgotten where it was.

    >>> person, time = np.array([0, 0, 0, 1, 0]), np.array([7200, 0, 999_999, 50, 60])
    >>> steps(person, time, np.array([5, 5, 5, 5, 5]), step=3600, forget=24).tolist()
    [3, 0, 27, 0, 1]
    """
    order = np.lexsort((symbol, time, person))
    whose, ahead = person[order], np.diff(time[order] // step, prepend=0)
    first = np.append(np.ones(min(len(whose), 1), np.bool_), whose[1:] != whose[:-1])
    along = np.cumsum(np.where(first, 0, np.clip(ahead, 1, forget)))
    # The cumulated sum runs over all people; each person starts at 0 again.
    along -= along[np.flatnonzero(first)][np.cumsum(first) - 1]
    found = np.empty(len(order), np.int64)
    found[order] = along
    return found


def laid_out(person: Array, at: Ints, what: Ints, *, people: int, length: int) -> Ints:
    """Table int64[people, length] of what each person shows at each step, `HIDDEN` where nothing.

    Steps beyond the table are left out.
    """
    table = np.full((people, length), HIDDEN)
    within = at < length
    table[person[within], at[within]] = what[within]
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
    shown = symbol[traces.place]
    at = steps(traces.person, traces.time, shown, step=step, forget=forget)
    length = min(int(at.max(initial=0)) + 1, longest)
    return laid_out(traces.person, at, shown, people=traces.people, length=length)


def on_its_clock(mechanism: Mechanism[Traces], visits: Traces, *, rng: Rng) -> Traces:
    """Visits at their places, at the times that the mechanism would show, where it shows them one for one."""
    shown = mechanism(visits, rng=rng).view
    return replace(visits, time=shown.time) if len(shown) == len(visits) else visits
