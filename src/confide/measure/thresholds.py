"""Strategies for the threshold of a claim that keep the reported number unbiased by the choice."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol, TypeAlias

import numpy as np

from confide.core.arrays import Bools, Floats, Ints
from confide.core.errors import EvidenceError
from confide.core.language import t
from confide.measure.rows import Rows


@dataclass(frozen=True, slots=True)
class Counts:
    """The number of claimed rows at each of t thresholds, int64[t], of `exposed` and of `control` rows.

    The upper limit of the false-positive rate is computed from `most_false`. It is the count itself, or the
    rank of a threshold that is a control score, which ties can make larger.
    """

    true: Ints
    exposed: int
    false: Ints
    control: int
    most_false: Ints


def count(rows: Rows, thresholds: Floats) -> Counts:
    """Count the rows whose right claim scores strictly above each threshold."""
    members, controls = rows.members, rows.controls
    true = len(members) - np.searchsorted(members, thresholds, side="right")
    false = len(controls) - np.searchsorted(controls, thresholds, side="right")
    return Counts(true, len(members), false, len(controls), false)


Objective: TypeAlias = Callable[[Counts, float], Floats]
"""The function to maximise: (counts at t thresholds, error probability) -> float64[t]."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A threshold, the claimed rows among those to report on, and the number of thresholds to correct for.

    Args:
        rows: those to report on.
    """

    threshold: float
    counts: Counts
    among: int
    rows: Rows


class Threshold(Protocol):
    """A strategy for the threshold; numbers at its choice are valid if each error is divided by `among`."""

    def choose(self, rows: Rows, objective: Objective, *, error: float) -> Choice:
        """Choose the threshold with the largest objective, and count the rows to report on.

        Raises:
            EvidenceError: if the rows are too few.
        """
        ...


@dataclass(frozen=True, slots=True)
class Split:
    """Choose on one part of the rows, report on the other.

    A hash of the target's id decides which rows choose (of the world's id if worlds have few rows). The
    result therefore depends neither on the order of rows nor on a seed.

    Args:
        fraction: the part of the exposed and of the control rows that chooses, in (0, 1).
    """

    fraction: float = 0.5

    def __post_init__(self) -> None:
        if not 0 < self.fraction < 1:
            raise EvidenceError(f"fraction is {self.fraction}; give a number between 0 and 1, such as 0.5.")

    def __str__(self) -> str:
        return t("chosen on {fraction:.0%} of the rows, reported on the others", fraction=self.fraction)

    def choose(self, rows: Rows, objective: Objective, *, error: float) -> Choice:
        """Choose the best of about two thousand thresholds on one part; report on the other part."""
        chooses = self._chooses(rows)
        for part in (rows.exposed[chooses], rows.exposed[~chooses]):
            if part.all() or not part.any():
                exposed = int(rows.exposed.sum())
                raise EvidenceError(
                    f"{exposed} exposed and {len(rows) - exposed} control rows are too few to choose a "
                    "threshold on one part and report on the other: give more, or a threshold that was "
                    "decided before (Fixed)."
                )
        half = rows.take(chooses)
        # -inf claims everybody, which is the best threshold of an attack that knows nothing.
        candidates = np.unique(np.concatenate([_thousand(half.controls), _thousand(half.members), [-np.inf]]))
        best = float(candidates[np.argmax(objective(count(half, candidates), error))])
        others = rows.take(~chooses)
        return Choice(best, count(others, np.array([best])), 1, others)

    def _chooses(self, rows: Rows) -> Bools:
        if len(np.unique(rows.unit)) < len(rows):  # all rows of one unit go to the same side
            chooses: Bools = rows.unit < np.uint64(self.fraction * 2**64)
            if chooses.all() or not chooses.any():  # the hashes of a few units can all be on one side
                units = np.unique(rows.unit)
                chooses = rows.unit < units[-(-len(units) // 2) if len(units) > 1 else 0]
            return chooses
        chooses = np.zeros(len(rows), np.bool_)
        # Each side is divided by itself, so that both parts have exposed and control rows.
        for side in (rows.exposed, ~rows.exposed):
            members = np.flatnonzero(side)
            order = members[np.argsort(rows.unit[members])]
            chooses[order[: max(1, round(self.fraction * len(order)))]] = True
        return chooses


@dataclass(frozen=True, slots=True)
class Bonferroni:
    """Choose and report on all rows, among a fixed number of thresholds, with a correction for their number.

    The thresholds are control scores at ranks fixed before. Above a control score with k control scores
    before it, the true false-positive rate follows the Beta law whose quantile is Clopper and Pearson's
    upper limit for k; with ties the rate is lower. Exposed rows do not influence the choice of ranks. The
    limits therefore hold at each threshold, and for all thresholds together at `over` times the error.

    Args:
        over: the number of thresholds.
    """

    over: int = 101

    def __post_init__(self) -> None:
        if self.over < 1:
            raise EvidenceError(f"over is {self.over}; give 1 threshold or more.")

    def __str__(self) -> str:
        return t("the best of {n} thresholds, corrected for their number", n=self.over)

    def choose(self, rows: Rows, objective: Objective, *, error: float) -> Choice:
        """Choose the best of the thresholds at the corrected error."""
        controls = rows.controls
        ranks = spread_ranks(len(controls), self.over)
        candidates = controls[len(controls) - 1 - ranks]
        counts = replace(count(rows, candidates), most_false=ranks)
        best = int(np.argmax(objective(counts, error / self.over)))
        here = replace(count(rows, candidates[[best]]), most_false=ranks[[best]])
        return Choice(float(candidates[best]), here, self.over, rows)


@dataclass(frozen=True, slots=True)
class Fixed:
    """A threshold fixed before the evidence was seen; a claim is made strictly above it."""

    at: float

    def __str__(self) -> str:
        return t("fixed at {at:g} beforehand", at=self.at)

    def choose(self, rows: Rows, objective: Objective, *, error: float) -> Choice:
        """Return the fixed threshold for all rows."""
        return Choice(self.at, count(rows, np.array([self.at])), 1, rows)


def spread_ranks(n: int, most: int) -> Ints:
    """At most `most` ranks in 0..n-1, rising, dense at both ends (a logarithmic scale from each end)."""
    if n <= most:
        return np.arange(n)
    # Dense at the ends, because low and high false-positive rates are what a report shows.
    from_end = np.geomspace(1, n / 2, (most + 1) // 2)
    ranks = np.concatenate([from_end - 1, n - from_end])[:most]
    return np.unique(np.clip(np.floor(ranks).astype(np.int64), 0, n - 1))


def _thousand(rising: Floats) -> Floats:
    """Up to a thousand of the scores, dense at both ends."""
    return rising[spread_ranks(len(rising), 1000)]
