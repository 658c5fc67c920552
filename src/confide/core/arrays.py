"""Array types for annotations; shapes are stated where an array is used."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias, Union

import numpy as np
from numpy.typing import NDArray

from confide.core.lazily import Lazily

if TYPE_CHECKING:
    import polars as pl
else:
    pl = Lazily("polars")


Array: TypeAlias = NDArray[Any]  # features and labels come in every dtype: bytes of images, codes, floats
Floats: TypeAlias = NDArray[np.float64]
Ints: TypeAlias = NDArray[np.int64]
Bools: TypeAlias = NDArray[np.bool_]
Rng: TypeAlias = np.random.Generator

Batch: TypeAlias = Union[Array, "pl.DataFrame"]
"""A batch of queries to a model: an array [n, ...] or a polars frame of n rows."""
