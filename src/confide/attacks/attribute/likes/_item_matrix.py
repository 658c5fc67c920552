"""Who has which item, as a sparse matrix, and the two ways to describe people by it: TF-IDF and SVD."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as _raw  # pyright: ignore[reportMissingTypeStubs]

from confide.core.arrays import Bools, Floats, Rng
from confide.core.errors import KnowledgeError
from confide.views.interactions import Interactions

_sparse: Any = _raw

Sparse = Any
"""A `scipy.sparse.csr_array`, float64[n, m]; scipy is not typed."""


SMALL = 10**6
"""A matrix of no more cells is decomposed as a dense one, which is faster and exact."""


def matrix(items: Interactions) -> Sparse:
    """1 where the person has the item: sparse float64[n, m], without a copy of the codes.

    >>> matrix(Interactions.of(np.array([0, 1, 1]), np.array([1, 0, 1]))).toarray().tolist()
    [[0.0, 1.0], [1.0, 1.0]]
    """
    shape = (items.people, items.items)
    return _sparse.csr_array((np.ones(len(items)), items.item, items.start), shape=shape)


def thinned(x: Sparse, *, fewest_items: int, fewest_people: int) -> tuple[Bools, Bools]:
    """Which people bool[n] and items bool[m] stay, if all stay who have enough of the others that stay.

    Leaving out items leaves people with too few, and so on, until nothing changes.
    """
    people, items = np.ones(x.shape[0], np.bool_), np.ones(x.shape[1], np.bool_)
    while True:
        now = items & (x.T @ people.astype(np.float64) >= fewest_people)
        then = people & (x @ now.astype(np.float64) >= fewest_items)
        if (now == items).all() and (then == people).all():
            return people, items
        people, items = then, now


def _some(items: Bools, fewest: int) -> Bools:
    if not items.any():
        raise KnowledgeError(
            f"no item has {fewest} of the panel's people: give more people, or ask for fewer an item."
        )
    return items


@dataclass(frozen=True, slots=True, eq=False)
class TfIdf:
    """People as their items, the rarer the heavier, each row of length 1.

    Args:
        items: bool[m], which items count.
        weight: float64[m'], ln((1 + n) / (1 + people who have it)) + 1 of those that do.

    Source: Salton, Buckley, Term-weighting approaches in automatic text retrieval (1988).
    """

    items: Bools
    weight: Floats

    @classmethod
    def of(cls, x: Sparse, *, fewest_people: int, among: Bools | None = None) -> TfIdf:
        """Of the items that enough people have in x [n, m]; of these `among` bool[m] alone, where given.

        Raises:
            KnowledgeError: if there is none.
        """
        having = x.T @ np.ones(x.shape[0])
        enough = having >= fewest_people
        items = _some(enough if among is None else enough & among, fewest_people)
        return cls(items, np.log((1 + x.shape[0]) / (1 + having[items])) + 1)

    def __call__(self, x: Sparse) -> Sparse:
        """Sparse float64[n, m']; a row of zeros for who has none of the items."""
        weighted = x[:, self.items] @ _sparse.diags_array(self.weight)
        length = np.sqrt((weighted * weighted) @ np.ones(weighted.shape[1]))
        return _sparse.csr_array(_sparse.diags_array(1 / np.where(length > 0, length, 1.0)) @ weighted)


@dataclass(frozen=True, slots=True, eq=False)
class Axes:
    """People as their places on the leading axes of the matrix, U S = x V, not centred.

    Args:
        items: bool[m], which items count.
        v: float64[m', k], the right singular vectors.
    """

    items: Bools
    v: Floats

    @classmethod
    def of(cls, x: Sparse, *, axes: int, fewest_items: int, fewest_people: int, rng: Rng) -> Axes:
        """Of x [n, m] without who has too few items and items that too few have; k = `axes` at most.

        Raises:
            KnowledgeError: if fewer than two people or items are left.
        """
        from scipy.sparse.linalg import svds  # pyright: ignore[reportMissingTypeStubs]

        people, items = thinned(x, fewest_items=fewest_items, fewest_people=fewest_people)
        _some(items, fewest_people)
        left = x[people][:, items]
        k = min(axes, min(left.shape) - 1)
        if k < 1:
            raise KnowledgeError(
                f"{left.shape[0]} people and {left.shape[1]} items are left of the panel: axes need 2 of "
                "each; give more people, or leave out less."
            )
        if left.shape[0] * left.shape[1] <= SMALL:
            return cls(items, np.linalg.svd(left.toarray(), full_matrices=False)[2][:k].T)
        v: Any
        _, _, v = svds(left, k=k, v0=rng.standard_normal(min(left.shape)))
        return cls(items, np.ascontiguousarray(v[::-1].T))

    def __call__(self, x: Sparse) -> Floats:
        """float64[n, k]; zeros for who has none of the items."""
        return np.asarray(x[:, self.items] @ self.v)
