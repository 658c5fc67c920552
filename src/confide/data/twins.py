"""Synthetic twins: made-up records of a data set's shape and type, so that code runs without the set.

A twin is no model of the data: beyond shape, type, value ranges and rough density it shares nothing
with it, and a figure measured on a twin says nothing about the set. It can be learned, and its classes
overlap, so a model trained on few records overfits, as on the real thing. All twins of one name are
drawn from one made-up population, so two calls give members and non-members of the same kind.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from zlib import crc32

import numpy as np
import polars as pl
from numpy.typing import NDArray

from confide.core.arrays import Floats, Ints, Rng
from confide.views.images import Pictures
from confide.views.records import Records

APART = 9.0
"""How far apart the classes of yes/no twins lie: far enough to learn, near enough to overfit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Number:
    """A column of whole numbers: normal in each class, rounded, kept within low..high.

    Args:
        zeros: the share of people in whom it is 0.
    """

    name: str
    low: int
    high: int
    mean: float
    sd: float
    zeros: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Levels:
    """A column of listed values, each class with its own shares.

    Args:
        missing: the share of people in whom it is null.
    """

    name: str
    levels: tuple[str, ...] | tuple[float, ...]
    missing: float = 0.0


def population(name: str) -> Rng:
    """The fixed coins that make up the population behind a name's twins."""
    return np.random.default_rng(crc32(name.encode()))


def bits(n: int, *, name: str, classes: int, features: int, density: float, rng: Rng) -> Records:
    """Yes/no answers, independent within a class; x float32[n, features].

    Class c answers yes to j with probability Phi(a + u_j + v_cj), u ~ N(0, 1), v ~ N(0, s^2). As
    E Phi(a + t Z) = Phi(a / sqrt(1 + t^2)), a = sqrt(2 + s^2) Phi^-1(density) gives the density on average;
    s is such that two classes lie about APART standard deviations apart, however many the features.
    """
    from scipy.special import ndtr, ndtri

    coins = population(name)
    middle = ndtri(density)
    told = np.exp(-(middle**2)) / (2 * np.pi * density * (1 - density))  # a feature's Fisher information
    s = APART / np.sqrt(2 * features * told)
    shift = coins.normal(size=features) + s * coins.normal(size=(classes, features))
    yes = ndtr(np.sqrt(2 + s**2) * middle + shift).astype(np.float32)
    y = _labels(n, classes, coins, rng)
    x = (rng.random((n, features), dtype=np.float32) < yes[y]).astype(np.float32)
    return Records(x, y)


def images(n: int, *, name: str, classes: int, shape: tuple[int, int, int], levels: int, rng: Rng) -> Records:
    """Smooth blots, one to a class, under a smooth blot of each image's own and noise.

    x is float32[n, channels, height, width], in steps of 1/levels from 0 to 1.
    """
    coins = population(name)
    y = _labels(n, classes, coins, rng)
    own = _smooth(rng.normal(size=(n, shape[0], 4, 4)), shape)
    kind = _smooth(coins.normal(size=(classes, shape[0], 4, 4)), shape)
    x = 0.5 + 0.09 / np.sqrt(shape[0]) * kind[y] + 0.15 * own + 0.05 * rng.normal(size=(n, *shape))
    return Records((np.round(np.clip(x, 0, 1) * levels) / levels).astype(np.float32), y)


def pictures(n: int, *, name: str, people: int, shape: tuple[int, int], rng: Rng) -> Pictures:
    """Grey pictures of made-up people in turn: each has a smooth blot, each picture another, and noise."""
    person = np.arange(n) % people
    own = _smooth(rng.normal(size=(n, 1, 4, 4)), (1, *shape))
    kind = _smooth(population(name).normal(size=(people, 1, 4, 4)), (1, *shape))
    level = 0.5 + 0.15 * kind[person] + 0.1 * own + 0.02 * rng.normal(size=(n, 1, *shape))
    return Pictures(np.round(255 * np.clip(level[:, 0], 0, 1)).astype(np.uint8), person)


def table(
    n: int, *, name: str, shares: Sequence[float], columns: Sequence[Number | Levels], rng: Rng
) -> Records:
    """A frame whose columns are independent within a class; `shares` are those of the classes."""
    coins = population(name)
    y = rng.choice(len(shares), size=n, p=np.asarray(shares) / np.sum(shares)).astype(np.int64)
    frame = pl.DataFrame([_column(column, y, len(shares), coins, rng) for column in columns])
    return Records(frame, y)


def _labels(n: int, classes: int, coins: Rng, rng: Rng) -> Ints:
    share = coins.gamma(10.0, size=classes)  # the largest class about three times the smallest
    return rng.choice(classes, size=n, p=share / share.sum()).astype(np.int64)


def _smooth(grids: NDArray[Any], shape: tuple[int, int, int]) -> Floats:
    """Coarse grids [..., 4, 4] stretched linearly to [..., height, width]."""

    def stretch(size: int) -> Floats:
        at = np.linspace(0, 3, size)
        return np.maximum(0.0, 1 - np.abs(at[:, None] - np.arange(4)))

    return np.einsum("hi,ncij,wj->nchw", stretch(shape[1]), grids, stretch(shape[2]), optimize=True)


def _column(column: Number | Levels, y: Ints, classes: int, coins: Rng, rng: Rng) -> pl.Series:
    n = len(y)
    if isinstance(column, Number):
        centre = column.mean + 0.5 * column.sd * coins.normal(size=classes)
        drawn = np.clip(np.round(rng.normal(centre[y], column.sd)), column.low, column.high)
        drawn[rng.random(n) < column.zeros] = 0
        return pl.Series(column.name, drawn.astype(np.int32))
    logits = coins.normal(size=len(column.levels)) + 0.4 * coins.normal(size=(classes, len(column.levels)))
    up_to = np.cumsum(np.exp(logits), axis=1)
    code = (rng.random(n)[:, None] * up_to[y, -1:] > up_to[y]).sum(axis=1)
    series = pl.Series(column.name, np.asarray(column.levels)[code])
    kept = pl.Series(rng.random(n) >= column.missing)
    return series.zip_with(kept, pl.Series([None] * n, dtype=series.dtype)) if column.missing else series
