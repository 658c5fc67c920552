"""What published frequencies and means are still good for: how many there are, and how far off they are."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from confide.core.errors import DataError
from confide.core.estimate import Estimate, Measured
from confide.core.language import later
from confide.measure.intervals import mean
from confide.views.frequencies import Frequencies, Genotypes, Means, Measurements, Presence

ERROR, PUBLISHED = later("mean error"), later("share published")


def accuracy(
    releases: Sequence[tuple[Frequencies | Presence | Means, Genotypes | Measurements]],
    *,
    confidence: float = 0.95,
) -> Measured:
    """How close published statistics are to those of the pools, with an interval over pools.

    Args:
        releases: what was published, and of whom; at least two.
        confidence: of the t-interval.

    Returns:
        mean error: the mean absolute error of the published statistics; of means, in standard deviations of
        their variables. Presence bits have none: they are no frequencies.
        share published: the share of the statistics that are published.

    Raises:
        DataError: if statistics and people do not go together.

    >>> pool = Genotypes(copies=np.array([[0, 2], [1, 1]], np.int8))
    >>> published = Frequencies(values=np.array([0.5, np.nan]), people=2)
    >>> {name: e.value for name, e in accuracy([(published, pool)] * 2).items()}
    {'mean error': 0.25, 'share published': 0.5}
    """
    errors: list[float] = []
    shares: list[float] = []
    for view, source in releases:
        if isinstance(view, Presence):
            shares.append(0.0)
            continue
        off = _errors(view, source)[view.published]
        shares.append(float(view.published.mean()))
        if len(off):
            errors.append(float(np.nanmean(off)))
    found = {
        # Each pool is one value: the interval comes from how far pools differ.
        ERROR: [Estimate(e, e, e, confidence) for e in errors],
        PUBLISHED: [Estimate(s, s, s, confidence) for s in shares],
    }
    within = {ERROR: (0.0, np.inf), PUBLISHED: (0.0, 1.0)}
    return {name: mean(each, within=within[name]) for name, each in found.items() if len(each) > 1}


def _errors(
    view: Frequencies | Means, source: Genotypes | Measurements
) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """The absolute error of each statistic, float64[m]."""
    if isinstance(view, Frequencies) and isinstance(source, Genotypes):
        return np.abs(view.values - source.frequencies())
    if isinstance(view, Means) and isinstance(source, Measurements):
        spread = source.values.std(axis=0)
        off = np.abs(view.values - source.values.mean(axis=0))
        return np.divide(off, spread, out=np.zeros(len(off)), where=spread > 0)
    raise DataError("frequencies are of genotypes, and means of measurements: give what goes together.")
