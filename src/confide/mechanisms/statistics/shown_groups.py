"""Korolova, Kenthapadi, Mishra, Ntoulas: Releasing Search Queries and Clicks Privately (WWW 2009).

It is the one threshold here: that of `PrivateKeys`, and that of the queries whose groups come from the data.
OpenDP's `make_laplace_threshold` is not used: version 0.16 shows counts that are equal to the threshold, and
leaves their probability out of its delta (opendp#2922, open). The noise is OpenDP's, the delta has a closed
form, and tests hold it against brute force over all outputs and against OpenDP's map at one threshold less.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from confide.core.errors import PromiseError
from confide.mechanisms.statistics.noisy_integers import LaplaceIntegers

SAFETY = 1e-9
"""By which the logarithm of a delta is raised: a million times what its floats can be wrong."""


@dataclass(frozen=True, slots=True)
class ShownGroups:
    """Shows which groups there are: those whose number of people, with noise, is not below a threshold.

    *Statement.* Where one person is in at most `groups` groups and counts once in each, the answer is
    (epsilon, delta)-differentially private, also if the data alone say which groups there are.

    *Proof.* What is shown is a function of the noisy counts of the groups that the data have. On the groups
    that both of two neighbouring data sets have, counts differ by at most `groups` in the L1 norm, and the
    noise, with P(k) in proportion to exp(-epsilon |k| / groups), keeps epsilon. A group that only one of them
    has holds this person alone, so its count is 1; it is shown if 1 and the noise reach the threshold. Over
    at most `groups` such groups that happens with at most `delta`.

    Args:
        noise: of the counts, for a sensitivity of `groups`.
        threshold: of noisy counts, at least 2.

    Raises:
        PromiseError: for a threshold that a group of one person passes by itself.

    >>> shown = ShownGroups.for_cost(groups=2, epsilon=Fraction(1), delta=Fraction(1, 10**6))
    >>> shown.noise.epsilon <= 1, shown.delta <= 1e-6, shown.threshold, list(shown([0, 500]))
    (True, True, 30, [1])
    """

    noise: LaplaceIntegers
    threshold: int

    def __post_init__(self) -> None:
        if self.threshold < 2:
            raise PromiseError(f"the threshold is {self.threshold}: give 2 or more.")

    @classmethod
    def for_cost(cls, *, groups: int, epsilon: Fraction, delta: Fraction) -> ShownGroups:
        """The smallest noise within epsilon, and the smallest threshold within delta.

        Args:
            groups: that one person can be in.
            epsilon: above 0.
            delta: above 0 and below 1.

        Raises:
            PromiseError: if delta is outside its range, or such noise cannot be drawn.
        """
        if not 0 < delta < 1:
            raise PromiseError(f"delta is {float(delta):g}: give a number above 0 and below 1, such as 1e-7.")
        noise = LaplaceIntegers.for_epsilon(l1=groups, epsilon=epsilon)
        most = math.log(delta.numerator) - math.log(delta.denominator)
        # P(1 + Z >= t) <= exp(-(t - 1) / scale), so that this threshold keeps delta.
        high = 2 + math.ceil(noise.scale * (math.log(groups) - most + SAFETY))
        low = 2
        while low < high:
            middle = (low + high) // 2
            fits = cls(noise, middle)._log_delta <= most
            low, high = (low, middle) if fits else (middle + 1, high)
        return cls(noise, high)

    @property
    def delta(self) -> float:
        """The probability that a group of one person is shown, for all groups of a person; rounded up."""
        return min(1.0, math.exp(self._log_delta))

    @property
    def _log_delta(self) -> float:
        # P(Z >= t) = r^t / (1 + r) for t >= 1 and r = exp(-1 / scale).
        scale = self.noise.scale
        tail = -(self.threshold - 1) / scale - math.log1p(math.exp(-1 / scale))
        return math.log(self.noise.l1) + tail + SAFETY

    def __call__(self, people: Sequence[int]) -> Mapping[int, int]:
        """The places of the groups that are shown -> their noisy number of people.

        Args:
            people: for each group that the data have, how many people are in it.
        """
        return self.of_noisy(self.noise(people).tolist())

    def of_noisy(self, noisy: Sequence[int]) -> Mapping[int, int]:
        """The same of numbers that have their noise."""
        return {i: n for i, n in enumerate(noisy) if n >= self.threshold}
