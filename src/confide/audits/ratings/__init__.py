"""You hold ratings: can somebody who knows a few of a person's ratings find that person's record?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from confide.attacks.linkage import Counting, Entropic, Likelihood, Scoreboard
from confide.audits.made_rows import made_of
from confide.audits.making import UNRELEASED, HowMade
from confide.audits.ratings import exhibits as beside
from confide.audits.ratings.closer import RATES, Closer, best_of
from confide.audits.ratings.context import context_of
from confide.audits.ratings.games import game_on
from confide.audits.ratings.protections import PROTECTIONS
from confide.audits.release import AuditedRelease, PlannedGame, protected
from confide.audits.settings import Settings
from confide.audits.spec import AuditSpec, Context, Count
from confide.core.estimate import Estimate, Measured
from confide.core.language import later
from confide.core.nouns import AnyAttack, AnyMechanism
from confide.games.linkage.ratings import RatingsLinkage
from confide.inputs.ratings import Ratings, RatingsData, read_ratings
from confide.inputs.worked_out.ratings import worked_out
from confide.measure.identification import at_false_match_rate, rank_one
from confide.report import Exhibit
from confide.utility.ratings import hit_rate, items_kept


def read(held: Ratings, *, settings: Settings) -> RatingsSubject:
    """Read and check the ratings.

    Raises:
        DataError: if a file or column cannot be used, or too few people have enough facts.
    """
    data = read_ratings(held)
    how = made_of(
        held,
        data.records,
        data.released,
        PROTECTIONS,
        kind="ratings",
        work_out=worked_out,
        people=data.people,
        items=data.items,
    )
    return subject_of(held, data, settings=settings, how=how)


def subject_of(
    held: Ratings, data: RatingsData, *, settings: Settings, how: HowMade = UNRELEASED
) -> RatingsSubject:
    """Plan the game on ratings that are read already.

    Args:
        how: a released file was made, as the adversary knows it.

    Raises:
        DataError: if too few people have enough facts.
    """
    game = game_on(held, data, made_by=how.mechanism, rng=settings.rng("targets"))
    return RatingsSubject(data, game, how)


@dataclass(frozen=True, slots=True)
class RatingsSubject:
    """Ratings, read and coded, and the game that is played on them."""

    data: RatingsData
    game: RatingsLinkage
    how: HowMade = UNRELEASED

    @property
    def name(self) -> str:
        return self.data.name

    def games(self, mechanism: AnyMechanism, asked: Sequence[AnyAttack]) -> Sequence[PlannedGame]:
        game = protected(self.game, mechanism)
        return [PlannedGame(game=game, worlds=game.parts, attacks=asked)]

    def context(self, release: AuditedRelease, count: Count) -> Context:
        return context_of(self.game, self.data, self.how, release, count)

    def exhibits(self, release: AuditedRelease) -> Sequence[Exhibit]:
        closer = self._closer(release)
        plot, numbers = beside.few_facts(closer)
        return (beside.threshold_table(closer), plot, numbers, beside.easiest_table(closer.people))

    def targets(self, release: AuditedRelease) -> pl.DataFrame:
        return self._closer(release).people

    def risk(self, release: AuditedRelease, plain: AuditedRelease, *, confidence: float) -> Estimate | None:
        # The best attack on the unprotected release is asked of each: another choice a release would compare
        # attacks.
        best = best_of(plain.evidence, plain.attacks) if plain.evidence else None
        found = None if best is None else release.of(best)
        if found is None:
            return None
        at = at_false_match_rate(found, rate=RATES[0], confidence=confidence)
        # With too few absent people for a rate of 5 %, the share whose own record fits best stands in.
        return rank_one(found, confidence=confidence) if at is None else at.right

    def utility(self, release: AuditedRelease) -> Measured:
        first = release.worlds[0]
        splits = [
            # Learned from the release, and tested on the people who were held out of it.
            (world.case.view, self.game.records.take(np.sort(world.ids[~world.exposed])))
            for world in release.worlds
            if world.ids is not None
        ]
        return {
            later("items kept"): items_kept(first.case.view, first.source),
            HITS: hit_rate(splits, rng=release.settings.rng("recommending")),
        }

    def _closer(self, release: AuditedRelease) -> Closer:
        knowing, data = self.game.knowing, self.data
        return release.once("closer", lambda: Closer(release=release, knowing=knowing, data=data))


HITS = later("hit rate at 10")

SPEC = AuditSpec(
    name="ratings",
    question="Can somebody who knows a few ratings of a person find that person's record?",
    goal="linkage",
    record=Ratings,
    read=read,
    attacks=(Scoreboard, Likelihood, Entropic, Counting),
    protections=PROTECTIONS,
    risk=later("recognised by the best attack at 5% false matches"),
    across=HITS,
)
