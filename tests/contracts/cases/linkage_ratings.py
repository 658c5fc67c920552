"""Cases: attacks that link facts about a person to rows of ratings."""

from __future__ import annotations

from functools import cache, partial
from typing import Any

import numpy as np
from tests.contracts.case import AttackCase, ByHits, Sitting, of_permuted_rows, rng

from confide.attacks.linkage import Counting, Entropic, Likelihood, Scoreboard
from confide.data.ratings_like import ratings_like
from confide.games.linkage.ratings import Knowing, RatingsLinkage
from confide.mechanisms.anchors.published import Published
from confide.mechanisms.anchors.records import UnrelatedRatings
from confide.views.interactions import Interactions


@cache
def records(people: int) -> Interactions:
    return ratings_like(people=people, items=400, each=40, rng=rng(1))


def game(mechanism: Any, *, people: int = 600, targets: int = 400) -> RatingsLinkage:
    knowing = Knowing(facts=8, wrong=2)
    return RatingsLinkage(
        mechanism=mechanism, records=records(people), targets=np.arange(targets), knowing=knowing
    )


def case(attack: Any, reaches: float = 0.9) -> AttackCase:
    return AttackCase(
        attack=attack,
        silent=Sitting(partial(game, UnrelatedRatings(since=10_900.0, days=2_200.0)), 2),
        naked=Sitting(partial(game, Published()), 1),
        reaches=reaches,
        null=of_permuted_rows(partial(game, Published()), 1),
        small=Sitting(partial(game, Published(), people=120, targets=40), 2),
        judge=ByHits(among=100),
    )


CASES = (
    case(Scoreboard()),
    case(Scoreboard(dates=False), 0.7),
    case(Scoreboard(ratings=False)),
    case(Likelihood()),
    case(Likelihood(dates=False)),
    case(Entropic()),
    case(Entropic(sure="entropy")),
    case(Counting(), 0.1),
)
