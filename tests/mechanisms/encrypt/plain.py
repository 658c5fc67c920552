"""Operations on numbers in the clear, as an exact stand-in for ciphertexts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from confide.core.arrays import Floats

PRIME = 1000


@dataclass
class Slots:
    """What a ciphertext holds, its level and its scale."""

    values: Floats
    level: int
    scale: float


class Plain:
    """The operations; `turned` are the steps that were asked for."""

    def __init__(self) -> None:
        self.turned: set[int] = set()

    def level(self, one: Slots) -> int:
        return one.level

    def scale(self, one: Slots) -> float:
        return one.scale

    def prime(self, one: Slots) -> int:
        return PRIME + one.level  # primes differ, as SEAL's do

    def coded(self, values: Floats | float, one: Slots, scale: float) -> Any:
        return (np.asarray(values, float), scale) if np.any(values) else None

    def times(self, one: Slots, plain: Any) -> Slots:
        return Slots(one.values * plain[0], one.level, one.scale * plain[1])

    def plus(self, one: Slots, values: Floats | float) -> Slots:
        return Slots(one.values + values, one.level, one.scale)

    def add_to(self, one: Slots, other: Slots) -> Slots:
        assert one.level == other.level
        np.testing.assert_allclose(one.scale, other.scale, rtol=1e-12)
        return Slots(one.values + other.values, one.level, one.scale)

    def rounded(self, one: Slots, scale: float) -> Slots:
        assert one.level > 0
        np.testing.assert_allclose(one.scale / self.prime(one), scale, rtol=1e-12)
        return Slots(one.values, one.level - 1, scale)

    def product(self, one: Slots, other: Slots) -> Slots:
        low = min(one.level, other.level)
        return Slots(one.values * other.values, low, one.scale * other.scale)

    def lowered(self, one: Slots, level: int) -> Slots:
        assert level <= one.level
        return Slots(one.values, level, one.scale)

    def rotated(self, one: Slots, step: int) -> Slots:
        self.turned.add(step)
        return Slots(np.roll(one.values, -step), one.level, one.scale)
