"""What answers are still good for: how far they are from the true ones, and how many there are."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from confide.core.estimate import Estimate, Measured
from confide.core.language import later
from confide.measure.intervals import mean
from confide.views.answers import Answers, AskedSubsets

ERROR, EXACT, SHOWN = later("error of an answer"), later("answers exact"), later("answers shown")


def accuracy(releases: Sequence[tuple[Answers, AskedSubsets]], *, confidence: float = 0.95) -> Measured:
    """The error that an analyst sees, with an interval over worlds.

    Args:
        releases: published answers, and what was asked of whom.
        confidence: of the t-interval; with one world there is none.

    Returns:
        error of an answer: the mean absolute error of the answers that are shown, in people;
        answers exact: the share of these that are the true number;
        answers shown: the share of the queries that have an answer.

    >>> from confide.views.answers import Subsets
    >>> asked = AskedSubsets(subsets=Subsets.of(np.eye(2)), bits=np.array([True, False]))
    >>> view = Answers(subsets=asked.subsets, answers=np.array([1.0, 3.0]), noise=1.0)
    >>> {name: value.value for name, value in accuracy([(view, asked)] * 2).items()}
    {'error of an answer': 1.5, 'answers exact': 0.5, 'answers shown': 1.0}
    """
    found: dict[str, list[float]] = {ERROR: [], EXACT: [], SHOWN: []}
    for view, source in releases:
        # Of the answers that are shown: what is suppressed has no error.
        off = np.abs(view.answers - view.subsets.sums(source.bits.astype(np.float64)))
        found[ERROR].append(float(off.mean()))
        found[EXACT].append(float((off == 0).mean()))
        found[SHOWN].append(min(len(view) / len(source.subsets), 1.0))  # reworded queries have more answers
    limits = {ERROR: (0.0, np.inf), EXACT: (0.0, 1.0), SHOWN: (0.0, 1.0)}
    return {name: _over_worlds(each, limits[name], confidence) for name, each in found.items()}


def _over_worlds(each: Sequence[float], within: tuple[float, float], confidence: float) -> Estimate | float:
    if len(each) < 2:
        return each[0]
    return mean([Estimate(one, one, one, confidence) for one in each], within=within)
