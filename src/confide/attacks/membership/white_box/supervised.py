"""Nasr, Shokri, Houmansadr: Comprehensive Privacy Analysis of Deep Learning (2019), supervised, by trees."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from confide.attacks.membership.white_box._known_members import need_told
from confide.attacks.membership.white_box._layers import (
    answer_numbers,
    finite_rows,
    inside_numbers,
    layer_numbers,
)
from confide.attacks.membership.white_box.gradient_norm import COMPREHENSIVE
from confide.core.access import BlackBox, WhiteBox
from confide.core.arrays import Floats, Rng
from confide.core.language import later
from confide.core.nouns import Case, Guess
from confide.core.paper import Paper
from confide.knowledge.models import SupervisedBackground
from confide.views.records import Records


@dataclass(frozen=True, slots=True, kw_only=True)
class Supervised:
    """Supervised attack: claims records whose answers look like those of known members of this very model.

    The adversary knows some of the members and some people who are not members: customers who said so, or a
    leaked part of the list. It learns from the model's answers about them what distinguishes members. Unlike
    a shadow model's, these answers come from the released model itself.

    Score: the log-odds of boosted trees, from loss, entropy, logit of the true class and largest
    log-probabilities. The known targets are left out.

    Args:
        top: the number of largest log-probabilities that are used.
        trees: how many trees are added up.
    """

    name: ClassVar[str] = "supervised"
    title: ClassVar[str] = later("Do the scores look like those of people known to be members?")
    paper: ClassVar[Paper] = COMPREHENSIVE

    top: int = 3
    trees: int = 100

    def __call__(self, case: Case[BlackBox, SupervisedBackground, Records], *, rng: Rng) -> Guess:
        numbers = answer_numbers(case.view.predict(case.targets.x), case.targets.y, top=self.top)
        return Guess(None, _learnt(numbers, case.known, self.name, self.trees, rng=rng))


@dataclass(frozen=True, slots=True, kw_only=True)
class SupervisedGradients:
    """Supervised attack on gradients: claims records whose answers *and gradients* look like known members'.

    It works like `supervised`, and the adversary also holds the parameters. To the model's answers it adds
    how strongly each layer would change if it were trained on the person, now and in every earlier state of
    the run that is published.

    Score: the log-odds of boosted trees, from loss, entropy, logit of the true class, largest
    log-probabilities and the log gradient norm of each chosen layer. The known targets are left out.

    Args:
        layers: the names of the layers whose gradients are used; None for all.
        top: the number of largest log-probabilities that are used.
        trees: how many trees are added up.
    """

    name: ClassVar[str] = "supervised-gradients"
    title: ClassVar[str] = later("Do scores and gradients look like those of people known to be members?")
    paper: ClassVar[Paper] = COMPREHENSIVE

    layers: tuple[str, ...] | None = None
    top: int = 3
    trees: int = 100

    def __call__(self, case: Case[WhiteBox, SupervisedBackground, Records], *, rng: Rng) -> Guess:
        need_told(case.known, len(case.targets), self.name)  # refuse before any gradient is computed
        chosen = layer_numbers(case.view, self.layers, self.name)
        answers = answer_numbers(case.view.predict(case.targets.x), case.targets.y, top=self.top)
        numbers = np.hstack([answers, inside_numbers(case.view, case.targets, chosen)])
        return Guess(None, _learnt(numbers, case.known, self.name, self.trees, rng=rng))


def _learnt(numbers: Floats, known: SupervisedBackground, name: str, trees: int, *, rng: Rng) -> Floats:
    """The log-odds of the other targets, by trees fitted to the known ones; numbers is float64[n, f]."""
    from sklearn.ensemble import HistGradientBoostingClassifier

    lesson = need_told(known, len(numbers), name, finite_rows(numbers))
    # Small trees and slow steps: some dozens of known members are enough to learn from.
    model = HistGradientBoostingClassifier(
        max_iter=trees,
        learning_rate=0.05,
        max_leaf_nodes=8,
        l2_regularization=1.0,
        random_state=int(rng.integers(2**31)),
    )
    model.fit(numbers[lesson.rows], lesson.member)
    return lesson.scores(model.decision_function(numbers[lesson.others]), len(numbers))
