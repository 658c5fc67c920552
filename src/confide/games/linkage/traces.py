"""Linkage of traces: which trace is this person's, for an adversary that knows points, or the past."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from confide.core.arrays import Bools, Ints, Rng
from confide.core.errors import DataError
from confide.core.nouns import Case, Guess, Mechanism, Outcome, World
from confide.games.linkage.claims import NOBODY, TAKEN_OUT, Linkage, pseudonyms
from confide.knowledge.traces import MobilityKnowledge, owners, pieces
from confide.views.points import distinct, drawn
from confide.views.traces import Traces, by_time_and_place

TracesWorld = World[Traces, MobilityKnowledge, Traces, Ints]

# In a secret: the person has fewer rows than others. It differs from NOBODY, so that no claim ever equals it.
NO_ROW = -2
"""In a secret: the person has fewer rows than others. No attack claims it."""

WEEK = 7 * 86_400
CLEAR = 0.5
"""At least this share of the later visits must be left once bins that both periods share are left out."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TracesSource:
    """What the mechanism was given, and how the rows and visits of its output were put in another order.

    A mechanism may give one person several rows, and they must not stand together in the release. Several
    visits of one row may have one time, and nothing may tell which of them came first. So the release cannot
    be compared with the traces visit for visit, until it is put back in order.

    Args:
        traces: the mechanism's input: everybody whole, or the rows of what is published already.
        order: int64[rows], the row of the mechanism's output behind each row of the release.
        visit: int64[k], the visit of the mechanism's output behind each visit of the release.
        owner: int64[rows], the person behind each row of the release, by the code of the game's traces.
        true: `traces` are people's own visits, and not what is published already.
    """

    traces: Traces
    order: Ints
    visit: Ints
    owner: Ints
    true: bool = True

    def in_order(self, view: Traces) -> Traces:
        """The release as it left the mechanism: where no visit is lost, visit for visit as `traces`."""
        back = np.empty(len(self.visit), np.int64)
        back[self.visit] = np.arange(len(back))
        put = view.rows(back)
        return replace(put, person=self.order[put.person].astype(np.int32))


class Traced(Linkage):
    """Hits in the games on traces: a person may have several rows (pseudonyms), and each of them is right.

    Secrets are int64[n, r], the rows of each target, filled up with `NO_ROW`; all `NOBODY` for those held
    out.
    """

    __slots__ = ()

    def hits(self, guess: Guess, secrets: Ints) -> Bools:
        """bool[n]: is one of the person's rows named; or, for a person held out, any row at all?"""
        claim = np.full(len(secrets), NOBODY) if guess.value is None else guess.value
        held_out = (secrets == NOBODY).all(axis=1)
        return np.where(held_out, claim != NOBODY, (secrets == claim[:, None]).any(axis=1))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PointsKnown(Traced):
    """Linkage by points: the adversary knows a few points of each target, true and exact.

    The points are drawn at random among the target's own. A fair coin holds half of the targets out of the
    release. The adversary knows points of these too. Who has no visit in `released` is held out as well.

    Args:
        traces: everybody's, at the resolution at which they are to be released.
        mechanism: what protects them.
        points: the number of distinct points that are known of each target.
        targets: the number of targets, of the people who have enough points.
        released: what is published where that is already decided; the mechanism is then applied to it, and
            `made_by` says how places of `traces` are coded there, unless in the same way.
        owner: int64[rows], the person behind each row of `released`; None where row i is person i.
        made_by: how the release was made in all, as the adversary knows it; None where `mechanism` is all.
    """

    traces: Traces
    mechanism: Mechanism[Traces]
    points: int = 4
    targets: int = 1_000
    released: Traces | None = None
    owner: Ints | None = None
    made_by: Mechanism[Traces] | None = None

    @property
    def no_coin(self) -> str:
        """Why no coin counts: what was released already was made with everybody."""
        return "" if self.released is None else TAKEN_OUT

    def deal(self, world: int, *, rng: Rng) -> TracesWorld:
        """Draw targets, coins and points; release all other people."""
        whom, coins, which, within = rng.spawn(4)
        points = distinct(self.traces)
        enough = np.flatnonzero(points.counts() >= self.points)
        ids = _some(enough, self.targets, f"has {self.points} points", rng=whom)
        held_out = (coins.random(len(ids)) < 0.5) | _absent(ids, self.released, self.owner)
        # Positions of the drawn points of each target, in one table.
        known = points.start[ids][:, None] + drawn(points.counts()[ids], self.points, rng=which)
        place, time = points.place[known.ravel()], points.time[known.ravel()]
        person = np.repeat(np.arange(len(ids)), self.points)
        told = Traces.of(person, time, place, people=len(ids), places=points.places, where=self.traces.where)
        people = _inside(self.traces, ids[held_out])
        shown = _rows_to_show(self.traces, people, self.released, self.owner)
        true = self.released is None
        release, source = _published(*shown, self.mechanism, true=true, rng=within)
        secrets = _rows_of(source.owner, ids, held_out)
        knowledge = MobilityKnowledge(mechanism=self.made_by or self.mechanism, points=self.points)
        case = Case(release.view, knowledge, told)
        return World(case, secrets, ~held_out, ids, promise=release.budget, source=source)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class EarlierKnown(Traced):
    """Linkage by the past: the adversary knows the targets' earlier traces, and the later ones are released.

    Args:
        traces: everybody's, both periods, at the resolution at which they are to be released.
        mechanism: what protects the later period.
        share: the first share of the visits in time is the earlier period; None for every other week.
        least: the fewest visits that a target has in each of the periods.
        targets: the number of targets, of the people who have enough visits.
        released: what is published where that is already decided; the mechanism is then applied to its later
            period, and `made_by` says how places of `traces` are coded there, unless in the same way.
        owner: int64[rows], the person behind each row of `released`; None where row i is person i.
        made_by: how the release was made in all, as the adversary knows it; None where `mechanism` is all.
    """

    traces: Traces
    mechanism: Mechanism[Traces]
    share: float | None = 0.5
    least: int = 5
    targets: int = 500
    released: Traces | None = None
    owner: Ints | None = None
    made_by: Mechanism[Traces] | None = None

    @property
    def no_coin(self) -> str:
        """Why no coin counts: what was released already was made with everybody."""
        return "" if self.released is None else TAKEN_OUT

    def deal(self, world: int, *, rng: Rng) -> TracesWorld:
        """Divide the time in two, draw targets and coins, release the later part of all other people."""
        whom, coins, within = rng.spawn(3)
        before = earlier(self.traces, self.share)
        first, later = self.traces.rows(before), self.traces.rows(~before)
        published = None
        if self.released is not None:
            published = self.released.rows(self._after(first, later, self.released, rng=within))
        enough = self.able()
        ids = _some(enough, self.targets, f"has {self.least} visits in both periods", rng=whom)
        held_out = (coins.random(len(ids)) < 0.5) | _absent(ids, published, self.owner)
        people = _inside(later, ids[held_out])
        shown = _rows_to_show(later, people, published, self.owner)
        true = self.released is None
        release, source = _published(*shown, self.mechanism, true=true, rng=within)
        secrets = _rows_of(source.owner, ids, held_out)
        past = first.take(ids)
        knowledge = MobilityKnowledge(mechanism=self.made_by or self.mechanism, earlier=past)
        case = Case(release.view, knowledge, past)
        return World(case, secrets, ~held_out, ids, promise=release.budget, source=source)

    def able(self) -> Ints:
        """The people with enough visits in both periods, int64[m]."""
        before = earlier(self.traces, self.share)
        counts = [self.traces.rows(part).counts() for part in (before, ~before)]
        return np.flatnonzero(np.minimum(*counts) >= self.least)

    def _after(self, first: Traces, later: Traces, released: Traces, *, rng: Rng) -> Bools:
        """Which visits of a published release are in the later period?"""
        if self.share is None:
            return ~earlier(released, None)
        # A published release may have other times: its later period starts where the later visits do.
        before, after = (
            pieces(self.made_by or self.mechanism, part, release=released, rng=rng)[0].time
            for part in (first, later)
        )
        opens = int(after.min(initial=int(released.time.max(initial=0))))
        # A long bin may hold visits of both periods: the adversary would find again what it knows already.
        clear = released.time > int(before.max(initial=opens - 1))
        enough = clear.sum() >= CLEAR * (released.time >= opens).sum()
        return clear if enough else released.time >= opens


