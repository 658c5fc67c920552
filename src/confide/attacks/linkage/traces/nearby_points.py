"""Ma, Yau, Yip, Rao: Privacy Vulnerability of Published Anonymous Mobility Traces (MobiCom 2010)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from confide.core.arrays import Bools, Floats, Ints, Rng
from confide.core.language import later
from confide.core.nouns import Case, Guess
from confide.core.paper import Paper
from confide.knowledge.traces import MobilityKnowledge, as_released, pieces
from confide.views.traces import Traces, metres

# Pairs of a point and a visit that are held at once: about 250 MB.
BLOCK = 2_000_000
# Runs of the mechanism on the known points, from which the mean move is estimated.
REHEARSALS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class NearbyPoints:
    """Maximum likelihood of nearby visits: names the trace that was near the known points.

    A release may move places, so the adversary asks for nearness. It applies the mechanism to the points that
    it knows, and measures how far they move: d metres on average. A visit at a known time, r metres from the
    known place, then supports its trace with K = exp(-2 r / d); if nothing moves, only r = 0 counts. Support
    is worth more where few traces have it: K is divided by its mean over all traces. `miss` is kept for a
    point that is not there at all. The logarithms of a trace's points are added up. Score: the log-odds of
    the best trace against all others and against absence, with equal prior odds.

    Where traces are cut in parts, a target's points are cut in the same way, and the best part is claimed.

    Args:
        miss: the probability that a known point is missing from the release.
    """

    name: ClassVar[str] = "nearby-points"
    title: ClassVar[str] = later("Whose trace was near all the known places at the known times?")
    paper: ClassVar[Paper] = Paper(
        authors="Chris Y. T. Ma and David K. Y. Yau and Nung Kwan Yip and Nageswara S. V. Rao",
        title="Privacy Vulnerability of Published Anonymous Mobility Traces",
        venue="ACM International Conference on Mobile Computing and Networking (MobiCom)",
        year=2010,
        url="https://doi.org/10.1145/1859995.1860017",
    )

    miss: float = 0.05

    def __call__(self, case: Case[Traces, MobilityKnowledge, Traces], *, rng: Rng) -> Guess:
        case.known.need_points(self.name)
        parts, owner = pieces(case.known.mechanism, case.targets, release=case.view, rng=rng)
        moved = self._moved(case, rng=rng)
        order = np.argsort(case.view.time, kind="stable")
        clock = case.view.time[order]
        # All visits at the time of each known point, by two searches in the sorted times.
        low, high = np.searchsorted(clock, parts.time), np.searchsorted(clock, parts.time, side="right")
        claim, score = np.full(parts.people, -1), np.full(parts.people, -np.inf)
        for own in _blocks(parts.person.astype(np.int64), high - low):
            queries, rows, odds = self._odds(case.view, parts, own, order, low, high, moved)
            claim[queries], score[queries] = rows, odds
        # Of each target's parts the best one comes first, and only that one is claimed.
        best = np.lexsort((-score, owner))
        best = best[np.append(True, owner[best][1:] != owner[best][:-1])[: len(best)]]
        value, certain = np.full(case.targets.people, -1), np.full(case.targets.people, -1e9)
        value[owner[best]], certain[owner[best]] = claim[best], np.maximum(score[best], -1e9)
        return Guess(value, certain)

    def _moved(self, case: Case[Traces, MobilityKnowledge, Traces], *, rng: Rng) -> float:
        """How far the mechanism moves the known points on average, in metres."""
        points, mechanism = case.targets, case.known.mechanism
        still = as_released(mechanism, points, release=case.view, rng=rng)
        if case.view.where is None or len(still) != len(points):
            return 0.0
        runs = [mechanism(points, rng=child).view for child in rng.spawn(REHEARSALS)]
        # A mechanism that drops or adds visits moves nothing that could be compared.
        if any(len(run) != len(still) or run.where is None for run in runs):
            return 0.0
        at = case.view.where[still.place]
        return float(np.mean([metres(case.view.where[run.place], at).mean() for run in runs]))

    def _odds(
        self, view: Traces, parts: Traces, own: Bools, order: Ints, low: Ints, high: Ints, moved: float
    ) -> tuple[Ints, Ints, Floats]:
        """For the queries whose points are `own`: their numbers, best rows, and log-odds."""
        points = np.flatnonzero(own)
        many = (high - low)[points]
        point = np.repeat(points, many)
        visit = order[np.arange(len(point)) - np.repeat(np.cumsum(many) - many - low[points], many)]
        row, kernel = view.person[visit].astype(np.int64), _kernel(view, parts, point, visit, moved)
        near = kernel > 1e-6  # a visit further away counts as not there, and takes no memory
        point, row, kernel = point[near], row[near], kernel[near]
        first = np.lexsort((-kernel, row, point))  # a trace's nearest visit at that time
        point, row, kernel = point[first], row[first], kernel[first]
        fresh = np.append(True, (point[1:] != point[:-1]) | (row[1:] != row[:-1]))[: len(point)]
        point, row, kernel = point[fresh], row[fresh], kernel[fresh]
        # The mean over all traces: what an average trace scores at this point.
        usual = np.bincount(point, kernel, minlength=len(parts)) / view.people
        ratio = (1 - self.miss) * kernel / usual[point] + self.miss
        query = parts.person[point].astype(np.int64)
        pair, at = np.unique(query * view.people + row, return_inverse=True)
        evidence = np.bincount(at, np.log(ratio) - np.log(self.miss), minlength=len(pair))
        query, row = pair // view.people, pair % view.people
        known = np.bincount(parts.person, minlength=parts.people)
        total = evidence + known[query] * np.log(self.miss)
        return _best(query, row, total, known, view.people, np.log(self.miss))


def _kernel(view: Traces, parts: Traces, point: Ints, visit: Ints, moved: float) -> Floats:
    """How well each visit fits each point, in [0, 1]."""
    if moved == 0 or view.where is None:
        return (view.place[visit] == parts.place[point]).astype(np.float64)
    away = metres(view.where[view.place[visit]], view.where[parts.place[point]])
    return np.exp(-2 * away / moved)


def _best(
    query: Ints, row: Ints, total: Floats, known: Ints, people: int, log_miss: float
) -> tuple[Ints, Ints, Floats]:
    """Each query's best row, and its log-odds against all other rows and against absence."""
    order = np.lexsort((total, query))
    query, row, total = query[order], row[order], total[order]
    last = np.flatnonzero(np.append(query[1:] != query[:-1], True)[: len(query)])
    count = np.diff(np.append(-1, last))
    top = np.repeat(total[last], count)
    each = np.cumsum(np.exp(total - top))
    rest = np.diff(np.append(0.0, each[last])) - 1
    # Traces that were near no point at all were never listed; each of them missed all points.
    without = np.exp(known[query[last]] * log_miss - total[last]) * (people - count)
    absent = people * np.exp(-total[last])
    return query[last], row[last], -np.log(np.maximum(rest, 0) + without + absent)


def _blocks(query: Ints, many: Ints) -> list[Bools]:
    """Masks of the points, whole queries together, with at most about `BLOCK` pairs each."""
    if not len(query):
        return []
    # Queries are not split, because the best row needs all points of one.
    load = np.cumsum(np.bincount(query, many)) // BLOCK
    block = load[query]
    return [block == b for b in np.unique(block)]
