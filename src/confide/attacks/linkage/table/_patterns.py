"""Agreement patterns: rows about which the facts of a target say the same are looked at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import prod

import numpy as np
from numpy.typing import NDArray

from confide.attacks.linkage.table._cells import Cells
from confide.core.arrays import Array, Floats, Ints

MOST = 1 << 14
"""With more patterns than this, or as many as there are distinct rows, each row is looked at by itself."""
BYTE = 256


@dataclass(frozen=True, slots=True, eq=False)
class Pattern:
    """The p patterns of one target.

    Args:
        at: int[d, p], in each column a cell that stands for those of the pattern.
        count: int64[p], the number of released rows.
        row: int[q], the name of the pattern of each distinct row; None where each row is its own.
        name: int64[p], a number for each pattern.
    """

    at: Array
    count: Ints
    row: Array | None
    name: Ints

    def first(self, best: Ints) -> int:
        """The first distinct row of one of these patterns."""
        if self.row is None:
            return int(best.min())
        return min(int((self.row == self.name[one]).argmax()) for one in best)


@dataclass(frozen=True, slots=True, eq=False)
class Patterns:
    """The distinct rows of a release, ready to be put together by what facts say of them.

    Facts about a value say the same of all cells without it, and of all with it of the same mass. So of
    precise rows there are at most 2^d patterns, however many rows there are.

    Args:
        cells: the release.
        mass: of each column float64[cells], the share of people in each cell.
    """

    cells: Cells
    mass: Sequence[Floats]
    _at: tuple[Array, ...]
    _weight: Floats
    _rows: Pattern
    _known: dict[tuple[int, int], _Kinds] = field(default_factory=dict)

    @classmethod
    def of(cls, cells: Cells, mass: Sequence[Floats]) -> Patterns:
        """The patterns of a release."""
        columns = [
            np.ascontiguousarray(column, np.min_scalar_type(max(len(low) - 1, 0)))
            for column, low in zip(cells.at.T, cells.low, strict=True)
        ]
        by_row = Pattern(
            np.ascontiguousarray(cells.at.T, np.intp),  # no other is looked up as fast
            cells.count.astype(np.int64),
            None,
            np.arange(len(cells.count)),
        )
        return cls(cells, tuple(mass), tuple(columns), cells.count.astype(np.float64), by_row)

    def about(self, facts: Array) -> Pattern:
        """The patterns of a target.

        Args:
            facts: int[d], what is known.
        """
        kinds = [self._kinds(column, fact) for column, fact in enumerate(facts.tolist())]
        sizes = [len(one.cell) for one in kinds]
        span = prod(sizes)
        rows = len(self.cells.count)
        if span > MOST or span >= rows:
            return self._rows
        word = self._words(kinds, sizes)
        count = np.bincount(word, self._weight, minlength=span).astype(np.int64)
        name = np.flatnonzero(count)
        at = np.empty((len(kinds), len(name)), np.int64)
        for column, level in enumerate(np.unravel_index(name, sizes)):
            at[column] = kinds[column].cell[level]
        return Pattern(at, count[name], word, name)

    def _words(self, kinds: Sequence[_Kinds], sizes: Sequence[int]) -> NDArray[np.uint16]:
        """The kinds of the cells of each distinct row as one number, uint16[q]; by bytes, which is fast."""
        word, byte, in_byte = None, np.zeros(len(self.cells.count), np.uint8), 1
        for at, size, one in zip(self._at, sizes, kinds, strict=True):
            if in_byte * size > BYTE:
                word = byte.astype(np.uint16) if word is None else word * np.uint16(in_byte) + byte
                byte, in_byte = np.zeros_like(byte), 1
            byte *= np.uint8(size % BYTE)  # where it is 256, no other is in this byte
            if size > 1:
                byte += one.kind[at] if one.only is None else (at == one.only).view(np.uint8)
            in_byte *= size
        return byte.astype(np.uint16) if word is None else word * np.uint16(in_byte) + byte

    def _kinds(self, column: int, fact: int) -> _Kinds:
        found = self._known.get((column, fact))
        if found is None:
            holds = (self.cells.low[column] <= fact) & (fact <= self.cells.high[column])
            says = np.where(holds, self.mass[column], np.inf)  # no row has a mass above 1
            _, cell, kind = np.unique(-says, return_index=True, return_inverse=True)
            only = int(cell[1]) if len(cell) == 2 and kind.sum() == 1 else None
            found = self._known[column, fact] = _Kinds(kind.astype(np.uint16), cell.astype(np.int64), only)
        return found


@dataclass(frozen=True, slots=True, eq=False)
class _Kinds:
    """What a fact says of the cells of a column.

    Args:
        kind: of each cell, which of them are said the same of.
        cell: int64, a cell of each kind.
        only: where there are two kinds, and one cell alone is of the second, that cell.
    """

    kind: Array
    cell: Ints
    only: int | None
