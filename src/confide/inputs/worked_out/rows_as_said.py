"""Whether ratings and likes were released as somebody says they were."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from confide.core.arrays import Array, Bools
from confide.core.language import later
from confide.core.nouns import AnyMechanism
from confide.inputs.worked_out.contrast import STILL, STRICT, Contrast, missing, otherwise
from confide.inputs.worked_out.pairs import Pairs
from confide.knowledge.ratings import Keeps, Noisy, Recodes
from confide.mechanisms.anonymize.cut_ratings import NEAR as NEAR_DAYS
from confide.mechanisms.anonymize.rare_items import WithoutRareItems
from confide.mechanisms.in_order import steps_of
from confide.mechanisms.randomize.item_response import RandomisedResponse
from confide.views.interactions import Interactions

NEAR_STARS = 1e-3
INNER, OUTER = 0.2, 0.999
"""Quantiles of the size of noise: within the first few rows are moved, and beyond the last hardly any."""


def contrasts(mechanism: AnyMechanism, records: Interactions, released: Interactions) -> Sequence[Contrast]:
    """Ratings, dates and rows of a release that are not as the mechanism makes them.

    Args:
        mechanism: by which the release is said to be made.
        records, released: the original and the release, under the same codes.
    """
    steps, pairs = steps_of(mechanism), Pairs.of(records, released)
    flips = any(isinstance(step, RandomisedResponse) for step in steps)
    found = [c for column in _columns(steps, pairs) for c in column.contrasts(pairs, flips=flips)]
    if flips:  # it invents pairs, and loses others
        return found
    known = records.counts()[released.person] > 0
    strange = known.copy()
    strange[pairs.after] = False
    found += otherwise(later("rows"), strange, said=False)
    if found:
        return found  # what is left can be counted where it can be recognised
    few = _few(steps, records)
    kept = [step.kept for step in steps if isinstance(step, Keeps)]
    if not kept:  # a sample leaves fewer people to each item
        found += otherwise(later("items"), few[released.item], said=True, allowed=STRICT)
    there = pairs.kept[pairs.own & ~few[records.item]]
    # After a sample more items are rare than the original tells.
    if not (kept and few.any()):
        found += missing(there, kept=float(np.prod(kept)) if kept else None, wrong=known)
    return found


def _few(steps: Sequence[AnyMechanism], records: Interactions) -> Bools:
    """Which items have too few people to stay, bool[items]."""
    fewest = [step.people for step in steps if isinstance(step, WithoutRareItems)]
    raters = records.raters()
    return (raters > 0) & (raters < max(fewest, default=0))


@dataclass(frozen=True, slots=True, eq=False)
class _Column:
    """The values of the same rows before and after.

    Args:
        what: they are, such as "dates".
        before, shown: in the original, and in the release.
        made: as the rules make them, without noise; None where they are removed.
        moved: the same with the noise, drawn again; None where there is none.
        near: values that are nearer than this are equal.
    """

    what: str
    before: Array
    shown: Array
    made: Array | None
    moved: Array | None
    near: float

    def contrasts(self, pairs: Pairs, *, flips: bool) -> list[Contrast]:
        """What is not as it should be."""
        if self.moved is not None and self.made is not None:
            apart, drawn = np.abs(self.shown - self.made), np.abs(self.moved - self.made)
            inner, outer = np.quantile(drawn, [INNER, OUTER]) + self.near if len(drawn) else (0.0, 0.0)
            # Of noise single values say nothing: that too many were hardly moved does, and too far.
            still = min(float(np.mean(drawn <= inner)) + STILL, 1.0) if len(drawn) else 1.0
            return [
                *otherwise(self.what, _spread(apart <= inner, pairs), said=True, allowed=still),
                *otherwise(self.what, _spread(apart > outer, pairs), said=True),
            ]
        differs = np.ones(len(self.shown), np.bool_)
        if self.made is not None:
            differs = np.abs(self.shown - self.made) > self.near
        changed = self.made is None or not np.array_equal(self.made, self.before)
        return otherwise(self.what, _spread(differs, pairs), said=flips or changed)


def _columns(steps: Sequence[AnyMechanism], pairs: Pairs) -> list[_Column]:
    """The columns that both files have."""
    before, after = pairs.records.rows(pairs.before), pairs.released.rows(pairs.after)
    made, moved, rng = before, before, np.random.default_rng(0)
    for step in steps:
        made = step.recoded(made) if isinstance(step, Recodes) else made
        moved = step(moved, rng=rng).view if isinstance(step, Recodes | Noisy) else moved
    noisy = [step for step in steps if isinstance(step, Noisy)]
    found: list[_Column] = []
    if before.rating is not None and after.rating is not None:
        noise = moved.rating if any(s.stars is not None for s in noisy) else None
        found.append(_Column(later("ratings"), before.rating, after.rating, made.rating, noise, NEAR_STARS))
    if before.day is not None and after.day is not None:
        noise = moved.day if any(s.days is not None for s in noisy) else None
        found.append(_Column(later("dates"), before.day, after.day, made.day, noise, _near_days(after.day)))
    return found


def _near_days(day: Array) -> float:
    """How far a date may be off: a day where only whole ones are written."""
    return 1.0 if bool((day == np.floor(day)).all()) else NEAR_DAYS


def _spread(wrong: Bools, pairs: Pairs) -> Bools:
    """The mask over all released rows."""
    found = np.zeros(len(pairs.released), np.bool_)
    found[pairs.after] = wrong
    return found
