"""Hundepool et al.: Statistical Disclosure Control (Wiley 2012), section 5.4: conventional rounding."""

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
"""Of the step."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundedSums:
    """Answers subset sums rounded to multiples of a step; halves to the nearest even multiple.

    It promises nothing. Over many different subsets the errors are like noise of deviation step / sqrt(12),
    which the adversary takes them for.

    Args:
        step: in people.
        noise: whether this is a release; nothing random is drawn.

    Raises:
        PromiseError: if the step is below 2 or too large.

    >>> from confide.views.answers import Subsets
    >>> data = AskedSubsets(subsets=Subsets.of(np.tril(np.ones((4, 4)))), bits=np.ones(4, np.bool_))
    >>> RoundedSums(step=3)(data, rng=np.random.default_rng(0)).view.answers.tolist()
    [0.0, 3.0, 3.0, 3.0]
    """

    step: int = 5
    noise: Noise = "secure"

    def __post_init__(self) -> None:
        refuse_unknown(self.noise)
        if not 2 <= self.step <= LARGEST:
            raise PromiseError(f"the step is {self.step}: round to multiples of 2 or more.")

    @property
    def budget(self) -> Budget | None:
        return None

    def __call__(self, data: AskedSubsets, *, rng: Rng) -> Outcome[Answers]:
        """Answer all queries, and round."""
        rounded = self.step * np.rint(data.sums / self.step)
        view = Answers(subsets=data.subsets, answers=rounded, noise=self.step / 12**0.5)
        return outcome(self.noise, view, self.budget, "RoundedSums")
