"""You want to train a model: what would it give away under which budget, and how good would it be?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from confide.attacks.membership import RMIA, GradientLikelihood, LiRA, Loss
from confide.audits.frontier import Beside
from confide.audits.learner.exhibits import promised_and_found
from confide.audits.learner.promised import broken_by_membership, curve_of, strongest
from confide.audits.learner.protections import PROTECTIONS
from confide.audits.learner.rebuilt import broken_by_rebuilding, rebuilding_of, rebuilding_table
from confide.audits.release import AuditedRelease, PlannedGame
from confide.audits.settings import Settings
from confide.audits.spec import AuditSpec, Context, Count
from confide.core.errors import DataError
from confide.core.estimate import Estimate, Measured
from confide.core.language import later, t
from confide.core.nouns import AnyAttack, AnyMechanism
from confide.core.who import standing, table_of
from confide.games.membership.models import IndependentWorlds
from confide.inputs.learner import Learner, LearnerData, read_learner
from confide.measure import measure, proportion
from confide.mechanisms.learn.private_training import PrivateTraining
from confide.report import Exhibit
from confide.report.rates import one_in

ACCURACY = later("share of held-out records that the model gets right")


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
        if way.way == "sgd" and self.data.build is None:
            raise DataError(
                "noisy steps on samples (sgd) train a PyTorch module: name one with --model mypkg.net:build, "
                "or train by gradient."
            )
        made = replace(way, classes=classes, radius=radius, build=self.data.build)
        game = IndependentWorlds(
            mechanism=made,  # pyright: ignore[reportArgumentType]
            records=self.data.records,
            references=self.held.references,
            classes=classes,
        )
        # How the model was trained is no secret (Kerckhoffs): the adversary solves the same equations.
        informed = GradientLikelihood(penalty=made.penalty, clip=made.clip)
        told = [informed if attack == GradientLikelihood() else attack for attack in asked]
        # A module's code has no content that a key could be made from.
        return [PlannedGame(game=game, attacks=told, kept=self.data.build is None)]

    def context(self, release: AuditedRelease, count: Count) -> Context:
        promised = t("nothing") if release.promise is None else str(release.promise)
        trained = {"columns": len(self.data.public.columns.columns), "records": count(len(self.data.records))}
        return Context(
            adversary=(
                t(
                    "It held the model, knew every record, and trained {n} reference models in the same way.",
                    n=self.held.references,
                ),
                t("To rebuild a record it knew, besides, all others that trained the model."),
            ),
            about={
                t("model"): (
                    t(
                        "a regression on {columns} columns, trained on about half of {records} records",
                        **trained,
                    )
                    if self.data.build is None
                    else t(
                        "a PyTorch module on {columns} columns, trained on about half of {records} records",
                        **trained,
                    )
                ),
                t("promised"): promised,
            },
            broken={
                **broken_by_membership(release),
                **broken_by_rebuilding(rebuilding_of(self.data, release), promised),
            },
            notes=(t("The model that you publish would be trained on all records, and be a little better."),),
        )

    def exhibits(self, release: AuditedRelease) -> Sequence[Exhibit]:
        return [promised_and_found(release), rebuilding_table(rebuilding_of(self.data, release))]

    def targets(self, release: AuditedRelease) -> pl.DataFrame:
        who = standing(self.data.name, row=self.data.rows + 1)
        return table_of(np.arange(len(self.data.rows)), who)

    def risk(self, release: AuditedRelease, plain: AuditedRelease, *, confidence: float) -> Estimate | None:
        # The strongest on each release: what is strong without a promise need not be so under one.
        found = [measure(e, confidence=confidence).auc for e in release.evidence]
        return max(found, key=lambda auc: (auc.low, auc.value), default=None)

    def beside(self, release: AuditedRelease, confidence: float) -> Mapping[str, Beside]:
        """The strongest attack at a low rate of false claims, and rebuilding, with what is promised."""
        curve, look = curve_of(release), rebuilding_of(self.data, release)
        # The lowest of both rates that the records resolve: 1 in 100, or with few records 1 in 10.
        fpr = 0.01 if int((~release.worlds[0].exposed).sum()) >= 100 else 0.1
        found = strongest(release, fpr, confidence=confidence)
        most = None if curve is None else curve.tpr(fpr)
        return {
            t("members found, wrong about {fpr} others", fpr=one_in(fpr)): Beside(found=found, most=most),
            t("records rebuilt"): Beside(found=look.share(), most=look.most),
        }

    def utility(self, release: AuditedRelease) -> Measured:
        test, view = self.data.held_out, release.worlds[0].case.view
        right = view.predict(test.x).argmax(axis=1) == test.y
        return {ACCURACY: proportion(int(right.sum()), len(right), confidence=0.95)}


SPEC = AuditSpec(
    trains=True,
    name="learner",
    question="What would a model that is trained on these records give away, and under which budget?",
    goal="membership of a learner",
    record=Learner,
    read=read,
    attacks=(Loss, RMIA, LiRA, GradientLikelihood),
    protections=PROTECTIONS,
    risk=later("AUC of the strongest membership attack"),
    across=ACCURACY,
    beside=LearnerSubject.beside,
)
