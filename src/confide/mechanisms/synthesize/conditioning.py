"""Models given that some combinations cannot be: what rejection sampling gives, without rejection."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Protocol

import numpy as np

from confide.core.arrays import Bools, Floats
from confide.mechanisms.synthesize.graphs.model import Part, TreeModel
from confide.mechanisms.synthesize.graphs.propagation import Propagation
from confide.mechanisms.synthesize.graphs.triangulation import Columns, cliques_of, size_of
from confide.mechanisms.synthesize.measured import Fitted
from confide.mechanisms.synthesize.merging import Merging, Unmerged

MOST = 2**23
"""Cells of a conditioned model: about 256 MiB while it is computed."""
NEVER = -1e9
"""The log weight of what cannot be. Far below what columns by the thousand weigh, it is 0 in float64, and no
sum of it is a NaN."""


class Zeros(Protocol):
    """Codes that cannot stand together."""

    @property
    def columns(self) -> Columns:
        """By position, rising."""
        ...

    @property
    def cells(self) -> Bools:
        """True where a combination cannot be: one axis a column."""
        ...


def conditioned(model: Fitted, zeros: Sequence[Zeros], *, most: int = MOST) -> Fitted:
    """Condition a tree model on what is possible (structural zeros), by belief propagation.

    *Statement.* The odds of each row are those of the model, divided by the odds of all rows that no given
    zero rules out: just what is left when rows are drawn from the model and the ruled-out ones are given up
    and drawn again. It looks at the model and at public zeros, and costs nothing of a budget.

    *Proof.* The model is the product over its cliques of the odds given the separator. A factor of 0 or 1 for
    each zero makes it 0 where a zero holds and changes nothing elsewhere; belief propagation on a tree with a
    clique for each factor divides by the sum and gives all margins of that.

    Args:
        model: a tree, or one of merged values; another model is returned as it is.
        zeros: some of them are left to rejection where the tree would be larger than `most`, or if nothing at
            all is possible under the model.
        most: cells of the tree.

    >>> from confide.mechanisms.synthesize.graphs.fitting import fit_weighted
    >>> from confide.mechanisms.synthesize.columns.domain import Impossible
    >>> both = {(0, 1): (np.array([[10.0, 30.0], [20.0, 40.0]]), 1.0)}
    >>> tree = fit_weighted((2, 2), both, 100.0, until=0)
    >>> never = Impossible((0, 1), np.array([[True, False], [False, False]]))
    >>> conditioned(tree, [never]).margin((0, 1)).round(2).tolist()
    [[0.0, 33.33], [22.22, 44.44]]
    """
    inner = model.inner if isinstance(model, Unmerged) else model
    if not isinstance(inner, TreeModel):
        return model
    mergings = model.mergings if isinstance(model, Unmerged) else ()
    chosen: list[Zeros] = []
    for zero in sorted((zero for zero in zeros if zero.cells.any()), key=lambda zero: zero.cells.size):
        sets = [*(part.columns for part in inner.parts), *(one.columns for one in (*chosen, zero))]
        if size_of(_sizes(inner, mergings, [*chosen, zero]), map(_rising, sets)) <= most:
            chosen.append(zero)
    if not chosen:
        return model
    found = _without(_opened(inner, mergings, chosen), chosen)
    if found is None or not mergings:
        return found or model
    touched = _touched(chosen)
    return Unmerged(found, tuple(_whole(m) if i in touched else m for i, m in enumerate(mergings)))


def _without(tree: TreeModel, zeros: Sequence[Zeros]) -> TreeModel | None:
    """The tree given that no zero holds; None if nothing is left of it."""
    sets = tuple(_rising(part.columns) for part in tree.parts)
    factors = [_logs(tree, i) for i in range(len(sets))]
    masks = [np.where(zero.cells, NEVER, 0.0) for zero in zeros]
    every = (*sets, *(zero.columns for zero in zeros))
    family = Propagation.of(tree.sizes, cliques_of(tree.sizes, frozenset(every)), every)
    _, log_sum = family(family.vector([*factors, *masks]), tree.total)
    if log_sum < NEVER / 2:
        return None
    parts = tuple(
        Part(node.columns, node.cells.reshape(node.shape).copy(), node.parent, node.separator)
        for node in family.nodes
    )
    return TreeModel(sizes=tree.sizes, total=tree.total, parts=parts, loss=tree.loss)


def _logs(tree: TreeModel, i: int) -> Floats:
    """The log odds of a clique given its separator, one axis a column in rising order."""
    odds, columns = tree.conditional(i), tree.parts[i].columns
    turned = odds.transpose([columns.index(c) for c in _rising(columns)])
    return np.log(turned, out=np.full(turned.shape, NEVER), where=turned > 0)


def _opened(tree: TreeModel, mergings: Sequence[Merging], zeros: Sequence[Zeros]) -> TreeModel:
    """The tree with each value of the columns of zeros by itself: merged ones share by their shares."""
    if not mergings:
        return tree
    touched = _touched(zeros)
    parts: list[Part] = []
    for part in tree.parts:
        margin = part.margin
        for axis, column in enumerate(part.columns):
            if column in touched:
                shares = mergings[column].share.reshape([-1 if a == axis else 1 for a in range(margin.ndim)])
                margin = np.take(margin, mergings[column].to, axis=axis) * shares
        parts.append(replace(part, margin=margin))
    return TreeModel(_sizes(tree, mergings, zeros), tree.total, tuple(parts), loss=tree.loss)


def _sizes(tree: TreeModel, mergings: Sequence[Merging], zeros: Sequence[Zeros]) -> Columns:
    """The number of values of each column of the opened tree."""
    touched = _touched(zeros)
    return tuple(len(mergings[i].to) if mergings and i in touched else n for i, n in enumerate(tree.sizes))


def _touched(zeros: Iterable[Zeros]) -> set[int]:
    return {column for zero in zeros for column in zero.columns}


def _whole(merging: Merging) -> Merging:
    """No value merged."""
    return Merging(np.arange(len(merging.to)), len(merging.to), np.ones(len(merging.to)))


def _rising(columns: Columns) -> Columns:
    return tuple(sorted(columns))
