"""Grids that numbers and their noise are rounded to before they are added, in whole numbers."""

from __future__ import annotations

import math

import numpy as np

from confide.core.arrays import Array, Floats, Ints
from confide.core.errors import DataError

FINE = 20
"""A grid's step is about 2^-20 of the noise: rounding to it adds nothing that could be noticed."""


def step_for(scale: float) -> float:
    """The step of the grid for noise of this scale: a power of two, from 2^-21 to 2^-20 of it.

    It depends on the noise alone, and so on nothing that is in the data. Sums on the grid are those of whole
    numbers, so that a release shows which point of the grid it is and nothing else: all points can be
    released, whatever the data are (Mironov 2012).

    >>> step_for(1.0) == 2**-20, step_for(0.99) == 2**-21
    (True, True)
    """
    return math.ldexp(1.0, math.frexp(scale)[1] - 1 - FINE)


def on_grid(numbers: Array, step: float) -> Ints:
    """The nearest points of the grid, as whole numbers of steps.

    Raises:
        DataError: if a number has no such point in 62 bits.
    """
    steps = np.rint(np.asarray(numbers, np.float64) / step)  # a power of two: the quotient is exact
    if not (np.abs(steps) < 2.0**61).all():
        raise DataError(
            f"numbers up to {np.abs(numbers).max():g} are too large for noise on a grid of {step:g}."
        )
    return steps.astype(np.int64)


def off_grid(steps: Ints, step: float) -> Floats:
    """The numbers that these whole numbers of steps stand for; beyond 2^53 steps the nearest float64."""
    return steps.astype(np.float64) * np.float64(step)
