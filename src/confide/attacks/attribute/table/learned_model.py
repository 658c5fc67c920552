"""Yeom, Giacomelli, Fredrikson, Jha: Privacy Risk in Machine Learning (CSF 2018), attribute inference."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from confide.attacks.attribute.table._classes import Classes
from confide.core.arrays import Array, Floats, Rng
from confide.core.language import later
from confide.core.nouns import Case, Guess
from confide.core.paper import Paper
from confide.knowledge.table import TableKnowledge
from confide.views.table import Domain, Table


@dataclass(frozen=True, slots=True, kw_only=True)
class LearnedModel:
    """Model trained on the release: boosted trees that predict the secret from the known columns.

    What it finds is mostly true of people who are not in the release as well. So it says how much of a right
    claim is knowledge of the population, and what is left to the attacks that look for the person. A range of
    values enters by its middle. Score: the probability that the model gives to the value it claims.

    Args:
        rounds: the number of boosting rounds, each with one tree for each value of the secret.
        values: how many values of the secret it learns to tell apart: the commonest ones.

    Source: Yeom, Giacomelli, Fredrikson, Jha 2018 for the comparison with people outside; the trees are
    those of Friedman (2001) on histograms.
    """

    name: ClassVar[str] = "learned-model"
    title: ClassVar[str] = later("What does a model say that was trained on the release?")
    paper: ClassVar[Paper] = Paper(
        authors="Samuel Yeom and Irene Giacomelli and Matt Fredrikson and Somesh Jha",
        title="Privacy Risk in Machine Learning: Analyzing the Connection to Overfitting",
        venue="IEEE Computer Security Foundations Symposium (CSF)",
        year=2018,
        url="https://doi.org/10.1109/CSF.2018.00027",
    )

    rounds: int = 40
    values: int = 40

    def __call__(self, case: Case[Table, TableKnowledge, Table], *, rng: Rng) -> Guess:
        from sklearn.ensemble import HistGradientBoostingClassifier

        classes = Classes.of(case)
        shares = classes.shares
        common = np.sort(np.argsort(-shares, kind="stable")[: self.values])
        common = common[shares[common] > 0]
        if len(common) == 1:  # one value is all that the release holds: there is nothing to learn
            return Guess(np.full(len(case.targets), common[0]), np.full(len(case.targets), 1.0))
        pairs = classes.votes[:, common].tocoo()
        model = HistGradientBoostingClassifier(
            max_iter=self.rounds,
            early_stopping=False,  # pyright: ignore[reportArgumentType]
            random_state=int(rng.integers(2**31)),
        )
        middle = np.column_stack(
            [_middle(d, classes.low[:, i], classes.high[:, i]) for i, d in enumerate(classes.domains)]
        )
        exact = np.column_stack(
            [_middle(d, classes.facts[:, i], classes.facts[:, i]) for i, d in enumerate(classes.domains)]
        )
        # Each record is a row, as leaves need many. One whose secret is a range counts once in all.
        times = np.maximum(np.round(pairs.data), 1).astype(np.int64)
        row, value = np.repeat(pairs.row, times), np.repeat(pairs.col, times)
        model.fit(middle[row], common[value], sample_weight=np.repeat(pairs.data / times, times))
        said = np.asarray(model.predict_proba(exact))
        named = np.asarray(model.classes_)[said.argmax(axis=1)]
        return Guess(named.astype(np.int64), said.max(axis=1))


def _middle(domain: Domain, low: Array, high: Array) -> Floats:
    """The middle of each range: of its numbers, or of its codes where values are categories.

    NaN, which trees take for a kind of its own, where a number is missing.
    """
    if domain.numbers is None:
        return (low + high) / 2
    # The missing value is the last code; a range up to it ends at the last number.
    last = np.where((high == len(domain) - 1) & (low < high), high - domain.missing, high)
    return (domain.numbers[low] + domain.numbers[last]) / 2
