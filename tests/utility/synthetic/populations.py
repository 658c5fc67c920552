"""Small populations with a known law, and samplers for them: a right one, and one with a known fault."""

from __future__ import annotations

import numpy as np

from confide.core.arrays import Array, Rng
from confide.views.table import Domain, Table

SIZES = (4, 6, 3, 8, 2)


def domains(sizes: tuple[int, ...] = SIZES) -> tuple[Domain, ...]:
    """Categories c0, c1, ..."""
    return tuple(Domain(f"c{i}", tuple(map(str, range(m)))) for i, m in enumerate(sizes))


def people(n: int, tie: float, *, rng: Rng) -> Table:
    """Five columns, each of which follows the others with probability `tie` and is uniform otherwise."""

    def tied(values: Array, size: int) -> Array:
        return np.where(rng.random(n) < tie, values, rng.integers(0, size, n))

    a = rng.integers(0, 4, n)
    b = tied(a, 6)
    c = tied(b % 3, 3)
    d = tied(a + b % 5, 8)
    e = tied((d > 3).astype(int), 2)
    return Table.of(domains(), np.stack([a, b, c, d, e], axis=1))


SIBLINGS = (4, 5, 5, 5, 5, 5)


def family(n: int, *, rng: Rng) -> Table:
    """A parent of four values, and five children that depend on it alone, each a little."""
    parent = rng.integers(0, 4, n)
    children = [np.where(rng.random(n) < 0.4, parent, rng.integers(0, 5, n)) for _ in SIBLINGS[1:]]
    return Table.of(domains(SIBLINGS), np.stack([parent, *children], axis=1))


def sampled(fitted: Table, *, rng: Rng, sort: bool = False) -> Table:
    """Rows from the tree whose margins are exactly those of `fitted`: parent with each child.

    Inside each group of the parent, the values of every child are laid out and shuffled. With `sort` they
    are not, which is the fault of a published sampler: any two children rise together.
    """
    parent = fitted.low[:, 0]
    columns = [parent]
    for child in fitted.low.T[1:]:
        laid = np.empty_like(child)
        for value in np.unique(parent):
            inside = np.flatnonzero(parent == value)
            laid[inside] = np.sort(child[inside]) if sort else rng.permutation(child[inside])
        columns.append(laid)
    return Table.of(fitted.domains, np.stack(columns, axis=1))


def independent(n: int, sizes: tuple[int, ...], *, rng: Rng) -> Table:
    """Columns that have nothing to do with each other, each with common and rare values."""
    columns = [np.minimum(rng.geometric(0.3, n) - 1, m - 1) for m in sizes]
    return Table.of(domains(sizes), np.stack(columns, axis=1))
