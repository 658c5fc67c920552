"""Beck, Teboulle: FISTA (SIAM J. Imaging Sciences 2009), restarted as by O'Donoghue and Candès (2015)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from confide.core.arrays import Floats


@dataclass(frozen=True, slots=True, eq=False)
class Minimum:
    """Where the iteration ended.

    Args:
        x: float64[n], in the box.
        gradient: float64[n], there.
        steps: how many gradients were computed.
        converged: whether the last step was below the tolerance.
    """

    x: Floats
    gradient: Floats
    steps: int
    converged: bool


def minimise(
    gradient: Callable[[Floats], Floats],
    start: Floats,
    *,
    curvature: float,
    low: float,
    high: float,
    tolerance: float,
    most: int,
) -> Minimum:
    """Minimise a convex quadratic in a box by accelerated projected gradients with adaptive restarts.

    The momentum is dropped when it points uphill: then the method adapts to a strong convexity that nobody
    has to know. The gradient of a quadratic is affine, so that the one at the extrapolated point follows from
    the last two, and a step costs one product with the data. The same products show whether the curvature was
    too small along a step; then it is doubled and the step repeated.

    Args:
        gradient: at x [n], float64[n].
        start: float64[n], in the box.
        curvature: an upper bound on the largest eigenvalue of the quadratic form, or a guess at it.
        low, high: the box; infinite for none.
        tolerance: ends when no coordinate moves further in a step.
        most: the largest number of steps.
    """
    x, at_x = start, gradient(start)
    y, at_y, momentum, steps = x, at_x, 1.0, 1
    while steps < most:
        following = np.clip(y - at_y / curvature, low, high)
        at_following = gradient(following)
        steps += 1
        moved = following - y
        if moved @ (at_following - at_y) > 1.0001 * curvature * (moved @ moved) + 1e-12:
            curvature *= 2
            continue
        if np.abs(moved).max(initial=0.0) <= tolerance:
            return Minimum(following, at_following, steps, True)
        if moved @ (following - x) < 0:
            momentum = 1.0  # past the minimum along the way: start again from here
        faster = (1 + np.sqrt(1 + 4 * momentum**2)) / 2
        ahead = (momentum - 1) / faster
        y = following + ahead * (following - x)
        at_y = at_following + ahead * (at_following - at_x)
        x, at_x, momentum = following, at_following, faster
    return Minimum(x, at_x, steps, False)
