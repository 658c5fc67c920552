"""Tree models of a table: the margins of the cliques of a junction tree, and what follows from them."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from confide.core.arrays import Floats, Rng
from confide.core.errors import DataError
from confide.mechanisms.synthesize.graphs.propagation import Summing
from confide.mechanisms.synthesize.graphs.rows import rows_of
from confide.mechanisms.synthesize.graphs.triangulation import Columns


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """A clique of a fitted tree.

    Args:
        columns: the axes, in this order.
        margin: float64, one axis a column: the expected rows.
        parent: the position of the clique above; -1 for the root.
        separator: the columns shared with the clique above.
    """

    columns: Columns
    margin: Floats
    parent: int
    separator: Columns


@dataclass(frozen=True, slots=True, eq=False)
class TreeModel:
    """A graphical model on a junction tree; it implements `Fitted`.

    Args:
        sizes: the number of values of each column.
        total: the rows that it stands for.
        parts: its cliques, parents before children.
        parameters: the sets of columns that were measured, and the log weight of each of their cells, from
            which a later fit can start.
        loss: half the weighted squared distance of the model from what was measured.
        seen: the conditionals that were computed once; empty when the model is new.
    """

    sizes: Columns
    total: float
    parts: tuple[Part, ...]
    parameters: tuple[tuple[Columns, Floats], ...] = ()
    loss: float = 0.0
    seen: dict[tuple[int, Columns], tuple[Floats, Columns]] = field(default_factory=dict)  # pyright: ignore[reportUnknownVariableType]

    @property
    def cells(self) -> int:
        """Of all cliques together."""
        return sum(part.margin.size for part in self.parts)

    def margin(self, columns: tuple[int, ...]) -> Floats:
        """The expected rows in each cell of these columns: one axis a column, in the order given.

        Inside a clique they are sums of its margin; otherwise the columns between are summed out one clique
        after another.

        Raises:
            DataError: if a column is named twice, or there is none of this number.
        """
        if len(set(columns)) < len(columns) or not set(columns) <= set(range(len(self.sizes))):
            raise DataError(f"a margin over {columns}: name columns from 0 to {len(self.sizes) - 1}, once.")
        inside = [i for i, part in enumerate(self.parts) if set(columns) <= set(part.columns)]
        if inside:
            part = self.parts[min(inside, key=lambda i: self.parts[i].margin.size)]
            return _ordered(*_summed(part.margin, part.columns, columns), columns)
        wanted = self._wanted(columns)
        # The lowest clique under which everything wanted is, with what it holds itself.
        whole = set(columns)
        top = max(i for i, part in enumerate(self.parts) if whole <= {*wanted[i], *part.columns})
        part = self.parts[top]
        own = tuple(i for i in columns if i in part.columns)
        return _ordered(*self._joined(top, part.margin, own, wanted), columns)

    def rows(self, n: int, *, rng: Rng) -> NDArray[np.int32]:
        """n rows as codes, int32[n, d]: see `rows_of`."""
        return rows_of(self, n, rng=rng)

    def conditional(self, i: int) -> Floats:
        """The odds of a clique's cells given its separator: one axis a column, 0 where there is nobody."""
        part = self.parts[i]
        plan = Summing.of(part.columns, part.margin.shape, part.separator)
        whole = plan(part.margin).reshape(plan.spread)
        parts = part.margin.reshape(plan.view)
        return np.divide(parts, whole, out=np.zeros(plan.view), where=whole > 0).reshape(part.margin.shape)

    def _wanted(self, columns: Columns) -> list[Columns]:
        """For each clique, which of these columns are in it or below, and not in the clique above."""
        wanted = [
            tuple(c for c in columns if c in part.columns and c not in part.separator) for part in self.parts
        ]
        for i in range(len(self.parts) - 1, 0, -1):
            above = self.parts[i].parent
            wanted[above] = tuple(sorted({*wanted[above], *wanted[i]}))
        return wanted

    def _message(self, i: int, wanted: list[Columns]) -> tuple[Floats, Columns]:
        """The odds of the wanted columns below a clique given its separator."""
        key = i, wanted[i]
        if key not in self.seen:
            part = self.parts[i]
            own = tuple(c for c in part.columns if c in part.separator or c in wanted[i])
            found = self._joined(i, self.conditional(i), own, wanted)
            if len(wanted[i]) > 1:
                return found
            self.seen[key] = found
        return self.seen[key]

    def _joined(self, i: int, cells: Floats, own: Columns, wanted: list[Columns]) -> tuple[Floats, Columns]:
        """A clique's array times what its children say, summed to its own wanted columns and theirs."""
        part = self.parts[i]
        children = [j for j in range(i + 1, len(self.parts)) if self.parts[j].parent == i and wanted[j]]
        needed = {c for j in children for c in self.parts[j].separator}.union(own)
        array, axes = _summed(cells, part.columns, tuple(needed))
        for place, j in enumerate(children):
            message, theirs = self._message(j, wanted)
            later = {c for k in children[place + 1 :] for c in self.parts[k].separator}.union(own)
            kept = tuple(c for c in axes if c in later or c not in part.columns)
            out = kept + tuple(c for c in theirs if c not in axes)
            array, axes = _product(array, axes, message, theirs, out), out
        return array, axes


def _summed(array: Floats, columns: Columns, kept: Columns) -> tuple[Floats, Columns]:
    """An array summed to some of its columns, in the order of its axes."""
    plan = Summing.of(columns, array.shape, kept)
    order = tuple(c for c in columns if c in kept)
    shape = [s for s, c in zip(array.shape, columns, strict=True) if c in kept]
    return plan(array).reshape(shape), order


def _ordered(array: Floats, axes: Columns, columns: Columns) -> Floats:
    return array.transpose([axes.index(c) for c in columns])


def _product(one: Floats, axes: Columns, other: Floats, theirs: Columns, out: Columns) -> Floats:
    """Two arrays multiplied along the columns they share, and summed to some columns."""
    letter = {c: chr(ord("a") + i) for i, c in enumerate(dict.fromkeys([*axes, *theirs]))}
    first, second, third = ("".join(letter[c] for c in each) for each in (axes, theirs, out))
    return np.einsum(f"{first},{second}->{third}", one, other, optimize=True)
