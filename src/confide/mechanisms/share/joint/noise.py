"""Kairouz, Liu, Steinke: The Distributed Discrete Gaussian Mechanism (ICML 2021), for joint computations.

Every party, a helper too, adds discrete Gaussian noise of its own to what it shares, and as many vectors are
opened as were planned, each with fresh noise.

*Statement.* While at most `colluding` of the parties share what they saw, their own noise included, all
opened vectors together are (epsilon, delta)-differentially private for a record of any other party: the
record added or removed.

*Proof.* As that of `distributed_gaussian`: take away the noise of the colluding; left is that of h =
parties - colluding, discrete Gaussian with variance h s^2 up to a factor exp(tau), below 10^-1000 off for s
>= 16 (theorem 9 there), which keeps what normal noise of variance h s^2 - 16 keeps. T vectors, each chosen by
what was opened before, are then as private as one that is moved sqrt(T) times as far (Dong, Roth, Su 2022,
corollary 2). Rounding to the grid moves each of the two vectors compared by half a step a number, and
float64's before it by `off`, so B = sensitivity + sqrt(words) (1 + 2 off) steps bounds how far a record moves
it. A lost party leaves no result at all, so no sum with less noise is ever opened.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

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
class NoiseTerms:
    """What noise in shares must hide, and from how many.

    Args:
        budget: of all opened vectors together; its unit is the record.
        sensitivity: how far one record, added or removed, moves a vector at most, in the Euclidean norm.
        words: numbers in a vector.
        parties: how many add noise.
        colluding: how many of them may tell theirs.
        times: vectors that are opened, each with noise of its own.
        off: how far float64's rounding may move a number of a vector before it is on the grid.
    """

    budget: Budget
    sensitivity: float
    words: int
    parties: int
    colluding: int
    times: int = 1
    off: float = 0.0

    def refuse(self) -> None:
        """Refuse terms that no noise keeps.

        Raises:
            PromiseError: with what they must be.
        """
        if self.budget.unit.kind != "record":
            raise PromiseError(
                f"the budget hides {self.budget.unit}: joint noise hides a record (Unit.record())."
            )
        if not 0 <= self.colluding < self.parties - 1:
            raise PromiseError(
                f"{self.colluding} of {self.parties} parties may collude: two honest ones must be left."
            )
        if not 0 < self.sensitivity < math.inf or self.words < 1 or self.times < 1:
            raise PromiseError(
                f"sensitivity {self.sensitivity:g}, {self.words} words, {self.times} vectors: each must be "
                "above 0."
            )

    @property
    def honest(self) -> int:
        """How many parties' noise nobody can take away."""
        return self.parties - self.colluding


