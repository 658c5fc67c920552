"""You hold who liked what: what do people's likes give away about a trait of theirs?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import polars as pl

from confide.attacks.attribute import ALL, LikesTfIdf
from confide.audits.likes import exhibits as beside
from confide.audits.likes.counterfactuals import Crossed, counterfactuals, crossed, targets_of
from confide.audits.likes.protections import PROTECTIONS
from confide.audits.protections import UNPROTECTED, made_by, unsaid
from confide.audits.release import AuditedRelease, PlannedGame, made_from
from confide.audits.settings import Settings
from confide.audits.spec import AuditSpec, Context, Count
from confide.core.estimate import Estimate, Measured
from confide.core.nouns import AnyAttack, AnyMechanism
from confide.games.attribute.likes import TraitInference, parts
from confide.inputs.likes import Likes, LikesData, read_likes
from confide.measure import measure
from confide.mechanisms.anchors.published import Published
from confide.mechanisms.in_order import in_order
from confide.report import Exhibit
from confide.utility.ratings import hit_rate, items_kept, pairs_kept


def read(held: Likes, *, settings: Settings) -> LikesSubject:
    """Read and check both tables.

    Raises:
        DataError: if a file or column cannot be used, or a part would lack people of a class.
    """
    made = made_by(held.released, held.made_by, PROTECTIONS)
    return subject_of(held, read_likes(held), settings=settings, made_by=made)


def subject_of(
    held: Likes, people: LikesData, *, settings: Settings, made_by: AnyMechanism | None = None
) -> LikesSubject:
    """Cut people into the parts that are asked about in turn.

    Args:
        made_by: how a released table was made, as the adversary knows it.
    """
    game = TraitInference(
        items=people.items,
        value=people.value,
        kind=people.kind,
        classes=people.classes,
        # Cut once, before any protection: with each of them the same people are asked about together.
        part=parts(people.value, people.kind, count=held.folds, rng=settings.rng("parts")),
        mechanism=Published(),
        released=people.released,
    )
    return LikesSubject(people, game, held, settings, made_by)


@dataclass(frozen=True, slots=True)
class LikesSubject:
    """Likes and a trait of the same people, and the game that is played on them."""

    people: LikesData
    game: TraitInference
    held: Likes
    settings: Settings
    made_by: AnyMechanism | None = None
    _crossed: dict[str, Crossed] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return self.people.name

    def games(self, mechanism: AnyMechanism, asked: Sequence[AnyAttack]) -> Sequence[PlannedGame]:
        # The released table was made in one way already; a protection now comes after it.
        known = None if self.made_by is None else in_order([self.made_by, mechanism])
        game = replace(self.game, mechanism=mechanism, made_by=known)
        return [PlannedGame(game=game, worlds=self.held.folds, attacks=asked)]

    def context(self, release: AuditedRelease, count: Count) -> Context:
        people, trait = self.people, self.held.trait
        items = people.items if people.released is None else people.released
        # The panel of the first part stands for all: parts are of nearly equal size.
        doubts = unsaid(people.released, self.made_by)
        panel, blank = int((self.game.part != 0).sum()), int(self._look(release).blank.sum())
        kind = {"binary": "yes or no", "number": "a number"}.get(people.kind, f"{people.classes} classes")
        return Context(
            subject=f"Somebody who knows the likes and the {trait} of {count(panel)} others",
            adversary=(
                f"The adversary learned from {count(panel)} people whose {trait} it knows, as released"
                + (", and knows how the likes were protected." if not doubts else "."),
                f"What it claims of a person: {people.claim}.",
            ),
            about={
                made_from(release): f"{count(len(items))} likes of {count(items.people)} people, "
                f"{count(items.items)} items",
                "trait": f"{trait}, {kind}; the claim: {people.claim}",
                "protection": "none" if release.name == UNPROTECTED else release.name,
                "compared": f"every person once, in {self.held.folds} parts; learned from the other parts",
            },
            notes=(beside.NO_COIN,),
            warnings=doubts,
            internal_notes=(*people.left_out, *[f"{blank:,} {beside.BLANK}"] * (blank > 0)),
        )

    def exhibits(self, release: AuditedRelease) -> Sequence[Exhibit]:
        view, rng = release.worlds[0].case.view, self.settings.rng("left out one by one")
        # One attack for the closer look, whatever the strongest is: its weights say which items tell.
        look, attack = self._look(release), _learner(release.attacks)
        return (
            *beside.ascriptions(beside.named(release), self.people),
            *counterfactuals(self.people, view, look, attack=attack, rng=rng),
        )

    def targets(self, release: AuditedRelease) -> pl.DataFrame:
        return targets_of(self.people, self._look(release))

    def risk(self, release: AuditedRelease, plain: AuditedRelease) -> Estimate | None:
        # The same attack for every release, or the comparison would be one of attacks.
        found = release.of(_learner(release.attacks))
        return None if found is None else measure(found).auc

    def utility(self, release: AuditedRelease) -> Measured:
        part, world = self.game.part, release.worlds[0]
        splits = [
            # Learned from what is released, and tested on people's true likes.
            (w.case.view.take(np.flatnonzero(part != i)), self.game.items.take(np.flatnonzero(part == i)))
            for i, w in enumerate(release.worlds)
        ]
        kept, true = pairs_kept(world.case.view, world.source)
        return {
            "items kept": round(items_kept(world.case.view, world.source), 3),
            "likes kept": round(kept, 3),
            "true among the likes": round(true, 3),
            "hit rate of 10 recommendations": hit_rate(splits, rng=self.settings.rng("recommending")),
        }

    def _look(self, release: AuditedRelease) -> Crossed:
        """One cross-validation of `likes-tfidf` in the release's worlds, done once."""
        # Context, exhibits and targets all ask for it, and it trains a model for each part.
        if release.name not in self._crossed:
            views = [world.case.view for world in release.worlds]
            attack = _learner(release.attacks)
            self._crossed[release.name] = crossed(self.people, views, self.game.part, attack=attack)
        return self._crossed[release.name]


def _learner(attacks: Sequence[AnyAttack]) -> LikesTfIdf:
    """The `likes-tfidf` by which risk and counterfactuals are measured: the user's, or its default."""
    return next((attack for attack in attacks if isinstance(attack, LikesTfIdf)), LikesTfIdf())


SPEC = AuditSpec(
    name="likes",
    question="What do people's likes give away about a trait of theirs?",
    goal="attribute",
    record=Likes,
    read=read,
    attacks=ALL,
    protections=PROTECTIONS,
    risk="AUC of likes-tfidf",
    across="hit rate of 10 recommendations",
)