def earlier(traces: Traces, share: float | None) -> Bools:
    """Which visits are in the earlier period, bool[k]: the first share by time, or every other week."""
    if share is None:
        return traces.time // WEEK % 2 == 0
    return traces.time < np.quantile(traces.time, share)


def _some(enough: Ints, targets: int, what: str, *, rng: Rng) -> Ints:
    """At most `targets` of these people, in random order."""
    if len(enough) < 2:
        who = "only one person" if len(enough) else "nobody"
        raise DataError(f"{who} {what}: ask for fewer, give more records, or a coarser resolution.")
    return rng.permutation(enough)[:targets]


def _inside(traces: Traces, held_out: Ints) -> Ints:
    """The people who are in the release: all who have visits, but those held out."""
    inside = traces.counts() > 0
    inside[held_out] = False
    return np.flatnonzero(inside)


def _absent(ids: Ints, released: Traces | None, owner: Ints | None) -> Bools:
    """Which of these people have no visit in what is published already: every claim about them is false."""
    if released is None:
        return np.zeros(len(ids), np.bool_)
    rows = np.flatnonzero(released.counts() > 0)
    return ~np.isin(ids, rows if owner is None else owner[rows])


def _rows_to_show(
    traces: Traces, people: Ints, released: Traces | None, owner: Ints | None
) -> tuple[Traces, Ints]:
    """These people's traces, or their rows of what is published already; and the person behind each row."""
    if released is None:
        return traces.take(people), people
    owner = np.arange(released.people) if owner is None else owner
    rows = np.flatnonzero(np.isin(owner, people) & (released.counts() > 0))
    return released.take(rows), owner[rows]


def _published(
    given: Traces, owner: Ints, mechanism: Mechanism[Traces], *, true: bool, rng: Rng
) -> tuple[Outcome[Traces], TracesSource]:
    """The release of these rows, shuffled, and what it was made of; `true`: these are people's own visits."""
    noise, numbers = rng.spawn(2)
    release = mechanism(given, rng=noise)
    # A random numbering, even where the mechanism made its own numbers.
    order, _ = pseudonyms(release.view.people, np.empty(0, np.int64), rng=numbers)
    behind = owner[owners(mechanism, given)][order]
    shuffled, visit = by_time_and_place(release.view.take(order))
    number = np.empty(len(order), np.int64)
    number[order] = np.arange(len(order))
    # `take` keeps the visits of a row in order, and only moves the rows.
    visit = np.argsort(number[release.view.person], kind="stable")[visit]
    source = TracesSource(traces=given, order=order, visit=visit, owner=behind, true=true)
    return replace(release, view=shuffled), source


def _rows_of(owner: Ints, ids: Ints, held_out: Bools) -> Ints:
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
    secrets[held_out] = NOBODY  # others may have no rows either: a claim about them is wrong
    return secrets
