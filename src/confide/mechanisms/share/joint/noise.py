"""Kairouz, Liu, Steinke: The Distributed Discrete Gaussian Mechanism (ICML 2021), for joint computations.

Every party, a helper too, adds discrete Gaussian noise of its own to what it shares, and one vector is
opened.

*Statement.* While at most `colluding` of the parties share what they saw, their own noise included, the
opened vector is (epsilon, delta)-differentially private for a record of any other party: the record added
or removed.

*Proof.* As that of `distributed_gaussian`: take away the noise of the colluding; left is that of h =
parties - colluding, discrete Gaussian with variance h s^2 up to a factor exp(tau), below 10^-1000 off for s
>= 16 (theorem 9 there), which keeps what normal noise of variance h s^2 - 16 keeps. Rounding to the grid
moves each of the two vectors compared by half a step a number, so B = sensitivity + sqrt(words) steps
bounds how far a record moves it. A lost party leaves no result at all, so no sum with less noise is ever
opened.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from confide.core.arrays import Floats, Ints, Rng
from confide.core.budget import Budget
from confide.core.errors import BudgetError, PromiseError
from confide.mechanisms.noise.discrete_gaussian import SPARE, discrete_gaussian
from confide.mechanisms.noise.gaussian import gaussian_sigma
from confide.mechanisms.noise.source import Noise, refuse_unknown, words_of
from confide.mechanisms.share.distributed_gaussian import NARROWEST, REACH, Grid, excess
from confide.mechanisms.share.joint.engine import Engine
from confide.mechanisms.share.joint.plan import JointPlan
from confide.mechanisms.share.joint.summing import refuse_beyond

WIDEST = 2**20
"""The largest deviation of one party's noise, in steps."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JointNoise:
    """Noise in shares, of which the honest parties alone carry the budget.

    Args:
        budget: of the one vector that is opened; its unit is the record.
        sensitivity: how far one record, added or removed, moves the vector at most, in the Euclidean norm.
        words: numbers in the vector.
        parties: how many add noise.
        colluding: how many of them may tell theirs.

    Raises:
        PromiseError: if no such noise keeps the budget.

    >>> noise = JointNoise(budget=Budget(1.0, 1e-6), sensitivity=1.0, words=10, parties=3, colluding=1)
    >>> 5 < noise.deviation < 7  # of the opened sum; a trusted curator would add 4.2
    True
    """

    budget: Budget
    sensitivity: float
    words: int
    parties: int
    colluding: int

    def __post_init__(self) -> None:
        if self.budget.unit.kind != "record":
            raise PromiseError(
                f"the budget hides {self.budget.unit}: joint noise hides a record (Unit.record())."
            )
        if not 0 <= self.colluding < self.parties - 1:
            raise PromiseError(
                f"{self.colluding} of {self.parties} parties may collude: two honest ones must be left."
            )
        if not 0 < self.sensitivity < math.inf or self.words < 1:
            raise PromiseError(f"sensitivity {self.sensitivity:g}, {self.words} words: each must be above 0.")
        _ = self.grid

    @property
    def honest(self) -> int:
        """How many parties' noise nobody can take away."""
        return self.parties - self.colluding

    @property
    def grid(self) -> Grid:
        """The finest grid on which one party's noise is at most `WIDEST` steps."""
        multiplier = gaussian_sigma(self.budget, sensitivity=1.0)
        for power in range(40, -60, -1):
            most = math.ceil(self.sensitivity * 2.0**power + math.sqrt(self.words))
            sigma = math.ceil(math.sqrt((multiplier**2 * most**2 + SPARE**2) / self.honest) * (1 + 1e-9))
            if sigma <= WIDEST:
                return Grid(steps=2.0**power, l2_squared=most**2, sigma=max(sigma, NARROWEST))
        raise PromiseError(
            f"{self.budget} needs noise of {multiplier:.3g} times the sensitivity: give more epsilon."
        )

    @property
    def deviation(self) -> float:
        """The deviation of the noise on each number of the opened vector."""
        return self.grid.sigma * math.sqrt(self.parties) / self.grid.steps

    @property
    def rho(self) -> float:
        """Of the opened vector, for a ledger of zero-concentrated privacy, rounded up."""
        grid, apart = self.grid, excess(self.grid.sigma, self.honest)
        shift = math.sqrt(grid.l2_squared / (self.honest * grid.sigma**2))
        squared = min(shift**2 + apart * self.words / 2, (shift + apart * math.sqrt(self.words)) ** 2)
        return squared / 2 * (1 + 1e-9)

    def drawn(self, *, noise: Noise = "secure", rng: Rng | None = None) -> Ints:
        """One party's noise in steps: int64[words]."""
        refuse_unknown(noise)
        return discrete_gaussian(self.words, sigma=self.grid.sigma, words=words_of(noise, rng))


@dataclass(slots=True)
class NoisyTotals:
    """Totals of which one vector is opened, with every party's noise.

    Args:
        engine: of this party.
        plan: that names the parties.
        noise: that the plan's budget pays for.
        charge: charges this party's ledger, before anything is shared. Where it raises, all parties end.

    Raises:
        PromiseError: if the noise is for other parties than the plan's.
    """

    engine: Engine
    plan: JointPlan
    noise: JointNoise
    charge: Callable[[float], None]
    _opened: bool = field(default=False, init=False)

    def __post_init__(self) -> None:
        if (len(self.plan.parties), self.plan.colluding) != (self.noise.parties, self.noise.colluding):
            raise PromiseError(
                f"noise for {self.noise.parties} parties of which {self.noise.colluding} collude; the plan "
                f"has {len(self.plan.parties)} and {self.plan.colluding}."
            )

    async def __call__(self, values: Floats | None, bounds: Floats) -> Floats:
        """The noisy sums.

        Raises:
            BudgetError: if a vector was opened before, or the ledger does not pay.
            PromiseError: if the vector has not as many numbers as the noise.
            DataError: if a value is beyond its bound.
        """
        if self._opened:
            raise BudgetError(
                "the budget paid for one vector, which was opened: plan a new run with its own."
            )
        if len(bounds) != self.noise.words:
            raise PromiseError(f"a vector of {len(bounds):,} numbers with noise for {self.noise.words:,}.")
        grid = self.noise.grid
        most = math.ceil(float(bounds.max()) * grid.steps) + 1 + REACH * grid.sigma
        if most >= 2**62:
            raise PromiseError(
                f"sums up to {bounds.max():g} on a grid of {grid.steps:g} steps a unit do not fit 62 bits: "
                "scale the columns so that their sensitivities are of one size."
            )
        whole = np.zeros(len(bounds), np.int64)
        if values is not None:
            refuse_beyond(values, bounds)
            whole = np.rint(values * grid.steps).astype(np.int64)
        self.charge(self.noise.rho)
        self._opened = True
        mine = [int(number) for number in whole + self.noise.drawn()]
        everyone = range(self.engine.parties)
        found = await self.engine.totals(mine, count=len(bounds), bound=most, owners=everyone)
        return np.array([float(total) for total in found]) / grid.steps
