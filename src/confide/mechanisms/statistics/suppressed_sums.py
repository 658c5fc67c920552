"""Hundepool et al.: Statistical Disclosure Control (Wiley 2012), section 4: primary suppression."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from confide.core.arrays import Rng
from confide.core.budget import Budget
from confide.core.errors import PromiseError
from confide.core.nouns import Outcome
from confide.mechanisms.noise.source import Noise, outcome, refuse_unknown
from confide.views.answers import Answers, AskedSubsets

LARGEST = 10**9
"""Of the threshold."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SuppressedSums:
    """Answers subset sums exactly, and leaves out those that are small: from 1 to `below` - 1.

    It promises nothing: what was left out follows from the differences of other answers. The adversary here
    uses what is published, and not that an answer was left out; that alone tells a little more.

    Args:
        below: the smallest count above 0 that is published.
        noise: whether this is a release; nothing random is drawn.

    Raises:
        PromiseError: if it is below 2 or too large.

    >>> from confide.views.answers import Subsets
    >>> data = AskedSubsets(subsets=Subsets.of(np.tril(np.ones((4, 4)))), bits=np.ones(4, np.bool_))
    >>> SuppressedSums(below=3)(data, rng=np.random.default_rng(0)).view.answers.tolist()
    [3.0, 4.0]
    """

    below: int = 5
    noise: Noise = "secure"

    def __post_init__(self) -> None:
        refuse_unknown(self.noise)
        if not 2 <= self.below <= LARGEST:
            raise PromiseError(f"below is {self.below}: leave out counts below 2 or more.")

    @property
    def budget(self) -> Budget | None:
        return None

    def __call__(self, data: AskedSubsets, *, rng: Rng) -> Outcome[Answers]:
        """Answer the queries whose count is 0 or large enough."""
        sums = data.sums
        shown = np.flatnonzero((sums < 0.5) | (sums > self.below - 0.5))
        view = Answers(subsets=data.subsets.take(shown), answers=sums[shown], noise=0.0)
        return outcome(self.noise, view, self.budget, "SuppressedSums")
