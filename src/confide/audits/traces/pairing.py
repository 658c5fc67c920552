"""Visit-for-visit matching of a release of traces with the true visits behind it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import linear_sum_assignment

from confide.core.arrays import Array, Floats, Ints, Rng
from confide.games.linkage.traces import TracesSource, TracesWorld
from confide.views.traces import Traces

NONE = -1
"""A released visit that stands for no true visit."""
SWEEPS = 30
"""Rounds of exchanges between visits at one time: each meets about this number of others."""


@dataclass(frozen=True, slots=True, eq=False)
class Shown:
    """The released visits of some people, and the true visit behind each of them.

    Args:
        person: int64[k], a place among the chosen people.
        time, place: int64[k], when and where, as released.
        true: int64[k], the position of the true visit among `truth`; `NONE` where there is none.
        truth: the chosen people's true visits.
    """

    person: Ints
    time: Ints
    place: Ints
    true: Ints
    truth: Traces


def shown_visits(later: Traces, world: TracesWorld, chosen: Ints) -> Shown:
    """The released visits of these people; the visits behind them, where the mechanism moved each by itself.

    Where the release was made before, its visits are in no known order, and all of `true` is `NONE`.

    Args:
        later: everybody's true visits of the released period.
        world: of the game of an earlier period.
        chosen: the people, each in the release.
    """
    source: TracesSource = world.source
    back = source.in_order(world.case.view)
    owner = np.empty(len(source.order), np.int64)
    owner[source.order] = source.owner
    among = np.full(later.people, NONE)
    among[chosen] = np.arange(len(chosen))
    person = among[owner[back.person]]
    mine = np.flatnonzero(person >= 0)
    one_for_one = source.true and len(back) == len(source.traces)
    truth = source.traces.rows(mine) if one_for_one else later.take(chosen)
    true = np.arange(len(mine)) if one_for_one else np.full(len(mine), NONE)
    return Shown(person[mine], back.time[mine], back.place[mine].astype(np.int64), true, truth)


def matched(shown: Shown, when: Ints, region: Ints, symbol: Ints, shows: Floats, *, rng: Rng) -> Ints:
    """The true visit behind each released one, drawn from what is likely: int64[k], `NONE` for none.

    The visits of one person at one released time may have been put in any order. Each order is as likely as
    the product of the chances that its true visits are shown as the released ones. It starts at the likeliest
    order. Then pairs of visits exchange what is behind them, each with the probability that it is so (Gibbs
    sampling). The likeliest order alone would make the adversary look better than it is.

    Args:
        shown: the released visits of some people.
        when: int64[len(truth)], the time at which each true visit is released.
        region: int64[len(truth)], where each true visit was.
        symbol: int64[k], what each released visit shows.
        shows: float64[R, O], the probability that a visit to a region is shown as each symbol.
        rng: draws the orders.
    """
    group = _groups(shown.person, shown.time, shown.truth.person, when)
    mine, theirs = group[: len(shown.person)], group[len(shown.person) :]
    true = np.full(len(mine), NONE)
    released, known = (np.argsort(part, kind="stable") for part in (mine, theirs))
    starts = [
        np.searchsorted(part, np.arange(group.max(initial=-1) + 2))
        for part in (np.sort(mine), np.sort(theirs))
    ]
    for a, b, c, d in zip(starts[0][:-1], starts[0][1:], starts[1][:-1], starts[1][1:], strict=True):
        rows, candidates = released[a:b], known[c:d]
        chance = np.log(shows[region[candidates]][:, symbol[rows]])
        at, to = linear_sum_assignment(chance, maximize=True)
        true[rows[to]] = candidates[at]
    return _exchanged(true, mine, region, symbol, shows, rng=rng)


def _groups(person: Array, time: Ints, other: Array, when: Ints) -> Ints:
    """A number for each person and time, of released visits and then of true ones."""
    pairs = np.stack([np.concatenate([person, other]), np.concatenate([time, when])])
    return np.unique(pairs, axis=1, return_inverse=True)[1].reshape(-1)


def _exchanged(true: Ints, group: Ints, region: Ints, symbol: Ints, shows: Floats, *, rng: Rng) -> Ints:
    """Exchange what is behind visits of one group, each pair with the chance that it belongs so."""
    paired = np.flatnonzero(true != NONE)
    for _ in range(SWEEPS):
        order = paired[np.lexsort((rng.random(len(paired)), group[paired]))]
        # Neighbours, from a random one of the two ways to pair them up.
        first = int(rng.integers(2))
        one, other = order[first:-1:2], order[first + 1 :: 2]
        same = group[one] == group[other]
        one, other = one[same], other[same]
        a, b = region[true[one]], region[true[other]]
        stays = shows[a, symbol[one]] * shows[b, symbol[other]]
        goes = shows[b, symbol[one]] * shows[a, symbol[other]]
        swap = rng.random(len(one)) * (stays + goes) < goes
        true[one[swap]], true[other[swap]] = true[other[swap]], true[one[swap]]
    return true
