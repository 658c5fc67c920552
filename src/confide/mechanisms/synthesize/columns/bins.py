"""Bins of a column of numbers: public edges, the bin of a value, and a value drawn inside a bin."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from confide.core.arrays import Array, Ints, Rng
from confide.core.errors import DataError


@dataclass(frozen=True, slots=True, eq=False)
class Bins:
    """The m bins of a column, from public numbers alone: each begins at its start and ends before the next.

    Whole numbers count steps from 0, and the last bin includes `last`. Other numbers are floats, and so does
    theirs.

    Args:
        starts: int64[m] or float64[m], rising.
        last: the largest number of the last bin.

    Raises:
        DataError: for bins that do not rise.

    >>> ages = Bins.even(0, 99, 3, whole=True)
    >>> ages.starts.tolist(), ages.codes(np.array([0, 33, 99])).tolist(), ages.first(1), ages.end(1)
    ([0, 33, 66], [0, 1, 2], 33, 65)
    """

    starts: Array
    last: float | int

    def __post_init__(self) -> None:
        if not len(self.starts) or (np.diff(self.starts) <= 0).any() or self.starts[-1] > self.last:
            raise DataError(
                f"the edges {self.starts.tolist()!s:.100} up to {self.last} do not rise: give rising "
                "numbers, from low to high."
            )
        if not self.whole and self.starts[-1] == self.last:
            raise DataError(f"the last bin begins and ends at {self.last}: leave out the last edge but one.")

    @classmethod
    def even(cls, low: float, high: float, count: int, *, whole: bool) -> Bins:
        """Bins of the same width, as far as whole numbers allow; never more than there are whole numbers."""
        if whole:
            values = int(high) - int(low) + 1
            count = min(count, values)
            # In Python's whole numbers, which do not overflow.
            starts = [int(low) + i * values // count for i in range(count)]
            return cls(np.array(starts, np.int64), int(high))
        starts = np.unique(np.linspace(low, high, count + 1)[:-1])
        return cls(starts, float(high))

    @classmethod
    def of_edges(cls, edges: Array, *, whole: bool) -> Bins:
        """Bins between edges from low to high; of whole numbers the last edge is the last number itself."""
        starts = np.asarray(edges[:-1], np.int64 if whole else np.float64)
        return cls(starts, int(edges[-1]) if whole else float(edges[-1]))

    def __len__(self) -> int:
        return len(self.starts)

    @property
    def whole(self) -> bool:
        """Whether these are whole numbers."""
        return self.starts.dtype == np.int64

    @property
    def ends(self) -> Array:
        """The largest number of each bin: of floats the edge itself, which belongs to the next bin."""
        step = 1 if self.whole else 0
        return np.append(self.starts[1:] - step, np.asarray([self.last], self.starts.dtype))

    @property
    def middles(self) -> Array:
        """float64[m], for charts and distances."""
        return (self.starts.astype(np.float64) + self.ends.astype(np.float64)) / 2

    def first(self, code: int) -> float | int:
        """The smallest number of a bin."""
        return self.starts[code].item()

    def end(self, code: int) -> float | int:
        """The largest number of a bin."""
        return self.ends[code].item()

    def codes(self, values: Array) -> NDArray[np.int32]:
        """The bin of each value within the bounds, int32[n]."""
        return (np.searchsorted(self.starts, values, side="right") - 1).astype(np.int32)

    def drawn(self, codes: Array, *, rng: Rng) -> Array:
        """A value for each code, uniform inside its bin: int64[n] or float64[n]."""
        low, high = self.starts[codes], self.ends[codes]
        if self.whole:
            return between(low, high, rng=rng)
        values = low + rng.random(len(codes)) * (high - low)
        # Rounding can reach the edge, which is the next bin's.
        below = np.where(codes == len(self) - 1, high, np.nextafter(high, -np.inf))
        return np.minimum(values, below)


def between(low: Ints, high: Ints, *, rng: Rng) -> Ints:
    """Whole numbers, uniform from low to high, both included: int64[n].

    >>> between(np.array([3, 5]), np.array([3, 5]), rng=np.random.default_rng(0)).tolist()
    [3, 5]
    """
    return rng.integers(low, high, endpoint=True, dtype=np.int64) if len(low) else low
