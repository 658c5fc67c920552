"""Layers on ciphertexts: in columns, one ciphertext a feature; in a row, by the diagonals of the matrices.

*Row layout.* Halevi and Shoup: Algorithms in HElib (2014), for matrices that are not square (Juvekar et al.:
GAZELLE, 2018). Values stand in the slots with a period, a power of two, and fill them all. A matrix is a sum
of its diagonals, the k-th times the values turned by k slots; turning by one in the small steps and by `B`
in the large ones takes 2 sqrt(D) turns for D diagonals, and two keys.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from confide.core.arrays import Floats
from confide.core.errors import DataError
from confide.mechanisms.encrypt.arithmetic import Affine, Arithmetic, Polynomial, Square
from confide.mechanisms.encrypt.seal import Operations

Layout = Literal["columns", "rows"]
"""One ciphertext a feature, with a row in each slot; or one ciphertext a row."""
VANISHED = "all weights of a score round to zero: multiply them, and divide the score."


def column_scores(ops: Operations, model: Arithmetic, columns: list[Any], scale: float) -> list[Any]:
    """The scores of a model on one ciphertext a feature, one a score."""
    for layer in model.layers:
        if isinstance(layer, Affine):
            pairs = zip(layer.weights, layer.offset.tolist(), strict=True)
            columns = [_weighed(ops, columns, weights, offset, scale) for weights, offset in pairs]
        else:
            columns = [activated(ops, layer, column, scale) for column in columns]
    return columns


def row_scores(
    ops: Operations, model: Arithmetic, row: Any, scale: float, slots: int, coded: dict[tuple[int, int], Any]
) -> Any:
    """The scores of a model on one ciphertext that holds a row with the period `period(model.inputs)`.

    Args:
        ops: with keys for the steps of `rotations`.
        model: to be evaluated.
        row: the ciphertext.
        scale: of the plan.
        slots: of a ciphertext.
        coded: diagonals as plaintexts, which are coded once and kept here.
    """
    for number, layer in enumerate(model.layers):
        if isinstance(layer, Affine):
            row = _by_diagonals(ops, Diagonals(layer), row, scale, slots, number, coded)
        else:
            row = activated(ops, layer, row, scale)
    return row


def period(width: int) -> int:
    """Slots after which a row of `width` values stands again: the next power of two."""
    return 1 << (width - 1).bit_length()


def rotations(model: Arithmetic) -> tuple[int, ...]:
    """The steps that a model's row layout turns by."""
    layers = [Diagonals(layer) for layer in model.layers if isinstance(layer, Affine)]
    return tuple(sorted({step for layer in layers for step in layer.steps}))


def activated(ops: Operations, layer: Square | Polynomial, one: Any, scale: float) -> Any:
    """An activation on every slot of a ciphertext."""
    if isinstance(layer, Square):
        return _squared(ops, one)
    found = _without_constant(ops, {1: one}, layer.coefficients, scale)
    if found is None:
        raise DataError("all coefficients of a polynomial round to zero: take a lower degree.")
    return ops.plus(found, layer.coefficients[0])


