"""What published counts are still good for: how far they are from the true ones, and how many are right."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from confide.core.estimate import Estimate, Measured
from confide.core.language import later
from confide.measure.intervals import mean
from confide.views.counts import Counts, Visits

ERROR, RIGHT = later("relative error"), later("counts right")


def accuracy(releases: Sequence[tuple[Counts, Visits]], *, confidence: float = 0.95) -> Measured:
    """How close the counts of several groups are to the true ones, with an interval over groups.

    Args:
        releases: published counts, and the visits that were counted; of at least two groups.
        confidence: of the t-interval.

    Returns:
        relative error: the sum of the absolute errors of all counts, divided by the sum of the true counts;
        counts right: the share of the counts that are the true number.

    >>> from confide.views.counts import Grid
    >>> from confide.views.traces import Traces
    >>> grid = Grid(cells=2, start=0, times=1)
    >>> seen = Visits(traces=Traces.of(np.array([0, 1]), np.zeros(2), np.array([0, 0])), grid=grid)
    >>> published = Counts(counts=np.array([[2.0], [1.0]]), grid=grid)
    >>> {name: e.value for name, e in accuracy([(published, seen), (published, seen)]).items()}
    {'relative error': 0.5, 'counts right': 0.5}
    """
    errors: list[float] = []
    right: list[float] = []
    for view, source in releases:
        true = source.grid.total(source.traces)
        off = np.abs(view.counts.ravel() - true)
        # One sum over all counts: a mean of relative errors would be infinite where nobody was.
        errors.append(float(off.sum() / max(true.sum(), 1.0)))
        right.append(float((off == 0).mean()))
    return {
        # Each group is one value: the interval comes from how far groups differ.
        ERROR: mean([Estimate(e, e, e, confidence) for e in errors], within=(0.0, np.inf)),
        RIGHT: mean([Estimate(r, r, r, confidence) for r in right]),
    }
