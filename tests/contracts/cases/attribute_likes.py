"""Cases: attacks that infer a trait from likes, for a trait of two values, of four classes, and a number."""

from __future__ import annotations

from dataclasses import replace
from functools import cache, partial
from typing import Any

import numpy as np
from tests.contracts.case import AttackCase, ByScore, Lacks, Sitting, naive_auc, rng

from confide.attacks.attribute import LikesSVD, LikesTfIdf
from confide.core.evidence import Evidence
from confide.data.liked import traits_like
from confide.games.attribute.likes import TraitInference, parts
from confide.mechanisms.anchors.published import Published
from confide.mechanisms.anchors.records import UnrelatedRatings
from confide.views.interactions import Interactions

N, FOLDS, CLASSES = 600, 5, 4
REACHES = {"binary": 0.9, "number": 0.8, "classes": 0.7}
"""AUC. Possible are 1 for the planted yes/no; .9 for the number, whose median divides the people who say no;
.83 for four classes, of which the likes rule out two."""


class Unrelated:
    """Likes of as many people as there are, none of them one of these."""

    budget = UnrelatedRatings().budget

    def __call__(self, data: Interactions, *, rng: np.random.Generator) -> Any:
        return UnrelatedRatings(people=data.people, each=20)(data, rng=rng)


@cache
def likes_and_trait(kind: str, people: int) -> tuple[Interactions, np.ndarray]:
    """Likes that depend on a yes/no: the trait itself, the first bit of four classes, or most of a number."""
    likes, yes = traits_like(people, items=200, each=25, share=0.4, name="planted", rng=rng(1))
    draw = rng(2)
    if kind == "classes":
        return likes, (2 * yes + (draw.random(people) < 0.5)).astype(np.float64)
    return likes, yes + 0.2 * draw.normal(size=people) if kind == "number" else yes.astype(np.float64)


def game(kind: Any, mechanism: Any, *, people: int = N, shuffled: bool = False) -> TraitInference:
    likes, value = likes_and_trait(kind, people)
    if shuffled:
        value = rng(3).permutation(value)
    return TraitInference(
        items=likes,
        value=value,
        kind=kind,
        classes=CLASSES if kind == "classes" else 2,
        part=parts(value, kind, count=FOLDS, rng=rng(4)),
        mechanism=mechanism,
    )


def without_difference(kind: str) -> TraitInference:
    dealt = game(kind, Published())
    return replace(dealt, value=np.ones(N))


def without_likes(kind: str) -> TraitInference:
    dealt = game(kind, Published())
    return replace(dealt, items=dealt.items.rows(np.arange(len(dealt.items)) < 1))


def of_shuffled_trait(kind: str, attack: Any, evidence: Evidence) -> Evidence:
    return Sitting(partial(game, kind, Published(), shuffled=True), FOLDS).play(attack)


def prior(evidence: Evidence) -> float:
    """The AUC of a claim that knows the shares of the classes and no likes."""
    code = evidence.table["target"].to_numpy() % CLASSES
    share = np.bincount(code[evidence.exposed], minlength=CLASSES)
    return naive_auc(Evidence.of(evidence.exposed, share[code].astype(np.float64)))


def case(attack: Any, kind: str) -> AttackCase:
    # Of several classes the rows of one person go together: no more than one row a person counts.
    judge = ByScore(errors=4.5, independent=N, baseline=prior) if kind == "classes" else ByScore(errors=4.5)
    published = "published-" * getattr(attack, "transductive", False)
    return AttackCase(
        attack=attack,
        label=f"{published}{kind}",
        silent=Sitting(partial(game, kind, Unrelated()), FOLDS),
        naked=Sitting(partial(game, kind, Published()), FOLDS),
        reaches=REACHES[kind],
        null=partial(of_shuffled_trait, kind),
        small=Sitting(partial(game, kind, Published(), people=200), 2),
        judge=judge,
        lacks=(
            Lacks(partial(without_difference, kind), "differ in the trait"),
            Lacks(partial(without_likes, kind), "no item is liked by"),
        )
        if kind == "binary"
        else (),
    )


CASES = tuple(
    case(attack, kind)
    for attack in (LikesTfIdf(), LikesSVD(), LikesSVD(transductive=True))
    for kind in ("binary", "classes", "number")
)
