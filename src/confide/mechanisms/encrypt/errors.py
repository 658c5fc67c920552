"""Error forecast of an encrypted computation, by the central limit heuristic of CKKS.

Cheon, Kim, Kim and Song (2017), with the average case of Costache et al. (2023): errors of slots are about
normal; each operation changes their standard deviation as below. The tests compare with measured errors.
"""

from __future__ import annotations

import math

import numpy as np

from confide.mechanisms.encrypt.arithmetic import Arithmetic, Square
from confide.mechanisms.encrypt.parameters import Parameters

DEVIATIONS = 6.0
"""Of the promised error: a slot exceeds it with probability 2e-9."""


def worst_error(model: Arithmetic, parameters: Parameters, bound: float) -> float:
    """The promised error of any score, where no input is above `bound`."""
    error = np.full(model.inputs, parameters.fresh_error())
    upper = np.full(model.inputs, bound)
    rounding, half_step = parameters.rescaling_error(), 0.5 / parameters.scale
    for layer in model.layers:
        if isinstance(layer, Square):
            error = np.hypot(2 * upper * error, rounding)
            upper = upper**2
            continue
        weights, terms = np.abs(layer.weights), (layer.weights != 0).sum(axis=1)
        rounded = half_step * math.sqrt(float((upper**2).sum()))  # each weight is rounded to the fixed point
        error = np.sqrt(weights**2 @ error**2 + terms * rounding**2 + rounded**2)
        upper = weights @ upper + np.abs(layer.offset)
    return DEVIATIONS * float(error.max())
