"""Cache keys: digests of values by type and content, so that kept work is found only for equal values."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from enum import Enum
from typing import Protocol, cast

import numpy as np
import polars as pl

from confide.core.arrays import Array
from confide.core.errors import DataError

# The `repr` of these values determines them completely.
PLAIN = (str, bytes, int, float, bool, type(None), Enum, np.generic)


class _Sha(Protocol):
    def update(self, data: bytes | memoryview, /) -> object: ...


def key_of_value(*values: object) -> str:
    """SHA-256 over values at any depth: records by type and fields, arrays by type, shape and content.

    Raises:
        DataError: if a value has no reliable digest, such as a function. Results made from it must not be
            kept, because two different values could get the same key.

    >>> key_of_value(np.arange(3)) == key_of_value(np.arange(3.0))
    False
    """
    sha = hashlib.sha256()
    for value in values:
        _add(sha, value)
    return sha.hexdigest()


def _add(sha: _Sha, value: object) -> None:
    """Add one value, preceded by its type and length, so that different values never give the same bytes."""
    if isinstance(value, np.ndarray):
        array = cast("Array", value)
        sha.update(f"array {array.dtype} {array.shape};".encode())
        # Dates have no buffer of their own.
        plain = array.view(np.int64) if array.dtype.kind in "mM" else array
        sha.update(np.ascontiguousarray(plain).data)
    elif isinstance(value, pl.Series):
        sha.update(f"series {value.dtype} {len(value)};".encode())
        # Texts have no buffer of bytes to hash, so their hashes are hashed; polars keeps them the same within
        # a version.
        sha.update(value.hash(seed=0).to_numpy().data)
    elif is_dataclass(value) and not isinstance(value, type):
        sha.update(f"record {type(value).__module__}.{type(value).__qualname__};".encode())
        for f in fields(value):
            sha.update(f"{f.name}=".encode())
            _add(sha, getattr(value, f.name))
    elif isinstance(value, PLAIN):
        text = repr(cast(object, value)).encode()
        sha.update(f"{type(cast(object, value)).__qualname__} {len(text)};".encode() + text)
    elif isinstance(value, Mapping):
        # In the order of the mapping: it may carry meaning, and another order costs no more than a miss.
        _add(sha, tuple(cast("Mapping[object, object]", value).items()))
    elif isinstance(value, Sequence):
        items = cast("Sequence[object]", value)
        sha.update(f"{type(items).__qualname__} {len(items)};".encode())
        for item in items:
            _add(sha, item)
    else:
        # No fallback to `repr` or pickle: a key that two values share would return the wrong result.
        raise DataError(f"{value!r} has no key: results that are made from it cannot be kept.")
