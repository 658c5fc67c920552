"""Rows of a tree model: rounded to its margins clique by clique, and shuffled inside each group."""

from __future__ import annotations

import math
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from confide.core.arrays import Floats, Ints, Rng
from confide.core.errors import DataError


class Tree(Protocol):
    """What rows are drawn from: the cliques of a tree, parents before children."""

    @property
    def sizes(self) -> tuple[int, ...]: ...
    @property
    def parts(self) -> tuple[Clique, ...]: ...


class Clique(Protocol):
    """A clique with its margin, one axis a column."""

    @property
    def columns(self) -> tuple[int, ...]: ...
    @property
    def separator(self) -> tuple[int, ...]: ...
    @property
    def margin(self) -> Floats: ...


def rows_of(tree: Tree, n: int, *, rng: Rng) -> NDArray[np.int32]:
    """Draw n rows: in each clique, exactly as many of each value as the model says, rounded at random.

    The rows that share the values of a clique's separator are a group. The values of the further columns are
    shared out inside the group by systematic sampling: each value comes up its expected number of times,
    rounded down or up, and the numbers add up to the group. Then they are shuffled inside the group. Without
    that, two children of one clique would both hand out their values in rising order, and rise together.

    Args:
        tree: the model.
        n: may differ from the model's total.
        rng: the same generator gives the same rows.

    Returns:
        int32[n, d]

    Raises:
        DataError: if n is negative.
    """
    if n < 0:
        raise DataError(f"{n} rows: give 0 or more.")
    drawn = np.zeros((len(tree.sizes), n), np.int32)
    for part in tree.parts:
        new = tuple(c for c in part.columns if c not in part.separator)
        order = [part.columns.index(c) for c in part.separator + new]
        groups = math.prod(tree.sizes[c] for c in part.separator)
        odds = np.ascontiguousarray(part.margin.transpose(order)).reshape(groups, -1)
        group = code_of(drawn, part.separator, tree.sizes)
        values = shared_out(odds, group, rng=rng)
        for c in reversed(new):
            values, drawn[c] = np.divmod(values, tree.sizes[c])
    return np.ascontiguousarray(drawn.T)


def shared_out(odds: Floats, group: Ints, *, rng: Rng) -> Ints:
    """Give each row a value, so that the values of each group come as near to its odds as whole rows can.

    Args:
        odds: float64[groups, values], not negative; a group without odds takes those of all together.
        group: int64[n], of each row.

    Returns:
        int64[n], the value of each row.
    """
    groups, values = odds.shape
    size = np.bincount(group, minlength=groups)
    times = rounded(odds[size > 0], size[size > 0], rng=rng)
    handed = np.repeat(np.tile(np.arange(values), len(times)), times.reshape(-1))
    # A random order first; the sort keeps it inside each group.
    shuffled = rng.permutation(len(group))
    narrow = group.astype(np.min_scalar_type(max(groups - 1, 0)))
    place = shuffled[np.argsort(narrow[shuffled], kind="stable")]
    found = np.empty(len(group), np.int64)
    found[place] = handed
    return found


def rounded(odds: Floats, size: Ints, *, rng: Rng) -> Ints:
    """Whole numbers near size * odds / sum(odds), which add up to `size` in each row; right on average.

    Args:
        odds: float64[groups, values].
        size: int64[groups].

    Returns:
        int64[groups, values]
    """
    sums = odds.sum(axis=1, keepdims=True)
    fallback = odds.sum(axis=0)
    if not fallback.any():
        fallback = np.ones(odds.shape[1])
    odds = np.where(sums > 0, odds, fallback)
    ends = np.cumsum(odds, axis=1)
    ends *= size[:, None] / ends[:, -1:]
    marks = np.floor(ends + rng.random((len(odds), 1))).astype(np.int64)
    marks[:, -1] = size
    np.minimum(marks, size[:, None], out=marks)
    return np.diff(marks, axis=1, prepend=0)


def code_of(drawn: NDArray[np.int32], columns: tuple[int, ...], sizes: tuple[int, ...]) -> Ints:
    """The group of each row: one number for the values of these columns."""
    code = np.zeros(drawn.shape[1], np.int64)
    for c in columns:
        code = code * sizes[c] + drawn[c]
    return code
