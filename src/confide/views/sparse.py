"""Typed sparse matrices, because SciPy's have no types."""

from __future__ import annotations

from typing import Any, Protocol, cast, overload

import numpy as np
import scipy.sparse as _raw  # pyright: ignore[reportMissingTypeStubs]

from confide.core.arrays import Array, Floats, Ints

_scipy: Any = _raw  # the one place where it is untyped


class Sparse(Protocol):
    """A sparse matrix [n, m], with the operations that are used here."""

    @property
    def shape(self) -> tuple[int, int]: ...

    @property
    def T(self) -> Sparse:  # noqa: N802 - named as in SciPy
        """The transpose [m, n]."""
        ...

    @overload
    def __matmul__(self, other: Array, /) -> Array: ...
    @overload
    def __matmul__(self, other: Sparse, /) -> Sparse: ...
    def __matmul__(self, other: Array | Sparse, /) -> Array | Sparse: ...

    def __getitem__(self, rows: Array, /) -> Sparse: ...

    def nonzero(self) -> tuple[Ints, Ints]:
        """The rows and the columns of the entries that are not 0."""
        ...

    def toarray(self) -> Floats:
        """The same matrix as an array."""
        ...


def ones_at(row: Array, column: Array, *, shape: tuple[int, int]) -> Sparse:
    """The matrix float32 with ones at these places, each given once.

    >>> ones_at(np.array([0, 1]), np.array([1, 1]), shape=(2, 2)).toarray().tolist()
    [[0.0, 1.0], [0.0, 1.0]]
    """
    ones = np.ones(len(row), np.float32)  # half the memory of float64, and counts stay exact
    return cast(Sparse, _scipy.csr_array((ones, (row, column)), shape=shape))
