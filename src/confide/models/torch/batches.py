"""Conversion of records to tensors, with the number types that a module takes."""

from __future__ import annotations

import numpy as np
import polars as pl
import torch
from torch import Tensor, nn

from confide.core.access import Task
from confide.core.arrays import Array, Batch
from confide.core.errors import DataError


def tensor_of(x: Batch) -> Tensor:
    """Convert features to a tensor: whole numbers keep their type if torch has it, others become float32."""
    if isinstance(x, pl.DataFrame):
        odd = [c for c, kind in x.schema.items() if not (kind.is_numeric() or kind == pl.Boolean)]
        if odd:
            raise DataError(f"column {odd[0]} is {x.schema[odd[0]]}: a module needs numbers, so encode it.")
        x = x.select(pl.all().cast(pl.Float32)).to_numpy()
    if x.dtype.kind not in "biuf":
        raise DataError(f"the features are {x.dtype}: a module needs numbers, so encode them.")
    if x.dtype.kind == "f":
        x = x.astype(np.float32, copy=False)
    elif x.dtype.kind == "u" and x.dtype.itemsize > 1:
        x = x.astype(np.int64)  # torch computes with no unsigned type but uint8
    x = np.ascontiguousarray(x)
    return torch.from_numpy(x if x.flags.writeable else x.copy())


def truth_of(y: Array, task: Task) -> Tensor:
    """Convert labels to a tensor: class codes int64[n], values float32[n], or shares of classes [n, C]."""
    codes = task == "classification" and np.ndim(y) == 1
    return torch.from_numpy(np.array(y, np.int64 if codes else np.float32))


def number_type(module: nn.Module, data: Tensor) -> torch.dtype:
    """The number type of a module's input: that of its weights, or whole numbers if it looks them up."""
    looks_up = any(isinstance(part, nn.Embedding | nn.EmbeddingBag) for part in module.modules())
    if looks_up and not data.is_floating_point():
        return torch.int64
    return next((p.dtype for p in module.parameters() if p.is_floating_point()), torch.float32)
