"""A number that never travels without its interval."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Estimate:
    """A value with the interval that holds the truth with the stated confidence.

    >>> str(Estimate(0.31, 0.28, 0.345, 0.95))
    '0.310 [0.280, 0.345] at 95%'
    """

    value: float
    low: float
    high: float
    confidence: float

    def __str__(self) -> str:
        return f"{self.value:.3f} [{self.low:.3f}, {self.high:.3f}] at {self.confidence:.0%}"
