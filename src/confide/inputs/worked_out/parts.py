"""By which rule traces were cut into parts under several ids."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from confide.core.arrays import Bools, Ints
from confide.core.language import t
from confide.inputs.clocks import span_text
from confide.inputs.worked_out.making import SAME, Step

USUAL = tuple(h * 3_600 for h in (24, 168, 12, 48, 72, 336, 6, 8, 4, 3, 2, 1))
"""Usual lengths of parts in seconds."""
LONGEST_MIN = 40_320
ALL_BUT = 0.999
"""A usual length that explains this share needs no rival."""
CLOCKS = sorted(range(-12, 15), key=abs)
MOST = 3_000
"""Neighbouring visits that are looked at for unusual lengths."""


def parts_of(who: Ints, row: Ints, time: Ints) -> tuple[Step | None, str | None]:
    """The length of the parts, or why none was found; neither where each person has one id.

    Args:
        who: int64[k], the person of each released visit.
        row: int64[k], the id under which it is released.
        time: int64[k], when it was.
    """
    order = np.lexsort((time, who))
    who, row, time = who[order], row[order], time[order]
    same = who[1:] == who[:-1]
    one, other, together = time[:-1][same], time[1:][same], (row[1:] == row[:-1])[same]
    if together.all():
        return None, None
    best, found = max((_agrees(one, other, together, *c), c) for c in _candidates(one, other, together))
    if best >= SAME:
        seconds, ahead = found
        clock = f",{span_text(ahead)}" if ahead else ""
        sentence = t(
            "Traces were cut each {span}, and each part has an id of its own.", span=span_text(seconds)
        )
        return Step(f"split:{span_text(seconds)}{clock}", sentence), None
    return None, t("people have several ids in the release, and no rule says which visits go together")


def _agrees(one: Ints, other: Ints, together: Bools, seconds: int, ahead: int) -> float:
    """How well the parts explain the ids: the lesser of two shares of neighbouring visits.

    Of those with two ids, how many are in two parts; and of those in two parts, how many have two ids.
    """
    apart = (one + ahead) // seconds != (other + ahead) // seconds
    both = int((apart & ~together).sum())
    return both / max(int(apart.sum()), int((~together).sum()), 1)


def _candidates(one: Ints, other: Ints, together: Bools) -> Iterator[tuple[int, int]]:
    for seconds in USUAL:
        yield seconds, 0
        if _agrees(one, other, together, seconds, 0) >= ALL_BUT:
            return
    yield from ((seconds, 3_600 * hours) for seconds in (86_400, 604_800) for hours in CLOCKS if hours)
    # Few visits rule out most lengths; those that are left are tried on all.
    part = np.unique(np.concatenate([np.flatnonzero(~together)[:MOST], np.flatnonzero(together)[:MOST]]))
    some = one[part], other[part], together[part]
    for minutes in range(1, LONGEST_MIN + 1):
        if _agrees(*some, 60 * minutes, 0) >= SAME:
            yield 60 * minutes, 0
