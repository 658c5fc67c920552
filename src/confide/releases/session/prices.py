"""Prices of questions: an epsilon or a rho in whole units, and how several sums share it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction

from confide.account.costs import DELTA_UNITS, MILLIONTH, RHO_UNITS, Amount, Cost
from confide.core.errors import BudgetError
from confide.mechanisms.statistics.noisy_integers import GaussianIntegers, IntegerNoise, LaplaceIntegers

MOST_FELT = 10
"""Of epsilon: above, an answer may be 22,000 times as likely with a person as without."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """What a question costs; noise is made from the very number that is charged.

    Args:
        epsilon: in 1e-6, for Laplace noise; 0 if the price is a rho.
        rho: in 1e-12, for Gaussian noise; 0 if the price is an epsilon.
        delta: in 1e-15, for groups whose keys come from the data.
    """

    epsilon: int = 0
    rho: int = 0
    delta: int = 0

    @classmethod
    def of(cls, *, epsilon: Amount | None, rho: Amount | None, delta: Amount | None) -> Price:
        """The price that a user names.

        Raises:
            BudgetError: unless exactly one of epsilon and rho is given, above 0.
        """
        if (epsilon is None) == (rho is None):
            raise BudgetError(
                "the question has no price: give an epsilon (Laplace noise), a rho (Gaussian noise), or the "
                "error that you can bear (within)."
                if epsilon is None
                else "the question has two prices: give an epsilon or a rho."
            )
        if epsilon is not None:
            cost = Cost.pure(epsilon, delta=delta or 0)
            return cls(epsilon=cost.epsilon or 0, delta=cost.delta)
        assert rho is not None
        if delta:
            raise BudgetError("keys that come from the data need an epsilon: give it in the place of rho.")
        return cls(rho=Cost.concentrated(rho).rho)

    @property
    def cost(self) -> Cost:
        """As the ledger charges it."""
        delta = Fraction(self.delta, DELTA_UNITS)
        if self.epsilon:
            return Cost.pure(Fraction(self.epsilon, MILLIONTH), delta=delta)
        return Cost.concentrated(Fraction(self.rho, RHO_UNITS), delta=delta)

    @property
    def warnings(self) -> tuple[str, ...]:
        """A sentence if the price is so high that it promises nothing."""
        # An epsilon costs a rho of half its square.
        epsilon = self.epsilon / MILLIONTH if self.epsilon else math.sqrt(2 * self.rho / RHO_UNITS)
        return felt(epsilon)

    def pure(self, what: str) -> tuple[float, float]:
        """Its epsilon and delta as the largest floats that are not above them, for noise made from floats.

        Args:
            what: that is asked, for a message.

        Raises:
            BudgetError: if the price is a rho.
        """
        if not self.epsilon:
            raise BudgetError(f"{what} needs an epsilon: give it in the place of rho.")
        return _below(Fraction(self.epsilon, MILLIONTH)), _below(Fraction(self.delta, DELTA_UNITS))

    def noise(self, share: Fraction, *, l1: int, l2_squared: int) -> IntegerNoise:
        """The noise of one vector that has a share of the price.

        Args:
            share: above 0; all shares of a question add up to 1.
            l1, l2_squared: how far one person moves the vector.
        """
        if self.epsilon:
            return LaplaceIntegers.for_epsilon(l1=l1, epsilon=share * Fraction(self.epsilon, MILLIONTH))
        return GaussianIntegers.for_rho(l2_squared=l2_squared, rho=share * Fraction(self.rho, RHO_UNITS))


def felt(epsilon: float, *, what: str = "epsilon") -> tuple[str, ...]:
    """A sentence if an epsilon is too large to be felt; it is granted all the same.

    Args:
        epsilon: in nats.
        what: it is called.

    >>> felt(1.0), felt(500)[0][:48]
    ((), 'epsilon 500 promises nothing that can be felt: w')
    """
    if epsilon <= MOST_FELT:
        return ()
    power = math.floor(epsilon / math.log(10))
    return (
        f"{what} {epsilon:g} promises nothing that can be felt: with a person's rows an answer may be 10^"
        f"{power} times as likely as without them. Below 1 it is a strong promise, up to 10 a weak one.",
    )


def _below(exact: Fraction) -> float:
    near = float(exact)
    return near if Fraction(near) <= exact else math.nextafter(near, 0.0)
