"""Rare values of a column: counted together, by what noised counts say, and told apart in the rows made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from confide.core.arrays import Array, Floats, Ints, Rng
from confide.mechanisms.synthesize.measured import Fitted, Measured
from confide.views.table import Domain, Table


@dataclass(frozen=True, slots=True, eq=False)
class Merging:
    """How the values of a column are merged.

    Args:
        to: int64[m], the new code of each value.
        size: the number of new codes.
        share: float64[m], the share of each value in its new code.
    """

    to: Ints
    size: int
    share: Floats

    @classmethod
    def of(cls, margin: Measured, *, below: float) -> Merging:
        """Merge the values whose noised counts are under `below` deviations of the noise.

        They share what is counted of them together in proportion to their noised counts, of which negative
        ones are 0. It looks at nothing but noised counts, and costs nothing.

        >>> margin = Measured(columns=(0,), counts=np.array([90.0, 4.0, 50.0, -2.0, 1.0]), sigma=2.0, rho=0.1)
        >>> made = Merging.of(margin, below=3)
        >>> made.to.tolist(), made.size, made.share.tolist()
        ([0, 2, 1, 2, 2], 3, [1.0, 0.8, 1.0, 0.0, 0.2])
        """
        rare = margin.counts < below * margin.sigma
        if rare.sum() < 2:
            return cls(np.arange(len(rare)), len(rare), np.ones(len(rare)))
        kept = int((~rare).sum())
        to = np.where(rare, kept, np.cumsum(~rare) - 1)
        counts = np.where(rare, np.maximum(margin.counts, 0), 0)
        if not counts.any():
            counts = rare.astype(np.float64)
        return cls(to, kept + 1, np.where(rare, counts / counts.sum(), 1.0))

    def merged(self, counts: Floats, variance: float) -> tuple[Floats, Floats]:
        """The counts of the new codes, and one over the variance of each."""
        sums = np.bincount(self.to, counts, self.size).astype(np.float64)
        return sums, 1 / (variance * np.bincount(self.to, minlength=self.size))

    @property
    def spread(self) -> Floats:
        """float64[size, m]: how the rows of each new code are shared out among the values."""
        shares = np.zeros((self.size, len(self.to)))
        shares[self.to, np.arange(len(self.to))] = self.share
        return shares

    def values(self, codes: Array, *, rng: Rng) -> Ints:
        """The values of these new codes; of the merged ones, some that are drawn by their shares."""
        last = self.to == self.size - 1
        found = np.append(np.flatnonzero(~last), 0)[codes]
        at = np.flatnonzero(codes == self.size - 1)
        found[at] = rng.choice(len(last), len(at), p=np.where(last, self.share, 0.0))
        return found


def merge(table: Table, mergings: Sequence[Merging]) -> Table:
    """The table with new codes."""
    codes = np.stack([m.to[column] for m, column in zip(mergings, table.low.T, strict=True)], axis=1)
    domains = [
        Domain(domain.name, tuple(map(str, range(m.size))))
        for domain, m in zip(table.domains, mergings, strict=True)
    ]
    return Table.of(domains, codes, people=table.people)


@dataclass(frozen=True, slots=True, eq=False)
class Unmerged:
    """A model of a table with merged values, as a model of the table; it implements `Fitted`.

    Args:
        inner: of the merged values.
        mergings: of each column.
    """

    inner: Fitted
    mergings: tuple[Merging, ...]

    @property
    def sizes(self) -> tuple[int, ...]:
        """The number of values of each column."""
        return tuple(len(m.to) for m in self.mergings)

    @property
    def total(self) -> float:
        """How many rows it stands for."""
        return self.inner.total

    def margin(self, columns: tuple[int, ...]) -> Floats:
        """The expected rows in each cell of these columns: one axis a column."""
        found = self.inner.margin(columns)
        for axis, column in enumerate(columns):
            spread = self.mergings[column].spread
            found = np.moveaxis(np.tensordot(found, spread, axes=(axis, 0)), -1, axis)
        return found

    def rows(self, n: int, *, rng: Rng) -> NDArray[np.int32]:
        """n rows as codes, int32[n, d]; merged values are drawn by their shares."""
        codes = self.inner.rows(n, rng=rng)
        for column, merging in zip(codes.T, self.mergings, strict=True):
            if merging.size < len(merging.to):
                column[:] = merging.values(column, rng=rng)
        return codes
