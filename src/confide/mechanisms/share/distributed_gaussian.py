"""Kairouz, Liu, Steinke: The Distributed Discrete Gaussian Mechanism (ICML 2021), for a secure sum.

Each client clips its vector, rounds it to a grid by chance and adds discrete Gaussian noise of its own; the
secure sum adds up. Nobody sees a sum with less noise than the promise needs, and nobody is trusted to add it
all.

*Statement.* Let at least `least` clients remain in each round, of which at most `colluding` tell the
adversary all they know. Then all sums together are (epsilon, delta)-differentially private for what any one
honest client holds: its vectors replaced by zeros. Who took part is known to all, and is not hidden.

*Proof.* The adversary takes away what it knows; left is the sum of h = least - colluding honest clients, or
more, with the noise of each. (1) The sum of h discrete Gaussians of sigma s is discrete Gaussian with
variance h s^2, up to a factor exp(tau) in each probability, for tau = 10 (exp(-2 pi^2 s^2 k / (k + 1)) summed
over k from 1 to h - 1) (theorem 9 there): below 10^-1000 for s >= 16. (2) That law keeps what normal noise of
variance h s^2 - 16 keeps (`mechanisms/noise/discrete_gaussian.py`). (3) T rounds of normal noise, each chosen
after the last, are as private as one with sqrt(T) times the sensitivity (Dong, Roth, Su 2022, corollary 2).
(4) Rounding is repeated until the vector's length is at most B, so a client moves a sum by B at most. What
wraps around modulo 2^32 is a function of the noisy sum. No amplification by sampling is claimed, as a server
that collects the messages sees who is in the sample.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from confide.core.arrays import Array, Floats, Ints, Rng
from confide.core.budget import Budget
from confide.core.errors import BudgetError, DataError, PromiseError
from confide.mechanisms.noise.discrete_gaussian import SPARE, WIDEST, discrete_gaussian
from confide.mechanisms.noise.gaussian import gaussian_sigma
from confide.mechanisms.noise.source import Noise, refuse_unknown, words_of
from confide.mechanisms.noise.words import BITS, Words

if TYPE_CHECKING:
    from confide.mechanisms.share.plan import SumPlan

RING = 2**32
NARROWEST = 16
"""The least sigma of one client's noise, for step (1) of the proof."""
REACH = 40
"""Deviations of one client's noise for which there is room in 32 bits; beyond has chance 10^-340."""
LONGEST = 2**22
"""Steps in the clip at most: finer ones would change nothing that noise leaves to see."""
TRIES = 200
"""Of rounding; each succeeds with probability .39 or more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """Whole numbers that the promise is made of.

    Args:
        steps: of the grid in a unit, a power of two.
        l2_squared: the square of B, the length of a rounded vector at most.
        sigma: of one client's noise, in steps.
    """

    steps: float
    l2_squared: int
    sigma: int

    @property
    def bound(self) -> int:
        """The largest whole number that a client sends."""
        return math.isqrt(self.l2_squared) + REACH * self.sigma


@dataclass(frozen=True, slots=True, kw_only=True)
class DistributedGaussian:
    """Distributed discrete Gaussian noise, enough of it in the smallest sum that may be shown.

    Args:
        budget: for all rounds together; its unit is the client.
        clip: the longest vector of a client, in the Euclidean norm.
        words: the length of a vector.
        clients: how many take part at most.
        least: how many remain at least: `SumPlan.least`.
        colluding: how many of them may tell the server their noise.
        rounds: how many sums there will be.

    Raises:
        PromiseError: if no such noise keeps the budget, with what to change.

    >>> from confide.core.budget import Unit
    >>> noise = DistributedGaussian(budget=Budget(2.0, 1e-4, Unit.client()), clip=0.5, words=10, clients=100,
    ...     least=67, colluding=7)
    >>> print(noise.promise)
    epsilon 2, delta 0.0001, hiding everything any one client holds, over 1 round, while at least 67 clients
    remain and at most 7 of them collude with the server
    >>> bool(noise.deviation(67) > noise.deviation(60))
    True
    """

    budget: Budget
    clip: float
    words: int
    clients: int
    least: int
    colluding: int = 0
    rounds: int = 1

    def __post_init__(self) -> None:
        if self.budget.unit.kind != "client":
            raise PromiseError(
                f"the budget hides {self.budget.unit}: noise of clients hides a client (Unit.client())."
            )
        if not 2 <= self.least <= self.clients:
            raise PromiseError(f"{self.least} of {self.clients} clients remain at least: give 2 to all.")
        if not 0 <= self.colluding < self.least - 1:
            raise PromiseError(
                f"{self.colluding} of the {self.least} clients that remain may collude: then at most one "
                f"honest client is left to add noise. Give at most {self.least - 2}."
            )
        if not self.budget.delta < 1 / self.clients:
            raise PromiseError(
                f"delta is {self.budget.delta:g}, which allows to publish one of {self.clients} clients: "
                f"give one well below {1 / self.clients:.1g}."
            )
        if not 0 < self.clip < math.inf or self.words < 1 or self.rounds < 1:
            raise PromiseError(
                f"clip {self.clip:g}, {self.words} words, {self.rounds} rounds: each must be above 0."
            )
        _ = self.grid

    @property
    def grid(self) -> Grid:
        """The finest grid whose sums fit 32 bits."""
        return _grid(
            self.budget, self.clip, self.words, self.clients, self.least - self.colluding, self.rounds
        )

    @property
    def bound(self) -> int:
        """The bound of the secure sum's plan."""
        return self.grid.bound

    @property
    def promise(self) -> str:
        """The budget in words, with the number of colluding clients that it survives."""
        rounds = f"{self.rounds} round{'s' * (self.rounds > 1)}"
        return (
            f"{self.budget}, over {rounds}, while at least {self.least} clients remain and at most "
            f"{self.colluding} of them collude with the server"
        )

    @property
    def rho(self) -> float:
        """Of one round, for a ledger of zero-concentrated privacy (theorem 1 there), rounded up."""
        honest, sigma = self.least - self.colluding, self.grid.sigma
        apart = excess(sigma, honest)
        shift = math.sqrt(self.grid.l2_squared / (honest * sigma**2))
        # In the paper's epsilon, for which rho = epsilon^2 / 2.
        squared = min(shift**2 + apart * self.words / 2, (shift + apart * math.sqrt(self.words)) ** 2)
        return squared / 2 * (1 + 1e-9)

    def deviation(self, survivors: int) -> float:
        """The deviation of the noise on each number of a sum of this many clients."""
        return self.grid.sigma * math.sqrt(survivors) / self.grid.steps

    def refuse_plan(self, plan: SumPlan) -> None:
        """Refuse a secure sum for which this promise would not hold.

        Raises:
            PromiseError: with the term, and what it must be.
        """
        for name, have, fits, wanted in (
            ("words", plan.words, plan.words == self.words, f"{self.words}"),
            ("clients", len(plan.parties), len(plan.parties) <= self.clients, f"at most {self.clients}"),
            ("least clients", plan.least, plan.least >= self.least, f"{self.least} or more"),
            ("colluding", plan.colluding, plan.colluding >= self.colluding, f"{self.colluding} or more"),
            ("bound", plan.bound, plan.bound >= self.bound, f"{self.bound} or more"),
        ):
            if not fits:
                raise PromiseError(f"the secure sum's plan has {name} {have}: the noise needs {wanted}.")

    def refuse_round(self, number: int) -> None:
        """Refuse a round beyond those that the budget pays for; one that gave no sum counts too.

        Args:
            number: of the round, from 1.

        Raises:
            BudgetError: if the budget is spent.
        """
        if not 1 <= number <= self.rounds:
            raise BudgetError(
                f"round {number} of {self.rounds}: the budget of {self.budget} is for {self.rounds}, those "
                "without a sum among them. Plan more rounds, with more noise in each, in a new run."
            )

    def encoded(self, values: Array, *, noise: Noise = "secure", rng: Rng | None = None) -> Ints:
        """A client's vector, clipped, on the grid and with its noise: int64[words].

        Args:
            values: float[words].
            noise: "secure" for a real sum; "rehearsal" has the same law, from `rng`.
            rng: of a rehearsal.

        Raises:
            DataError: if a number is not finite, or there are not as many as `words`.
        """
        refuse_unknown(noise)
        given = np.asarray(values, np.float64)
        if given.shape != (self.words,) or not np.isfinite(given).all():
            bad = int((~np.isfinite(given)).sum())
            raise DataError(
                f"an update of shape {given.shape} with {bad:,} numbers that are not finite: give "
                f"{self.words:,} finite numbers, or leave the client out."
            )
        words = words_of(noise, rng)
        length = float(np.linalg.norm(given))
        scaled = given * (self.grid.steps * min(1.0, self.clip / length if length else 1.0))
        whole = _rounded(scaled, self.grid.l2_squared, words)
        return whole + discrete_gaussian(self.words, sigma=self.grid.sigma, words=words)

    def decoded(self, total: Array) -> Floats:
        """The sum in the units of the vectors."""
        return np.asarray(total, np.float64) / self.grid.steps


