"""Two adversaries on traces, one who knows points and one who knows the past: who plays what, on whom."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from confide.attacks.linkage import (
    LocationMeter,
    MobilityChain,
    MobilityLikelihood,
    NearbyPoints,
    SharedPlaces,
    UniquePoints,
)
from confide.audits.release import PlannedGame, protected
from confide.audits.settings import Settings
from confide.core.errors import DataError
from confide.core.language import Kept, keep
from confide.core.nouns import AnyAttack, AnyMechanism
from confide.games.linkage.traces import EarlierKnown, PointsKnown
from confide.inputs.traces import Traces, TracesData
from confide.mechanisms.anchors.published import Published
from confide.mechanisms.in_order import in_order
from confide.report import Skipped

KNOW_POINTS = (UniquePoints, NearbyPoints)
KNOW_THE_PAST = (SharedPlaces, MobilityChain, MobilityLikelihood, LocationMeter)
FEWEST = 40
"""At least this number of people must have enough points, or visits: half of them are held out, and 20
measure a rate."""
ASKED = 0.5
"""At most this share of all people are targets of one world. Half of the targets are held out, so that three
quarters of all people stay in the release."""
WORLDS = 4
SMALL = 400
"""The location-privacy meter is slow: on more traces than this it plays only if it is asked for."""
POINTS, PAST = 0, 1
"""The place of each game among those that are played on a release."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Games:
    """What is played on a release: the game of known points, and that of an earlier period.

    Args:
        points, past: the two games.
        worlds: how many worlds of each are dealt.
        people: how many people have a trace.
        lacking: why the game of an earlier period cannot be played; empty where it can.
        made_by: how a released file was made, as the adversary knows it; None where nobody says. The games
            know also how it was read.
    """

    points: PointsKnown
    past: EarlierKnown
    worlds: int
    people: int
    lacking: str | Kept
    made_by: AnyMechanism | None = None

    def planned(
        self, mechanism: AnyMechanism, asked: Sequence[AnyAttack], settings: Settings
    ) -> tuple[PlannedGame, PlannedGame]:
        """Both games on the release of this mechanism, each with the attacks that are made for it."""
        past_names = {kind.name for kind in KNOW_THE_PAST}
        chosen, too_slow = self._affordable(asked) if settings.attacks is None else (asked, ())
        past = [a for a in chosen if a.name in past_names]
        return (
            PlannedGame(
                game=protected(self.points, mechanism),
                attacks=[a for a in chosen if a.name not in past_names],
                worlds=self.worlds,
            ),
            PlannedGame(
                game=protected(self.past, mechanism),
                attacks=[] if self.lacking else past,
                worlds=self.worlds,
                skipped=(
                    *too_slow,
                    *(
                        Skipped(attack=a.name, why=self.lacking, lack="evidence")
                        for a in past
                        if self.lacking
                    ),
                ),
            ),
        )

    def _affordable(self, asked: Sequence[AnyAttack]) -> tuple[Sequence[AnyAttack], Sequence[Skipped]]:
        """Without the location-privacy meter where the release is large."""
        if self.people <= SMALL:
            return asked, ()
        why = keep(
            "it takes long on {n:,} traces, and plays by itself on at most {small}: ask for it by name "
            "(--attacks {attack}).",
            n=self.people,
            small=f"{SMALL}",
            attack=LocationMeter.name,
        )
        kept = [a for a in asked if a.name != LocationMeter.name]
        return kept, (Skipped(attack=LocationMeter.name, why=why),)


def games_on(data: TracesData, held: Traces, *, made_by: AnyMechanism | None) -> Games:
    """Who is asked about, and in how many worlds.

    Args:
        made_by: how a released file was made, as the adversary knows it.

    Raises:
        DataError: if too few people have enough points.
    """
    points, targets = held.points, held.targets
    people = int((data.records.counts() > 0).sum())
    able = data.able(points)
    if able < FEWEST:
        raise DataError(
            f"only {able} people of {people:,} have {points} points at this resolution: ask for fewer "
            f"points, a finer resolution, or give {FEWEST} such people."
        )
    each = min(targets, max(int(ASKED * people), 2))
    known = None if data.grid is None else in_order([m for m in (made_by, data.grid) if m is not None])
    past = EarlierKnown(
        traces=data.known,
        mechanism=Published(),
        targets=each,
        released=data.released,
        owner=data.owner,
        made_by=known,
    )
    with_past = len(past.able())
    return Games(
        points=PointsKnown(
            traces=data.points(),
            mechanism=Published(),
            points=points,
            targets=each,
            released=data.released,
            owner=data.owner,
            made_by=known,
        ),
        past=past,
        worlds=min(WORLDS, -(-min(targets, able) // each)),
        people=people,
        lacking=""
        if with_past >= FEWEST
        else keep(
            "only {n} people have {least:d} visits in each half of the time: give {fewest:d} such people.",
            n=with_past,
            least=past.least,
            fewest=FEWEST,
        ),
        made_by=made_by,
    )
