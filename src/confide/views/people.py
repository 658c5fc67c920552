"""What interactions and traces have in common: rows in the order of people, and a digest of all of it."""

from __future__ import annotations

import hashlib
from dataclasses import fields
from typing import Any

import numpy as np

from confide.core.arrays import Array, Ints


def start_of(person: Array, people: int) -> Ints:
    """int64[n + 1]: person i's rows are those from start[i] to start[i + 1] - 1, if `person` is rising."""
    return np.searchsorted(person, np.arange(people + 1)).astype(np.int64)


def chosen(person: Array, people: int, keep: Array) -> tuple[Ints, Array, int]:
    """The rows of these people alone, in the order of these people.

    Args:
        person: whose each row is, rising.
        people: how many people there are.
        keep: a mask over people, or their codes in any order, none twice.

    Returns:
        the positions of the rows, the new code of each one's person int32, and the number of people.

    >>> chosen(np.array([0, 0, 1, 2]), 3, np.array([2, 0]))[0].tolist()
    [3, 0, 1]
    """
    codes = np.flatnonzero(keep) if keep.dtype == np.bool_ else keep
    place = np.full(people, -1, np.int64)
    place[codes] = np.arange(len(codes))
    here = place[person]
    rows = np.flatnonzero(here >= 0)
    rows = rows[np.argsort(here[rows], kind="stable")]
    return rows, here[rows].astype(np.int32), len(codes)


def digest_of(record: Any) -> str:
    """A SHA-256 over the fields of a dataclass of arrays and numbers: the content's name in a cache."""
    sha = hashlib.sha256()
    for f in fields(record):
        value: Array | int | None = getattr(record, f.name)
        if isinstance(value, np.ndarray):
            sha.update(np.ascontiguousarray(value).data)
        else:
            sha.update(repr(value).encode())
    return sha.hexdigest()
