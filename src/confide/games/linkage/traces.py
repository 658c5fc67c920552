"""Traces: whose movements are these? Two adversaries, one who knows points and one who knows the past."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from confide.core.arrays import Bools, Ints, Rng
from confide.core.errors import DataError
from confide.core.nouns import Case, Guess, Mechanism, World
from confide.games.linkage.claims import NOBODY, Linkage, pseudonyms
from confide.knowledge import traces as mobility
from confide.knowledge.traces import MobilityKnowledge
from confide.views.points import distinct, drawn
from confide.views.traces import Traces

TracesWorld = World[Traces, MobilityKnowledge, Traces, Ints]

NO_ROW = -2
"""In a secret: the person has fewer rows than others. Nobody claims it."""

WEEK = 7 * 86_400


class Traced(Linkage):
    """What the games on traces share: a person may have several rows (pseudonyms), and any of them is right.

    Secrets are int64[n, r], the rows of each target, filled up with `NO_ROW`; all `NOBODY` for those held
    out.
    """

    __slots__ = ()

    def hits(self, guess: Guess, secrets: Ints) -> Bools:
        """bool[n]: one of his rows is named; or, of a person who has none, any row is."""
        claim = np.full(len(secrets), NOBODY) if guess.value is None else guess.value
        held_out = (secrets == NOBODY).all(axis=1)
        return np.where(held_out, claim != NOBODY, (secrets == claim[:, None]).any(axis=1))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PointsKnown(Traced):
    """The adversary knows a few points of each target, true and exact; which trace is his?

    The points are drawn at random among the target's own. A fair coin holds half of the targets out of the
    release; of these he knows points just the same.

    Args:
        traces: everybody's, at the resolution at which they are to be released.
        mechanism: what protects them.
        points: so many distinct points he knows of each target.
        targets: so many people, of those who have enough points.
        released: what was published instead of the mechanism's output, the same people under the same codes.
    """

    traces: Traces
    mechanism: Mechanism[Traces]
    points: int = 4
    targets: int = 1_000
    released: Traces | None = None

    def deal(self, world: int, *, rng: Rng) -> TracesWorld:
        """Draw targets, coins and points; release everybody else."""
        whom, coins, which, within = rng.spawn(4)
        points = distinct(self.traces)
        enough = np.flatnonzero(points.counts() >= self.points)
        ids = _some(enough, self.targets, f"has {self.points} points", rng=whom)
        held_out = coins.random(len(ids)) < 0.5
        known = points.start[ids][:, None] + drawn(points.counts()[ids], self.points, rng=which)
        place, time = points.place[known.ravel()], points.time[known.ravel()]
        person = np.repeat(np.arange(len(ids)), self.points)
        told = Traces.of(person, time, place, people=len(ids), places=points.places, where=self.traces.where)
        view, secrets = _published(
            self.traces, self.mechanism, ids, held_out, released=self.released, rng=within
        )
        knowledge = MobilityKnowledge(mechanism=self.mechanism, points=self.points)
        return World(Case(view, knowledge, told), secrets, ~held_out, ids)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class EarlierKnown(Traced):
    """The adversary knows the targets' traces of an earlier period; the later period is released.

    Args:
        traces: everybody's, both periods, at the resolution at which they are to be released.
        mechanism: what protects the later period.
        share: the first share of the visits in time is the earlier period; None for every other week.
        least: a target has at least so many visits in each of the periods.
        targets: so many people, of those who have enough.
        released: what was published instead of the mechanism's output; of it only the later period is shown.
    """

    traces: Traces
    mechanism: Mechanism[Traces]
    share: float | None = 0.5
    least: int = 5
    targets: int = 500
    released: Traces | None = None

    def deal(self, world: int, *, rng: Rng) -> TracesWorld:
        """Cut the time in two, draw targets and coins, release the later part of everybody else."""
        whom, coins, within = rng.spawn(3)
        before = earlier(self.traces, self.share)
        first, later = self.traces.rows(before), self.traces.rows(~before)
        published = None
        if self.released is not None:
            opens = int(later.time.min(initial=self.traces.time.max(initial=0)))
            published = self.released.rows(self._after(self.released, opens))
        enough = self.able()
        ids = _some(enough, self.targets, f"has {self.least} visits in both periods", rng=whom)
        held_out = coins.random(len(ids)) < 0.5
        view, secrets = _published(later, self.mechanism, ids, held_out, released=published, rng=within)
        past = first.take(ids)
        return World(
            Case(view, MobilityKnowledge(mechanism=self.mechanism, earlier=past), past),
            secrets,
            ~held_out,
            ids,
        )

    def able(self) -> Ints:
        """The people with enough visits in both periods, int64[m]."""
        before = earlier(self.traces, self.share)
        counts = [self.traces.rows(part).counts() for part in (before, ~before)]
        return np.flatnonzero(np.minimum(*counts) >= self.least)

    def _after(self, traces: Traces, opens: int) -> Bools:
        """Which visits fall into the later period?"""
        return ~earlier(traces, None) if self.share is None else traces.time >= opens


def earlier(traces: Traces, share: float | None) -> Bools:
    """Which visits fall into the earlier period, bool[k]: the first share in time, or every other week."""
    if share is None:
        return traces.time // WEEK % 2 == 0
    return traces.time < np.quantile(traces.time, share)


def _some(enough: Ints, targets: int, what: str, *, rng: Rng) -> Ints:
    """At most so many of these people, in random order."""
    if len(enough) < 2:
        who = "only one person" if len(enough) else "nobody"
        raise DataError(f"{who} {what}: ask for fewer, give more records, or a coarser resolution.")
    return rng.permutation(enough)[:targets]


def _published(
    traces: Traces,
    mechanism: Mechanism[Traces],
    ids: Ints,
    held_out: Bools,
    *,
    released: Traces | None,
    rng: Rng,
) -> tuple[Traces, Ints]:
    """The release of all but those held out, under random numbers; and each target's rows in it."""
    noise, numbers = rng.spawn(2)
    inside = np.ones(traces.people, np.bool_)
    inside[ids[held_out]] = False
    inside &= traces.counts() > 0  # who has no visits has no row
    people = np.flatnonzero(inside)
    rest = traces.take(people)
    if released is None:
        view, owner = mechanism(rest, rng=noise).view, people[mobility.owners(mechanism, rest)]
    else:
        view, owner = released.take(people), people
    order, _ = pseudonyms(view.people, np.empty(0, np.int64), rng=numbers)
    return view.take(order), _rows_of(owner[order], ids)


def _rows_of(owner: Ints, ids: Ints) -> Ints:
    """The rows of each target, int64[n, r], given the person behind each row."""
    place = np.full(int(max(owner.max(initial=0), ids.max(initial=0))) + 1, -1)
    place[ids] = np.arange(len(ids))
    rows = np.flatnonzero(place[owner] >= 0)
    target = place[owner[rows]]
    order = np.argsort(target, kind="stable")
    rows, target = rows[order], target[order]
    count = np.bincount(target, minlength=len(ids))
    within = np.arange(len(rows)) - np.repeat(np.cumsum(count) - count, count)
    secrets = np.full((len(ids), max(int(count.max(initial=0)), 1)), NO_ROW)
    secrets[target, within] = rows
    secrets[count == 0] = NOBODY
    return secrets
