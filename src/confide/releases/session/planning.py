"""Plans of questions: which noise each exact sum gets, before any data is looked at."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TypeAlias

from confide.account.costs import DELTA_UNITS, MILLIONTH
from confide.core.errors import BudgetError
from confide.mechanisms.statistics.noisy_integers import IntegerNoise
from confide.mechanisms.statistics.shown_groups import ShownGroups
from confide.releases.session.prices import Price
from confide.releases.sql import Histogram, Query, Sum, sensitivities, sensitivity_of_histogram
from confide.releases.sql.refusal import QueryError
from confide.releases.sql.sensitivity import Sensitivity
from confide.releases.sql.sums import histograms_of, sums_of

What: TypeAlias = Sum | Histogram
"""What is released as one vector: a sum over all groups, or the counts of a histogram."""

FINE = 20
"""Bits of a sensitivity after a sum is made coarser: rounding is then 2^-20 of what one person may add."""
MOST_NUMBERS = 200_000
"""Noisy numbers of one answer: drawing them takes seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One vector of exact sums and its noise.

    *Coarser sums.* A sum S becomes floor(S / 2^b). Where two data sets differ by d in an entry, the floors
    differ by less than |d| / 2^b + 1. So the L1 norm of the change is at most l1 / 2^b + entries, and the L2
    norm at most l2 / 2^b + sqrt(entries), by Minkowski. The bits are fixed by the sensitivity alone.

    Args:
        bits: b; 0 for most sums.
        noise: of the coarser sums.
    """

    bits: int
    noise: IntegerNoise

    def noisy(self, exact: Sequence[int]) -> list[int]:
        """The sums with noise, in steps of the sum itself; each the middle of its coarse step."""
        middle = (1 << self.bits) // 2
        return [(int(n) << self.bits) + middle for n in self.noise([s >> self.bits for s in exact])]

    @property
    def scale(self) -> float:
        """Of the noise, in steps of the sum itself."""
        return math.ldexp(self.noise.scale, self.bits)

    def half_width(self, level: float) -> int:
        """How far the noise moves a sum at this level, in steps of the sum itself."""
        return (self.noise.half_width(level) << self.bits) + (1 << self.bits) // 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How a question is answered; it is made without the data.

    Args:
        query: without `having`, `order by` and `limit`, which come after the noise.
        price: of the question.
        parts: the noise of each vector.
        shown: which groups are shown, where the data say which there are.
    """

    query: Query
    price: Price
    parts: Mapping[What, Part]
    shown: ShownGroups | None


def before_release(query: Query) -> Query:
    """The part of a query that is paid for: what comes after the noise is free, and may change."""
    return replace(query, having=None, order=(), limit=None, notes=())


def plan(query: Query, price: Price) -> Plan:
    """The plan of a question: its vectors share the price evenly, each sum that several aggregates need once.

    Raises:
        BudgetError: if a price with a delta is needed and has none.
        QueryError: if the answer has too many numbers.
        PromiseError: if noise of this size cannot be drawn.
    """
    sums, histograms = sums_of(query), histograms_of(query)
    share = Fraction(1, len(sums) + len(histograms))
    bounds = sensitivities(query)
    codes = sum(h.grid.highest - h.grid.lowest + 1 for h in histograms)
    many = len(query.keys or ((),)) * (len(sums) + codes)
    if many > MOST_NUMBERS:
        raise QueryError(
            f"the answer has {many:,} noisy numbers",
            f"ask for at most {MOST_NUMBERS:,}: fewer groups, or fewer quantiles",
        )
    shown = _shown(query, price, share)
    parts: dict[What, Part] = {s: part(bounds[s], price, share) for s in sums}
    parts |= {h: part(sensitivity_of_histogram(query, h), price, share) for h in histograms}
    if shown is not None:
        parts[sums[0]] = Part(bits=0, noise=shown.noise)
    return Plan(query=query, price=price, parts=parts, shown=shown)


def part(bound: Sensitivity, price: Price, share: Fraction) -> Part:
    """The noise of a vector with this sensitivity."""
    bits = max(0, bound.largest.bit_length() - FINE)
    if bits == 0:
        return Part(bits=0, noise=price.noise(share, l1=bound.l1, l2_squared=bound.l2_squared))
    l1 = (bound.l1 >> bits) + bound.groups
    # Each root is rounded up by 1 at most.
    l2 = (math.isqrt(bound.l2_squared) >> bits) + 1 + math.isqrt(bound.groups) + 1
    return Part(bits=bits, noise=price.noise(share, l1=l1, l2_squared=l2**2))


def _shown(query: Query, price: Price, share: Fraction) -> ShownGroups | None:
    if not query.groups or query.keys is not None:
        return None
    if not price.epsilon or not price.delta:
        raise BudgetError(
            "the groups come from the data, so that their names may give people away: give the keys of all "
            "groups that may be there (--keys COLUMN=VALUES, in Python keys=), or an epsilon and a delta "
            "such as 1e-7, with which groups of few people stay hidden."
        )
    groups = sensitivities(query)[sums_of(query)[0]].groups
    return ShownGroups.for_cost(
        groups=groups,
        epsilon=share * Fraction(price.epsilon, MILLIONTH),
        delta=Fraction(price.delta, DELTA_UNITS),
    )
