"""Cases: attacks that link known points, or an earlier period, to rows of traces."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial
from typing import Any

from tests.contracts.case import AttackCase, ByHits, Sitting, of_permuted_rows, rng

from confide.attacks.linkage import (
    LocationMeter,
    MobilityChain,
    MobilityLikelihood,
    NearbyPoints,
    SharedPlaces,
    UniquePoints,
)
from confide.data import gowalla_nyc
from confide.data.commuters import MONDAY, Commuters
from confide.games.linkage.traces import EarlierKnown, PointsKnown
from confide.mechanisms.anchors.published import Published
from confide.mechanisms.anchors.records import UnrelatedTraces
from confide.mechanisms.anonymize.coarse_traces import CoarseTraces
from confide.views.traces import Traces

WEEK = 7 * 86_400


@cache
def visitors(people: int) -> Traces:
    return CoarseTraces(seconds=3_600)(gowalla_nyc.twin(people, rng=rng(1)), rng=rng()).view


@cache
def commuters(people: int) -> Traces:
    return Commuters(people=people, observed=0.2)(rng=rng(1))


def points_known(mechanism: Any, *, people: int = 500, targets: int = 300) -> PointsKnown:
    return PointsKnown(traces=visitors(people), mechanism=mechanism, targets=targets)


def past_known(mechanism: Any, *, people: int = 240, targets: int = 120) -> EarlierKnown:
    return EarlierKnown(traces=commuters(people), mechanism=mechanism, targets=targets)


def case(attack: Any, reaches: float, game: Callable[..., Any], nothing: UnrelatedTraces) -> AttackCase:
    return AttackCase(
        attack=attack,
        silent=Sitting(partial(game, nothing), 1),
        naked=Sitting(partial(game, Published()), 1),
        reaches=reaches,
        null=of_permuted_rows(partial(game, Published()), 1),
        small=Sitting(partial(game, Published(), people=60, targets=20), 2),
        # Wherever a name is drawn from, it is one of the targets that are in the release, or of more.
        judge=ByHits(among=100 if game is points_known else 45),
    )


POINTS = partial(case, game=points_known, nothing=UnrelatedTraces(seconds=540 * 86_400))
PAST = partial(case, game=past_known, nothing=UnrelatedTraces(since=MONDAY + WEEK, seconds=WEEK))

CASES = (
    POINTS(UniquePoints(), 0.9),
    POINTS(NearbyPoints(), 0.9),
    PAST(SharedPlaces(), 0.9),
    PAST(MobilityChain(), 0.5),
    PAST(MobilityChain(how="likelihood"), 0.9),
    PAST(MobilityLikelihood(), 0.9),
    PAST(LocationMeter(burn_in=10, keep=20, draws=100), 0.9),
)
