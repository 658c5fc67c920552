"""Array types for annotations; shapes are stated where an array is used."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
import polars as pl
from numpy.typing import NDArray

Array: TypeAlias = NDArray[Any]  # features and labels come in every dtype: bytes of images, codes, floats
Floats: TypeAlias = NDArray[np.float64]
Ints: TypeAlias = NDArray[np.int64]
Bools: TypeAlias = NDArray[np.bool_]
Rng: TypeAlias = np.random.Generator

Batch: TypeAlias = Array | pl.DataFrame
"""A batch of queries to a model: an array [n, ...] or a polars frame of n rows."""
