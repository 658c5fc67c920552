"""Polynomial approximations of activations: an encrypted computation has only sums and products.

Least squares in Chebyshev's basis, which comes close to the smallest largest error on an interval. Beyond the
interval a polynomial leaves the function without a sign, so the interval must hold every value that occurs.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np

from confide.core.arrays import Floats
from confide.core.errors import DataError

LARGEST_DEGREE = 7
REACH = 4.0  # values behind a normalised layer mostly stay within it
GRID = 4001


def sigmoid(x: Floats) -> Floats:
    """The logistic function, without overflow."""
    return 0.5 * (1 + np.tanh(x / 2))


ACTIVATIONS: dict[str, Callable[[Floats], Floats]] = {
    "Sigmoid": sigmoid,
    "Tanh": np.tanh,
    "ReLU": lambda x: np.maximum(x, 0),
    "LeakyReLU": lambda x: np.where(x > 0, x, 0.01 * x),
    "ELU": lambda x: np.where(x > 0, x, np.expm1(np.minimum(x, 0))),
    "SiLU": lambda x: x * sigmoid(x),
    "GELU": lambda x: 0.5 * x * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3))),
}
"""Activations of torch by the names of their modules."""


def approximated(name: str, *, degree: int, reach: float) -> tuple[tuple[float, ...], float]:
    """Fit a polynomial to an activation on [-reach, reach]; its coefficients, constant first, and its error.

    Args:
        name: a key of `ACTIVATIONS`.
        degree: 2 to 7.
        reach: the largest absolute value that the activation gets.

    Raises:
        DataError: if degree or reach make no sense.

    >>> coefficients, error = approximated("Sigmoid", degree=3, reach=4.0)
    >>> len(coefficients), round(error, 3)
    (4, 0.027)
    """
    if not 2 <= degree <= LARGEST_DEGREE or not 0 < reach < math.inf:
        raise DataError(f"degree {degree} on [-{reach:g}, {reach:g}]: 2 to {LARGEST_DEGREE}, and a range.")
    nodes = np.cos(np.pi * (np.arange(GRID) + 0.5) / GRID)  # Chebyshev's, so that the ends weigh more
    function = ACTIVATIONS[name]
    fit = np.polynomial.Chebyshev.fit(nodes * reach, function(nodes * reach), degree, domain=[-reach, reach])
    powers = np.zeros(degree + 1)
    found = fit.convert(kind=np.polynomial.Polynomial).coef
    powers[: len(found)] = found
    powers[np.abs(powers) * reach ** np.arange(degree + 1) < 1e-12] = 0.0  # an even power of an odd function
    points = np.linspace(-reach, reach, GRID)
    error = float(np.abs(np.polynomial.polynomial.polyval(points, powers) - function(points)).max())
    return tuple(powers.tolist()), error


def largest_value(coefficients: Sequence[float] | Floats, upper: Floats) -> Floats:
    """Find the largest absolute value of a polynomial on [-u, u] for each u: at an end or a turning point.

    >>> largest_value((0.0, -1.0, 0.0, 1.0), np.array([1.0, 2.0])).round(3)
    array([0.385, 6.   ])
    """
    at = np.polynomial.Polynomial(coefficients)
    found = np.maximum(np.abs(at(upper)), np.abs(at(-upper)))
    for turn in at.deriv().roots().real if len(coefficients) > 2 else ():
        found = np.where(np.abs(turn) <= upper, np.maximum(found, np.abs(at(turn))), found)
    return found


def refusal(step: str) -> str:
    """Say of a step of a network that it cannot be computed, and what is nearest."""
    cannot = f"{step} cannot be computed on encrypted rows"
    if step.startswith("BatchNorm"):
        return f"{cannot} as it stands: fold it into the linear layer beside it, or give the torch module."
    if step.startswith("MaxPool"):
        return f"{cannot}: train with AvgPool in its place."
    if step in ACTIVATIONS:
        fits = {degree: approximated(step, degree=degree, reach=REACH)[1] for degree in (3, LARGEST_DEGREE)}
        near = ", ".join(f"{error:.1g} at degree {degree}" for degree, error in fits.items())
        return (
            f"{cannot}: train with squares (x * x) in its place, or with a polynomial; in a trained model "
            f"the nearest one on [-{REACH:g}, {REACH:g}] is off by {near}."
        )
    return f"{cannot}: use Linear layers, convolutions, squares and polynomials alone."
