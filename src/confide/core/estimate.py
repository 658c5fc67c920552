"""An estimate: a number together with its confidence interval."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Estimate:
    """A value with the interval that contains the true value with the stated confidence.

    >>> str(Estimate(0.31, 0.28, 0.345, 0.95))
    '0.310 [0.280, 0.345] at 95%'
    """

    value: float
    low: float
    high: float
    confidence: float

    def __str__(self) -> str:
        return f"{self.value:.3f} [{self.low:.3f}, {self.high:.3f}] at {self.confidence:.0%}"


Measured: TypeAlias = Mapping[str, Estimate | float]
"""Several measures of one thing by name, each with an interval where one is known."""
