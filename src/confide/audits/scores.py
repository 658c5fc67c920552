"""You hold scores: measure evidence that was made anywhere, by anything."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from confide.audits.release import AuditedRelease, PlannedGame
from confide.audits.settings import Settings
from confide.audits.spec import AuditSpec, Context, Count
from confide.core.estimate import Estimate, Measured
from confide.core.language import t
from confide.core.nouns import AnyAttack, AnyMechanism
from confide.inputs.scores import Scores, ScoresData, read_scores
from confide.report import Exhibit


def read(held: Scores, *, settings: Settings) -> ScoresSubject:
    """Read the evidence.

    Raises:
        DataError, EvidenceError: if the file or its columns cannot be read.
    """
    return ScoresSubject(read_scores(held))


@dataclass(frozen=True, slots=True)
class ScoresSubject:
    """Evidence made elsewhere: there is nothing to play, and nothing is known of the release."""

    data: ScoresData

    @property
    def name(self) -> str:
        return self.data.name

    def games(self, mechanism: AnyMechanism, asked: Sequence[AnyAttack]) -> Sequence[PlannedGame]:
        # No game: who was held out, and by which coin, was decided elsewhere.
        return [PlannedGame(game=None, found=self.data.evidence)]

    def context(self, release: AuditedRelease, count: Count) -> Context:
        # All that is known is the direction of the scores, and a reader must know it to check the findings.
        about = {t("release"): t("scores made elsewhere; higher = surer that a person was in the data")}
        return Context(adversary=(), about=about)

    def exhibits(self, release: AuditedRelease) -> Sequence[Exhibit]:
        return ()

    def targets(self, release: AuditedRelease) -> pl.DataFrame:
        return self.data.targets

    def risk(self, release: AuditedRelease, plain: AuditedRelease, *, confidence: float) -> Estimate | None:
        return None

    def utility(self, release: AuditedRelease) -> Measured:
        return {}


SPEC = AuditSpec(
    name="scores",
    question="Do these scores tell people in the data from people outside it?",
    goal="membership",
    record=Scores,
    read=read,
)
