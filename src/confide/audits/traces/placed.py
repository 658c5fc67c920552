"""Judgement of an adversary's beliefs about where people were, each against the true visit behind it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields

import numpy as np

from confide.attacks.reconstruction.traces.localisation import Located, met
from confide.audits.traces.meetings import Meetings, meetings
from confide.core.arrays import Floats, Ints
from confide.measure.distortion import expected_error, uncertainty

AT_ONCE = 4_000_000
"""Numbers of a belief that are held at once: 32 MB."""


@dataclass(frozen=True, slots=True, eq=False)
class Scored:
    """Expected error, chance given to the true region, and uncertainty in bits, each float64[k]."""

    error: Floats
    right: Floats
    bits: Floats

    @classmethod
    def of(cls, belief: Floats, region: Ints, distance: Floats) -> Scored:
        right = np.take_along_axis(belief, region[:, None], axis=1)[:, 0]
        return cls(expected_error(belief, region, distance), right, uncertainty(belief))

    @classmethod
    def sure(cls, path: Ints, region: Ints, distance: Floats) -> Scored:
        right = (path == region).astype(np.float64)
        return cls(distance[path, region], right, np.zeros(len(path)))

    @classmethod
    def joined(cls, parts: Sequence[Scored]) -> Scored:
        return cls(*(np.concatenate([getattr(p, f.name) for p in parts]) for f in fields(cls)))


@dataclass(frozen=True, slots=True, eq=False)
class Placed:
    """Each true visit, and how well the adversary places it, without the release and with it.

    A visit is judged by what is believed about the released visit that stands for it, and about no other.

    Args:
        person: int64[k], whose.
        habit, belief: what the adversary believes without the release, and with it.
        path: the likeliest path, which says one region for each visit.
        meetings: of any two people with visits in the same step.
    """

    person: Ints
    habit: Scored
    belief: Scored
    path: Scored
    meetings: Meetings


@dataclass(frozen=True, slots=True, eq=False)
class Visits:
    """Released visits: whose, at which step of their chain, and the true step of the clock and region."""

    person: Ints
    step: Ints
    slot: Ints
    region: Ints


def judged(found: Located, habit: Floats, visits: Visits, distance: Floats) -> Placed:
    """Judge all beliefs, some at once: a belief about every visit would not fit in memory.

    Args:
        found: what the adversary made of the release.
        habit: float64[U, R], what it believes without.
        visits: at least one.
        distance: float64[R, R].
    """
    order = np.lexsort((visits.person, visits.slot))
    person, step, slot, region = (getattr(visits, f.name)[order] for f in fields(Visits))
    usual = met(habit[:, None], habit)
    scored: list[tuple[Scored, Scored]] = []
    found_together: list[Meetings] = []
    for rows in _whole_slots(slot, max(AT_ONCE // len(distance), 1)):
        who, where = person[rows], region[rows]
        belief, path = found.at(who, step[rows])
        scored.append((Scored.of(belief, where, distance), Scored.sure(path, where, distance)))
        found_together.append(meetings(who, slot[rows], where, usual, belief))
    alone = Scored((habit @ distance)[person, region], habit[person, region], uncertainty(habit)[person])
    local, tracked = (Scored.joined(parts) for parts in zip(*scored, strict=True))
    return Placed(person, alone, local, tracked, Meetings.joined(found_together))


def _whole_slots(slot: Ints, rows: int) -> Iterator[slice]:
    """Stretches of about this number of rows, each slot in one of them; slots are rising."""
    ends = np.flatnonzero(np.append(slot[1:] != slot[:-1], True)[: len(slot)]) + 1
    first = 0
    for end, following in zip(ends, [*ends[1:], None], strict=True):
        if following is None or following - first > rows:
            yield slice(first, end)
            first = end
