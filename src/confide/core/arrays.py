"""The array types that the whole house speaks, with the shapes said at the place of use."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
import polars as pl
from numpy.typing import NDArray

Array: TypeAlias = NDArray[Any]
Floats: TypeAlias = NDArray[np.float64]
Ints: TypeAlias = NDArray[np.int64]
Bools: TypeAlias = NDArray[np.bool_]
Rng: TypeAlias = np.random.Generator

Batch: TypeAlias = Array | pl.DataFrame
"""What a model is asked about: an array [n, ...] or a polars frame of n rows."""
