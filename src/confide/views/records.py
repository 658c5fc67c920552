"""Records of people: the features and labels that a model is trained on and asked about."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import NDArray

from confide.core.arrays import Array, Batch, Bools
from confide.core.errors import DataError
from confide.core.lazily import Lazily

if TYPE_CHECKING:
    import polars as pl
else:
    pl = Lazily("polars")


Words: TypeAlias = NDArray[np.uint64]


@dataclass(frozen=True, slots=True, eq=False)
class Records:
    """The records of people: features, and the label or value to predict.

    Args:
        x: features, an array [n, ...] or a polars frame of n rows.
        y: class codes int64[n] in 0..C-1, or values float64[n] in a regression.

    Raises:
        DataError: if x and y do not have the same length.

    >>> r = Records(np.array([[0.0, 1.0], [2.0, 3.0], [0.0, 1.0]]), np.array([0, 1, 0]))
    >>> len(r), len(r.take([0, 2])), r.fingerprints()[0] == r.fingerprints()[2]
    (3, 2, np.True_)
    """

    x: Batch
    y: Array

    def __post_init__(self) -> None:
        if len(self.x) != len(self.y):
            raise DataError(
                f"{len(self.x)} rows of features but {len(self.y)} labels: give one label for each row."
            )

    def __len__(self) -> int:
        return len(self.y)

    def take(self, rows: Sequence[int] | Array) -> Records:
        """The records at these positions (or under this boolean mask), in that order."""
        index = np.asarray(rows)
        if index.dtype == np.bool_:
            index = np.flatnonzero(index)
        index = index.astype(np.int64)  # an empty list makes an array of floats
        return Records(self.x[index], self.y[index])

    @staticmethod
    def concat(parts: Sequence[Records]) -> Records:
        """Concatenate records.

        Raises:
            DataError: if some are frames and some are arrays, or there are none.
        """
        frames = [p.x for p in parts if isinstance(p.x, pl.DataFrame)]
        arrays = [p.x for p in parts if not isinstance(p.x, pl.DataFrame)]
        if not parts or (frames and arrays):
            raise DataError("the records are not all frames or all arrays: convert them to one kind.")
        x: Batch = pl.concat(frames) if frames else np.concatenate(arrays)
        return Records(x, np.concatenate([p.y for p in parts]))

    def fingerprints(self) -> Words:
        """A 64-bit hash of each record's features and label, equal for equal records; uint64[n].

        Hashes are for comparing records within one run only: another version may compute other ones.
        """
        if isinstance(self.x, pl.DataFrame):
            return self.x.with_columns(pl.Series("__y", self.y)).hash_rows(seed=0).to_numpy()
        flat = np.ascontiguousarray(self.x.reshape(len(self), -1))
        if flat.dtype.kind == "f":
            flat = flat + 0.0  # -0.0 and 0.0 are one value
        words = (_words(flat), _words(np.ascontiguousarray(self.y[:, None])))
        # Each word is multiplied by its own odd number and mixed; sums of the products seldom collide.
        constants = np.random.default_rng(0x5EED)
        # Odd numbers have an inverse modulo 2^64, so no multiplication loses bits.
        width = words[0].shape[1] + words[1].shape[1]
        odd: Words = np.asarray(constants.integers(1, 2**62, width) * 2 + 1, np.uint64)
        first = words[0].shape[1]
        return _sums_of_mixed(words[0], odd[:first]) + _sums_of_mixed(words[1], odd[first:])

    def first_of_each(self) -> Bools:
        """Whether each record is the first one with its features and its label, bool[n].

        A record on both sides of a membership audit is member and non-member at once. Such a record
        measures nothing, so later copies are left out.

        >>> Records(np.array([[1], [2], [1]]), np.array([0, 0, 0])).first_of_each()
        array([ True,  True, False])
        """
        first = np.zeros(len(self), np.bool_)
        # `return_index` names the first of equal ones.
        first[np.unique(self.fingerprints(), return_index=True)[1]] = True
        return first

    def digest(self) -> str:
        """A SHA-256 over features, labels, shapes and types, which identifies the content in a cache."""
        sha = hashlib.sha256()
        if isinstance(self.x, pl.DataFrame):
            buffer = io.BytesIO()
            self.x.rechunk().write_ipc(buffer)  # one chunk, or equal frames could have different bytes
            sha.update(buffer.getbuffer())
        else:
            sha.update(f"{self.x.dtype}{self.x.shape}".encode())
            sha.update(np.ascontiguousarray(self.x).data)
        sha.update(f"{self.y.dtype}{self.y.shape}".encode())
        sha.update(np.ascontiguousarray(self.y).data)
        return sha.hexdigest()


def _sums_of_mixed(words: Words, odd: Words) -> Words:
    """The sum of each row's mixed words modulo 2^64, uint64[n]; in blocks, for the processor's cache."""
    sums = np.empty(len(words), np.uint64)
    rows = max(2**15 // max(words.shape[1], 1), 1)
    for start in range(0, len(words), rows):
        part = words[start : start + rows]
        part = part ^ (part >> np.uint64(32))
        part *= odd
        part ^= part >> np.uint64(29)
        part *= np.uint64(0x9E3779B97F4A7C15)
        np.add.reduce(part, axis=1, out=sums[start : start + rows])
    return sums


def _words(flat: Array) -> Words:
    """The bytes of each row as 64-bit words, padded with zeros; uint64[n, w]."""
    raw = flat.view(np.uint8).reshape(len(flat), -1)
    pad = -raw.shape[1] % 8
    if pad:
        raw = np.pad(raw, ((0, 0), (0, pad)))
    return np.ascontiguousarray(raw).view(np.uint64)
