"""You want to train a model: what would it give away under which budget, and how good would it be?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from confide.attacks.membership import RMIA, LiRA, Loss
from confide.audits.learner.exhibits import promised_and_found
from confide.audits.learner.protections import PROTECTIONS
from confide.audits.release import AuditedRelease, PlannedGame
from confide.audits.settings import Settings
from confide.audits.spec import AuditSpec, Context, Count
from confide.core.estimate import Estimate, Measured
from confide.core.nouns import AnyAttack, AnyMechanism
from confide.core.who import standing, table_of
from confide.games.membership.models import IndependentWorlds
from confide.inputs.learner import Learner, LearnerData, read_learner
from confide.measure import measure, proportion
from confide.mechanisms.learn.private_training import PrivateTraining
from confide.report import Exhibit

ACCURACY = "share of held-out records that the model gets right"


def read(held: Learner, *, settings: Settings) -> LearnerSubject:
    """Read the records and hold a fifth out.

    Raises:
        DataError: if they cannot be used.
    """
    return LearnerSubject(read_learner(held, rng=settings.rng("held out")), held)


@dataclass(frozen=True, slots=True)
class LearnerSubject:
    """Records to train on, and the ways of training that are compared.

    Args:
        data: read.
        held: what the user gave.
    """

    data: LearnerData
    held: Learner

    @property
    def name(self) -> str:
        return self.data.name

    def games(self, mechanism: AnyMechanism, asked: Sequence[AnyAttack]) -> Sequence[PlannedGame]:
        classes, radius = len(self.data.public.classes), self.data.public.columns.radius
        # "As they are": the model without any promise.
        way = mechanism if isinstance(mechanism, PrivateTraining) else PrivateTraining()
        game = IndependentWorlds(
            mechanism=replace(way, classes=classes, radius=radius),  # pyright: ignore[reportArgumentType]
            records=self.data.records,
            references=self.held.references,
            classes=classes,
        )
        return [PlannedGame(game=game, attacks=asked)]

    def context(self, release: AuditedRelease, count: Count) -> Context:
        promised = "nothing" if release.promise is None else str(release.promise)
        return Context(
            adversary=(
                "It held the model, knew every record, and trained "
                f"{self.held.references} reference models in the same way.",
            ),
            about={
                "model": "a regression on "
                f"{len(self.data.public.columns.columns)} columns, trained on about half of "
                f"{count(len(self.data.records))} records",
                "promised": promised,
            },
            notes=("The model that you publish would be trained on all records, and be a little better.",),
        )

    def exhibits(self, release: AuditedRelease) -> Sequence[Exhibit]:
        return [promised_and_found(release)]

    def targets(self, release: AuditedRelease) -> pl.DataFrame:
        who = standing(self.data.name, row=self.data.rows + 1)
        return table_of(np.arange(len(self.data.rows)), who)

    def risk(self, release: AuditedRelease, plain: AuditedRelease, *, confidence: float) -> Estimate | None:
        # The attack that is strongest without a promise, for all: others could not be compared.
        if not plain.evidence:
            return None
        best = max(plain.evidence, key=lambda e: measure(e).auc.value).attack
        found = next((e for e in release.evidence if e.attack == best), None)
        return None if found is None else measure(found, confidence=confidence).auc

    def utility(self, release: AuditedRelease) -> Measured:
        test, view = self.data.held_out, release.worlds[0].case.view
        right = view.predict(test.x).argmax(axis=1) == test.y
        return {ACCURACY: proportion(int(right.sum()), len(right), confidence=0.95)}


SPEC = AuditSpec(
    name="learner",
    question="What would a model that is trained on these records give away, and under which budget?",
    goal="membership of a learner",
    record=Learner,
    read=read,
    attacks=(Loss, RMIA, LiRA),
    protections=PROTECTIONS,
    risk="AUC of the attack that is strongest without a promise",
    across=ACCURACY,
)
