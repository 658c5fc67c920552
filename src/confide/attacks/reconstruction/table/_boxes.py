"""Boxes of a generalised table inside each other, and what follows for the rows of the outer one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from confide.core.arrays import Bools, Ints
from confide.core.errors import DataError
from confide.views.hierarchy import Hierarchy

NOWHERE = -1
"""As a block: the inner box has the same range as the outer one in this column."""


class Contradiction(Exception):  # noqa: N818 - no error of the user's, and caught where it is raised
    """No value is left for a column."""


@dataclass(frozen=True, slots=True, eq=False)
class Boxes:
    """The b distinct boxes of a release over d columns.

    The range of a box in a column falls into blocks. An inner box that is finer there is inside one of them.
    With `stepwise` recoding the blocks are the groups of the next finer level that divides the range. In
    full-domain generalisation only the box of suppressed rows has others inside, and blocks are the groups of
    the level of their column.

    Args:
        low, high: int32[b, d].
        hierarchies: of the columns.
        level: int64[d], the level of the blocks, for all boxes; -1 for that which divides the range.
    """

    low: NDArray[np.int32]
    high: NDArray[np.int32]
    hierarchies: Sequence[Hierarchy]
    level: Ints
    _nested: list[tuple[Ints, NDArray[np.uint8]]] = field(default_factory=list)
    _cut: dict[tuple[int, int, int], Ints] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        low: NDArray[np.int32],
        high: NDArray[np.int32],
        hierarchies: Sequence[Hierarchy],
        *,
        stepwise: bool,
    ) -> Boxes:
        """The boxes of a release.

        Raises:
            DataError: if a range is no group of the column's hierarchy.
        """
        level = np.full(len(hierarchies), -1)
        nested: list[tuple[Ints, NDArray[np.uint8]]] = []
        for i, h in enumerate(hierarchies):
            ranges, which = np.unique(np.stack([low[:, i], high[:, i]], axis=1), axis=0, return_inverse=True)
            _need_groups(h, ranges)
            if not stepwise:
                level[i] = _level(h, ranges)
            inner = [np.packbits((lo <= low[:, i]) & (high[:, i] <= hi)) for lo, hi in ranges]
            nested.append((which.ravel().astype(np.int64), np.stack(inner)))
        return cls(low, high, hierarchies, level, nested)

    def inside(self, box: int) -> Ints:
        """The block of each box inside this one in each column, or `NOWHERE`: int64[different ones, d]."""
        both = np.bitwise_and.reduce([bits[which[box]] for which, bits in self._nested])
        inner = np.flatnonzero(np.unpackbits(both, count=len(self.low)))
        inner = inner[inner != box]
        low, high = self.low[inner], self.high[inner]
        where = np.full(low.shape, NOWHERE, np.int64)
        for i in range(low.shape[1]):
            finer = (low[:, i] != self.low[box, i]) | (high[:, i] != self.high[box, i])
            if finer.any():
                where[finer, i] = self.blocks(box, i)[low[finer, i] - self.low[box, i]]
        return np.unique(where, axis=0) if len(where) else where

    def counts(self, box: int) -> Ints:
        """The number of blocks of each column, int64[d]."""
        return np.array([self.blocks(box, i)[-1] + 1 for i in range(len(self.hierarchies))])

    def blocks(self, box: int, column: int) -> Ints:
        """The block of each value in a range, counted from 0, int64[values in the range]."""
        low, high = int(self.low[box, column]), int(self.high[box, column])
        if (column, low, high) not in self._cut:
            group = self.hierarchies[column].group
            cut = group[:, low : high + 1]
            at = self.level[column]
            if at < 0:
                # The coarsest level with several groups in the range.
                at = np.flatnonzero(cut[:, 0] != cut[:, -1])[-1] if low < high else 0
            self._cut[column, low, high] = (cut[at] - cut[at, 0]).astype(np.int64)
        return self._cut[column, low, high]


def ruled_out(inside: Ints, blocks: Ints) -> Bools:
    """The blocks of each column in which no row of the outer box is, bool[d, most blocks].

    For each inner box there is a column in which the row is outside its block. Where the row is known to be
    inside in all these columns but one, it is outside in that one (unit propagation). Besides, a block is
    ruled out if, assumed, it would leave no block in some column.

    Args:
        inside: as `Boxes.inside` gives it.
        blocks: int64[d], the number of blocks of each column.

    Raises:
        Contradiction: if no block is left in a column.

    >>> ruled_out(np.array([[0, -1], [1, 1]]), np.array([2, 3])).tolist()
    [[True, False, False], [False, True, False]]
    >>> ruled_out(np.array([[0, 0], [0, 1]]), np.array([2, 2])).tolist()
    [[True, False], [False, False]]
    """
    most = int(blocks.max())
    out = _followed(inside, np.arange(most) >= blocks[:, None])
    # Only a block that stands in two statements or more can fail by what they say together.
    again = True
    while again:
        again = False
        for i, block in np.argwhere(~out & _often(inside, most)):
            assumed = out.copy()
            assumed[i] = np.arange(most) != block
            try:
                _followed(inside, assumed)
            except Contradiction:
                out[i, block] = again = True
        if again:
            out = _followed(inside, out)
    return out & (np.arange(most) < blocks[:, None])


def _followed(inside: Ints, out: Bools) -> Bools:
    """What else is ruled out by unit propagation; `out` itself stays as it was."""
    columns, out = np.arange(len(out)), out.copy()
    finer, block = inside != NOWHERE, np.maximum(inside, 0)
    while True:
        left = (~out).sum(axis=1)
        gone = finer & out[columns, block]  # the row is outside there: nothing more follows
        open_ = finer & (left > 1) & ~gone.any(axis=1)[:, None]
        many = open_.sum(axis=1)
        if (left < 1).any() or (~gone.any(axis=1) & (many == 0)).any():
            raise Contradiction
        found, column = np.nonzero(open_ & (many == 1)[:, None])
        if not len(found):
            return out
        out[column, block[found, column]] = True


def _often(inside: Ints, most: int) -> Bools:
    """The blocks that stand with others in two statements or more, bool[d, most]."""
    joint = inside[(inside != NOWHERE).sum(axis=1) > 1]
    return (joint[:, :, None] == np.arange(most)).sum(axis=0) > 1


def _need_groups(h: Hierarchy, ranges: NDArray[np.int32]) -> None:
    for low, high in ranges.tolist():
        if not len(_levels(h, low, high)):
            raise DataError(
                f"{h.labels[0][low]} to {h.labels[0][high]} is no group of the hierarchy of {h.name!r}: give "
                "the hierarchies that the table was made with."
            )


def _levels(h: Hierarchy, low: int, high: int) -> Ints:
    """The levels at which a range is a group."""
    groups = h.group[:, low].tolist()
    fits = [h.start[at][g] == low and h.stop[at][g] == high + 1 for at, g in enumerate(groups)]
    return np.flatnonzero(fits)


def _level(h: Hierarchy, ranges: NDArray[np.int32]) -> int:
    """The level of a column in full-domain generalisation, where whole rows may be suppressed besides."""
    finer = [_levels(h, low, high)[0] for low, high in ranges.tolist() if high - low + 1 < h.values]
    return int(max(finer, default=_levels(h, 0, h.values - 1)[0]))
