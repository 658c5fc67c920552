"""You train with differential privacy: does the training keep its promise?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from confide.attacks.membership.training import ALL, GRADIENTS, MODEL
from confide.audits.release import AuditedRelease, PlannedGame
from confide.audits.settings import Settings
from confide.audits.spec import AuditSpec, Context, Count
from confide.audits.training.context import context_of
from confide.audits.training.depths import Depths, depths
from confide.audits.training.exhibits import exhibits_of
from confide.audits.training.foretold import foretold
from confide.core.errors import AccessError
from confide.core.estimate import Estimate, Measured
from confide.core.language import keep
from confide.core.nouns import AnyAttack, AnyMechanism
from confide.games.membership.training import CanariesInTraining
from confide.inputs.training import Training, TrainingData, read_training
from confide.report import Exhibit, Skipped


def read(held: Training, *, settings: Settings) -> TrainingSubject:
    """Read the function and the records; say at once what the audit cannot see.

    Raises:
        ModelError, DataError: if they cannot be used.
    """
    data = read_training(held)
    beyond = foretold(held)
    if beyond:
        settings.say(beyond)
    return TrainingSubject(data, held, settings.attacks is not None, settings)


@dataclass(frozen=True, slots=True)
class TrainingSubject:
    """A training function and the records it is tried on.

    Args:
        data: read.
        held: what the user gave.
        asked: whether the user chose attacks.
        settings: of the audit.
    """

    data: TrainingData
    held: Training
    asked: bool
    settings: Settings

    @property
    def name(self) -> str:
        return self.data.name

    @property
    def game(self) -> CanariesInTraining:
        """One training with canaries."""
        return CanariesInTraining(
            train=self.data.train,
            name=self.data.name,
            known=self.data.records,
            canaries=self.held.canaries,
            classes=self.data.classes,
            promise=self.held.promise,
            access=self.held.access,
        )

    def games(self, mechanism: AnyMechanism, asked: Sequence[AnyAttack]) -> Sequence[PlannedGame]:
        able = GRADIENTS if self.held.access == "gradients" else MODEL
        fit = [attack for attack in asked if type(attack) in able or type(attack) not in ALL]
        skipped = [
            Skipped.because(
                attack.name,
                AccessError(keep("{attack} needs other access: see --access.", attack=attack.name)),
            )
            for attack in asked
            if attack not in fit and (self.asked or not fit)
        ]
        # Not kept on disk: the user's function may have changed.
        return [
            PlannedGame(game=self.game, attacks=fit, skipped=skipped, kept=False, promise=self.held.promise)
        ]

    def depths(self, release: AuditedRelease) -> Depths:
        """Conformance and the audit of single steps, done once."""
        return release.once("depths", lambda: depths(self.game, release, rng=self.settings.rng("steps")))

    def context(self, release: AuditedRelease, count: Count) -> Context:
        return context_of(self.data, self.held, self.depths(release), count)

    def exhibits(self, release: AuditedRelease) -> Sequence[Exhibit]:
        return exhibits_of(self.held, self.depths(release), release)

    def targets(self, release: AuditedRelease) -> pl.DataFrame | None:
        return None  # canaries are nobody

    def risk(self, release: AuditedRelease, plain: AuditedRelease, *, confidence: float) -> Estimate | None:
        return None

    def utility(self, release: AuditedRelease) -> Measured:
        return {}


SPEC = AuditSpec(
    trains=True,
    name="training",
    question="Does a private training keep the promise that it makes?",
    goal="membership of canaries",
    record=Training,
    read=read,
    attacks=ALL,
)
