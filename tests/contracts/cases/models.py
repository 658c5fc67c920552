"""Games of cases on models: two anchors, a model that leaks by a closed form, and what can be missing."""

from __future__ import annotations

from functools import cache, partial
from typing import Any

import numpy as np
from tests.contracts.case import AttackCase, ByScore, DealtOnce, Lacks, Sitting, permuted_exposure, rng
from tests.contracts.made_up_models import CLASSES, GaussianLearner, game_against, people

from confide.core.play import needed_access
from confide.games.membership.models import TrainedModel
from confide.knowledge.models import Background
from confide.mechanisms.anchors.models import Everything, Nothing
from confide.mechanisms.learn.fit import Fit

LEAKY = Fit(GaussianLearner(mu=2.0))
JUDGE = ByScore(at=0.01, rates=(0.01, 0.1))
"""True positive rates are held to chance too: an attack may be sure of a few people only."""


def case(
    attack: Any,
    *,
    references: bool = False,
    population: bool = False,
    classes: bool = False,
    told: bool = False,
    informed: bool = False,
    size: float = 1.0,
) -> AttackCase:
    """A case on models.

    Args:
        attack: the adversary.
        references, population, classes: it cannot work without reference models, without people like the
            targets, or without classes.
        told: it knows the membership of half the targets, and scores the others.
        informed: it knows, for each target, all other training records.
        size: a slow attack plays with this share of the usual targets; every tolerance follows the rows.
    """
    knows: dict[str, Any] = {"told": 0.5 * told} | ({"informed": True} if informed else {})
    against = partial(dealt_once, told=0.5 * told, informed=informed)
    worlds = 3 if size > 0.2 else 2
    lacks = []
    if references or population:
        says = f"{attack.name} needs .*(reference|population)"
        lacks.append(Lacks(partial(_without, Background(classes=CLASSES), knows), says))
    if classes:
        regression = Background(classes=1, population=people(80, 6))
        lacks.append(Lacks(partial(_without, regression, knows), "needs classes"))
    return AttackCase(
        attack=attack,
        silent=Sitting(partial(against, Nothing(classes=CLASSES), targets=max(int(600 * size), 150)), worlds),
        naked=Sitting(partial(against, Everything(classes=CLASSES), targets=max(int(400 * size), 240)), 2),
        reaches=0.9,
        leaky=Sitting(partial(against, LEAKY, targets=max(int(800 * size), 200)), worlds),
        null=permuted_exposure,
        small=Sitting(partial(game_against, LEAKY, **knows, targets=120, references=4, strangers=100), 2),
        judge=JUDGE,
        lacks=tuple(lacks),
        told=0.5 * told,
        knows=knows,
    )


@cache
def dealt_once(mechanism: Any, *, targets: int, told: float, informed: bool) -> DealtOnce:
    return DealtOnce(game_against(mechanism, targets=targets, told=told, informed=informed))


def inside(case: AttackCase) -> bool:
    """Does the attack look at the parameters?"""
    return needed_access(case.attack) == "white-box"


def _without(known: Background, knows: dict[str, Any]) -> TrainedModel:
    targets, member = people(60, 5), np.arange(60) < 30
    view = GaussianLearner(mu=1.0).fit(targets.take(member), rng=rng())
    return TrainedModel(view=view, targets=targets, member=member, background=known, **knows)
