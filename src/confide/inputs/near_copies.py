"""Near copies: records that stand on both sides of an audit and differ in their last digits alone."""

from __future__ import annotations

import numpy as np
import polars as pl
import polars.selectors as cs
from scipy.spatial import KDTree

from confide.core.arrays import Bools, Floats
from confide.views.records import Records

NEAR = 1e-4
"""Standard deviations by which near copies may be apart: more than a round trip through float32 makes."""
SHARE, FEWEST = 0.01, 5
"""Fewer of the non-members may be chance: a sensor repeats itself now and then."""
ABOVE = 1.5
"""How many times as often as members are near each other non-members have to be near members."""
_ROWS = 4_096


def near_copies(members: Records, nonmembers: Records) -> tuple[Bools, Bools]:
    """The members that are non-members but for their last digits, bool[n], and the other way, bool[m].

    One side may have been stored as float32, or written and read again. Such records are no copies to the
    bit, and would make an audit that compares members with members find nothing.

    Records are projected on three random directions, each feature in standard deviations. Two near copies
    are near each other there. Of many records with few features some are so by chance. But then members are
    near other members as often, and no more than that counts as chance: nobody is a copy then. Records
    without a fraction are left to the exact comparison.
    """
    none = np.zeros(len(members), np.bool_), np.zeros(len(nonmembers), np.bool_)
    if not all(map(_may_have_fractions, (members, nonmembers))):
        return none
    sample = np.concatenate([_numbers(side, slice(_ROWS)) for side in (members, nonmembers)])
    if not np.any(sample % 1):
        return none
    places = [_projected(side, sample) for side in (members, nonmembers)]
    trees = [KDTree(place) for place in places]
    inside, outside = (
        np.isfinite(tree.query(own, distance_upper_bound=NEAR)[0])
        for tree, own in zip(trees[::-1], places, strict=True)
    )
    # The first neighbour of a member among the members is itself.
    chance = np.isfinite(trees[0].query(places[0], k=2, distance_upper_bound=NEAR)[0][:, 1]).mean()
    enough = max(FEWEST, (SHARE + ABOVE * chance) * len(nonmembers))
    return (inside, outside) if outside.sum() >= enough else none


def _may_have_fractions(records: Records) -> bool:
    if isinstance(records.x, pl.DataFrame):
        return any(kind.is_float() or kind.is_decimal() for kind in records.x.dtypes)
    return records.x.dtype.kind == "f"


def _numbers(records: Records, rows: slice) -> Floats:
    """The features of these rows as numbers, and the label where it is one, float64[n, d]; NaN becomes 0."""
    x, y = records.x[rows], records.y[rows]
    if isinstance(x, pl.DataFrame):
        texts = x.select(~cs.numeric())
        # Equal texts have an equal number, and others hardly ever one that is near.
        code = (texts.hash_rows(seed=0) % 2**20).to_numpy()[:, None] if texts.width else np.zeros((len(x), 0))
        found = np.column_stack([x.select(cs.numeric()).to_numpy().astype(np.float64), code])
    else:
        found = x.reshape(len(x), -1)
    label = y[:, None] if y.dtype.kind in "biuf" else np.zeros((len(x), 0))
    return np.nan_to_num(np.column_stack([found, label]).astype(np.float64), posinf=0.0, neginf=0.0)


def _projected(records: Records, sample: Floats) -> Floats:
    """The records in three random directions, each feature in the standard deviations of a sample."""
    middle, spread = sample.mean(axis=0), sample.std(axis=0)
    spread[spread == 0] = 1.0
    wide = sample.shape[1]
    directions = np.random.default_rng(0x5EED).standard_normal((wide, 3)) / np.sqrt(wide)
    found = np.empty((len(records), 3))
    for first in range(0, len(records), _ROWS):  # in blocks: features may take gigabytes as float64
        rows = slice(first, first + _ROWS)
        found[rows] = (_numbers(records, rows) - middle) / spread @ directions
    return found
