"""Pyrgelis, Troncoso, De Cristofaro: Knock Knock, Who's There? (NDSS 2018)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from confide.core.arrays import Floats, Ints, Rng
from confide.core.language import later
from confide.core.nouns import Case, Guess
from confide.core.paper import Paper
from confide.knowledge.counts import Counted
from confide.views.counts import Counts, Grid, Visits
from confide.views.traces import Traces


@dataclass(frozen=True, slots=True, kw_only=True)
class KnockKnock:
    """Knock-knock attack: learns to tell the counts of groups with the target from those without.

    The adversary forms groups of people it knows and has the mechanism count them, with its noise if there is
    any. To a copy of each it adds the target's visits. For each target it trains a classifier that tells the
    copies apart. Every group serves with and without the target, so that differences that the target does not
    cause cannot mislead.

    As published the classifier sees seven statistics of each cell over time: variance, least, greatest,
    median, mean, deviation, sum. They do not say when the visits were, so the counts at the target's own
    times may be added. Whatever the target cannot change is the same with and without the target, and is left
    out.

    Args:
        groups: the number of groups, each with and without the target.
        statistics: whether the seven statistics of each of the target's cells are used.
        counts: whether the counts in each (cell, bin) of the target are used.
        variance: keep the principal components that hold this share of the variance; None keeps the features.
        strength: of the fit to the training groups: C of the logistic regression.
    """

    name: ClassVar[str] = "knock-knock"
    title: ClassVar[str] = later("Do the counts look like those of groups with this person?")
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
        tables = self._trials(case.known, grid, n, rng=rng)
        # Computed once for all targets: without the target the tables are the same.
        usual = seven(tables) if self.statistics else tables
        score = np.zeros(n)  # the counts say nothing about a person without visits
        for i in range(n):
            own = slot[start[i] : start[i + 1]]
            if len(own):
                score[i] = self._score(case.view.counts, tables, usual, own)
        return Guess(None, score)

    def _trials(self, known: Counted, grid: Grid, targets: int, *, rng: Rng) -> Floats:
        """The counts of made-up groups of the known people, [groups, cells, times]."""
        sizing, picking, counting = rng.spawn(3)
        # The other targets are in the group by fair coins too, so its size varies as in the game.
        least = max(known.group - targets // 2, 0)
        sizes = least + sizing.binomial(targets - 1, 0.5, self.groups)
        people = known.need_people(self.name, least=int(sizes.max()))
        groups = (people.take(np.sort(picking.permutation(people.people)[:size])) for size in sizes)
        return np.stack(
            [
                known.mechanism(Visits(traces=group, grid=grid), rng=child).view.counts
                for group, child in zip(groups, counting.spawn(self.groups), strict=True)
            ]
        )

    def _score(self, released: Floats, tables: Floats, usual: Floats, slots: Ints) -> float:
        """The log-odds that the target is among those counted."""
        # Imported here: every audit of a model names this attack, and few run it.
        from sklearn.decomposition import PCA
        from sklearn.linear_model import LogisticRegression
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import StandardScaler

        # Only the target's own cells: the target changes nothing elsewhere.
        cells, bins = np.divmod(slots, released.shape[1])
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
        # Scaled before the components, or the cells with most visits would decide them.
        reduced = [] if self.variance is None else [PCA(self.variance, svd_solver="full")]
        model = make_pipeline(
            StandardScaler(), *reduced, LogisticRegression(C=self.strength, solver="newton-cholesky")
        )
        model.fit(x, y)
        seen = self._features(released[None, own], None, at, bins)
        return float(np.asarray(model.decision_function(seen))[0])

    def _features(self, tables: Floats, known: Floats | None, at: Ints, bins: Ints) -> Floats:
        """Features of tables [g, own cells, times], whose statistics may be known already: float64[g, f]."""
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
