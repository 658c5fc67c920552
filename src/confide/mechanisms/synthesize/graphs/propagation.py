"""Belief propagation on a junction tree, in log space: from parameters of measured margins to all margins."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from confide.core.arrays import Floats, Ints
from confide.mechanisms.synthesize.graphs.triangulation import Columns, tree_of


@dataclass(frozen=True, slots=True)
class Summing:
    """How an array is summed to some of its axes, and how what was summed is spread over it again.

    Neighbouring axes of one fate are one axis, so that numpy has few loops to run.
    """

    view: tuple[int, ...]
    dropped: tuple[int, ...]
    spread: tuple[int, ...]

    @classmethod
    def of(cls, columns: Columns, shape: tuple[int, ...], kept: Columns) -> Summing:
        """The plan for an array with these columns as axes."""
        view: list[int] = []
        keeps: list[bool] = []
        for column, size in zip(columns, shape, strict=True):
            if keeps and keeps[-1] == (column in kept):
                view[-1] *= size
            else:
                view.append(size)
                keeps.append(column in kept)
        dropped = tuple(i for i, keep in enumerate(keeps) if not keep)
        return cls(tuple(view), dropped, tuple(s if k else 1 for s, k in zip(view, keeps, strict=True)))

    def __call__(self, array: Floats) -> Floats:
        """The sums, one number for each cell of the kept axes."""
        return np.add.reduce(array.reshape(self.view), axis=self.dropped).reshape(-1)

    def add(self, small: Floats, array: Floats) -> None:
        """Add one number for each cell of the kept axes to all cells."""
        view = array.reshape(self.view)
        np.add(view, small.reshape(self.spread), out=view)

    def put(self, small: Floats, array: Floats) -> None:
        """Write one number for each cell of the kept axes to all cells."""
        array.reshape(self.view)[...] = small.reshape(self.spread)


@dataclass(frozen=True, slots=True, eq=False)
class Node:
    """A clique with its place in the tree, and the memory that a propagation uses.

    Args:
        columns: in the order of the axes: the separator, in the parent's order, is either first or last.
        shape: of the clique.
        parent: its position among the nodes; -1 for the root.
        separator: the columns shared with the parent.
        from_parent: sums the parent to the separator.
        axis: what is summed to the separator, of the clique as a matrix.
        cells: float64, the clique as a matrix: log weights, then conditionals, then margins.
    """

    columns: Columns
    shape: tuple[int, ...]
    parent: int
    separator: Columns
    from_parent: Summing | None
    axis: int
    cells: Floats
    factors: list[tuple[slice, Summing]] = field(default_factory=list[tuple[slice, Summing]])
    below: list[int] = field(default_factory=list[int])


def nodes_of(sizes: Columns, cliques: tuple[Columns, ...]) -> list[Node]:
    """The nodes of a junction tree, parents before children."""
    nodes: list[Node] = []
    at: dict[int, int] = {-1: -1}
    for clique, above in tree_of(sizes, cliques):
        parent = nodes[at[above]] if above >= 0 else None
        separator = tuple(i for i in parent.columns if i in cliques[clique]) if parent else ()
        rest = tuple(i for i in cliques[clique] if i not in separator)
        groups, values = (math.prod(sizes[i] for i in part) for part in (separator, rest))
        first = values >= groups  # numpy sums along the longer of the two axes faster
        columns = separator + rest if first else rest + separator
        nodes.append(
            Node(
                columns=columns,
                shape=tuple(sizes[i] for i in columns),
                parent=at[above],
                separator=separator,
                from_parent=Summing.of(parent.columns, parent.shape, separator) if parent else None,
                axis=1 if first else 0,
                cells=np.zeros((groups, values) if first else (values, groups)),
            )
        )
        at[clique] = len(nodes) - 1
        if parent:
            parent.below.append(len(nodes) - 1)
    return nodes


def home_of(nodes: list[Node], columns: Columns) -> int:
    """The smallest clique that holds these columns."""
    inside = [i for i, node in enumerate(nodes) if set(columns) <= set(node.columns)]
    return min(inside, key=lambda i: nodes[i].cells.size)


@dataclass(frozen=True, slots=True, eq=False)
class Propagation:
    """The exponential family of a junction tree whose parameters are arrays over some sets of columns.

    All parameters stand in one vector: the sets one after another, each in the axes' order of its clique.

    Args:
        nodes: of the tree.
        sets: rising columns of the m sets.
        places: where each set's parameters are in the vector.
        turned: for each set, the position in the vector of each cell in the order of rising columns.
    """

    nodes: list[Node]
    sets: tuple[Columns, ...]
    places: tuple[slice, ...]
    turned: tuple[Ints, ...]

    @classmethod
    def of(cls, sizes: Columns, cliques: tuple[Columns, ...], sets: tuple[Columns, ...]) -> Propagation:
        """The family on these cliques, each set of columns inside one of them."""
        nodes = nodes_of(sizes, cliques)
        places: list[slice] = []
        turned: list[Ints] = []
        start = 0
        for columns in sets:
            node = nodes[home_of(nodes, columns)]
            order = [i for i in node.columns if i in columns]
            cells = math.prod(sizes[i] for i in columns)
            place = slice(start, start + cells)
            node.factors.append((place, Summing.of(node.columns, node.shape, columns)))
            grid = np.arange(start, start + cells).reshape([sizes[i] for i in order])
            turned.append(grid.transpose([order.index(i) for i in columns]))
            places.append(place)
            start += cells
        return cls(nodes, sets, tuple(places), tuple(turned))

    def vector(self, arrays: Sequence[Floats]) -> Floats:
        """One number for each parameter: from an array for each set, an axis a column or one for all."""
        found = np.empty(self.places[-1].stop if self.places else 0)
        for at, array in zip(self.turned, arrays, strict=True):
            found[at] = array
        return found

    def __call__(self, parameters: Floats, total: float) -> tuple[Floats, float]:
        """The margins of all sets, in the parameters' order, and the log of the sum of all weights.

        The cliques' margins stand in the nodes afterwards.
        """
        log_sum = self._gather(parameters)
        margins = np.empty_like(parameters)
        for node in self.nodes:
            cells = node.cells
            if node.from_parent is None:
                cells *= total
            else:
                above = node.from_parent(self.nodes[node.parent].cells)
                cells *= above[:, None] if node.axis else above
            for place, summed in node.factors:
                margins[place] = summed(cells)
        return margins, log_sum

    def _gather(self, parameters: Floats) -> float:
        """Turn each clique into the odds of its cells given its separator, leaves first."""
        messages: list[Floats] = [parameters] * len(self.nodes)
        for i in range(len(self.nodes) - 1, -1, -1):
            node = self.nodes[i]
            cells = node.cells
            cells.fill(0.0)
            for place, summed in node.factors:
                summed.add(parameters[place], cells)
            for child in node.below:
                plan = self.nodes[child].from_parent
                assert plan is not None
                plan.add(messages[child], cells)
            top = np.maximum.reduce(cells, axis=node.axis, keepdims=True)
            cells -= top
            np.exp(cells, out=cells)
            sums = np.add.reduce(cells, axis=node.axis, keepdims=True)
            cells /= sums
            messages[i] = (top + np.log(sums)).reshape(-1)
        return float(messages[0][0])
