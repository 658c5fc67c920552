"""Warner: Randomized Response, a Survey Technique for Eliminating Evasive Answer Bias (JASA 1965)."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from confide.core.arrays import Floats, Ints, Rng
from confide.core.budget import Budget, Unit
from confide.core.errors import PromiseError
from confide.core.nouns import Release
from confide.mechanisms.noise.secure import secure_uniform
from confide.views.interactions import Interactions

Uniform = Callable[[int], Floats]


@dataclass(frozen=True, slots=True, kw_only=True)
class RandomisedResponse:
    """Randomised response: keeps each pair of person and item with chance e^epsilon / (1 + e^epsilon).

    *Statement.* The released set of pairs is (epsilon, 0)-differentially private for one pair more or less.

    *Proof.* A pair that is there stays with probability p = e^epsilon / (1 + e^epsilon). A pair that is not
    there is invented with probability 1 - p. All pairs are decided independently. Two data sets that differ
    in one pair give every released set probabilities that differ in that pair's factor alone, whose ratio is
    p / (1 - p) = e^epsilon or its inverse [Warner 1965; Dwork, Roth 2014, section 3.2].

    *Conditions.* The numbers of people and items are public. Ratings and dates are removed. A person has as
    many pairs as there are items. All items of a person together are hidden only with (items x epsilon), so
    this is no promise about recognising a person by several of them. Coins are 53-bit fractions: the
    probabilities are kept to within 2^-52.

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
    noise: Literal["secure", "rehearsal"] = "secure"

    def __post_init__(self) -> None:
        if self.budget.unit != Unit.record():
            raise PromiseError(
                f"flipping single pairs hides any one record, not {self.budget.unit}: give Unit.record()."
            )
        if self.budget.delta:
            raise PromiseError(f"randomised response needs no delta ({self.budget.delta:g}): give delta 0.")
        if self.noise not in ("secure", "rehearsal"):
            raise PromiseError(f"noise is {self.noise!r}: say 'secure' or 'rehearsal'.")

    @property
    def invented(self) -> float:
        """The probability that a pair that is not there is released, 1 / (1 + e^epsilon)."""
        return math.exp(-self.budget.epsilon) / (1 + math.exp(-self.budget.epsilon))

    def __call__(self, data: Interactions, *, rng: Rng) -> Release[Interactions]:
        uniform = secure_uniform if self.noise == "secure" else rng.random
        there = data.person.astype(np.int64) * data.items + data.item
        kept = there[uniform(len(there)) >= self.invented]
        candidates = _heads(data.people * data.items, self.invented, uniform)
        place = np.searchsorted(there, candidates).clip(0, max(len(there) - 1, 0))
        # A candidate that is there already was decided above, and is not decided again.
        absent = there[place] != candidates if len(there) else np.ones(len(candidates), np.bool_)
        # Sorted, so that the order does not show which pairs were invented.
        pairs = np.sort(np.concatenate([kept, candidates[absent]]))
        view = Interactions.of(
            pairs // max(data.items, 1), pairs % max(data.items, 1), people=data.people, items=data.items
        )
        return Release(view, self.budget, "RandomisedResponse")


def _heads(tosses: int, share: float, uniform: Uniform) -> Ints:
    """The positions of heads among independent coins of chance `share` in (0, 1/2]: int64, rising.

    From one head to the next it is a geometric number of tosses: the logarithm of a uniform number, divided
    by that of 1 - share, and rounded up.
    """
    found: list[Ints] = []
    at = -1
    while at < tosses:
        likely = (tosses - at) * share
        # Four deviations more than expected: a second round is rare. The cap bounds the memory.
        size = min(int(likely + 4 * math.sqrt(likely) + 16), 1 << 24)
        jumps = np.maximum(np.ceil(np.log(1.0 - uniform(size)) / math.log1p(-share)), 1.0)
        heads = at + np.cumsum(np.minimum(jumps, tosses + 1.0).astype(np.int64))
        found.append(heads[heads < tosses])
        at = int(heads[-1])
    return np.concatenate(found) if found else np.zeros(0, np.int64)
