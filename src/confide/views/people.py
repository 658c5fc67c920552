"""Rows grouped by people: offsets, selection and digests, shared by interactions and traces."""

from __future__ import annotations

import hashlib
from dataclasses import fields
from typing import TYPE_CHECKING

import numpy as np

from confide.core.arrays import Array, Ints
from confide.core.errors import DataError

if TYPE_CHECKING:
    from _typeshed import DataclassInstance


def number_of(what: str, codes: Array, count: int | None) -> int:
    """The number of people, items or places: `count`, or by default one more than the largest code.

    Raises:
        DataError: if a code is negative or too large.

    >>> number_of("person", np.array([0, 2]), None)
    3
    """
    number = int(codes.max(initial=-1)) + 1 if count is None else count
    if len(codes) and (codes.min() < 0 or codes.max() >= number):
        raise DataError(f"a code of a {what} is outside 0 to {number - 1}: give codes from 0 on.")
    return number


def start_of(person: Array, people: int) -> Ints:
    """The offsets int64[n + 1] for a rising `person`: person i has the rows start[i] to start[i + 1] - 1."""
    # A binary search for each person, instead of a pass over all rows.
    return np.searchsorted(person, np.arange(people + 1)).astype(np.int64)


def chosen(person: Array, people: int, keep: Array) -> tuple[Ints, Array, int]:
    """Select the rows of these people, in the order of these people.

    Args:
        person: the person of each row, rising.
        people: the number of people.
        keep: a mask over people, or their codes in any order, none twice.

    Returns:
        the positions of the rows, the new code of the person of each row int32, and the number of people.

    >>> chosen(np.array([0, 0, 1, 2]), 3, np.array([2, 0]))[0].tolist()
    [3, 0, 1]
    """
    codes = np.flatnonzero(keep) if keep.dtype == np.bool_ else keep
    place = np.full(people, -1, np.int64)
    place[codes] = np.arange(len(codes))
    here = place[person]
    rows = np.flatnonzero(here >= 0)
    # Stable: a person's rows keep their order.
    rows = rows[np.argsort(here[rows], kind="stable")]
    return rows, here[rows].astype(np.int32), len(codes)


def digest_of(record: DataclassInstance) -> str:
    """A SHA-256 over the fields of a dataclass of arrays and numbers, which identifies it in a cache."""
    sha = hashlib.sha256()
    for f in fields(record):
        value: Array | int | None = getattr(record, f.name)
        if isinstance(value, np.ndarray):
            sha.update(np.ascontiguousarray(value).data)
        else:
            sha.update(repr(value).encode())
    return sha.hexdigest()
