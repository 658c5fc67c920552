"""Junction trees: greedy triangulation of the columns' graph, its cliques, and the size of a model."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import TypeAlias

Columns: TypeAlias = tuple[int, ...]


def size_of(sizes: Columns, sets: Iterable[Columns]) -> int:
    """The cells of all cliques of the model that holds these sets of columns, without building it.

    A fit needs about five numbers of eight bytes a cell.

    Args:
        sizes: the number of values of each column.
        sets: columns by position; columns in none are a clique of their own.

    >>> size_of((2, 3, 4, 5), [(0, 1), (1, 2)])
    23
    >>> size_of((2, 3, 4, 5), [(0, 1), (1, 2), (0, 2)])
    29
    """
    return cells_of(sizes, cliques_of(tuple(sizes), frozenset(sets)))


def cells_of(sizes: Columns, cliques: Iterable[Columns]) -> int:
    """The cells of these cliques together."""
    return sum(math.prod(sizes[i] for i in clique) for clique in cliques)


@lru_cache(maxsize=4096)
def cliques_of(sizes: Columns, sets: frozenset[Columns]) -> tuple[Columns, ...]:
    """The maximal cliques of a triangulated graph in which each set of columns is inside one clique.

    The columns are eliminated greedily, once by fewest fill-in edges and once by smallest clique. The order
    that gives fewer cells is taken.
    """
    found = (_eliminated(sizes, _graph(len(sizes), sets), by_fill) for by_fill in (False, True))
    bags = min(found, key=lambda masks: cells_of(sizes, map(tuple, map(_ones, masks))))
    return tuple(sorted(tuple(_ones(bag)) for bag in bags))


def tree_of(sizes: Columns, cliques: tuple[Columns, ...]) -> tuple[tuple[int, int], ...]:
    """A maximum spanning tree over the cliques' shared columns: pairs (clique, parent) from the root down.

    The root, which is the largest clique, has the parent -1. Cliques that share nothing are joined too, with
    an empty separator.
    """
    root = max(range(len(cliques)), key=lambda c: (cells_of(sizes, [cliques[c]]), -c))
    best = {c: (_shared(cliques, c, root), root) for c in range(len(cliques)) if c != root}
    order = [(root, -1)]
    while best:
        new = max(best, key=lambda c: (best[c][0], -c))
        order.append((new, best.pop(new)[1]))
        for c, (shared, _) in best.items():
            if (more := _shared(cliques, c, new)) > shared:
                best[c] = more, new
    return tuple(order)


def _shared(cliques: tuple[Columns, ...], one: int, other: int) -> int:
    return len(set(cliques[one]) & set(cliques[other]))


def _ones(mask: int) -> Iterator[int]:
    while mask:
        low = mask & -mask
        yield low.bit_length() - 1
        mask ^= low


def _graph(n: int, sets: Iterable[Columns]) -> list[int]:
    """Each column's neighbours, as the bits of a number."""
    near = [0] * n
    for columns in sets:
        mask = sum(1 << i for i in columns)
        for i in columns:
            near[i] |= mask & ~(1 << i)
    return near


def _eliminated(sizes: Columns, near: list[int], by_fill: bool) -> list[int]:
    """The maximal bags of a greedy elimination, as the bits of numbers."""

    def cost(v: int) -> tuple[int, int]:
        around = near[v]
        size = math.prod([sizes[u] for u in _ones(around)]) * sizes[v]
        if not by_fill:
            return size, v
        return sum((around & ~near[u]).bit_count() - 1 for u in _ones(around)), size

    costs = {v: cost(v) for v in range(len(sizes))}
    bags: list[int] = []
    while costs:
        v = min(costs, key=costs.__getitem__)
        around = near[v]
        bag = around | 1 << v
        if not any(bag & ~old == 0 for old in bags):
            bags.append(bag)
        del costs[v]
        if around.bit_count() == len(costs):
            break
        touched = around
        for u in _ones(around):
            if by_fill and around & ~near[u] & ~(1 << u):
                touched |= near[u] | around
            near[u] = (near[u] | around) & ~(1 << u | 1 << v)
        for u in _ones(touched & ~(1 << v)):
            if u in costs:
                costs[u] = cost(u)
    return bags
