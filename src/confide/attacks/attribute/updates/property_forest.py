"""Melis, Song, De Cristofaro, Shmatikov: Exploiting Unintended Feature Leakage (S&P 2019), section IV."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from confide.core.arrays import Bools, Floats, Ints, Rng
from confide.core.diagnostics import Diagnostics
from confide.core.language import keep, later
from confide.core.nouns import Case, Guess
from confide.core.paper import Paper
from confide.knowledge.properties import KnownProperty
from confide.views.shared_round import SharedRound


@dataclass(frozen=True, slots=True, kw_only=True)
class PropertyForest:
    """Property inference: a random forest tells updates of batches with a property from those without.

    The adversary sees the updates of a round, knows the model that they were computed on, and has people of
    its own of whom it knows the property. It puts batches together, half of them with the property, makes
    their updates at the same model, and trains a forest on these. Then the forest is asked about the updates
    that were sent. The task of the model may have nothing to do with the property: the gradient is a sum over
    the features of people, and the property goes with some of them.

    Only those parameters enter the forest whose gradients differ most between the adversary's own two kinds
    of updates. Score: the share of trees that say "with the property".

    Args:
        made: how many updates the adversary makes.
        trees: how many trees the forest has.
        widest: how many parameters it looks at, at most.

    Source: Melis et al. 2019 (passive attack on one update).
    """

    name: ClassVar[str] = "property-forest"
    title: ClassVar[str] = later("Which updates look like those of batches with the property?")
    paper: ClassVar[Paper] = Paper(
        authors="Luca Melis and Congzheng Song and Emiliano De Cristofaro and Vitaly Shmatikov",
        title="Exploiting Unintended Feature Leakage in Collaborative Learning",
        venue="IEEE Symposium on Security and Privacy",
        year=2019,
        url="https://arxiv.org/abs/1805.04049",
    )

    made: int = 600
    trees: int = 300
    widest: int = 1_000

    def __call__(self, case: Case[SharedRound, KnownProperty, Ints], *, rng: Rng) -> Guess:
        from sklearn.ensemble import RandomForestClassifier

        making, growing = rng.spawn(2)
        present = np.arange(self.made) % 2 == 0
        own = case.known.made(self.name, present, rng=making).gradients
        place = telling(own, present, self.widest)
        forest = RandomForestClassifier(
            self.trees, oob_score=True, random_state=int(growing.integers(2**31))
        ).fit(own[:, place], present)
        score = forest.predict_proba(case.view.gradients[:, place])[:, 1].astype(np.float64)
        remark = keep(
            "The forest is right about {share:.0%} of {made:,} updates of its own, each judged by trees that "
            "had not seen it.",
            share=float(forest.oob_score_),
            made=self.made,
        )
        return Guess(None, score, Diagnostics((remark,)))


def telling(gradients: Floats, present: Bools, most: int) -> Ints:
    """The parameters whose gradients differ most between two kinds of updates, in standard deviations.

    Args:
        gradients: float64[m, p].
        present: bool[m], the kind of each update.
        most: how many parameters are named.

    Returns:
        int64[most or p], in order.

    >>> gradients = np.array([[0.0, 5.0, 1.0], [0.2, 9.0, 1.0], [0.1, 5.0, 1.0]])
    >>> telling(gradients, np.array([True, False, True]), 1).tolist()
    [1]
    """
    gap = np.abs(gradients[present].mean(axis=0) - gradients[~present].mean(axis=0))
    spread = gradients.std(axis=0)
    # A parameter that never has a gradient tells nothing.
    worth = np.where(spread > 0, gap / np.where(spread > 0, spread, 1.0), 0.0)
    return np.sort(np.argsort(-worth, kind="stable")[:most])
