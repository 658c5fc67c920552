"""Dwork, McSherry, Nissim, Smith: Calibrating Noise to Sensitivity (TCC 2006); disjoint bins."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from confide.core.arrays import Rng
from confide.core.errors import DataError, PromiseError
from confide.core.nouns import Outcome
from confide.mechanisms.noise.source import outcome
from confide.mechanisms.statistics.counts import count, count_view
from confide.mechanisms.statistics.noisy_sums import noisy_sums
from confide.mechanisms.statistics.promise import Promise
from confide.views.statistics import PersonRows, Statistics


@dataclass(frozen=True, slots=True, kw_only=True)
class PrivateHistogram(Promise):
    """Counts the rows in each bin of a column, with noise.

    *Statement.* The release keeps (epsilon, delta) for one person more or less, with all their rows.

    *Proof.* The bins are disjoint, so each row is counted once; the person's K rows move the counts by at
    most K in the L1 and L2 norms. The noise is made for that (`noisy_sums`). All bins are answered.

    *Conditions.* Edges and `at_most` are public. Numbers outside the bins, and NaN, are left out.

    Args:
        edges: of the bins, rising. A number belongs to the bin that begins at or below it; the last edge
            belongs to the last bin.

    >>> made = PrivateHistogram(epsilon=1.0, edges=(0, 10, 20), noise="rehearsal")(
    ...     PersonRows.of(values=np.array([5.0, 5.0, 20.0, 21.0])), rng=np.random.default_rng(3)
    ... )
    >>> made.view.keys
    ((0, 10), (10, 20))
    """

    edges: tuple[float, ...]

    def __post_init__(self) -> None:
        Promise.__post_init__(self)
        if len(self.edges) < 2 or not all(a < b for a, b in zip(self.edges, self.edges[1:], strict=False)):
            raise PromiseError(f"the edges are {self.edges}: give two or more that rise.")

    def __call__(self, data: PersonRows, *, rng: Rng) -> Outcome[Statistics]:
        """Count and publish.

        Raises:
            DataError: if the rows have no values, or have groups.
        """
        if data.values is None or data.group is not None:
            raise DataError("a histogram is of one column without groups: give values, and no group.")
        choosing, noising = rng.spawn(2)
        bins = len(self.edges) - 1
        exact = count(self.bin_of(self.cut(data, choosing)), bins)
        found = noisy_sums(self, exact, move=self.most, entries=min(self.most, bins), rng=noising)
        keys = tuple(zip(self.edges, self.edges[1:], strict=False))
        return outcome(self.noise, count_view(keys, found, self.most), self.budget, "PrivateHistogram")

    def bin_of(self, data: PersonRows) -> np.ndarray:
        """The bin of each row, int64[n]; -1 for none."""
        values, edges = np.asarray(data.values), np.asarray(self.edges)
        found = np.searchsorted(edges, values, side="right") - 1
        found[values == edges[-1]] = len(edges) - 2
        # NaN is sorted behind all numbers, and so it is outside.
        return np.where((found >= 0) & (found < len(edges) - 1), found, -1)
