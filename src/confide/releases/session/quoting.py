"""Quotes: what a question would cost and how far its noise would move the answer, before it is asked."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from confide.account.costs import Cost
from confide.account.filters import Left
from confide.mechanisms.statistics.laws import LEVEL, Law
from confide.releases.session.planning import Part, Plan
from confide.releases.sql.query import Aggregate, CountPeople, CountRows, OfClipped, Share
from confide.releases.sql.sums import Total, sums_for


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """What a question would cost; nothing was asked.

    Args:
        cost: of the answer.
        within: for each number of the answer how far the noise moves it at most, at 95 %; None where that
            depends on the data.
        left: of the budget, before the question.
        affordable: whether the budget pays for it.
        notes: how the question was read, where that may surprise.
    """

    cost: Cost
    within: Mapping[str, float | None]
    left: Left
    affordable: bool
    notes: tuple[str, ...]

    def __str__(self) -> str:
        errors = [
            f"{name}: +-{width:g} at {LEVEL:.0%}"
            if width is not None
            else f"{name}: its error depends on how many rows a group has, and stands beside the answer"
            for name, width in self.within.items()
        ]
        paid = "the budget pays for it" if self.affordable else "the budget does not pay for it"
        return "\n".join([f"cost {self.cost}; {paid}: {left_in_words(self.left)}", *errors, *self.notes])


def left_in_words(left: Left) -> str:
    """What is left, and why it is said twice where the ledger counts in two ways.

    >>> left_in_words(Left(epsilon=250_000, rho=0, delta=0))
    'epsilon 0.25 left'
    """
    ways = " (in the two ways in which the ledger counts, of which one has to hold)" if left.rho else ""
    return f"{left} left{ways}"


def fits(cost: Cost, left: Left) -> bool:
    """Whether one more question may cost that much."""
    by_epsilon = cost.epsilon is not None and cost.epsilon <= left.epsilon
    return cost.delta <= left.delta and (by_epsilon or (left.rho > 0 and cost.rho <= left.rho))


def widths_of(plan: Plan, *, rows: int | None) -> dict[str, float | None]:
    """How far the noise moves each aggregate at 95 %.

    Args:
        plan: of the question.
        rows: the number of rows of the smallest group that matters, as a public guess; without it nothing is
            known of means.

    Returns:
        For the name of each aggregate its half-width; None where it depends on the data.
    """
    query = plan.query
    named = {i: name for name, part, i in query.columns if part == "aggregate"}
    return {named[i]: _width(plan, one, rows) for i, one in enumerate(query.aggregates)}


def _width(plan: Plan, aggregate: Aggregate, rows: int | None) -> float | None:
    parts = [plan.parts[one] for one in sums_for(aggregate)]
    match aggregate:
        case CountRows() | CountPeople():
            return float(parts[0].half_width(LEVEL))
        case OfClipped(function="sum", value=value):
            return parts[0].half_width(LEVEL) * float(Total(value, "plain").grid.step)
        case Share() if rows is not None:
            return min(1.0, _together([(parts[0], 1.0), (parts[1], 1.0)]) / rows)
        case OfClipped(function="avg", value=value) if rows is not None:
            grid = Total(value, "centred").grid
            # The farthest that a mean can be from the middle: there the noise of the count weighs most.
            moved = _together([(parts[0], 1.0), (parts[1], float(grid.reach))]) / rows
            return min(float(value.high - value.low), moved * float(grid.step))
        case _:
            return None


def _together(weighted: list[tuple[Part, float]]) -> float:
    law = Law.of([(part.noise, math.ldexp(weight, part.bits)) for part, weight in weighted], np.zeros(1))
    return float(law.half_width()[0])
