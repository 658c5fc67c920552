"""Visit counts, and the choice of the nearest trace: shared by the attacks that know earlier traces."""

from __future__ import annotations

import numpy as np
from scipy.sparse import csr_array

from confide.core.arrays import Floats, Ints
from confide.core.nouns import Guess
from confide.views.traces import Traces

# Targets that are compared with all traces at once; more would only take memory.
ROWS = 256


def visits(traces: Traces, places: int) -> csr_array:
    """Visit counts: how often each person was at each place, sparse float64[people, places]."""
    # Visits are sorted by person, so their counts are the row pointers of the matrix.
    start = np.append(0, np.cumsum(traces.counts()))
    counts = csr_array((np.ones(len(traces)), traces.place.astype(np.int64), start), (traces.people, places))
    counts.sum_duplicates()
    return counts


def nearest(likeness: Floats) -> tuple[Ints, Floats]:
    """The best column of each row of float64[n, rows], and by how much it leads the second."""
    if likeness.shape[1] < 2:
        return np.zeros(len(likeness), np.int64), np.zeros(len(likeness))
    best = likeness.argmax(axis=1)
    two = np.partition(likeness, -2, axis=1)[:, -2:]
    return best.astype(np.int64), two[:, 1] - two[:, 0]


def guess(parts: list[tuple[Ints, Floats]]) -> Guess:
    """The claims of all blocks of targets together."""
    return Guess(np.concatenate([c for c, _ in parts]), np.concatenate([s for _, s in parts]))
