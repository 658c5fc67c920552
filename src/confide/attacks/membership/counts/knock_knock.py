"""Pyrgelis, Troncoso, De Cristofaro: Knock Knock, Who's There? (NDSS 2018)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, cast

import numpy as np
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from confide.core.arrays import Floats, Ints, Rng
from confide.core.nouns import Case, Guess
from confide.core.paper import Paper
from confide.knowledge.counts import Counted
from confide.views.counts import Counts
from confide.views.traces import Traces


@dataclass(frozen=True, slots=True, kw_only=True)
class KnockKnock:
    """Trained on groups with and without this person: which of the two do these counts look like?

    The adversary forms groups of people he knows, has the mechanism count them (with its noise, if any), adds
    the target's visits to a copy of each, and trains a classifier for each target to tell the copies apart.
    Every group serves both with and without him, so that whatever he does not touch cannot mislead.

    As published the classifier sees seven statistics of each cell over time: variance, least, greatest,
    median, mean, deviation, sum. Those forget when the visits were; the counts at the target's own times may
    join them. What the target cannot change is the same with and without him, and is left out.

    Args:
        groups: so many groups, each with and without the target.
        statistics: the seven statistics of each of his cells?
        counts: the counts in each (cell, bin) of his?
        variance: keep the principal components that hold this share of the variance; None keeps the features.
        strength: of the fit to the training groups: C of the logistic regression.
    """

    name: ClassVar[str] = "knock-knock"
    title: ClassVar[str] = "Do the counts look like those of groups with this person?"
    paper: ClassVar[Paper] = Paper(
        authors="Apostolos Pyrgelis and Carmela Troncoso and Emiliano De Cristofaro",
        title="Knock Knock, Who's There? Membership Inference on Aggregate Location Data",
        venue="Network and Distributed System Security Symposium (NDSS)",
        year=2018,
        url="https://arxiv.org/abs/1708.06145",
    )

    groups: int = 200
    statistics: bool = True
    counts: bool = True
    variance: float | None = None
    strength: float = 0.1

    def __call__(self, case: Case[Counts, Counted, Traces], *, rng: Rng) -> Guess:
        grid, n = case.view.grid, case.targets.people
        person, slot = grid.pairs(case.targets)
        start = np.searchsorted(person, np.arange(n + 1))
        tables = self._trials(case.known, n, rng=rng)
        usual = seven(tables) if self.statistics else tables
        score = np.zeros(n)  # of somebody who was nowhere nothing can be said: both are as likely
        for i in range(n):
            his = slot[start[i] : start[i + 1]]
            if len(his):
                score[i] = self._score(case.view.counts, tables, usual, his)
        return Guess(None, score)

    def _trials(self, known: Counted, targets: int, *, rng: Rng) -> Floats:
        """The counts of made-up groups of the people he knows, [groups, cells, times]."""
        sizing, picking, counting = rng.spawn(3)
        least = max(known.group - targets // 2, 0)
        sizes = least + sizing.binomial(targets - 1, 0.5, self.groups)
        people = known.need_people(self.name, least=int(sizes.max()))
        return np.stack(
            [
                known.mechanism(
                    people.take(np.sort(picking.permutation(people.people)[:size])), rng=child
                ).view.counts
                for size, child in zip(sizes, counting.spawn(self.groups), strict=True)
            ]
        )

    def _score(self, released: Floats, tables: Floats, usual: Floats, his: Ints) -> float:
        """The log-odds that the released counts have the target in them."""
        cells, bins = np.divmod(his, released.shape[1])
        own, at = np.unique(cells, return_inverse=True)
        without = tables[:, own]
        visits = np.zeros(without.shape[1:])
        visits[at, bins] = 1
        x = np.concatenate(
            [
                self._features(without, usual[:, own], at, bins),
                self._features(without + visits, None, at, bins),
            ]
        )
        y = np.repeat([0, 1], len(without))
        reduced = [] if self.variance is None else [PCA(self.variance, svd_solver="full")]
        model: Any = make_pipeline(
            StandardScaler(), *reduced, LogisticRegression(C=self.strength, solver="newton-cholesky")
        )
        model.fit(x, y)
        seen = self._features(released[None, own], None, at, bins)
        return float(cast(Any, model.decision_function(seen))[0])

    def _features(self, tables: Floats, known: Floats | None, at: Ints, bins: Ints) -> Floats:
        """Of tables [g, own cells, times], whose statistics may be known: float64[g, f]."""
        parts: list[Floats] = []
        if self.statistics:
            parts += [(seven(tables) if known is None else known).reshape(len(tables), -1)]
        if self.counts:
            parts += [tables[:, at, bins]]
        return np.concatenate(parts, axis=1)


def seven(tables: Floats) -> Floats:
    """Variance, least, greatest, median, mean, deviation and sum over time, float64[..., 7].

    >>> seven(np.array([0.0, 0.0, 3.0])).tolist()
    [2.0, 0.0, 3.0, 0.0, 1.0, 1.4142135623730951, 3.0]
    """
    variance = tables.var(axis=-1)
    return np.stack(
        [
            variance,
            tables.min(axis=-1),
            tables.max(axis=-1),
            np.median(tables, axis=-1),
            tables.mean(axis=-1),
            np.sqrt(variance),
            tables.sum(axis=-1),
        ],
        axis=-1,
    )
