"""Exact sums of shortened gradients: each record's part depends on that record and on the weights alone.

Floating-point sums depend on their order, and so a record's part would depend on who else is there: no
proof could say how far apart neighbours' sums are. Here all factors have few bits, and every sum is exact.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from confide.core.arrays import Bools, Floats, Ints
from confide.mechanisms.learn.cross_entropy import probabilities

BITS = 16
"""Features and errors are rounded to this number of bits."""
CHUNK = 1 << 20
"""Records that are added up at once: their sums fit into the 53 bits of a float64."""
FEW = 1 << 14
"""Records of people whose gradients are held at once: they bound the memory."""
WIDEST = 256.0
"""No weight is larger: with features of the usual size such a model is sure of everything."""
SAFETY = 1e-9
"""By which the bound on a length is raised: a million times what floats can be off in it."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class GradientSums:
    """Sums of gradients of the cross-entropy, each shortened to at most `longest`, in whole units.

    *Statement.* What `__call__` returns for data sets that differ by one record, or by all records of one
    person where `owner` is given, differs by at most `longest` (1 + SAFETY) / unit in the Euclidean norm.

    *Proof.* Rounded features have at most 2^16 steps, weights 2^(37 - log2 width) steps, so that a logit of
    `width` products is at most 2^53 steps long, and all its partial sums are whole numbers of steps: exact. A
    record's error is so a function of its own features, label and the weights. Its product with the factor
    that shortens it is rounded towards 0, which makes it shorter. An error of at most 2^16 steps times a
    feature, over at most 2^20 records, is at most 2^52 units: exact. Chunks are added as whole numbers.
    Of a person, the exact sum of gradients (rounded errors times features) is shortened and rounded towards
    0 to units.

    Args:
        x: features with a 1 for the intercept, rounded by `rounded`, float64[n, d + 1].
        truth: whether a record has this class, bool[n, C].
        owner: codes of people, int64[n], or None.
        radius: as `rounded` was given it.
        longest: the length of a gradient at most.
    """

    x: Floats
    truth: Bools
    owner: Ints | None
    radius: float
    longest: float

    @property
    def unit(self) -> float:
        """What one of the whole numbers stands for: a power of two."""
        return step_of_features(self.radius) * 2.0**-BITS

    def __call__(self, weights: Floats) -> Ints:
        """The sum in whole units at these weights, as `shown` gives them, int64[k, d + 1]."""
        logits = self.x @ weights.T
        binary = len(weights) == 1
        errors = (expit(logits) - self.truth[:, 1:]) if binary else probabilities(logits) - self.truth
        if self.owner is not None:
            return self._of_people(errors, self.owner)
        steep = np.sqrt((errors**2).sum(axis=1) * (self.x**2).sum(axis=1))
        short = _towards_zero(errors * _factor(steep, self.longest)[:, None], 2.0**-BITS)
        total = np.zeros(weights.shape, np.int64)
        for i in range(0, len(self.x), CHUNK):
            total += np.rint(short[i : i + CHUNK].T @ self.x[i : i + CHUNK] / self.unit).astype(np.int64)
        return total

    def _of_people(self, errors: Floats, owner: Ints) -> Ints:
        k, width = errors.shape[1], self.x.shape[1]
        errors, order = _towards_zero(errors, 2.0**-BITS), np.argsort(owner, kind="stable")
        first = np.flatnonzero(np.diff(owner[order], prepend=-1))  # of each person's records
        total = np.zeros((k, width), np.int64)
        for start, stop in _runs(first, len(order)):
            rows = order[start:stop]
            each = (errors[rows, :, None] * self.x[rows, None, :]).reshape(len(rows), k * width)
            people = np.add.reduceat(each, first[(first >= start) & (first < stop)] - start, axis=0)
            length = np.sqrt((people**2).sum(axis=1))
            short = people * _factor(length, self.longest)[:, None] / self.unit
            total += np.trunc(short).astype(np.int64).sum(axis=0).reshape(k, width)
        return total


def rounded(x: Floats, radius: float) -> Floats:
    """Features on a grid that the radius alone fixes, towards 0: no record becomes longer."""
    return _towards_zero(x, step_of_features(radius))


def shown(weights: Floats) -> Floats:
    """Weights on the grid that makes logits exact."""
    step = WIDEST * 2.0 ** (BITS + math.ceil(math.log2(weights.shape[1])) - 53)
    return np.clip(np.rint(weights / step) * step, -WIDEST, WIDEST)


def in_steps(units: Ints, unit: float, step: float) -> Ints:
    """Whole units as the nearest whole steps, in whole numbers; unit and step are powers of two.

    >>> in_steps(np.array([5, 6, -7]), 0.25, 1.0).tolist(), in_steps(np.array([3]), 1.0, 0.5).tolist()
    ([1, 2, -2], [6])
    """
    shift = math.frexp(step)[1] - math.frexp(unit)[1]
    return (units + (1 << shift >> 1)) >> shift if shift > 0 else units << -shift


def step_of_features(radius: float) -> float:
    """The step of features: none, nor the 1 of the intercept, nor sqrt(radius^2 + 1), has over 2^BITS."""
    return 2.0 ** (math.ceil(math.log2(math.sqrt(radius**2 + 1))) - BITS)


def _towards_zero(numbers: Floats, step: float) -> Floats:
    return np.trunc(numbers / step) * step


def _factor(length: Floats, longest: float) -> Floats:
    return np.minimum(1.0, longest / np.maximum(length, 1e-300))


def _runs(first: Ints, n: int) -> list[tuple[int, int]]:
    """Ranges of records that hold whole people, of about FEW records each."""
    found, start = list[tuple[int, int]](), 0
    for stop in [*first[1:].tolist(), n]:
        if stop - start >= FEW or stop == n:
            found.append((start, stop))
            start = stop
    return [run for run in found if run[1] > run[0]]
