"""Publishes the loss of cast votes under noise of its own (after Papernot et al. 2018, appendix B)."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri

from confide.core.arrays import Ints, Rng
from confide.core.budget import Budget
from confide.core.errors import DataError, PromiseError
from confide.core.nouns import Outcome
from confide.measure.epsilon import gaussian_epsilon
from confide.mechanisms.federate.gnmax_cost import log_tail
from confide.mechanisms.federate.pate import PATE
from confide.mechanisms.federate.smooth_gnmax_cost import log_smooth_cost
from confide.mechanisms.learn.dpsgd.renyi import at_delta
from confide.mechanisms.noise.discrete_gaussian import SPARE, WIDEST, discrete_gaussian, steps_of
from confide.mechanisms.noise.gaussian import gaussian_sigma
from confide.mechanisms.noise.source import Noise, outcome, refuse_unknown, words_of

STEPS = 1_000
"""Of the grid on which the noise is drawn: this many make beta."""
SENSITIVITY = STEPS + 2
"""Steps that a teacher moves the bound by: beta, one for rounding to the grid, one for floating point."""
LEAST_MISS = 1e-9


@dataclass(frozen=True, slots=True)
class PublishedLoss:
    """The epsilon of the votes that were cast, which may be published.

    Args:
        epsilon: of labels and this number together, for these votes, at the delta of `promise`. It is too
            small with a chance of at most `miss`, over the noise in it.
        miss: that chance.
        promise: what labels and this number keep together for any votes, and always.
        own: what this number alone costs of that.

    >>> PublishedLoss(2.16, 0.05, Budget(4.1, 1e-5), Budget(0.7, 1e-5))
    epsilon 2.16 of these votes (too small with a chance of 0.05 at most), for publication; the promise is
    epsilon 4.1, delta 1e-05, hiding any one record, of which this number costs epsilon 0.7
    """

    epsilon: float
    miss: float
    promise: Budget
    own: Budget

    def __str__(self) -> str:
        return (
            f"epsilon {self.epsilon:.3g} of these votes (too small with a chance of {self.miss:g} at most), "
            f"for publication; the promise is {self.promise}, of which this number costs epsilon "
            f"{self.own.epsilon:.3g}"
        )

    def __repr__(self) -> str:
        return str(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishLoss:
    """Releases an upper bound on the loss of PATE's votes: a smooth bound, in logarithms, under normal noise.

    *Statement.* The number is (epsilon, delta)-private by `budget`, for any votes. With a chance of at least
    1 - `miss` over its noise, labels and number together have at most its epsilon for the votes that were
    cast, against any that differ in one teacher, in both directions, at the delta of PATE's budget.

    *Proof.* F of `log_smooth_cost` is moved by beta at most by one teacher. It is rounded up to a grid of
    beta / 1000, on which it moves by 1,002 steps at most, and gets discrete Gaussian noise for that: the
    first part, by `discrete_gaussian`. Steps are added, until the noise is below minus them with a
    chance of `miss`. Otherwise the sum is at least F, and e^F at least the divergence of the labels at the
    order. The number's own is order mu^2 / 2; its noise is drawn by itself, so that both add up. Epsilon
    follows at the order, which is fixed before (Canonne, Kamath, Steinke 2020). The promise for any votes is
    an upper bound as well, and the smaller is taken: that is post-processing.

    *Why in logarithms.* The paper adds noise in proportion to a smooth bound on the local sensitivity. The
    width of that noise is itself secret, so that nobody can say how far the number may be below the truth. A
    smooth bound on the loss itself has a logarithm of *known* sensitivity, and noise of known width: what is
    published is above the truth with a known chance. Conditions like the paper's (order below 1 / (2 beta))
    are not needed; where theorem 6 does not hold for some counts, they cost what holds for any votes.

    Args:
        pate: whose labels were published. Its votes must be those that are given.
        budget: of the number, for the same unit.
        order: of Renyi, fixed without the votes; None for 1.5 times the best one of the promise.
        beta: how much a teacher may move the bound's logarithm; None for 2 / sigma of an answer's noise, as
            a moved vote shifts the gap between two counts by 2. A smaller one: less noise, a higher bound.
        miss: the chance that the number is too small.
        noise: "secure" or "rehearsal".

    Raises:
        PromiseError: for settings under which the statement does not hold.

    >>> made = PATE(budget=Budget(4.0, 1e-5), classes=10, threshold=200, queries=500, answers=300)
    >>> number = PublishLoss(pate=made, budget=Budget(0.6, 1e-5), noise="rehearsal")
    >>> votes = np.tile([246, 3, 1, 0, 0, 0, 0, 0, 0, 0], (500, 1))
    >>> found = number(votes, rng=np.random.default_rng(0)).view
    >>> found.epsilon < 2 < found.promise.epsilon
    True
    """

    pate: PATE
    budget: Budget
    order: int | None = None
    beta: float | None = None
    miss: float = 0.05
    noise: Noise = "secure"

    def __post_init__(self) -> None:
        refuse_unknown(self.noise)
        if self.budget.unit != self.pate.budget.unit:
            raise PromiseError(
                f"the number hides {self.budget.unit}, and the labels {self.pate.budget.unit}: give one unit."
            )
        if not LEAST_MISS <= self.miss < 0.5:
            raise PromiseError(
                f"miss is {self.miss:g}: give a chance of being too small from {LEAST_MISS:g} to below 0.5."
            )
        if self.order is not None and self.order < 2:
            raise PromiseError(f"order is {self.order}: give a whole number from 2 on.")
        if self.beta is not None and not 1e-3 <= self.beta <= 1:
            raise PromiseError(f"beta is {self.beta:g}: give a number from 0.001 to 1.")
        if self.sigma > WIDEST:
            raise PromiseError(f"{self.budget} is too little for a number: give a larger epsilon or delta.")

    @property
    def sigma(self) -> int:
        """The deviation of the noise, in steps of the grid."""
        return steps_of(gaussian_sigma(self.budget, sensitivity=SENSITIVITY), 1.0)

    @property
    def mu(self) -> float:
        """The number is mu-GDP: what a ledger is charged for it."""
        return SENSITIVITY / math.sqrt(self.sigma**2 - SPARE**2)

    @property
    def at_order(self) -> int:
        """The order that is used."""
        best = math.sqrt(2 * math.log(1 / self.pate.budget.delta)) / self.pate.mu
        return self.order or max(2, round(1 + 1.5 * best))

    @property
    def smoothness(self) -> float:
        """The beta that is used."""
        return self.beta or 2 / self.pate.answer_sigma

    @property
    def margin(self) -> int:
        """Steps t that are added: the chance of noise below -t is `miss` at most."""
        t = np.arange(math.ceil(self.sigma * (-float(ndtri(self.miss)) + 0.1)) + 2)
        return int(np.flatnonzero(log_tail(t + 1, self.sigma) <= math.log(self.miss))[0])

    @property
    def promise(self) -> Budget:
        """What labels and number keep together for any votes."""
        both = math.hypot(self.pate.mu, self.mu)
        delta = self.pate.budget.delta
        epsilon = gaussian_epsilon(both, delta=delta, rounded_up=True)
        return Budget(epsilon, delta, self.budget.unit)

    def __call__(self, data: Ints, *, rng: Rng) -> Outcome[PublishedLoss]:
        """Release the number.

        Args:
            data: from `PATE.counts`: the votes of all public records that may be looked at, int64[m, C].
            rng: of a rehearsal.

        Raises:
            DataError: if there are none, or more than PATE looks at.
        """
        if not 1 <= len(data) <= self.pate.queries:
            raise DataError(f"votes of {len(data):,} public records: give 1 to {self.pate.queries:,}.")
        drawn = discrete_gaussian(1, sigma=self.sigma, words=words_of(self.noise, rng))
        found = self.epsilon_at(self.steps(data) + int(drawn[0]) + self.margin)
        promise = self.promise
        view = PublishedLoss(min(found, promise.epsilon), self.miss, promise, self.budget)
        return outcome(self.noise, view, self.budget, "the loss of PATE's votes")

    def steps(self, counts: Ints) -> int:
        """The bound's logarithm on the grid, rounded up: never to be published."""
        made = self.pate
        log_cost = log_smooth_cost(
            counts,
            threshold=made.threshold,
            check=made.check_sigma,
            answer=made.answer_sigma,
            order=self.at_order,
            beta=self.smoothness,
        )
        return math.ceil(log_cost * STEPS / self.smoothness)

    def epsilon_at(self, steps: int) -> float:
        """The epsilon of labels and number, where e^(steps of the grid) is the divergence of the labels."""
        order = self.at_order
        try:
            of_labels = math.exp(steps * self.smoothness / STEPS)
        except OverflowError:
            return math.inf
        fixed = order * self.mu**2 / 2 + float(at_delta(self.pate.budget.delta, np.array([order]))[0])
        return max(of_labels + fixed, 0.0)
