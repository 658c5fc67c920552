"""You hold who liked what: what do people's likes give away about a trait of theirs?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from confide.attacks.attribute.likes import ALL, LikesTfIdf
from confide.audits.likes import exhibits as beside
from confide.audits.likes.context import context_of
from confide.audits.likes.counterfactuals import Crossed, counterfactuals, crossed, targets_of
from confide.audits.likes.games import game_on
from confide.audits.likes.protections import PROTECTIONS
from confide.audits.made_rows import made_of
from confide.audits.making import UNRELEASED, HowMade
from confide.audits.release import AuditedRelease, PlannedGame, protected
from confide.audits.settings import Settings
from confide.audits.spec import AuditSpec, Context, Count
from confide.core.estimate import Estimate, Measured
from confide.core.language import later
from confide.core.nouns import AnyAttack, AnyMechanism
from confide.games.attribute.likes import TraitInference
from confide.inputs.likes import Likes, LikesData, read_likes
from confide.inputs.worked_out.likes import worked_out
from confide.measure import measure
from confide.report import Exhibit
from confide.utility.ratings import hit_rate, items_kept, pairs_kept


def read(held: Likes, *, settings: Settings) -> LikesSubject:
    """Read and check both tables.

    Raises:
        DataError: if a file or column cannot be used, or a part would lack people of a class.
    """
    people = read_likes(held)
    how = made_of(
        held,
        people.items,
        people.released,
        PROTECTIONS,
        kind="likes",
        work_out=worked_out,
        people=people.person,
        items=people.item,
    )
    return subject_of(held, people, settings=settings, how=how)


def subject_of(
    held: Likes, people: LikesData, *, settings: Settings, how: HowMade = UNRELEASED
) -> LikesSubject:
    """Cut people into the parts that are asked about in turn.

    Args:
        how: a released table was made, as the adversary knows it.
    """
    game = game_on(people, folds=held.folds, made_by=how.mechanism, rng=settings.rng("parts"))
    return LikesSubject(held, people, game, how)


@dataclass(frozen=True, slots=True)
class LikesSubject:
    """Likes and a trait of the same people, and the game that is played on them."""

    held: Likes
    people: LikesData
    game: TraitInference
    how: HowMade = UNRELEASED

    @property
    def name(self) -> str:
        return self.people.name

    def games(self, mechanism: AnyMechanism, asked: Sequence[AnyAttack]) -> Sequence[PlannedGame]:
        game = protected(self.game, mechanism)
        # Of several classes each gives one claim about a person.
        several = self.people.kind == "classes"
        person = np.repeat(np.arange(self.people.items.people), self.people.classes) if several else None
        return [PlannedGame(game=game, worlds=self.held.folds, attacks=asked, person=person)]

    def context(self, release: AuditedRelease, count: Count) -> Context:
        return context_of(self.held, self.people, self.game, self.how, self._look(release), release, count)

    def exhibits(self, release: AuditedRelease) -> Sequence[Exhibit]:
        view, rng = release.worlds[0].case.view, release.settings.rng("left out one by one")
        # One attack for the closer look, whatever the strongest is: its weights say which items tell.
        look, attack = self._look(release), _learner(release.attacks)
        return (
            *beside.ascriptions(beside.named(release), self.people),
            *counterfactuals(self.people, view, look, attack=attack, rng=rng),
        )

    def targets(self, release: AuditedRelease) -> pl.DataFrame:
        return targets_of(self.people, self._look(release))

    def risk(self, release: AuditedRelease, plain: AuditedRelease, *, confidence: float) -> Estimate | None:
        # The same attack for every release, or the comparison would be one of attacks.
        found = release.of(_learner(release.attacks))
        return None if found is None else measure(found, confidence=confidence).auc

    def utility(self, release: AuditedRelease) -> Measured:
        part, world = self.game.part, release.worlds[0]
        splits = [
            # Learned from what is released, and tested on people's true likes.
            (w.case.view.take(np.flatnonzero(part != i)), self.game.items.take(np.flatnonzero(part == i)))
            for i, w in enumerate(release.worlds)
        ]
        kept, true = pairs_kept(world.case.view, world.source)
        return {
            later("items kept"): round(items_kept(world.case.view, world.source), 3),
            later("likes kept"): round(kept, 3),
            later("true among the likes"): round(true, 3),
            HITS: hit_rate(splits, rng=release.settings.rng("recommending")),
        }

    def _look(self, release: AuditedRelease) -> Crossed:
        """One cross-validation of `likes-tfidf` in the release's worlds: it trains a model for each part."""

        def look() -> Crossed:
            views = [world.case.view for world in release.worlds]
            return crossed(self.people, views, self.game.part, attack=_learner(release.attacks))

        return release.once("crossed", look)


def _learner(attacks: Sequence[AnyAttack]) -> LikesTfIdf:
    """The `likes-tfidf` by which risk and counterfactuals are measured: the user's, or its default."""
    return next((attack for attack in attacks if isinstance(attack, LikesTfIdf)), LikesTfIdf())


HITS = later("hit rate of 10 recommendations")

SPEC = AuditSpec(
    name="likes",
    question="What do people's likes give away about a trait of theirs?",
    goal="attribute",
    record=Likes,
    read=read,
    attacks=ALL,
    protections=PROTECTIONS,
    risk=later("AUC of likes-tfidf"),
    across=HITS,
)