@dataclass(frozen=True, slots=True)
class Diagonals:
    """A linear layer as diagonals over slots with a period.

    Args:
        layer: the matrix.
    """

    layer: Affine

    @property
    def into(self) -> int:
        """Period of the values that go in."""
        return period(self.layer.weights.shape[1])

    @property
    def out(self) -> int:
        """Period of the values that come out."""
        return period(self.layer.weights.shape[0])

    @property
    def count(self) -> int:
        """Diagonals."""
        return min(self.into, self.out)

    @property
    def stride(self) -> int:
        """The large step: the small ones go up to it."""
        return 1 << ((self.count.bit_length()) // 2)

    @property
    def folds(self) -> tuple[int, ...]:
        """Steps that add up the parts of a matrix that is wider than high."""
        return tuple(self.out << k for k in range((self.into // self.out).bit_length() - 1))

    @property
    def steps(self) -> set[int]:
        """All steps that the layer turns by."""
        small = {1} if self.stride > 1 else set[int]()
        large = {self.stride} if self.count > self.stride else set[int]()
        return small | large | set(self.folds)

    def turns(self) -> Floats:
        """How often the value behind each weight was turned before the product, float[outputs, inputs]."""
        outputs, inputs = self.layer.weights.shape
        k = (np.arange(inputs) - np.arange(outputs)[:, None]) % self.count
        return (k % self.stride).astype(float)

    def diagonal(self, k: int, slots: int) -> Floats:
        """The k-th diagonal over all slots, turned back by the large steps that come after the product."""
        into, out, weights = self.into, self.out, self.layer.weights
        at = (np.arange(max(into, out)) - k // self.stride * self.stride) % max(into, out)
        rows, columns = at % out, (at + k) % into
        inside = (rows < weights.shape[0]) & (columns < weights.shape[1])
        found = np.zeros(len(at))
        found[inside] = weights[rows[inside], columns[inside]]
        return np.tile(found, slots // len(at))


def _by_diagonals(
    ops: Operations,
    layer: Diagonals,
    row: Any,
    scale: float,
    slots: int,
    number: int,
    coded: dict[tuple[int, int], Any],
) -> Any:
    turned = [row]
    for _ in range(min(layer.stride, layer.count) - 1):
        turned.append(ops.rotated(turned[-1], 1))
    finer = scale * ops.prime(row) / ops.scale(row)
    total: Any = None
    for first in reversed(range(0, layer.count, layer.stride)):
        if total is not None:
            total = ops.rotated(total, layer.stride)
        for small, values in enumerate(turned):
            key = (number, first + small)
            if key not in coded:
                coded[key] = ops.coded(layer.diagonal(first + small, slots), row, finer)
            if coded[key] is not None:
                term = ops.times(values, coded[key])
                total = term if total is None else ops.add_to(total, term)
    if total is None:
        raise DataError(VANISHED)
    for step in layer.folds:
        total = ops.add_to(ops.rotated(total, step), total)
    offset = np.zeros(layer.out)
    offset[: len(layer.layer.offset)] = layer.layer.offset
    return ops.plus(ops.rounded(total, scale), np.tile(offset, slots // layer.out))


def _weighed(ops: Operations, columns: list[Any], weights: Floats, offset: float, scale: float) -> Any:
    """One row of a matrix: a sum of ciphertexts times numbers. A weight that rounds to zero is left out."""
    finer = scale * ops.prime(columns[0]) / ops.scale(columns[0])
    total: Any = None
    for weight, column in zip(weights.tolist(), columns, strict=True):
        if abs(weight) * finer >= 0.5 and (plain := ops.coded(weight, column, finer)) is not None:
            term = ops.times(column, plain)
            total = term if total is None else ops.add_to(total, term)
    if total is None:
        raise DataError(VANISHED)
    return ops.plus(ops.rounded(total, scale), offset)


def _squared(ops: Operations, one: Any) -> Any:
    return ops.rounded(ops.product(one, one), ops.scale(one) ** 2 / ops.prime(one))


def _without_constant(
    ops: Operations, powers: dict[int, Any], coefficients: tuple[float, ...], scale: float
) -> Any:
    """A polynomial without its constant, or None where nothing is left: p = x^m q + r, with m half of p.

    Args:
        ops: of the ciphertexts.
        powers: x^1, x^2, x^4 ..., as far as they were needed yet.
        coefficients: constant first.
        scale: of the result.
    """
    while coefficients and coefficients[-1] == 0:
        coefficients = coefficients[:-1]
    if len(coefficients) < 2:
        return None
    half = 1 << math.ceil(math.log2(len(coefficients))) - 1
    for power in (1 << k for k in range(1, half.bit_length())):
        if power not in powers:
            powers[power] = _squared(ops, powers[power // 2])
    top = powers[half]
    finer = scale * ops.prime(top) / ops.scale(top)
    upper = None if half == 1 else _without_constant(ops, powers, coefficients[half:], finer)
    if upper is None:
        plain = ops.coded(coefficients[half], top, finer)
        found = None if plain is None else ops.rounded(ops.times(top, plain), scale)
    else:
        found = ops.rounded(ops.product(top, ops.plus(upper, coefficients[half])), scale)
    lower = None if half == 1 else _without_constant(ops, powers, coefficients[:half], scale)
    if found is None or lower is None:
        return lower if found is None else found
    return ops.add_to(found, ops.lowered(lower, ops.level(found)))
