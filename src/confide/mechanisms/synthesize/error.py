"""Error bars for users of a synthetic table: how far each margin may be from that of the true table.

They follow McKenna et al. 2022 (theorems 3 to 6), from what was published alone: the measured margins, the
model, and the scores that margins must have had in order not to be chosen.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Literal, TypeAlias

import numpy as np

from confide.core.arrays import Floats
from confide.core.errors import DataError
from confide.mechanisms.synthesize.exponential import GRAIN
from confide.mechanisms.synthesize.measured import Synthesised
from confide.mechanisms.synthesize.noise_norms import absolute_sum, distance_within, largest_sum
from confide.mechanisms.synthesize.residual import ResidualModel, reconstruct
from confide.mechanisms.synthesize.selection import Passed, Selection
from confide.mechanisms.synthesize.subsets import Columns, below, spread
from confide.views.margins import counted

Basis: TypeAlias = Literal["measured", "passed over", "nothing"]
LARGEST = 3
"""Columns of a margin in a table of errors."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MarginError:
    """An interval on the total variation distance between a released margin and that of the true table.

    The distance is half the L1 distance of the counts, as a share of the released number of rows. It is the
    largest error of any count of rows by these columns.

    Args:
        columns: by name.
        basis: why there is a bound: the margin was measured (by itself or inside others), or it was a
            candidate and a choice under noise passed it over. "nothing": there is no bound, `high` is 1, and
            nobody can say whether the margin is good.
        low: of the interval.
        high: of the interval: `noise` and `model` together, 1 at most.
        noise: the part of `high` that allows for the noise of measurements and choices.
        model: the part of `high` that is seen: how far the release is from what was measured.
        confidence: of this interval by itself, not of all together.
    """

    columns: tuple[str, ...]
    basis: Basis
    low: float
    high: float
    noise: float
    model: float
    confidence: float

    def __str__(self) -> str:
        """The interval as people read it."""
        names = ", ".join(self.columns)
        if self.basis == "nothing":
            return f"{names}: no bound, as it was neither measured nor a candidate"
        return f"{names}: {self.low:.3f} to {self.high:.3f} (noise {self.noise:.3f}, model {self.model:.3f})"


def margin_error(
    release: Synthesised, columns: str | Sequence[str], *, confidence: float = 0.95
) -> MarginError:
    """Bound the distance between a margin of the release and that of the true table.

    Args:
        release: with what was measured.
        columns: by name; one text names them with commas between.
        confidence: that the interval holds the distance. It is kept by each margin, whether or not the
            mechanism chose to measure it.

    Raises:
        DataError: if there is no such column, or the confidence is no share.
    """
    names = [name.strip() for name in columns.split(",")] if isinstance(columns, str) else list(columns)
    at = tuple(sorted({release.view.at(name) for name in names}))
    return next(_errors(release, [at], confidence))


def margin_errors(
    release: Synthesised, *, most: int = LARGEST, confidence: float = 0.95
) -> list[MarginError]:
    """The error of every margin of one to `most` columns, each with this confidence by itself."""
    d = len(release.view.domains)
    sets = [columns for k in range(1, min(most, d) + 1) for columns in combinations(range(d), k)]
    return list(_errors(release, sets, confidence))


def _errors(release: Synthesised, sets: Sequence[Columns], confidence: float) -> Iterator[MarginError]:
    if not 0 < confidence < 1:
        raise DataError(f"confidence is {confidence}: give a number between 0 and 1, such as 0.95.")
    whole = [margin for margin in release.margins if margin.merged is None]
    sizes = tuple(int(size) for size in release.view.sizes)
    estimate = reconstruct(sizes, whole) if whole else None
    passed = {one.columns: one for one in release.selection.passed} if release.selection else {}
    for columns in sets:
        yield _error(release, columns, estimate, passed.get(columns), 1 - confidence)


@dataclass(frozen=True, slots=True)
class _Bound:
    """A bound on the L1 distance in rows: what allows for noise, and what is seen."""

    basis: Basis
    noise: float
    seen: float

    @property
    def rows(self) -> float:
        return self.noise + self.seen


