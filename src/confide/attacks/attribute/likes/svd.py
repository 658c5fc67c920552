"""Kosinski, Stillwell, Graepel: Private Traits Are Predictable from Digital Records (PNAS 2013)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from confide.attacks.attribute.likes._claims import answer, targets_of
from confide.attacks.attribute.likes._item_matrix import Axes, matrix
from confide.attacks.attribute.likes._trait_model import TraitModel
from confide.core.arrays import Rng
from confide.core.language import later
from confide.core.nouns import Case, Guess
from confide.core.paper import Paper
from confide.knowledge.likes import Claims, Panel
from confide.views.interactions import Interactions

KOSINSKI = Paper(
    authors="Michal Kosinski and David Stillwell and Thore Graepel",
    title="Private traits and attributes are predictable from digital records of human behavior",
    venue="Proceedings of the National Academy of Sciences (PNAS) 110(15)",
    year=2013,
    url="https://doi.org/10.1073/pnas.1218772110",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class LikesSVD:
    """SVD attack on likes: regresses a trait on people's places along the leading directions of taste.

    The adversary knows the likes and the trait of a panel of people, such as volunteers in a study. It leaves
    out people with too few likes and items with too few people, until nothing changes. The rest is a matrix
    of zeros and ones, which it cuts down to its leading singular directions (not centred, so that it stays
    sparse). It regresses the trait on people's places along them: logistic for a yes/no trait, multinomial
    for classes, linear for a number. Score: the log-odds of the claim, or the number.

    The paper finds the directions from all people, the targets included (`transductive`). Here they come from
    the panel alone by default, and targets are projected, as suits a target who comes later. A target who has
    none of the items that are left gets the panel's shares.

    Args:
        axes: number of directions; at most one less than people or items.
        fewest_items: people with fewer likes do not help to find the directions.
        fewest_people: items that fewer people have are left out.
        transductive: find the directions from the panel and the targets together, as published.
        c: 1 / the weight of half the squared weights against the sum of losses.

    Source: Kosinski, Stillwell, Graepel 2013 (100 axes; 2 likes; 20 people).
    """

    name: ClassVar[str] = "likes-svd"
    title: ClassVar[str] = later("Do directions of taste, learned from volunteers, give the trait away?")
    paper: ClassVar[Paper] = KOSINSKI

    axes: int = 100
    fewest_items: int = 2
    fewest_people: int = 20
    transductive: bool = False
    c: float = 1.0

    def __call__(self, case: Case[Interactions, Panel, Claims], *, rng: Rng) -> Guess:
        from scipy.sparse import vstack  # pyright: ignore[reportMissingTypeStubs]

        panel = case.known
        panel.need_both(self.name)
        rehearsal, start = rng.spawn(2)
        # The mechanism runs on the panel too, so that the model learns from likes as they are released.
        x, targets = matrix(panel.released(case.view, rng=rehearsal)), targets_of(case)
        axes = Axes.of(
            # The targets' likes are public here, their trait is not: the axes may use them.
            vstack([x, targets[0]], format="csr") if self.transductive else x,
            axes=self.axes,
            fewest_items=self.fewest_items,
            fewest_people=self.fewest_people,
            rng=start,
        )
        model = TraitModel.fit(axes(x), panel.value, kind=panel.kind, classes=panel.classes, c=self.c)
        return answer(case, model, axes, axes.items, targets)
