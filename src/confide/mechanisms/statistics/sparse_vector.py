"""Lyu, Su, Li: Understanding the Sparse Vector Technique for Differential Privacy (PVLDB 10(6), 2017)."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from fractions import Fraction

import numpy as np

from confide.core.arrays import Bools, Ints, Rng
from confide.core.budget import Budget, Unit
from confide.core.errors import PromiseError
from confide.core.nouns import Outcome
from confide.mechanisms.noise.coins import rate_below
from confide.mechanisms.noise.discrete_laplace import discrete_laplace
from confide.mechanisms.noise.source import Noise, outcome, refuse_unknown, words_of


@dataclass(frozen=True, slots=True, kw_only=True)
class SparseVector:
    """The sparse vector technique says which answers are above a threshold; only those above cost budget.

    *Statement.* The release is epsilon-differentially private, for any number of questions, also where each
    is chosen after the replies to those before.

    *Proof.* Let one unit change every whole-numbered answer by at most s. Fix the replies; they end with the
    c-th "above". Replies "below" all get likelier if the threshold's noise is moved up by s: by that move
    alone the probability changes by at most exp(epsilon_1), since this noise has P(k) in proportion to
    exp(-epsilon_1 |k| / s). Behind the moved threshold a reply "above" needs its own noise to be larger by at
    most 2 s, or by s where all answers move in one direction. This noise has P(k) in proportion to
    exp(-epsilon_2 |k| / (2 c s)), so each of the c replies changes the probability by at most
    exp(epsilon_2 / c). Together that is epsilon_1 + epsilon_2 = epsilon. "Below" replies are free.

    *Conditions.* The threshold and the number c are chosen without the data. Noise is whole numbers, drawn
    exactly. The answers themselves are not released: they need a budget of their own. Of six published
    variants only those are private that noise the threshold, noise every answer in proportion to c, stop
    after c, and never show the noisy answer; a test holds that each of the others breaks the promise.

    Args:
        epsilon: in nats.
        threshold: a whole number.
        above: c, the number of replies "above" after which it stops.
        sensitivity: s, by how much one unit changes an answer at most; a whole number.
        one_direction: one more unit never lowers an answer, as with counts; half the noise is enough then.
        unit: who is protected.
        noise: "secure" for a real release; "rehearsal" is drawn from `rng`, for audits and tests only.

    Raises:
        PromiseError: if a setting cannot be kept.

    >>> import numpy as np
    >>> watch = SparseVector(epsilon=8.0, threshold=100, above=1, noise="rehearsal")
    >>> watch(np.array([3, 20, 190, 5]), rng=np.random.default_rng(0)).view.tolist()
    [False, False, True]
    """

    epsilon: float
    threshold: int
    above: int = 1
    sensitivity: int = 1
    one_direction: bool = False
    unit: Unit = field(default_factory=Unit.record)
    noise: Noise = "secure"

    def __post_init__(self) -> None:
        refuse_unknown(self.noise)
        if not 0 < self.epsilon < float("inf"):
            raise PromiseError(f"epsilon is {self.epsilon}: give a finite number above 0.")
        for name, value in (("above", self.above), ("sensitivity", self.sensitivity)):
            if value < 1:
                raise PromiseError(f"{name} is {value}: give 1 or more.")

    @property
    def budget(self) -> Budget:
        return Budget(self.epsilon, unit=self.unit)

    @property
    def rates(self) -> tuple[Fraction, Fraction]:
        """Of the threshold's noise and of an answer's: P(k) is in proportion to exp(-rate |k|).

        The threshold gets the share of epsilon that makes the difference of both noises smallest.
        """
        moved = self.above * (1 if self.one_direction else 2)
        first = Fraction(self.epsilon / (1 + moved ** (2 / 3)))
        rest = Fraction(self.epsilon) - first
        return rate_below(first / self.sensitivity), rate_below(rest / (moved * self.sensitivity))

    def half_width(self, level: float) -> int:
        """The smallest whole number within which both noises together keep an answer's distance to the
        threshold, with this probability at least.

        Their difference is k with a probability in proportion to the sum over j of r^|j| s^|k - j|, where r
        and s are exp(-rate) of the two. That is a sum of geometric series; so is its tail.
        """
        a, b = sorted(float(rate) for rate in self.rates)
        r, s = math.exp(-a), math.exp(-b)  # r >= s
        u, v = -math.expm1(-a), -math.expm1(-b)  # 1 - r and 1 - s, exact for small rates
        both = -r * s / math.expm1(-a - b)

        def outside(w: int) -> float:
            n = w + 1
            # (r^n - s^n) / (r - s), which is n r^(n - 1) where both are the same.
            mixed = math.exp(-a * w) * (math.expm1(-n * (b - a)) / math.expm1(a - b) if b > a else n)
            last, least = math.exp(-a * n), math.exp(-b * n)
            series = both * (last / u + least / v) + (r * mixed * v + least) / (u * v)
            return 2 * u * v / ((1 + r) * (1 + s)) * series

        low, high = -1, 1  # the answer is above the first and at most the second
        while outside(high) > 1 - level:
            low, high = high, 2 * high
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if outside(middle) > 1 - level else (low, middle)
        return high

    def __call__(self, data: Ints, *, rng: Rng) -> Outcome[Bools]:
        """Reply to one question after the other until `above` of them are above.

        Args:
            data: int64[m], the true answers.
            rng: of a rehearsal.

        Returns:
            bool[k], k <= m: which are above the threshold, up to the last reply that is given.
        """
        watch = self.watch(rng)
        high = watch.high(np.asarray(data, np.int64))
        return outcome(self.noise, high, self.budget, "SparseVector")

    def watch(self, rng: Rng) -> Watch:
        """Begin to reply; keep what this returns in the process, and never show it."""
        threshold, answers = self.rates
        words = words_of(self.noise, rng)
        bar = self.threshold + int(discrete_laplace(1, rate=threshold, words=words)[0])
        return Watch(_mechanism=self, _rate=answers, _rng=rng, _bar=bar, left=self.above)


@dataclass(slots=True, kw_only=True)
class Watch:
    """One run of the sparse vector technique: the noisy threshold, and the replies "above" that are left."""

    _mechanism: SparseVector
    _rate: Fraction
    _rng: Rng
    _bar: int
    left: int

    def high(self, answers: Ints) -> Bools:
        """The replies to these answers; it ends with the last reply "above" that is left.

        Raises:
            PromiseError: if none is left.
        """
        if not self.left:
            raise PromiseError(
                "the last reply `above` was given: begin again, at the price of a new epsilon."
            )
        words = words_of(self._mechanism.noise, self._rng)
        high = np.asarray(answers + discrete_laplace(len(answers), rate=self._rate, words=words) >= self._bar)
        last = np.flatnonzero(high)[: self.left]
        if len(last) == self.left:
            high = high[: last[-1] + 1]
        self.left -= len(last)
        return high
