"""Hierarchies of values: from each value to ever larger groups of values, up to all of them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from confide.core.arrays import Floats, Ints
from confide.core.errors import DataError


@dataclass(frozen=True, eq=False)
class Hierarchy:
    """The levels of a column with m values: at each level the values form groups, and groups nest.

    Level 0 is the values themselves; at the last level all are one group. Groups are numbered from 0 on in
    the order of the values' codes, and each holds neighbouring codes.

    Args:
        name: of the column.
        group: int32[levels, m], the group of each value at each level.
        labels: of each group at each level, as text.

    Raises:
        DataError: if groups do not nest, or do not hold neighbouring codes.

    >>> labels = (("1", "2", "3"), ("1-2", "3"), ("*",))
    >>> age = Hierarchy("age", np.array([[0, 1, 2], [0, 0, 1], [0, 0, 0]]), labels)
    >>> age.levels, age.start[1].tolist(), age.stop[1].tolist(), age.loss(1).tolist()
    (3, [0, 2], [2, 3], [0.5, 0.5, 0.0])
    """

    name: str
    group: NDArray[np.int32]
    labels: tuple[tuple[str, ...], ...]

    def __post_init__(self) -> None:
        step = np.diff(self.group, axis=1)
        rising = bool(((step == 0) | (step == 1)).all()) and not self.group[:, :1].any()
        # A border between groups of a level is a border at each finer level too.
        nested = bool((step[1:] <= step[:-1]).all())
        if (
            not (rising and nested)
            or self.group[0].tolist() != list(range(self.values))
            or self.group[-1].any()
        ):
            raise DataError(
                f"the hierarchy of {self.name!r} does not nest: give levels from values to all of them."
            )

    @property
    def values(self) -> int:
        """m."""
        return self.group.shape[1]

    @property
    def levels(self) -> int:
        """The number of levels, that of the values and that of one group included."""
        return len(self.group)

    @cached_property
    def start(self) -> tuple[Ints, ...]:
        """The first code of each group, for each level."""
        return tuple(np.searchsorted(level, np.arange(int(level[-1]) + 1)) for level in self.group)

    @cached_property
    def stop(self) -> tuple[Ints, ...]:
        """One more than the last code of each group, for each level."""
        return tuple(np.append(start[1:], self.values) for start in self.start)

    def loss(self, level: int) -> Floats:
        """What each value loses at a level, float64[m]: (values in its group - 1) / (m - 1), 0 if m is 1."""
        size = (self.stop[level] - self.start[level])[self.group[level]]
        return (size - 1) / max(self.values - 1, 1)

    def digest(self) -> str:
        """A SHA-256 over all fields, which identifies the content in a cache."""
        sha = hashlib.sha256(repr((self.name, self.labels)).encode())
        sha.update(np.ascontiguousarray(self.group).data)
        return sha.hexdigest()
