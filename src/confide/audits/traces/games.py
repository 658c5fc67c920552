"""Two adversaries on traces, one who knows points and one who knows the past: who plays what, on whom."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from confide.attacks.linkage.traces.location_meter import LocationMeter
from confide.attacks.linkage.traces.mobility_chain import MobilityChain, MobilityLikelihood
from confide.attacks.linkage.traces.nearby_points import NearbyPoints
from confide.attacks.linkage.traces.shared_places import SharedPlaces
from confide.attacks.linkage.traces.unique_points import UniquePoints
from confide.audits.playing import Played, play_all
from confide.core.cache import key_of
from confide.core.errors import DataError, KnowledgeError
from confide.core.nouns import Attack, Mechanism
from confide.games.linkage.traces import EarlierKnown, PointsKnown, TracesWorld
from confide.inputs.traces import TracesData
from confide.mechanisms.anchors.published import Published
from confide.report import Skipped
from confide.views.points import distinct
from confide.views.traces import Traces

KNOW_POINTS = (UniquePoints, NearbyPoints)
KNOW_THE_PAST = (SharedPlaces, MobilityChain, MobilityLikelihood, LocationMeter)
FEWEST = 40
"""So many people at least must have enough points, or visits."""
ASKED = 0.5
"""At most this share of all people are targets of one world, half of them held out of it."""
WORLDS = 4
SMALL = 400
"""The location-privacy meter plays where the release has at most so many traces, unless it is asked for."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Games:
    """What is played on a release: by somebody who knows points, and by somebody who knows the past."""

    points: PointsKnown
    past: EarlierKnown
    worlds: int
    lacking: str

    def under(self, mechanism: Mechanism[Traces]) -> Games:
        return replace(
            self,
            points=replace(self.points, mechanism=mechanism),
            past=replace(self.past, mechanism=mechanism),
        )

    def dealt(self, seed: int) -> list[TracesWorld]:
        """The worlds of known points, as `play` deals them."""
        children = np.random.default_rng(seed).spawn(self.worlds)
        return [self.points.deal(i, rng=child.spawn(2)[0]) for i, child in enumerate(children)]


def choose(names: str | Sequence[Any] | None) -> list[Attack[Any, Any, Any]]:
    """The attacks by name, as objects, or all of them.

    Raises:
        KnowledgeError: if there is none of a name.
    """
    known = {attack.name: attack for attack in (*KNOW_POINTS, *KNOW_THE_PAST)}
    if names is None or names == "all":
        return [attack() for attack in known.values()]
    parts = names.split(",") if isinstance(names, str) else names
    wanted = [n.strip() if isinstance(n, str) else n for n in parts]
    lost = [n for n in wanted if isinstance(n, str) and n not in known]
    if lost:
        raise KnowledgeError(f"no attack on traces is called {lost[0]!r}: choose from {', '.join(known)}.")
    return [known[n]() if isinstance(n, str) else n for n in wanted]


def affordable(
    chosen: list[Attack[Any, Any, Any]], tracked: TracesData
) -> tuple[list[Attack[Any, Any, Any]], tuple[Skipped, ...]]:
    """Without the location-privacy meter where the release is large."""
    people = int((tracked.records.counts() > 0).sum())
    if people <= SMALL:
        return chosen, ()
    why = (
        f"it takes long on {people:,} traces, and plays by itself on at most {SMALL}: "
        f"ask for it by name (attacks='{LocationMeter.name}')."
    )
    kept = [a for a in chosen if a.name != LocationMeter.name]
    return kept, (Skipped(attack=LocationMeter.name, why=why),)


def deal_out(tracked: TracesData, points: int, targets: int) -> Games:
    """Who is asked about, and in how many worlds.

    Raises:
        DataError: if too few people have enough points.
    """
    records = tracked.records
    people = int((records.counts() > 0).sum())
    able = int((distinct(records).counts() >= points).sum())
    if able < FEWEST:
        raise DataError(
            f"only {able} people of {people:,} have {points} points at this resolution: ask for fewer "
            f"points, a finer resolution, or give {FEWEST} such people."
        )
    each = min(targets, max(int(ASKED * people), 2))
    past = EarlierKnown(traces=records, mechanism=Published(), targets=each, released=tracked.released)
    with_past = len(past.able())
    lacking = (
        f"only {with_past} people have {past.least} visits in each half of the time: give {FEWEST} such "
        f"people."
        if with_past < FEWEST
        else ""
    )
    known = PointsKnown(
        traces=records, mechanism=Published(), points=points, targets=each, released=tracked.released
    )
    return Games(points=known, past=past, worlds=min(WORLDS, -(-min(targets, able) // each)), lacking=lacking)


def play_games(
    games: Games, chosen: Sequence[Attack[Any, Any, Any]], *, seed: int, key: str, **settings: Any
) -> Played:
    """All attacks, each in the game that it is made for."""
    past = {kind.name for kind in KNOW_THE_PAST}
    first = [a for a in chosen if a.name not in past]
    second = [a for a in chosen if a.name in past]
    skipped = tuple(Skipped(attack=a.name, why=games.lacking) for a in second) if games.lacking else ()
    one = play_all(games.points, first, seed=seed, key=key_of(key, "points"), worlds=games.worlds, **settings)
    two = play_all(
        games.past,
        [] if games.lacking else second,
        seed=seed,
        key=key_of(key, "past"),
        worlds=games.worlds,
        **settings,
    )
    return Played(
        attacks=(*one.attacks, *two.attacks),
        evidence=(*one.evidence, *two.evidence),
        skipped=(*one.skipped, *two.skipped, *skipped),
    )
