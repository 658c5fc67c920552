"""Settings that every private synthesiser has: a budget, as rho, and the two ways in which it is spent."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np

from confide.core.arrays import Floats, Ints, Rng
from confide.core.budget import Budget
from confide.core.errors import PromiseError
from confide.mechanisms.noise.discrete_gaussian import WIDEST, discrete_gaussian
from confide.mechanisms.noise.source import Noise, refuse_unknown, words_of
from confide.mechanisms.noise.words import BITS, Words
from confide.mechanisms.statistics.noisy_integers import GaussianIntegers
from confide.mechanisms.statistics.promise import rho_of
from confide.mechanisms.synthesize.exponential import GRAIN, Exponential
from confide.views.margins import Measured, counted
from confide.views.table import Table

LARGEST = 500.0
"""Of epsilon: a larger promise says nothing."""
TABLED = 1 << 16
"""Deviations up to which a rehearsal looks its noise up; above, it draws whole ones, rounded up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Concentrated:
    """A budget that is spent in rho: margins are counted with Gaussian noise, choices made with Gumbel noise.

    One person more or less moves a margin by at most K rows in the L2 norm, K being the rows of one person
    (`Unit.at_most`; 1 where the unit is a record), as all of them can be in one cell. The table must have no
    more of anyone: the reader of the file has cut it.

    Args:
        budget: epsilon, delta and the unit, for everything together. Delta is above 0.
        noise: "secure" for a release; "rehearsal" draws it from `rng`, for audits and tests.

    Raises:
        PromiseError: if the budget cannot be spent so.
    """

    budget: Budget
    noise: Noise = "secure"

    def __post_init__(self) -> None:
        refuse_unknown(self.noise)
        if not (self.budget.epsilon > 0 and self.budget.delta > 0):
            raise PromiseError(
                f"the budget is {self.budget}: give an epsilon above 0, and a delta above 0, well below one "
                "over the number of records."
            )

    @property
    def rho(self) -> float:
        """What may be spent in all, by the tight conversion."""
        return rho_of(self.budget.epsilon, self.budget.delta)

    @property
    def most(self) -> int:
        """K, the rows of one person at most."""
        return 1 if self.budget.unit.kind == "record" else int(self.budget.unit.at_most or 1)

    def deviation(self, rho: float) -> float:
        """The deviation of the noise on each count of a margin that costs this much."""
        return self._law(rho).scale

    def measure(
        self, table: Table, columns: tuple[int, ...], *, rho: float, rng: Rng, chosen: bool = False
    ) -> Measured:
        """Count a margin with noise.

        Args:
            table: of codes.
            columns: by position, rising.
            rho: what it may cost; what it did cost is `Measured.rho`.
            rng: of a rehearsal.
            chosen: as in `Measured`.
        """
        law, exact = self._law(rho), counted(table, columns)
        flat = exact.reshape(-1)
        words = words_of("rehearsal", rng)
        noised = law(flat) if self.noise == "secure" else flat + played(law.scale, flat.size, words)
        counts = np.asarray(noised, np.float64).reshape(exact.shape)
        return Measured(columns=columns, counts=counts, sigma=law.scale, rho=law.rho, chosen=chosen)

    def choose(self, scores: Floats, *, move: float, rho: float, rng: Rng) -> tuple[int, float]:
        """Choose a candidate of a large score: its position, and the rho that this cost.

        Args:
            scores: float64[m], in rows.
            move: how far one row moves a score at most.
            rho: what it may cost.
            rng: of a rehearsal.
        """
        made = Exponential(move * self.most, rho)
        return made(scores, noise=self.noise, rng=rng), made.cost

    def wobble(self, *, move: float, rho: float) -> float:
        """The scale of the Gumbel noise on a score, in rows, where `choose` is given this move and rho."""
        return Exponential(move * self.most, rho).scale / GRAIN

    def refuse_too_little(self, parts: int, *, move: float) -> None:
        """Refuse a budget whose parts buy no measurement: its noise would be larger than any table.

        Args:
            parts: of equal size, of each of which a tenth is for a choice.
            move: how far one row moves a score at most.

        Raises:
            PromiseError: with the least epsilon that would do.
        """
        if self._buys(parts, move):
            return
        low, high = self.budget.epsilon, LARGEST
        while high / low > 1.01:
            middle = math.sqrt(low * high)
            more = Concentrated(budget=replace(self.budget, epsilon=middle), noise=self.noise)
            low, high = (low, middle) if more._buys(parts, move) else (middle, high)
        raise PromiseError(
            f"epsilon {self.budget.epsilon:g} buys not one measurement of the {parts} that there may be: "
            f"give at least {high:.2g}."
        )

    def _buys(self, parts: int, move: float) -> bool:
        try:
            drawn = self.wobble(move=move, rho=0.1 * self.rho / parts) < math.inf
            return drawn and self.deviation(0.9 * self.rho / parts) <= WIDEST
        except PromiseError:
            return False

    def _law(self, rho: float) -> GaussianIntegers:
        if not rho > 0:
            raise PromiseError(
                "nothing is left of the budget for a further measurement: give a larger epsilon."
            )
        squared = self.most**2
        return GaussianIntegers.for_rho(l2_squared=squared, rho=Fraction(rho))


def played(sigma: float, n: int, words: Words) -> Ints:
    """n whole numbers, k in proportion to exp(-k^2 / (2 sigma^2)), for a rehearsal: exact to float64.

    >>> from confide.mechanisms.noise.words import rehearsal_words
    >>> noise = played(1.5, 100_000, rehearsal_words(np.random.default_rng(0)))
    >>> bool(abs(noise.std() - 1.5) < 0.02)
    True
    """
    if sigma > TABLED:
        return discrete_gaussian(n, sigma=min(math.ceil(sigma), WIDEST), words=words)
    ks = np.arange(-math.ceil(12 * sigma), math.ceil(12 * sigma) + 1)
    below_ = np.cumsum(np.exp(-(ks**2) / (2 * sigma**2)))
    return ks[np.searchsorted(below_, words(n) / 2.0**BITS * below_[-1], side="right")]
