"""Ward, Lin, Wang, Cheng: Synth-MIA, a testbed for auditing privacy leakage in tabular synthesis (2025)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from confide.attacks.membership.synthetic._numbers import at_most, columns
from confide.core.arrays import Floats, Rng
from confide.core.errors import DataError
from confide.core.language import later
from confide.core.nouns import Case, Guess
from confide.core.paper import Paper
from confide.knowledge.synthetic import SyntheticKnowledge
from confide.views.table import Table

MOST_VALUES = 255
"""scikit-learn's trees know no category of more values."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BoostedTrees:
    """Density ratio by boosted trees: does this person's row look synthetic rather than like other people's?

    The adversary trains a classifier that tells synthetic rows from those of the people whom it knows. Both
    kinds weigh the same, so the odds that it gives a row are the ratio of the two densities there: DOMIAS
    with a classifier in the place of two density estimates. The score is the logarithm of these odds.

    Args:
        trees: how many are added up.
        rows: of each table at most this many are used, drawn at random.
    """

    name: ClassVar[str] = "synthetic-trees"
    title: ClassVar[str] = later("Does this person's row look like the synthetic ones?")
    paper: ClassVar[Paper] = Paper(
        authors="Joshua Ward and Xiaofeng Lin and Chi-Hua Wang and Guang Cheng",
        title="Synth-MIA: A Testbed for Auditing Privacy Leakage in Tabular Data Synthesis",
        venue="arXiv 2509.18014",
        year=2025,
        url="https://arxiv.org/abs/2509.18014",
    )

    trees: int = 100
    rows: int = 40_000

    def __post_init__(self) -> None:
        if self.trees < 1 or self.rows < 2:
            raise DataError(f"{self.trees} trees on {self.rows} rows: give 1 tree and 2 rows or more.")

    def __call__(self, case: Case[Table, SyntheticKnowledge, Table], *, rng: Rng) -> Guess:
        from sklearn.ensemble import HistGradientBoostingClassifier

        reference = at_most(case.known.need_reference(self.name), self.rows, rng=rng)
        synthetic = at_most(case.view, self.rows, rng=rng)
        if not len(synthetic):
            return Guess(None, np.zeros(len(case.targets)))
        parts = [
            columns(table, synthetic, most=MOST_VALUES) for table in (synthetic, reference, case.targets)
        ]
        (rows, category), (people, _), (asked, _) = parts
        label = np.repeat([1, 0], [len(rows), len(people)])
        weight = np.where(label == 1, 0.5 / len(rows), 0.5 / len(people)) * len(label)
        model = HistGradientBoostingClassifier(
            max_iter=self.trees,
            categorical_features=category,  # pyright: ignore[reportArgumentType]
            early_stopping=False,  # pyright: ignore[reportArgumentType]
            random_state=int(rng.integers(2**31)),
        )
        model.fit(np.concatenate([rows, people]), label, sample_weight=weight)
        score: Floats = np.asarray(model.decision_function(asked), np.float64)
        return Guess(None, score)
