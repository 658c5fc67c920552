"""Costs of questions as whole numbers, rounded up, so that no sum of them overruns or strands a budget.

Three units, each a whole number on disk and in every sum:

- epsilon in millionths (1e-6);
- rho of zero-concentrated differential privacy in 1e-12. An epsilon of k millionths costs rho =
  epsilon^2 / 2 = k^2 / 2 of these units, so it is exact but for one half;
- delta in 1e-15, because a delta of 1e-12 must not be rounded up to a million times itself.

A float is read as the decimal number that Python prints for it: ten questions at 0.1 cost 1 and no more,
although the float 0.1 is a little more than a tenth. What is written so is rounded up. The mechanism has to
be made from the number that is charged.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from typing import TypeAlias

from confide.core.errors import BudgetError

Amount: TypeAlias = int | float | str | Decimal | Fraction
"""A number as a user writes it."""

MILLIONTH = 10**6
"""Units in an epsilon of 1."""
RHO_UNITS = MILLIONTH**2
"""Units in a rho of 1."""
DELTA_UNITS = 10**15
"""Units in a delta of 1."""

MOST_EPSILON = 1000
"""A larger epsilon promises nothing, and its square would not fit into the 64 bits of a database."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """The cost of one question, or of several together, in whole units.

    Args:
        epsilon: of pure or approximate differential privacy, in 1e-6; None for a mechanism that has no such
            epsilon by itself, as Gaussian noise. A sum with None is None.
        rho: of zero-concentrated differential privacy, in 1e-12.
        delta: the probability with which neither holds, in 1e-15.

    >>> str(sum([Cost.pure(0.1)] * 10, Cost.nothing()))
    'epsilon 1'
    >>> str(Cost.concentrated("0.005", delta=1e-9))
    'rho 0.005, delta 0.000000001'
    """

    epsilon: int | None
    rho: int
    delta: int = 0

    def __post_init__(self) -> None:
        for name, value in (("epsilon", self.epsilon), ("rho", self.rho), ("delta", self.delta)):
            if value is not None and (type(value) is not int or value < 0):
                raise BudgetError(f"{name} is {value!r} units: give a whole number of at least 0.")

    @classmethod
    def nothing(cls) -> Cost:
        """The cost of no question at all, where sums begin."""
        return cls(epsilon=0, rho=0)

    @classmethod
    def pure(cls, epsilon: Amount, *, delta: Amount = 0) -> Cost:
        """The cost of an (epsilon, delta) answer.

        Theorem: an (epsilon, delta) mechanism is delta-approximately (epsilon^2 / 2)-zCDP (Bun, Steinke 2016,
        proposition 1.4, on the part that Kairouz, Oh, Viswanath 2015 split off with probability 1 - delta).

        Args:
            epsilon: in nats, above 0.
            delta: in [0, 1).

        Raises:
            BudgetError: for a number that is no cost.

        >>> Cost.pure(0.1)
        Cost(epsilon=100000, rho=5000000000, delta=0)
        """
        units = whole("epsilon", epsilon, MILLIONTH, below=MOST_EPSILON)
        return cls(epsilon=units, rho=(units**2 + 1) // 2, delta=_delta(delta))

    @classmethod
    def concentrated(cls, rho: Amount, *, delta: Amount = 0) -> Cost:
        """The cost of a delta-approximately rho-zCDP answer, such as Gaussian noise: rho = (shift / sd)^2 /
        2.

        Args:
            rho: above 0.
            delta: in [0, 1).

        Raises:
            BudgetError: for a number that is no cost.
        """
        return cls(epsilon=None, rho=whole("rho", rho, RHO_UNITS, below=MOST_EPSILON), delta=_delta(delta))

    def __add__(self, other: Cost) -> Cost:
        known = self.epsilon is not None and other.epsilon is not None
        return Cost(
            epsilon=(self.epsilon or 0) + (other.epsilon or 0) if known else None,
            rho=self.rho + other.rho,
            delta=self.delta + other.delta,
        )

    def __str__(self) -> str:
        if self.epsilon is None:
            main = f"rho {decimal(self.rho, RHO_UNITS)}"
        else:
            main = f"epsilon {decimal(self.epsilon, MILLIONTH)}"
        return f"{main}, delta {decimal(self.delta, DELTA_UNITS)}" if self.delta else main


def whole(name: str, amount: Amount, units: int, *, below: int) -> int:
    """The amount in whole units, rounded up; it must be above 0.

    Raises:
        BudgetError: if it is no finite number above 0, or not below `below`.

    >>> whole("epsilon", 0.1, MILLIONTH, below=1000), whole("epsilon", "1e-9", MILLIONTH, below=1000)
    (100000, 1)
    """
    given = exact(name, amount)
    if not 0 < given < below:
        raise BudgetError(f"{name} is {amount!s:.40}: give a number above 0 and below {below:,}.")
    return math.ceil(given * units)


def floored(name: str, amount: Amount, units: int) -> int:
    """The amount in whole units, rounded down: for what may be spent.

    Raises:
        BudgetError: if it is no finite number of at least 0.
    """
    given = exact(name, amount)
    if given < 0:
        raise BudgetError(f"{name} is {amount!s:.40}: give a number of at least 0.")
    return math.floor(given * units)


def decimal(amount: int, units: int) -> str:
    """A whole number of units (a power of ten) as a decimal number, exactly.

    >>> decimal(1_500_000, MILLIONTH), decimal(1, DELTA_UNITS)
    ('1.5', '0.000000000000001')
    """
    digits = len(str(units)) - 1
    text = f"{amount // units}.{amount % units:0{digits}d}"
    return text.rstrip("0").rstrip(".")


def _delta(delta: Amount) -> int:
    given = exact("delta", delta)
    if not 0 <= given < 1:
        raise BudgetError(f"delta is {delta!s:.40}: give a number of at least 0 and below 1.")
    return math.ceil(given * DELTA_UNITS)


def exact(name: str, amount: Amount) -> Fraction:
    """The number as it is written; a float as Python prints it.

    Raises:
        BudgetError: if it is no finite number.
    """
    try:
        if isinstance(amount, bool):
            raise ValueError
        if isinstance(amount, Fraction):
            return amount
        # A subclass of float, as numpy's, prints its type too.
        written = repr(float(amount)) if isinstance(amount, float) else str(amount)
        value = Decimal(written)
        if not value.is_finite() or abs(value.adjusted()) > 400:  # beyond floats, and slow as a fraction
            raise ValueError
        return Fraction(value)
    except (ValueError, InvalidOperation):
        raise BudgetError(f"{name} is {amount!s:.40}: give a finite number, such as 0.1.") from None
