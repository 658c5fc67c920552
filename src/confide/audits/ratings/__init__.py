"""You hold ratings: can somebody who knows a few of a person's ratings find that person's record?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import polars as pl

from confide.attacks.linkage import Counting, Entropic, Likelihood, Scoreboard
from confide.audits.protections import made_by, unsaid
from confide.audits.ratings import exhibits as beside
from confide.audits.ratings.games import game_on, knowledge
from confide.audits.ratings.protections import PROTECTIONS
from confide.audits.release import AuditedRelease, PlannedGame, made_from
from confide.audits.settings import Settings
from confide.audits.spec import AuditSpec, Context, Count
from confide.core.estimate import Estimate, Measured
from confide.core.nouns import AnyAttack, AnyMechanism
from confide.games.linkage.ratings import RatingsLinkage
from confide.inputs.ratings import Ratings, RatingsData, read_ratings
from confide.measure.identification import at_false_match_rate, rank_one
from confide.mechanisms.in_order import in_order
from confide.report import Exhibit
from confide.utility.ratings import hit_rate, items_kept


def read(held: Ratings, *, settings: Settings) -> RatingsSubject:
    """Read and check the ratings.

    Raises:
        DataError: if a file or column cannot be used, or too few people have enough facts.
    """
    made = made_by(held.released, held.made_by, PROTECTIONS)
    return subject_of(held, read_ratings(held), settings=settings, made_by=made)


def subject_of(
    held: Ratings, data: RatingsData, *, settings: Settings, made_by: AnyMechanism | None = None
) -> RatingsSubject:
    """Plan the game on ratings that are read already.

    Args:
        made_by: how a released file was made, as the adversary knows it.

    Raises:
        DataError: if too few people have enough facts.
    """
    game = game_on(held, data, rng=settings.rng("targets"))
    return RatingsSubject(data, game, settings, made_by)


@dataclass(frozen=True, slots=True)
class RatingsSubject:
    """Ratings, read and coded, and the game that is played on them."""

    data: RatingsData
    game: RatingsLinkage
    settings: Settings
    made_by: AnyMechanism | None = None
    _closer_looks: dict[str, beside.Closer] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return self.data.name

    def games(self, mechanism: AnyMechanism, asked: Sequence[AnyAttack]) -> Sequence[PlannedGame]:
        game = self._under(mechanism)
        return [PlannedGame(game=game, worlds=game.parts, attacks=asked)]

    def context(self, release: AuditedRelease, count: Count) -> Context:
        game, knowing, records = self.game, self.game.knowing, self.game.records
        shown = records if game.released is None else game.released
        has = [w for w, there in (("ratings", shown.rating), ("dates", shown.day)) if there is not None]
        # Said, because their risk was not measured: it may be another.
        few = int((records.counts() > 0).sum() - knowing.eligible(records).sum())
        return Context(
            subject=f"Somebody who knows {knowing.facts} facts about a person, {knowing.wrong} of them "
            "wrong,",
            adversary=knowledge(game, informed=game.released is None or self.made_by is not None),
            warnings=unsaid(game.released, self.made_by),
            about={
                made_from(
                    release
                ): f"{count(len(shown))} rows of {count(int((shown.counts() > 0).sum()))} people and "
                f"{count(int((shown.raters() > 0).sum()))} items, with "
                f"{' and '.join(has) or 'no ratings or dates'}; people under random numbers",
                "asked about": f"{count(len(game.targets))} people"
                + f", in {game.parts} rounds" * (game.parts > 1)
                + (
                    "; a fair coin decides who of them is held out of the release"
                    if game.coin
                    else ", those absent by themselves"
                ),
            },
            notes=[*self.data.notes, *[beside.HELD_OUT] * (game.coin and game.released is not None)],
            internal_notes=[*self.data.counted, *[f"{few:,} {beside.TOO_FEW}"] * (few > 0)],
        )

    def exhibits(self, release: AuditedRelease) -> Sequence[Exhibit]:
        closer = self._closer(release)
        plot, numbers = beside.few_facts(closer)
        return (beside.threshold_table(closer), plot, numbers, beside.easiest_table(closer.people))

    def targets(self, release: AuditedRelease) -> pl.DataFrame:
        return self._closer(release).people

    def risk(self, release: AuditedRelease, plain: AuditedRelease) -> Estimate | None:
        # The best attack on the unprotected release is asked of each: another choice a release would compare
        # attacks.
        best = beside.best_of(plain.evidence, plain.attacks) if plain.evidence else None
        found = None if best is None else release.of(best)
        if found is None:
            return None
        at = at_false_match_rate(found, rate=beside.RATES[0])
        # With too few absent people for a rate of 5 %, the share whose own record fits best stands in.
        return rank_one(found) if at is None else at.right

    def utility(self, release: AuditedRelease) -> Measured:
        first = release.worlds[0]
        splits = [
            # Learned from the release, and tested on the people who were held out of it.
            (world.case.view, self.game.records.take(np.sort(world.ids[~world.exposed])))
            for world in release.worlds
            if world.ids is not None
        ]
        return {
            "items kept": items_kept(first.case.view, first.source),
            "hit rate at 10": hit_rate(splits, rng=self.settings.rng("recommending")),
        }

    def _under(self, mechanism: AnyMechanism) -> RatingsLinkage:
        """The game on the release of this mechanism, of which the adversary knows how it was made in all."""
        known = None if self.made_by is None else in_order([self.made_by, mechanism])
        return replace(self.game, mechanism=mechanism, made_by=known)

    def _closer(self, release: AuditedRelease) -> beside.Closer:
        # Exhibits and targets both ask, and it plays the attack again for each number of facts.
        if release.name not in self._closer_looks:
            best = beside.best_of(release.evidence, release.attacks)
            game = self._under(release.mechanism)
            closer = beside.Closer(release=release, game=game, best=best, data=self.data)
            self._closer_looks[release.name] = closer
        return self._closer_looks[release.name]


SPEC = AuditSpec(
    name="ratings",
    question="Can somebody who knows a few ratings of a person find that person's record?",
    goal="linkage",
    record=Ratings,
    read=read,
    attacks=(Scoreboard, Likelihood, Entropic, Counting),
    protections=PROTECTIONS,
    risk="recognised by the best attack at 5% false matches",
    across="hit rate at 10",
)
