"""Background knowledge of an adversary that trains shadow models on the known records and one more."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from confide.core.access import WhiteBox
from confide.core.arrays import Ints
from confide.core.errors import KnowledgeError
from confide.core.language import keep
from confide.learners.learner import GroupLearner
from confide.views.records import Records

# Models that are trained together: more gain nothing, and all are held at once.
TOGETHER = 64


@dataclass(frozen=True, slots=True, eq=False)
class ShadowKnowledge:
    """All training records but one, public records of the same kind, and the recipe with its random numbers.

    Args:
        base: the known training records.
        public: records of other people, none of whom is a target.
        learner: the recipe, which trains many models at once.
        seed: of the recipe: first weights and batches are the same in every model. An adversary that does not
            know them would have to search.
    """

    base: Records
    public: Records
    learner: GroupLearner
    seed: int = 0

    def trained_with(self, others: Records, rows: Sequence[int] | Ints) -> list[WhiteBox]:
        """A model on the base and one more record, for each of these rows; -1 stands for no further record.

        Raises:
            KnowledgeError: if the learner's models show no weights.
        """
        everybody, known = Records.concat([self.base, others]), np.arange(len(self.base))
        subsets = [known if row < 0 else np.append(known, len(known) + row) for row in rows]
        found: list[WhiteBox] = []
        for start in range(0, len(subsets), TOGETHER):
            part = subsets[start : start + TOGETHER]
            models = self.learner.fit_group(
                everybody, part, rngs=[np.random.default_rng(self.seed) for _ in part]
            )
            shown = [model for model in models if isinstance(model, WhiteBox)]
            if len(shown) < len(models):
                raise KnowledgeError(
                    keep("shadow models must show their weights: let the learner train modules.")
                )
            found += shown
        return found
