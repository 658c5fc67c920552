"""Synthetic twins: records of a data set's shape and type, with which code runs without the data set.

A twin is not a model of the data. It shares only shape, type, value ranges and rough density with the data
set, and a number measured on a twin says nothing about the set. Its classes can be learned and overlap, so
a model trained on few records overfits, as it does on real data. All twins of one name are drawn from one
synthetic population, so two calls give members and non-members of the same kind.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from zlib import crc32

import numpy as np
import polars as pl

from confide.core.arrays import Floats, Ints, Rng
from confide.views.images import Pictures
from confide.views.records import Records

# The distance between the classes of yes/no twins: large enough to learn, small enough to overfit.
APART = 9.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Number:
    """A column of whole numbers: normal in each class, rounded, and clipped to low..high.

    Args:
        zeros: the share of people whose value is 0.
    """

    name: str
    low: int
    high: int
    mean: float
    sd: float
    zeros: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Levels:
    """A column of listed values, with different shares in each class.

    Args:
        missing: the share of people whose value is null.
    """

    name: str
    levels: tuple[str, ...] | tuple[float, ...]
    missing: float = 0.0


def population(name: str) -> Rng:
    """The random numbers that define the population of all twins of one name; they are always the same."""
    return np.random.default_rng(crc32(name.encode()))  # `hash` differs from process to process


def bits(n: int, *, name: str, classes: int, features: int, density: float, rng: Rng) -> Records:
    """Make yes/no answers, independent within a class; x float32[n, features].

    Class c answers yes to j with probability Phi(a + u_j + v_cj), u ~ N(0, 1), v ~ N(0, s^2). Because
    E Phi(a + t Z) = Phi(a / sqrt(1 + t^2)), a = sqrt(2 + s^2) Phi^-1(density) gives the density on average.
    s is chosen so that two classes are about APART standard deviations apart for any number of features.
    """
    from scipy.special import ndtr, ndtri

    fixed = population(name)
    middle = ndtri(density)
    # The Fisher information of one feature about its probit.
    information = np.exp(-(middle**2)) / (2 * np.pi * density * (1 - density))
    s = APART / np.sqrt(2 * features * information)
    shift = fixed.normal(size=features) + s * fixed.normal(size=(classes, features))
    # float32 halves the memory of hundreds of features for each class.
    yes = ndtr(np.sqrt(2 + s**2) * middle + shift).astype(np.float32)
    y = _labels(n, classes, fixed, rng)
    x = (rng.random((n, features), dtype=np.float32) < yes[y]).astype(np.float32)
    return Records(x, y)


def images(n: int, *, name: str, classes: int, shape: tuple[int, int, int], levels: int, rng: Rng) -> Records:
    """Make images from a smooth pattern for each class, a smooth pattern for each image, and noise.

    x is float32[n, channels, height, width], in steps of 1/levels from 0 to 1.
    """
    fixed = population(name)
    y = _labels(n, classes, fixed, rng)
    own = _smooth(rng.normal(size=(n, shape[0], 4, 4)), shape)
    kind = _smooth(fixed.normal(size=(classes, shape[0], 4, 4)), shape)
    x = 0.5 + 0.09 / np.sqrt(shape[0]) * kind[y] + 0.15 * own + 0.05 * rng.normal(size=(n, *shape))
    return Records((np.round(np.clip(x, 0, 1) * levels) / levels).astype(np.float32), y)


def pictures(n: int, *, name: str, people: int, shape: tuple[int, int], rng: Rng) -> Pictures:
    """Make grey images of synthetic people in turn: a smooth pattern for each person and image, and noise."""
    person = np.arange(n) % people
    own = _smooth(rng.normal(size=(n, 1, 4, 4)), (1, *shape))
    kind = _smooth(population(name).normal(size=(people, 1, 4, 4)), (1, *shape))
    level = 0.5 + 0.15 * kind[person] + 0.1 * own + 0.02 * rng.normal(size=(n, 1, *shape))
    return Pictures(np.round(255 * np.clip(level[:, 0], 0, 1)).astype(np.uint8), person)


def table(
    n: int, *, name: str, shares: Sequence[float], columns: Sequence[Number | Levels], rng: Rng
) -> Records:
    """Make a frame whose columns are independent within a class; `shares` are the shares of the classes."""
    fixed = population(name)
    y = rng.choice(len(shares), size=n, p=np.asarray(shares) / np.sum(shares)).astype(np.int64)
    frame = pl.DataFrame([_column(column, y, len(shares), fixed, rng) for column in columns])
    return Records(frame, y)


def _labels(n: int, classes: int, fixed: Rng, rng: Rng) -> Ints:
    share = fixed.gamma(10.0, size=classes)  # the largest class about three times the smallest
    return rng.choice(classes, size=n, p=share / share.sum()).astype(np.int64)


def _smooth(grids: Floats, shape: tuple[int, int, int]) -> Floats:
    """Stretch coarse grids [..., 4, 4] linearly to [..., height, width]."""

    def stretch(size: int) -> Floats:
        at = np.linspace(0, 3, size)
        return np.maximum(0.0, 1 - np.abs(at[:, None] - np.arange(4)))

    return np.einsum("hi,ncij,wj->nchw", stretch(shape[1]), grids, stretch(shape[2]), optimize=True)


def _column(column: Number | Levels, y: Ints, classes: int, fixed: Rng, rng: Rng) -> pl.Series:
    n = len(y)
    if isinstance(column, Number):
        centre = column.mean + 0.5 * column.sd * fixed.normal(size=classes)
        drawn = np.clip(np.round(rng.normal(centre[y], column.sd)), column.low, column.high)
        # Many counts in tables are mostly 0, which no normal law gives.
        drawn[rng.random(n) < column.zeros] = 0
        return pl.Series(column.name, drawn.astype(np.int32))
    # Shares common to all classes, with a smaller part of each class's own.
    logits = fixed.normal(size=len(column.levels)) + 0.4 * fixed.normal(size=(classes, len(column.levels)))
    up_to = np.cumsum(np.exp(logits), axis=1)
    # The number of cumulated shares below a uniform draw is a draw from the shares.
    code = (rng.random(n)[:, None] * up_to[y, -1:] > up_to[y]).sum(axis=1)
    series = pl.Series(column.name, np.asarray(column.levels)[code])
    kept = pl.Series(rng.random(n) >= column.missing)
    return series.zip_with(kept, pl.Series([None] * n, dtype=series.dtype)) if column.missing else series
