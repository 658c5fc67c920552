"""What each record does to the units of a first ReLU layer, found by its zeros in a sum over a batch."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from confide.attacks.reconstruction.updates._first_layer import SILENT, FirstLayer, shared_rays
from confide.core.arrays import Bools, Floats, Ints, Rng

CHUNK, ROOM = 2_000, 2**22
"""Sets of units that are tried at once, and numbers that are held for it."""
FURTHER, CHECKED, FAVOURED = 3, 1_000, 0.1
"""Zeros that a direction has beyond those it was made for; directions of a chunk that are checked at most;
and how units that one record opens alone are favoured in the draw."""
JITTER = 1e-11
"""Far above the rounding of an inverse, and far below the least tolerance of a zero."""
CONSISTENT = 0.02
"""A slope leaves less than this of itself outside what the next layer can send back; others leave .1 to 1."""
APART = 1e-5
"""The least singular value of directions of length 1 that are different ones."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Directions:
    """Directions w with gradient . w proportional to one record's slopes, and how they were found.

    Args:
        w: float64[m, b], in the coordinates of `basis`.
        basis: float64[b, d], of the space that the records of the batch span.
        open_: the units that each record opens, bool[m, h].
        noise: the size of what does not belong to the batch, relative to the gradient.
        tried: how many sets of units were tried.
    """

    w: Floats
    basis: Floats
    open_: Bools
    noise: float
    tried: int


@dataclass(frozen=True, slots=True, eq=False)
class _Search:
    """The gradient in the coordinates of the batch's space, and what the next layer sends back."""

    rows: Floats
    live: Ints
    unit: Floats
    back: Floats
    tolerance: float

    def zeros(self, w: Floats) -> Bools:
        """Units that a direction is orthogonal to, up to the noise: bool[..., live]."""
        return np.abs(w @ self.unit.T) < self.tolerance

    def sharpened(self, zero: Bools) -> Floats:
        """The direction that is orthogonal to all of these units, by least squares."""
        return np.linalg.svd(self.unit[zero], full_matrices=True)[2][-1]

    def is_slope(self, w: Floats) -> bool:
        """Whether gradient . w is what the next layer can send back to the units that it is not zero on.

        A record's slopes are (next weights)^T e on the units that it opens, and 0 on the others, with one e
        for all units. A mixture of records has another e on units that not all of them open.
        """
        slope, on = self.rows[self.live] @ w, ~self.zeros(w)
        if on.sum() <= self.back.shape[1]:
            return False
        can = self.back[on]
        left = slope[on] - can @ np.linalg.lstsq(can, slope[on], rcond=None)[0]
        return bool(np.linalg.norm(left) < CONSISTENT * np.linalg.norm(slope[on]))


def sparse_directions(
    layer: FirstLayer, back: Floats, *, records: int, most: int, precision: float, rng: Rng
) -> Directions:
    """Find the directions of a batch: at most one for each record.

    The gradient of the weights is a sum of b products slope x record, so of rank b. For each record there is
    one direction, up to its length, that is orthogonal to all other records of the batch: along it only this
    record's slopes remain, which are 0 at every unit that the record does not open. So a direction that is
    orthogonal to b - 1 random units is the right one if the record opens none of them. Whether it is shows
    in further zeros, and in what the next layer can send back. Units that one record opens alone show that
    record itself, to which all other directions are orthogonal: they are drawn more often.

    Args:
        layer: the gradient of the first layer.
        back: the next layer's weights, transposed: float64[h, k].
        records: b, less than the features and the units.
        most: how many sets of units are tried at most.
        precision: relative, of the gradient's numbers.
        rng: draws sets of units.
    """
    _, size, ways = np.linalg.svd(layer.weights, full_matrices=False)
    further = float(size[records] / max(float(size[0]), 1e-300)) if len(size) > records else 0.0
    noise = max(further, precision)
    basis = ways[:records]
    rows = layer.weights @ basis.T
    length = np.linalg.norm(rows, axis=1)
    live = np.flatnonzero(length > SILENT * max(float(length.max()), 1e-300))
    search = _Search(
        rows=rows,
        live=live,
        unit=rows[live] / length[live][:, None],
        back=back[live],
        # A direction is as exact as the noise times the condition of its set, which is seldom above 1,000.
        tolerance=float(np.clip(1_000 * noise, 1e-7, 1e-2)),
    )
    found, tried = _found(search, records, most, rng)
    open_ = np.zeros((len(found), len(rows)), np.bool_)
    open_[:, live] = ~search.zeros(found)
    return Directions(w=found, basis=basis, open_=open_, noise=noise, tried=tried)


def _found(search: _Search, records: int, most: int, rng: Rng) -> tuple[Floats, int]:
    """Directions that pass both checks, float64[m, b], and how many sets of units were tried."""
    if records == 1:
        return np.ones((1, 1)), 0
    # Of a small angle t the cosine is 1 - t^2 / 2; nearer to 1 than 1e-13 it is rounding.
    groups = shared_rays(search.unit, tolerance=max(search.tolerance**2 / 2, 1e-13))
    alone = np.array([group[0] for group in groups], np.int64)
    # Of units that one record opens alone, one is enough: two make a set of lower rank.
    others = np.setdiff1d(np.arange(len(search.unit)), np.concatenate([*groups, np.empty(0, np.int64)]))
    distinct = search.unit[np.concatenate([alone, others])]
    found, tried = np.empty((0, records)), 0
    if len(distinct) < records:
        return found, tried
    chunk = max(1, min(CHUNK, ROOM // (records * len(search.unit))))
    while len(found) < records and tried < most:
        order = rng.random((min(chunk, most - tried), len(distinct)))
        order[:, : len(alone)] *= FAVOURED
        sets = order.argpartition(records - 1, axis=1)[:, :records]
        matrix = distinct[sets]
        # A column of the inverse is orthogonal to all units of the set but one: b directions for one set.
        # The jitter keeps a set of lower rank, which has no inverse, from stopping the others.
        ways = np.linalg.inv(matrix + JITTER * rng.standard_normal(matrix.shape)).swapaxes(1, 2)
        ways = ways.reshape(-1, records)
        ways /= np.linalg.norm(ways, axis=1)[:, None]
        count = search.zeros(ways).sum(axis=1)
        # b - 1 units are orthogonal by the making of a direction; further ones are seldom an accident.
        likely = np.flatnonzero((count >= records - 1 + FURTHER) & _new(ways, found))
        likely = likely[np.argsort(-count[likely], kind="stable")[:CHECKED]]
        found = _checked(search, ways[likely], found)
        tried += len(order)
    return found, tried


def _new(tried: Floats, found: Floats) -> Bools:
    """Whether a direction is none of those that were found, bool[n]; found ones come up again and again."""
    return np.abs(tried @ found.T).max(axis=1, initial=0) < 1 - APART


def _checked(search: _Search, tried: Floats, found: Floats) -> Floats:
    """The directions found, with those among the tried ones that are new, float64[m, b]."""
    for zero in search.zeros(tried):
        w = search.sharpened(zero)
        if len(found) == len(w):
            break
        together = np.vstack([found, w])
        if (
            _new(w[None], found)[0]
            and search.is_slope(w)
            and np.linalg.svd(together, compute_uv=False)[-1] > APART
        ):
            found = together
    return found
