"""How well a released rating or date fits a known one, if it is known how the release was made."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Literal, TypeAlias

import numpy as np

from confide.attacks.linkage.ratings._scoring import Matches
from confide.core.arrays import Array, Floats
from confide.core.nouns import Case
from confide.knowledge.ratings import Noise, RatingsKnowledge
from confide.views.interactions import Interactions

Fit: TypeAlias = Callable[[Matches], Array]
"""float[m]: the chance of each match's released value if the fact is true, over its chance in any row."""
Column: TypeAlias = Literal["rating", "day"]

# A value exactly at the edge of its reach must not fall out of it by a rounding of float32.
ROUNDING = 1.0001
# Dates are compared with at least half a day of tolerance: releases often round them to days.
LEAST_DAYS = 0.5
LEAST_STARS = 1e-3
# Points over which the chance of a released date is averaged, for facts that may be off by some days.
POINTS = 9


def values(
    case: Case[Interactions, RatingsKnowledge, Interactions], *, ratings: bool, dates: bool
) -> tuple[Fit, ...]:
    """The fit of each column that both the release and the facts have."""
    view, facts, known = case.view, case.targets, case.known
    offs: dict[Column, tuple[bool, float]] = {
        "rating": (ratings, known.knowing.off_by),
        "day": (dates, known.knowing.within_days),
    }
    found: list[Fit] = []
    for i, (name, (wanted, off)) in enumerate(offs.items()):
        if not wanted or getattr(view, name) is None or getattr(facts, name) is None:
            continue
        noise = known.noise[i]
        if noise is not None:
            found.append(_moved(case, name, off, noise))
        else:
            found.append(_within(case, name, off, ruled=known.recodes(facts)[i]))
    return tuple(found)


def _within(
    case: Case[Interactions, RatingsKnowledge, Interactions], name: Column, off: float, *, ruled: bool
) -> Fit:
    """A value fits if the release may show it for the fact; then it counts by how rare such values are."""
    said = getattr(case.view, name)
    least = LEAST_DAYS if name == "day" else LEAST_STARS
    # Where no rule is known, the step between the released values is taken for what rounding may add.
    slack = least if ruled else max(off + _grid(said) / 2, least) - off
    shown = [_shown(case, name, by) for by in (-off, 0.0, off)]
    low = np.minimum.reduce(shown) - slack * ROUNDING
    high = np.maximum.reduce(shown) + slack * ROUNDING
    share = _share_between(said, low, high)

    def fit(found: Matches) -> Array:
        value = found.rating if name == "rating" else found.day
        near = (value >= found.spread(low)) & (value <= found.spread(high))
        return near / found.spread(share)

    return fit


def _moved(
    case: Case[Interactions, RatingsKnowledge, Interactions], name: Column, off: float, noise: Noise
) -> Fit:
    """A value fits by the chance that noise moves the known value there."""
    said = getattr(case.view, name)
    # Half of the step between released values; in fine values, a part of their spread.
    half = max(_grid(said), float(np.ptp(said)) / 200) / 2 or 1.0
    # A known rating is off by exactly this much, and a known date by anything up to it.
    offs = np.linspace(-off, off, POINTS) if name == "day" else np.unique([-off, off])
    shown = [_shown(case, name, by) for by in offs]
    lowest, highest = float(said.min()), float(said.max())

    def fit(found: Matches) -> Array:
        value = np.asarray(found.rating if name == "rating" else found.day, np.float64)
        low, high = value - half, value + half
        share = _share_between(said, low, high)
        if name == "rating":  # noise that would leave the scale is cut off at its ends
            low, high = np.where(value <= lowest, -np.inf, low), np.where(value >= highest, np.inf, high)
        chances = [noise.cdf(high - x) - noise.cdf(low - x) for x in map(found.spread, shown)]
        return np.mean(chances, axis=0) / share

    return fit


def _shown(case: Case[Interactions, RatingsKnowledge, Interactions], name: Column, by: float) -> Floats:
    """What the release would show of each fact if its value were this much larger, float64[facts]."""
    facts = case.targets
    moved = replace(facts, **{name: (getattr(facts, name) + np.float32(by)).astype(np.float32)})
    return np.asarray(getattr(case.known.as_released(moved), name), np.float64)


def _grid(said: Array) -> float:
    """The step between released values: 1 for whole stars, 30 for dates by month; 0 if there is one value."""
    values = np.unique(said[:: max(1, len(said) // 100_000)])  # a sample shows the grid just as well
    return float(np.median(np.diff(values))) if len(values) > 1 else 0.0


def _share_between(said: Array, low: Floats, high: Floats) -> Floats:
    """float64[n]: the share of all released values from `low` to `high`; never 0."""
    # A million values estimate a share well enough, and sort in a tenth of a second.
    values = np.sort(said[:: max(1, len(said) // 1_000_000)])
    inside = np.searchsorted(values, high, side="right") - np.searchsorted(values, low)
    # One more on either side keeps the share above 0, as it is divided by.
    return (inside + 1) / (len(values) + 1)