def excess(sigma: float, parties: int) -> float:
    """tau of the theorem: how far the sum of discrete Gaussians is from one, in logarithms of probabilities.

    >>> excess(16, 100), excess(0.5, 2) > 0.01
    (0.0, True)
    """
    return 10 * sum(math.exp(-2 * math.pi**2 * sigma**2 * k / (k + 1)) for k in range(1, parties))


@lru_cache(maxsize=256)
def _grid(budget: Budget, clip: float, words: int, clients: int, honest: int, rounds: int) -> Grid:
    most = (RING // 2 - 1) // clients
    # In units of B: the deviation of the whole sum's noise.
    multiplier = gaussian_sigma(budget, sensitivity=math.sqrt(rounds))
    finest = math.floor(math.log2(LONGEST / clip))
    for power in range(finest, finest - 23, -1):
        steps = 2.0**power
        squared = _length_squared(clip * steps, words)
        sigma = math.ceil(math.sqrt((multiplier**2 * squared + SPARE**2) / honest) * (1 + 1e-9))
        grid = Grid(steps=steps, l2_squared=squared, sigma=max(sigma, NARROWEST))
        if grid.bound <= most and grid.sigma <= WIDEST:
            return grid
    raise PromiseError(
        f"{budget} over {rounds} rounds needs noise of {multiplier:.3g} times the clip, and sums of "
        f"{clients} clients with it do not fit 32 bits: give more epsilon, fewer rounds, or a larger cohort."
    )


def _length_squared(clip: float, words: int) -> int:
    """The square of a length that a rounded vector keeps with probability .39 at least (proposition 26 there,
    with beta = exp(-1/2)), or always."""
    root = math.sqrt(words)
    return math.ceil(min(clip**2 + words / 4 + clip + root / 2, (clip + root) ** 2) * (1 + 1e-12))


def _rounded(scaled: Floats, most: int, words: Words) -> Ints:
    """Each number as one of its neighbours by chance, again and again until the vector is short enough."""
    low = np.floor(scaled)
    up = (scaled - low) * 2.0**BITS
    for _ in range(TRIES):
        whole = low.astype(np.int64) + (words(len(low)) < up)
        if int((whole**2).sum()) <= most:
            return whole
    return np.trunc(scaled).astype(np.int64)  # no longer than the vector; the chance of this is 10^-43