def _error(
    release: Synthesised, columns: Columns, estimate: ResidualModel | None, passed: Passed | None, risk: float
) -> MarginError:
    total = max(release.model.total if release.model else float(len(release.view)), 1.0)
    found, low = [_Bound("nothing", 2 * total, 0.0)], 0.0
    measured = estimate is not None and estimate.deviation(columns) < math.inf
    # The risk is shared by the bounds that are tried, and by the numbers of measurements there could have
    # been: a margin that is measured again, because the first noise looked bad, gets no better odds by it.
    share = risk / (int(measured) + int(passed is not None) or 1)
    if estimate is not None and measured:
        times = sum(set(columns) <= set(margin.columns) for margin in release.margins if not margin.merged)
        spent = share / (max(times, 1) * (max(times, 1) + 1))
        below_it, above = _by_measurement(released(release, columns), estimate, columns, spent)
        low = below_it / (2 * total)
        found += above
    if passed is not None and release.selection is not None:
        moved = float(np.abs(released(release, columns) - passed.before).sum())
        found.append(_by_selection(release, release.selection, passed, moved, share))
    best = min(found, key=lambda bound: bound.rows)
    high = min(best.rows / (2 * total), 1.0)
    noise = min(best.noise / (2 * total), high)
    return MarginError(
        columns=tuple(release.view.domains[c].name for c in columns),
        basis=best.basis,
        low=min(low, high),
        high=high,
        noise=noise,
        model=high - noise,
        confidence=1 - risk,
    )


def released(release: Synthesised, columns: Columns) -> Floats:
    """The rows in each cell of a released margin: the table's, scaled to the total, or else the model's."""
    if len(release.view) == 0 and release.model is not None:
        return release.model.margin(columns)
    counts = counted(release.view, columns).astype(np.float64)
    return counts if release.model is None else counts * (release.model.total / max(len(release.view), 1))


def _by_measurement(
    found: Floats, estimate: ResidualModel, columns: Columns, risk: float
) -> tuple[float, list[_Bound]]:
    """The least distance, and bounds on it, by the unbiased estimate from all measurements and its noise.

    Over all cells the distance is at most the estimate's distance and the noise's norm (theorem 4). Where few
    cells hold most rows, more is known: the distance is twice what the release has too much, and the
    difference of the totals; in all but the largest cells it has at most what it has.
    """
    best, deviation = estimate.margin(columns), estimate.deviation(columns)
    widest, n = _widest(estimate, columns), best.size
    some = [2**k for k in range(n.bit_length()) if 2**k < n] + [n]
    chance = risk / (len(some) + 2)
    apart = float(np.abs(found - best).sum())
    allowance = absolute_sum(n, deviation=deviation, widest=widest, chance=chance)
    bounds = [_Bound("measured", allowance, apart)]
    order = np.argsort(-found.reshape(-1))
    held, above = found.reshape(-1)[order], np.maximum((found - best).reshape(-1)[order], 0)
    totals = estimate.deviation(()) * math.sqrt(2 * math.log(1 / chance))
    more = max(estimate.total - float(held.sum()), 0.0)
    if held.min() >= 0:
        for cells in some:
            noise = largest_sum(cells, of=n, deviation=deviation, widest=widest, chance=chance)
            seen = float(held[cells:].sum() + above[:cells].sum())
            bounds.append(_Bound("measured", 2 * noise + totals, 2 * seen + more))
    return max(apart - allowance, 0.0), bounds


def _widest(estimate: ResidualModel, columns: Columns) -> float:
    """The largest deviation of the noise of a margin in any direction: residuals are orthogonal."""
    return math.sqrt(
        max(
            1 / (estimate.precision[part] * spread(estimate.sizes, part, columns))
            for part in below(columns)
            if part in estimate.precision
        )
    )


def _by_selection(
    release: Synthesised, selection: Selection, passed: Passed, moved: float, risk: float
) -> _Bound:
    """A bound by a choice (theorem 6): the candidate's score is not far above that of the chosen margin."""
    made = selection.rounds[passed.round]
    fresh, weight = release.margins[made.measured], made.weight / passed.weight
    seen = float(np.abs(fresh.counts - made.before).sum())
    chosen = distance_within(seen, cells=made.before.size, sigma=fresh.sigma, chance=risk / 2)
    # The Gumbel noise on m scores lifts none above the chosen one by more than this.
    slack = (made.scale * math.log(2 * made.candidates / risk) + 1 / GRAIN) / passed.weight
    noise = made.penalty * passed.before.size + slack
    return _Bound("passed over", noise, weight * (chosen - made.penalty * made.before.size) + moved)
