"""Sparse matrix of people and items, and two descriptions of people by it: TF-IDF and SVD."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias, cast

import numpy as np
from scipy.sparse import csr_array, diags_array

from confide.core.arrays import Bools, Floats, Rng
from confide.core.errors import KnowledgeError
from confide.core.language import keep
from confide.views.interactions import Interactions

Sparse: TypeAlias = Any
"""A `scipy.sparse.csr_array`, float64[n, m]; SciPy's own annotations reject its indexing."""

# Up to this many cells the decomposition is that of a dense matrix, which is exact and then also faster.
SMALL = 10**6


def matrix(items: Interactions) -> Sparse:
    """1 where the person has the item: sparse float64[n, m], without a copy of the codes.

    >>> matrix(Interactions.of(np.array([0, 1, 1]), np.array([1, 0, 1]))).toarray().tolist()
    [[0.0, 1.0], [1.0, 1.0]]
    """
    shape = (items.people, items.items)
    return csr_array((np.ones(len(items)), items.item, items.start), shape=shape)


def thinned(x: Sparse, *, fewest_items: int, fewest_people: int) -> tuple[Bools, Bools]:
    """People bool[n] and items bool[m] that stay, if each needs enough of the others that stay.

    Leaving out items leaves some people with too few, who then leave some items with too few. This goes on
    until nothing changes.
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
            keep(
                "no item is liked by {fewest} people of the panel: give more people, or lower "
                "`fewest_people`.",
                fewest=fewest,
            )
        )
    return items


@dataclass(frozen=True, slots=True, eq=False)
class TfIdf:
    """TF-IDF description of people by their items: rare items weigh more, and each row has length 1.

    Args:
        items: bool[m], the items that count.
        weight: float64[m'], ln((1 + n) / (1 + people who have it)) + 1 of those items.

    Source: Salton, Buckley, Term-weighting approaches in automatic text retrieval (1988).
    """

    items: Bools
    weight: Floats

    @classmethod
    def of(cls, x: Sparse, *, fewest_people: int, among: Bools | None = None) -> TfIdf:
        """Fit on the items that enough people of x [n, m] have; `among` bool[m] leaves out others.

        Raises:
            KnowledgeError: if there is none.
        """
        # Column sums by a product, which keeps the matrix sparse.
        having = x.T @ np.ones(x.shape[0])
        enough = having >= fewest_people
        items = _some(enough if among is None else enough & among, fewest_people)
        return cls(items, np.log((1 + x.shape[0]) / (1 + having[items])) + 1)

    def __call__(self, x: Sparse) -> Sparse:
        """Sparse float64[n, m']; a row of zeros for a person who has none of the items."""
        weighted = x[:, self.items] @ diags_array(self.weight)
        # A person without any item has length 0 and stays a row of zeros.
        length = np.sqrt((weighted * weighted) @ np.ones(weighted.shape[1]))
        return csr_array(diags_array(1 / np.where(length > 0, length, 1.0)) @ weighted)


@dataclass(frozen=True, slots=True, eq=False)
class Axes:
    """Description of people by their places on the leading axes of the matrix: U S = x V, not centred.

    Args:
        items: bool[m], the items that count.
        v: float64[m', k], the right singular vectors.
    """

    items: Bools
    v: Floats

    @classmethod
    def of(cls, x: Sparse, *, axes: int, fewest_items: int, fewest_people: int, rng: Rng) -> Axes:
        """Fit at most `axes` axes on x [n, m], without people and items that have too few of each other.

        Raises:
            KnowledgeError: if fewer than two people or items are left.
        """
        from scipy.sparse.linalg import svds  # pyright: ignore[reportMissingTypeStubs]

        people, items = thinned(x, fewest_items=fewest_items, fewest_people=fewest_people)
        _some(items, fewest_people)
        left: Sparse = x[people][:, items]
        k = min(axes, min(left.shape) - 1)
        if k < 1:
            raise KnowledgeError(
                keep(
                    "{people} people and {items} items are left of the panel, and axes need 2 of each: give "
                    "more people, or lower `fewest_items` and `fewest_people`.",
                    people=left.shape[0],
                    items=left.shape[1],
                )
            )
        if left.shape[0] * left.shape[1] <= SMALL:
            return cls(items, np.linalg.svd(left.toarray(), full_matrices=False)[2][:k].T)
        v = cast(Floats, svds(left, k=k, v0=rng.standard_normal(min(left.shape)))[2])
        return cls(items, np.ascontiguousarray(v[::-1].T))  # svds puts the smallest singular value first

    def __call__(self, x: Sparse) -> Floats:
        """float64[n, k]; zeros for a person who has none of the items."""
        return np.asarray(x[:, self.items] @ self.v)
