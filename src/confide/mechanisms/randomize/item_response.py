"""Warner: Randomized Response, a Survey Technique for Eliminating Evasive Answer Bias (JASA 1965)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from confide.core.arrays import Ints, Rng
from confide.core.budget import Budget, Unit
from confide.core.errors import PromiseError
from confide.core.nouns import Outcome
from confide.mechanisms.noise.coins import GRAIN, below_power, rate_below, unlikely
from confide.mechanisms.noise.source import Noise, outcome, refuse_unknown, words_of
from confide.mechanisms.noise.words import Words
from confide.views.interactions import Interactions

LEAST = 2.0**-30
"""An epsilon below this is kept by not looking at the pairs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RandomisedResponse:
    """Randomised response: keeps each pair of person and item with chance e^epsilon / (1 + e^epsilon).

    *Statement.* The released set of pairs is (epsilon, 0)-differentially private for one pair more or less.

    *Proof.* A pair that is there is dropped, and one that is not there invented, with the same probability p
    = 1 - e^-t, where t is ln(1 + e^-epsilon) rounded up to a multiple of 2^-40. All pairs are decided
    independently. Two data sets that differ in one pair give every released set probabilities that differ in
    that pair's factor alone. The ratio is (1 - p) / p = 1 / (e^t - 1) <= e^epsilon or its inverse, which is
    at most 1 + 2^-38 [Warner 1965; Dwork, Roth 2014, section 3.2]. So epsilon from 2^-30 on is kept. One
    below is kept by taking no pair for there: the release does not depend on the data.

    *Conditions.* The numbers of people and items are public. Ratings and dates are removed. A person has as
    many pairs as there are items. All items of a person together are hidden only with (items x epsilon), so
    this is no promise about recognising a person by several of them. Coins are tossed in whole numbers, with
    exactly the chance p; p is never below 2^-40, so from epsilon 28 on the promise is kept with room.

    Pairs are invented by jumps of geometric length. So time and memory grow with what is released, which is
    people x items / (1 + e^epsilon), and not with people x items.

    Args:
        budget: what is promised, with delta 0, hiding any one record: a pair of a person and an item.
        noise: "secure" is drawn from the operating system's cryptographic source, for a real release.
            "rehearsal" is drawn from `rng`, and anyone who knows the seed can replay it: for audits and tests
            only.

    Raises:
        PromiseError: if the budget has another unit or a delta, or a setting is unknown.

    >>> likes = Interactions.of(np.array([0, 1]), np.array([0, 1]))
    >>> exact = RandomisedResponse(budget=Budget(50.0), noise="rehearsal")
    >>> exact(likes, rng=np.random.default_rng(0)).view.item.tolist()
    [0, 1]
    """

    budget: Budget
    noise: Noise = "secure"

    def __post_init__(self) -> None:
        if self.budget.unit != Unit.record():
            raise PromiseError(
                f"flipping single pairs hides any one record, not {self.budget.unit}: give Unit.record()."
            )
        if self.budget.delta:
            raise PromiseError(f"randomised response needs no delta ({self.budget.delta:g}): give delta 0.")
        refuse_unknown(self.noise)

    @property
    def rate(self) -> Fraction:
        """t of the proof: a pair stays as it is with probability e^-t."""
        # A relative 2^-40 covers the rounding of the logarithm.
        wanted = math.log1p(math.exp(-self.budget.epsilon)) * (1 + 2.0**-40)
        return rate_below(wanted) + Fraction(1, GRAIN)

    def __call__(self, data: Interactions, *, rng: Rng) -> Outcome[Interactions]:
        words, rate = words_of(self.noise, rng), self.rate
        there = data.person.astype(np.int64) * data.items + data.item
        if self.budget.epsilon < LEAST:
            there = there[:0]
        kept = there[unlikely(np.full(len(there), rate.numerator), rate.denominator, words)]
        candidates = _heads(data.people * data.items, rate, words)
        place = np.searchsorted(there, candidates).clip(0, max(len(there) - 1, 0))
        # A candidate that is there already was decided above, and is not decided again.
        absent = there[place] != candidates if len(there) else np.ones(len(candidates), np.bool_)
        # Sorted, so that the order does not show which pairs were invented.
        pairs = np.sort(np.concatenate([kept, candidates[absent]]))
        view = Interactions.of(
            pairs // max(data.items, 1), pairs % max(data.items, 1), people=data.people, items=data.items
        )
        return outcome(self.noise, view, self.budget, "RandomisedResponse")


def _heads(tosses: int, rate: Fraction, words: Words) -> Ints:
    """The positions of heads among independent coins of chance 1 - e^-rate: int64, rising.

    Between one head and the next j or more coins fall tails with probability e^(-rate j).
    """
    found: list[Ints] = []
    at = -1
    while at < tosses:
        likely = (tosses - at) * -math.expm1(-rate)
        # Four deviations more than expected: a second round is rare. The cap bounds the memory.
        size = min(int(likely + 4 * math.sqrt(likely) + 16), 1 << 24)
        jumps = below_power(size, rate, words) + 1
        heads = at + np.cumsum(np.minimum(jumps, tosses + 1))
        found.append(heads[heads < tosses])
        at = int(heads[-1])
    return np.concatenate(found) if found else np.zeros(0, np.int64)