class PartsOfNoise(Protocol):
    """Noise of which every party draws a part; its terms are those of `NoiseTerms`."""

    @property
    def budget(self) -> Budget: ...
    @property
    def words(self) -> int: ...
    @property
    def parties(self) -> int: ...
    @property
    def colluding(self) -> int: ...
    @property
    def times(self) -> int: ...
    @property
    def steps(self) -> float:
        """Of the grid in a unit."""
        ...

    @property
    def widest(self) -> int:
        """The largest absolute value of one party's noise, in steps."""
        ...

    @property
    def deviation(self) -> float:
        """Of the noise on each number of an opened vector."""
        ...

    @property
    def rho(self) -> float:
        """Of all opened vectors together, for a ledger of zero-concentrated privacy, rounded up."""
        ...

    @property
    def lost(self) -> float:
        """The delta beside `rho`."""
        ...

    def drawn(self) -> Ints:
        """One party's noise on one vector in steps, from a source that nobody can replay: int64[words]."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class JointNoise(NoiseTerms):
    """Discrete Gaussian noise in shares, of which the honest parties alone carry the budget.

    The arguments are those of `NoiseTerms`.

    Raises:
        PromiseError: if no such noise keeps the budget.

    >>> noise = JointNoise(budget=Budget(1.0, 1e-6), sensitivity=1.0, words=10, parties=3, colluding=1)
    >>> 5 < noise.deviation < 7  # of the opened sum; a trusted curator would add 4.2
    True
    """

    def __post_init__(self) -> None:
        self.refuse()
        _ = self.grid

    @property
    def grid(self) -> Grid:
        """The finest grid on which one party's noise is at most `WIDEST` steps."""
        multiplier = gaussian_sigma(self.budget, sensitivity=math.sqrt(self.times))
        far, root = self.sensitivity + 2 * self.off * math.sqrt(self.words), math.sqrt(self.words)
        for power in range(40, -60, -1):
            most = math.ceil(far * 2.0**power + root)
            sigma = math.ceil(math.sqrt((multiplier**2 * most**2 + SPARE**2) / self.honest) * (1 + 1e-9))
            if sigma <= WIDEST:
                return Grid(steps=2.0**power, l2_squared=most**2, sigma=max(sigma, NARROWEST))
        raise PromiseError(
            f"{self.budget} needs noise of {multiplier:.3g} times the sensitivity: give more epsilon."
        )

    @property
    def steps(self) -> float:
        """Of the grid in a unit."""
        return self.grid.steps

    @property
    def widest(self) -> int:
        """The largest absolute value of one party's noise, in steps."""
        return REACH * self.grid.sigma

    @property
    def deviation(self) -> float:
        """The deviation of the noise on each number of an opened vector."""
        return self.grid.sigma * math.sqrt(self.parties) / self.grid.steps

    @property
    def rho(self) -> float:
        """Of all opened vectors together, for a ledger of zero-concentrated privacy, rounded up."""
        grid, apart = self.grid, excess(self.grid.sigma, self.honest)
        shift = math.sqrt(grid.l2_squared / (self.honest * grid.sigma**2))
        squared = min(shift**2 + apart * self.words / 2, (shift + apart * math.sqrt(self.words)) ** 2)
        return self.times * squared / 2 * (1 + 1e-9)

    @property
    def lost(self) -> float:
        """No delta is lost beside `rho`."""
        return 0.0

    def drawn(self, *, noise: Noise = "secure", rng: Rng | None = None) -> Ints:
        """One party's noise on one vector in steps: int64[words]."""
        refuse_unknown(noise)
        return discrete_gaussian(self.words, sigma=self.grid.sigma, words=words_of(noise, rng))


@dataclass(slots=True)
class NoisyTotals:
    """Totals of which as many vectors are opened as the budget pays for, each with every party's fresh noise.

    Args:
        engine: of this party.
        plan: that names the parties.
        noise: that the plan's budget pays for.
        charge: charges this party's ledger for all vectors, before anything is shared. Where it raises, all
            parties end.

    Raises:
        PromiseError: if the noise is for other parties than the plan's.
    """

    engine: Engine
    plan: JointPlan
    noise: PartsOfNoise
    charge: Callable[[float], None]
    _opened: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        if (len(self.plan.parties), self.plan.colluding) != (self.noise.parties, self.noise.colluding):
            raise PromiseError(
                f"noise for {self.noise.parties} parties of which {self.noise.colluding} collude; the plan "
                f"has {len(self.plan.parties)} and {self.plan.colluding}."
            )

    async def __call__(self, values: Floats | None, bounds: Floats) -> Floats:
        """The noisy sums.

        Raises:
            BudgetError: if all planned vectors were opened before, or the ledger does not pay.
            PromiseError: if the vector has not as many numbers as the noise.
            DataError: if a value is beyond its bound.
        """
        noise = self.noise
        if self._opened >= noise.times:
            planned = "one vector, which was" if noise.times == 1 else f"{noise.times:,} vectors, which were"
            raise BudgetError(f"the budget paid for {planned} opened: plan a new run with its own.")
        if len(bounds) != noise.words:
            raise PromiseError(f"a vector of {len(bounds):,} numbers with noise for {noise.words:,}.")
        most = math.ceil(float(bounds.max()) * noise.steps) + 1 + noise.widest
        if most >= 2**62:
            raise PromiseError(
                f"sums up to {bounds.max():g} on a grid of {noise.steps:g} steps a unit do not fit 62 bits: "
                "scale the columns so that their sensitivities are of one size."
            )
        whole = np.zeros(len(bounds), np.int64)
        if values is not None:
            refuse_beyond(values, bounds)
            whole = np.rint(values * noise.steps).astype(np.int64)
        if not self._opened:
            self.charge(noise.rho)
        self._opened += 1
        mine = [int(number) for number in whole + noise.drawn()]
        everyone = range(self.engine.parties)
        found = await self.engine.totals(mine, count=len(bounds), bound=most, owners=everyone)
        return np.array([float(total) for total in found]) / noise.steps
