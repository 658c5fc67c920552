"""You hold a synthetic file, and the real one it was made from: whom does it give away, and is it of use?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from confide.attacks.attribute import synthetic as attribute
from confide.attacks.attribute.table import CorrectAttribution, LearnedModel, NearestRecord
from confide.attacks.linkage import synthetic as describing_attacks
from confide.attacks.linkage.table import ManyColumns, OneColumn
from confide.attacks.membership import synthetic as membership_attacks
from confide.attacks.membership.synthetic import (
    ExactCopies,
    NearestRelative,
    NearestSynthetic,
    NeighbourDensity,
)
from confide.audits.release import AuditedRelease, PlannedGame
from confide.audits.right_claims import told
from confide.audits.settings import Settings
from confide.audits.spec import AuditSpec, Context, Count
from confide.audits.synthetic.by_card import by_card
from confide.audits.synthetic.context import context_of
from confide.audits.synthetic.copies import copy_exhibits
from confide.audits.synthetic.distances import distance_chart
from confide.audits.synthetic.exhibits import utility_exhibits
from confide.audits.synthetic.games import WORLDS, Membership, Sides, descriptions, membership, secrets, sides
from confide.audits.synthetic.generated import GENERATED, context_of_worlds, shadow_worlds
from confide.audits.synthetic.people import given_away, given_away_tables
from confide.audits.synthetic.told import described_table, told_people, told_table
from confide.audits.synthetic.usefulness import utility_of
from confide.core.errors import KnowledgeError
from confide.core.estimate import Estimate, Measured
from confide.core.language import keep, later
from confide.core.nouns import AnyAttack, AnyMechanism
from confide.inputs.synthetic import Synthetic, SyntheticData, read_synthetic
from confide.measure import measure
from confide.report import Exhibit, Skipped
from confide.utility.table.marginals import TWO

BEHIND, ALONE = "membership of a synthetic file", "membership without held-out people"
SECRETS, DESCRIBED = "secrets behind a synthetic file", "descriptions from a synthetic file"
"""The goals: who was behind the file, the same where nobody was held out, secrets, and descriptions."""

TELLING = (*attribute.ALL, CorrectAttribution, LearnedModel, NearestRecord)
"""Attacks on the secret: three of those on tables play on synthetic rows just as well."""
DESCRIBING = (*describing_attacks.ALL, ManyColumns, OneColumn)

COMPARABLE = (ExactCopies, NearestSynthetic, NearestRelative, NeighbourDensity)
"""Attacks whose scores mean the same in every file, so that two files can be compared by them."""

NO_SECRET = KnowledgeError(keep("no secret column is named (`--secret`)"))
NO_GENERATOR = KnowledgeError(keep("what made the file is not said (`--generator`, `--mechanism`)"))
OWN_SCALE = KnowledgeError(
    keep("its scores have another scale in each file, and nobody was held out (`--control`)")
)
NO_CONTROL = KnowledgeError(keep("nobody was held out (`--control`), and this compares with people who were"))


def read(held: Synthetic, *, settings: Settings) -> SyntheticSubject:
    """Read and compare the files, and say who is asked about.

    Raises:
        DataError: if a file or column cannot be used, or there are too few people.
    """
    data = read_synthetic(held, rng=settings.rng("in both"))
    both = sides(data)
    game = membership(held, data, both, rng=settings.rng("targets"))
    return SyntheticSubject(held, data, both, game, settings)


@dataclass(frozen=True, slots=True, eq=False)
class SyntheticSubject:
    """A synthetic file, the real people and those held out, and the game on who was behind it."""

    held: Synthetic
    data: SyntheticData
    both: Sides
    game: Membership
    settings: Settings

    @property
    def name(self) -> str:
        return self.data.name

    def games(self, mechanism: AnyMechanism, asked: Sequence[AnyAttack]) -> Sequence[PlannedGame]:
        telling = [attack for attack in asked if isinstance(attack, TELLING)]
        describing = [attack for attack in asked if isinstance(attack, DESCRIBING)]
        of_generator = (*membership_attacks.GENERATORS, *membership_attacks.MARGINS)
        behind = [a for a in asked if not isinstance(a, (*TELLING, *DESCRIBING, *of_generator))]
        skipped: list[Skipped] = []
        worlds, why = list[PlannedGame](), NO_GENERATOR
        try:
            rng = self.settings.rng("shadow worlds")
            worlds = shadow_worlds(self.held, self.data, self.both, asked, rng=rng)
        except KnowledgeError as failed:
            why = failed
        playing = {a.name for planned in worlds for a in planned.attacks}
        skipped += [
            Skipped.because(a.name, why)
            for a in asked
            if isinstance(a, of_generator) and a.name not in playing
        ]
        if not self.both.held_out:
            skipped += [Skipped.because(one.name, NO_CONTROL) for one in (*telling, *describing)]
            telling, describing = [], []
            skipped += [Skipped.because(one.name, OWN_SCALE) for one in behind if _own_scale(one)]
            behind = [one for one in behind if not _own_scale(one)]
        if not self.data.secret:
            skipped += [Skipped.because(one.name, NO_SECRET) for one in telling]
            telling = []
        goal = BEHIND if self.both.held_out else ALONE
        first = PlannedGame(
            game=self.game,
            worlds=WORLDS,
            attacks=behind,
            skipped=skipped,
            goal=goal,
            sides=not self.both.held_out,
            promise=None if self.data.card is None else self.data.card.promise,
        )
        planned = [first]
        if telling:
            told_of = secrets(self.held, self.data, self.both)
            planned.append(PlannedGame(game=told_of, attacks=telling, goal=SECRETS))
        if describing:
            out = descriptions(self.data, self.both)
            planned.append(PlannedGame(game=out, attacks=describing, goal=DESCRIBED))
        return [*planned, *worlds]

    def context(self, release: AuditedRelease, count: Count) -> Context:
        if release.goal == GENERATED:
            return context_of_worlds(release, self.held, count)
        # What the file is good for is said once, in the first section.
        of_use = None if release.aside else utility_of(release, self.data)
        return context_of(self.data, self.both, self.game, release, count, of_use=of_use)

    def exhibits(self, release: AuditedRelease) -> Sequence[Exhibit]:
        if release.goal == SECRETS:
            return (told_table(release, confidence=0.95),)
        if release.goal == DESCRIBED:
            return (described_table(release, confidence=0.95),)
        if release.goal == GENERATED:
            return ()
        return (
            *copy_exhibits(self.data, self.both),
            *given_away_tables(release, self.data, self.both, self.game),
            *distance_chart(release, held_out=self.both.held_out),
            *utility_exhibits(utility_of(release, self.data)),
            *by_card(self.data.card),
        )

    def targets(self, release: AuditedRelease) -> pl.DataFrame | None:
        if release.goal in (DESCRIBED, GENERATED):
            return None  # claims, and no people; or rows of worlds that were made for the audit
        if release.goal == SECRETS:
            return told_people(release, self.data)
        return given_away(release, self.data, self.both, self.game)

    def risk(self, release: AuditedRelease, plain: AuditedRelease, *, confidence: float) -> Estimate | None:
        if release.aside and release.goal != GENERATED:
            right = [told(e, confidence=confidence)[2] for e in release.evidence]
            return max(right, key=lambda risk: risk.value, default=None)
        best = max(release.evidence, key=lambda e: measure(e).auc.value, default=None)
        return None if best is None else measure(best, confidence=confidence).auc

    def utility(self, release: AuditedRelease) -> Measured:
        return utility_of(release, self.data).measured


def _own_scale(attack: AnyAttack) -> bool:
    return isinstance(attack, membership_attacks.FILES) and not isinstance(attack, COMPARABLE)


SPEC = AuditSpec(
    name="synthetic",
    question="Whom does a synthetic file give away of the people behind it, and is it of use?",
    goal=BEHIND,
    record=Synthetic,
    read=read,
    attacks=(
        *membership_attacks.ALL,
        *TELLING,
        *DESCRIBING,
    ),
    risk=later("AUC of the strongest attack"),
    risks={
        SECRETS: later("told rightly behind the file, minus held out"),
        DESCRIBED: later("singled out behind the file, minus held out"),
        GENERATED: later("AUC of the strongest attack in shadow worlds"),
    },
    across=TWO,
    good="low",
    gated=True,
)
