"""You hold answers of models that you trained: can the others tell whose records trained this one?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from confide.attacks import membership
from confide.audits.release import AuditedRelease, PlannedGame
from confide.audits.settings import Settings
from confide.audits.spec import AuditSpec, Context, Count
from confide.core.estimate import Estimate, Measured
from confide.core.language import t
from confide.core.nouns import AnyAttack, AnyMechanism
from confide.core.who import table_of
from confide.games.membership.models import TrainedModel
from confide.inputs.logits import Logits, LogitsData, read_logits
from confide.knowledge.models import Background, References
from confide.models.answers import Answers
from confide.models.given import GivenAnswers, numbered
from confide.report import Exhibit

USUAL = (
    membership.Blend,
    membership.Loss,
    membership.RMIA,
    membership.LiRA,
    membership.StudentT,
    membership.Calibrated,
)
"""Attacks that ask the models about nothing but the records themselves."""
KNOWN = (*USUAL, membership.BASE, membership.Reference, membership.Shadow, membership.Entropy)


def read(held: Logits, *, settings: Settings) -> LogitsSubject:
    """Read the logits.

    Raises:
        DataError: one sentence on what is wrong and what to do.
    """
    return LogitsSubject(read_logits(held))


@dataclass(frozen=True, slots=True)
class LogitsSubject:
    """A target model and references, known by their answers alone."""

    data: LogitsData

    @property
    def name(self) -> str:
        return self.data.name

    def games(self, mechanism: AnyMechanism, asked: Sequence[AnyAttack]) -> Sequence[PlannedGame]:
        data = self.data
        targets, which = numbered(data.y), data.references
        answers = Answers([GivenAnswers(outputs) for outputs in data.outputs], targets)
        references = References(answers, None, data.keep[which], tuple(which)) if which else None
        game = TrainedModel(
            view=GivenAnswers(data.outputs[data.target]),
            targets=targets,
            member=data.keep[data.target],
            background=Background(references=references, classes=data.outputs.shape[2]),
            randomised=data.coins,
        )
        return [PlannedGame(game=game, attacks=asked, kept=False)]

    def context(self, release: AuditedRelease, count: Count) -> Context:
        data, inside = self.data, int(self.data.keep[self.data.target].sum())
        coin = t("A fair coin decided for each record whether it trained the model, as its owner says.")
        said = t("all logits") if data.whole else t("the logit of the true class")
        return Context(
            adversary=(
                t("The adversary had {n} reference models, given by their answers.", n=len(data.references)),
            ),
            about={
                t("release"): t("a model that was asked elsewhere, number {n}", n=data.target),
                t("answers"): said,
                t("members"): t("{n} records that trained it", n=count(inside)),
                t("non-members"): t("{n} records that did not", n=count(len(data.y) - inside)),
            },
            notes=(coin,) if data.coins else (),
            access="black-box",
        )

    def exhibits(self, release: AuditedRelease) -> Sequence[Exhibit]:
        return ()

    def targets(self, release: AuditedRelease) -> pl.DataFrame:
        return table_of(np.arange(len(self.data.y)), self.data.who)

    def risk(self, release: AuditedRelease, plain: AuditedRelease, *, confidence: float) -> Estimate | None:
        return None

    def utility(self, release: AuditedRelease) -> Measured:
        return {}


SPEC = AuditSpec(
    name="logits",
    question="Do the answers of models that you trained yourself tell whose records trained one of them?",
    goal="membership",
    record=Logits,
    read=read,
    attacks=USUAL,
    known=KNOWN,
)
