"""Precisions that the slider offers: even steps of a logarithm, each a short decimal number."""

from __future__ import annotations

from decimal import Decimal

LADDER = ("1", "1.5", "2", "3", "5", "7")
"""Steps of a power of ten, each about half more than the one before."""
LEAST = Decimal("0.001")
USUAL = 10
"""The first precision shown is this part of the most precise one."""


def precisions_for(epsilon: int) -> tuple[Decimal, ...]:
    """The precisions of questions that cost at most an epsilon in 1e-6, from rough to precise.

    >>> [str(e) for e in precisions_for(10_000)]
    ['0.001', '0.0015', '0.002', '0.003', '0.005', '0.007', '0.01']
    """
    most = Decimal(max(1, epsilon)).scaleb(-6)
    every = (Decimal(step).scaleb(power) for power in range(-3, 3) for step in LADDER)
    found = tuple(e.normalize() for e in every if LEAST <= e <= most)
    plain = tuple(Decimal(format(e, "f")) for e in found)
    return plain or (most,)


def usual(precisions: tuple[Decimal, ...]) -> int:
    """The place of the precision that is shown first."""
    aim = precisions[-1] / USUAL
    return min(range(len(precisions)), key=lambda i: abs(precisions[i] - aim))
