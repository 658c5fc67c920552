"""Salton, Buckley: Term-weighting approaches in automatic text retrieval (1988), with logistic regression."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from confide.attacks.attribute.likes._claims import answer, targets_of
from confide.attacks.attribute.likes._item_matrix import TfIdf, matrix
from confide.attacks.attribute.likes._trait_model import TraitModel
from confide.core.arrays import Rng
from confide.core.language import later
from confide.core.nouns import Case, Guess
from confide.core.paper import Paper
from confide.knowledge.likes import Claims, Panel
from confide.views.interactions import Interactions


@dataclass(frozen=True, slots=True, kw_only=True)
class LikesTfIdf:
    """TF-IDF attack on likes: weighs each single item for a trait, and adds up a person's items.

    The adversary knows the likes and the trait of a panel of people. It weighs items by TF-IDF, rare ones
    more, and scales each person's row to length 1. Then it fits a penalised regression on all items at once:
    logistic for a yes/no trait, multinomial for classes, ridge for a number. Nothing is cut down first, so
    that small circles of taste still count. Where the panel is large this beats the directions of
    `likes-svd`. Score: the log-odds of the claim, or the number. A target who has none of the items that the
    panel knows gets the panel's shares.

    Args:
        fewest_people: items that fewer people of the panel have are left out.
        c: 1 / the weight of half the squared weights against the sum of losses.

    Source: Salton, Buckley 1988 for the weights; the regression is the standard one for texts.
    """

    name: ClassVar[str] = "likes-tfidf"
    title: ClassVar[str] = later(
        "Do single items, weighed by what volunteers with the trait like, give it away?"
    )
    paper: ClassVar[Paper] = Paper(
        authors="Gerard Salton and Christopher Buckley",
        title="Term-weighting approaches in automatic text retrieval",
        venue="Information Processing and Management 24(5)",
        year=1988,
        url="https://doi.org/10.1016/0306-4573(88)90021-0",
    )

    fewest_people: int = 2
    c: float = 3.0

    def __call__(self, case: Case[Interactions, Panel, Claims], *, rng: Rng) -> Guess:
        panel = case.known
        panel.need_both(self.name)
        x = matrix(panel.released(case.view, rng=rng))
        weighed = TfIdf.of(x, fewest_people=self.fewest_people)
        model = TraitModel.fit(weighed(x), panel.value, kind=panel.kind, classes=panel.classes, c=self.c)
        return answer(case, model, weighed, weighed.items, targets_of(case))
