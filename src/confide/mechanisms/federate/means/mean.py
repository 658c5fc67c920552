"""Means of vectors that parties send: the protocol, the plain mean, and what is left out before."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from confide.core.arrays import Array, Floats
from confide.core.errors import DataError


class Mean(Protocol):
    """A rule that makes one vector of the vectors of n parties: a frozen record of its settings."""

    def __call__(self, vectors: Floats) -> Floats:
        """Combine float64[n, d], all finite, into float64[d].

        Raises:
            DataError: if n is too small for what the rule is to withstand.
        """
        ...


@dataclass(frozen=True, slots=True)
class PlainMean:
    """Averages the vectors; a single party can move the result as far as it likes.

    >>> PlainMean()(np.array([[0.0, 2.0], [2.0, 4.0]])).tolist()
    [1.0, 3.0]
    """

    def __call__(self, vectors: Floats) -> Floats:
        return needed(vectors, 1, "a mean").mean(axis=0)


@dataclass(frozen=True, slots=True, eq=False)
class Usable:
    """The vectors that can be combined, and whose were left out.

    Args:
        vectors: float64[n, ...], finite, of one shape.
        left_out: positions of parties whose vectors have another shape or are not finite.
    """

    vectors: Floats
    left_out: tuple[int, ...]


def usable(vectors: Sequence[Array], shape: tuple[int, ...]) -> Usable:
    """Leave out and count what no mean can take: other shapes, and numbers that are not finite.

    Args:
        vectors: one of each party, in the parties' order.
        shape: that all of them should have, known from the protocol's plan and not from the vectors.

    Raises:
        DataError: if none is left.

    >>> usable([np.zeros(2), np.ones(3), np.array([np.nan, 0.0])], (2,)).left_out
    (1, 2)
    """
    fine = [_fits(vector, shape) for vector in vectors]
    kept = [np.asarray(v, np.float64) for v, ok in zip(vectors, fine, strict=True) if ok]
    if not kept:
        raise DataError(
            f"none of {len(vectors)} parties sent finite numbers of the shape {shape}: this round has no "
            "result."
        )
    return Usable(np.stack(kept), tuple(i for i, ok in enumerate(fine) if not ok))


def _fits(vector: Array, shape: tuple[int, ...]) -> bool:
    numbers = np.asarray(vector)
    return numbers.shape == shape and numbers.dtype.kind in "biuf" and bool(np.isfinite(numbers).all())


def needed(vectors: Floats, least: int, what: str) -> Floats:
    """The vectors, if they are a table with this number of rows or more.

    Raises:
        DataError: if not.
    """
    if vectors.ndim != 2 or len(vectors) < least:
        raise DataError(
            f"{what} needs a vector of {least} parties or more, as rows of a table, and got an array of "
            f"shape {vectors.shape}: wait for more parties, or withstand fewer."
        )
    return vectors


def need_share(share: float, below: float, what: str) -> None:
    """Refuse a share of poisoned parties that a rule cannot withstand.

    Raises:
        DataError: if it is not in [0, below).
    """
    if not (math.isfinite(share) and 0 <= share < below):
        raise DataError(f"share is {share}: {what} withstands shares of at least 0 and below {below:g}.")
