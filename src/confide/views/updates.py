"""Updates: the noised sums of a training, as an adversary sees them who watches every step."""

from __future__ import annotations

from dataclasses import dataclass

from confide.core.arrays import Floats


@dataclass(frozen=True, slots=True, eq=False)
class Updates:
    """The noised sum of each step along each of m canaries, with the known records' part taken off.

    Args:
        signal: float64[steps, m], in clipping norms.
    """

    signal: Floats
