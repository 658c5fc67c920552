"""The bounds on epsilon of two releases side by side."""

from __future__ import annotations

from confide.report.compare import words
from confide.report.compare.page_types import EpsilonRecord
from confide.report.compare.reading import Pair, Remeasured, by_attack
from confide.report.redaction import Redaction

CONFIDENCE = 0.95
"""With which both bounds hold together."""
USUAL_DELTA = 1e-5


def common_delta(pair: Pair) -> float:
    """The delta at which both releases can be bounded: the larger one, at which either promise holds too."""
    found = [b["delta"] for side in pair.sides for f in side.findings for b in f["epsilons"]]
    return max(found, default=USUAL_DELTA)


def epsilon_record(
    pair: Pair, again: tuple[Remeasured, Remeasured] | None, *, delta: float, redaction: Redaction
) -> EpsilonRecord | None:
    """The best bound of all common attacks before and after; None where epsilon means nothing for the goal,
    or no more than 0 was shown on either side, which is always true.

    A difference of two lower bounds bounds nothing: behind the smaller one the larger epsilon may be. So none
    is given.

    Args:
        again: the scores of both, where they are at hand; else the bounds of the pages, if of one delta.
    """
    if not all(side.record["labels"]["bounds"] for side in pair.sides):
        return None
    best = _shown(pair, delta) if again is None else _measured(pair, again, delta)
    before, after = (None if low is None else redaction.bound(low) for low in best)
    if all(low is not None and round(low, 2) <= 0 for low in (before, after)):
        return None
    return {
        "delta": delta,
        "before": before,
        "after": after,
        "confidence": CONFIDENCE,
        "sentence": words.epsilon(before, after, delta=delta),
    }


def _measured(pair: Pair, again: tuple[Remeasured, Remeasured], delta: float) -> list[float | None]:
    own = 1 - (1 - CONFIDENCE) / (2 * len(pair.common))
    found = [[side.bound(a, own, delta) for a in pair.common] for side in again]
    return [max((low for low in each if low is not None), default=None) for each in found]


def _shown(pair: Pair, delta: float) -> list[float | None]:
    found = [[by_attack(side.findings)[a]["epsilon"] for a in pair.common] for side in pair.sides]
    lows = [[b["low"] for b in each if b is not None and b["delta"] == delta] for each in found]
    return [max((low for low in each if low is not None), default=None) for each in lows]
