"""Error forecast of an encrypted computation, by the central limit heuristic of CKKS.

Cheon, Kim, Kim and Song (2017), with the average case of Costache et al. (2023): each operation changes the
standard deviation of a slot's error as below. Rounding leaves a polynomial times the secret key; in a slot
that is the product of two complex normal numbers, whose real part follows *Laplace's* law, not the normal
one. Values are bounded by interval arithmetic, so that the promise holds for every row within the bound.
Weights are rounded once and for all: what that does is no chance, the same in every batch, and in columns it
is added up in full.
"""

from __future__ import annotations

import math

import numpy as np

from confide.core.arrays import Floats
from confide.mechanisms.encrypt.approximation import largest_value
from confide.mechanisms.encrypt.arithmetic import Affine, Arithmetic, Polynomial, Square
from confide.mechanisms.encrypt.evaluating import Diagonals, Layout
from confide.mechanisms.encrypt.parameters import Parameters

DEVIATIONS = 14.2
"""Of the promised error: under Laplace's law a slot exceeds it with probability exp(-14.2 sqrt(2)) = 2e-9."""


def worst_error(
    model: Arithmetic, parameters: Parameters, bound: float, *, layout: Layout = "columns"
) -> float:
    """The promised error of any score, where no input is above `bound`."""
    error, fixed = np.full(model.inputs, parameters.fresh_error()), np.zeros(model.inputs)
    upper = np.full(model.inputs, bound)
    level = parameters.levels
    for layer in model.layers:
        if isinstance(layer, Affine):
            fixed = np.abs(layer.weights) @ fixed
            if layout == "columns":
                fixed = fixed + 0.5 / parameters.scale * float(upper.sum())
            error = _affine(layer, parameters, error, upper, level, layout)
        else:
            fixed = _slope(layer, upper) * fixed
            error = _activation(layer, parameters, error, upper)
        upper = layer.largest(upper)
        level -= layer.depth
    return float((DEVIATIONS * error + fixed).max())


def _affine(
    layer: Affine, parameters: Parameters, error: Floats, upper: Floats, level: int, layout: Layout
) -> Floats:
    """What chance adds; a diagonal is rounded in its coefficients, which spreads over all slots."""
    size, squares = math.sqrt(float((upper**2).sum())), layer.weights**2
    coding, through = 0.0, squares @ error**2  # in columns it is no chance: `worst_error` has it
    if layout == "rows":
        coding = parameters.coding_error()
        through = (
            through + (squares * Diagonals(layer).turns()).sum(axis=1) * parameters.rotation_error(level) ** 2
        )
    return np.sqrt(through + (coding * size) ** 2 + parameters.rescaling_error() ** 2)


def _activation(layer: Square | Polynomial, parameters: Parameters, error: Floats, upper: Floats) -> Floats:
    """The error before times the steepest slope, and what rounding adds on the way."""
    rounding = parameters.rescaling_error()
    if isinstance(layer, Square):
        return np.hypot(2 * upper * error, rounding)
    coefficients = np.array(layer.coefficients, float)
    return np.hypot(_slope(layer, upper) * error, rounding * _amplified(coefficients, upper))


def _slope(layer: Square | Polynomial, upper: Floats) -> Floats:
    """The steepest slope of an activation on [-u, u] for each u."""
    if isinstance(layer, Square):
        return 2 * upper
    coefficients = np.array(layer.coefficients, float)
    return largest_value(coefficients[1:] * np.arange(1.0, len(coefficients)), upper)


def _amplified(coefficients: Floats, upper: Floats) -> Floats:
    """How often one rounding counts in a polynomial that is halved each time: p = x^m q + r."""
    if len(coefficients) < 2 or not coefficients[1:].any():
        return np.zeros_like(upper)
    half = 1 << math.ceil(math.log2(len(coefficients))) - 1
    lower, q = coefficients[:half], coefficients[half:]
    of_power = np.zeros_like(upper)
    for k in range(1, half.bit_length()):  # the k-th squaring is then raised to half / 2^k
        of_power = of_power + (half >> k) * upper ** (half - (1 << k))
    quotient = largest_value(q, upper)
    parts = (1.0, upper**half * _amplified(q, upper), quotient * of_power, _amplified(lower, upper))
    return np.sqrt(sum(np.square(part) for part in parts))
