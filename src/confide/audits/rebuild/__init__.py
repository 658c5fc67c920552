"""You hold a trained model: can its training records be rebuilt from its weights?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from confide.attacks.reconstruction import model as room
from confide.attacks.reconstruction.model import InformedRebuild, KktReconstruction
from confide.audits.kept import keyed_by_content
from confide.audits.rebuild import weights
from confide.audits.rebuild.context import context_of
from confide.audits.rebuild.exhibits import exhibits_of
from confide.audits.rebuild.looks import looked_at, optimum_of
from confide.audits.release import AuditedRelease, PlannedGame
from confide.audits.settings import Settings
from confide.audits.spec import AuditSpec, Context, Count
from confide.core.estimate import Estimate, Measured
from confide.core.nouns import AnyAttack, AnyMechanism
from confide.core.who import table_of
from confide.games.reconstruction.models import ReleasedModel
from confide.inputs.rebuild import Rebuild, RebuildData, read_rebuild
from confide.models.hidden_layer import hidden_layer_of
from confide.report import Exhibit


def read(held: Rebuild, *, settings: Settings) -> RebuildSubject:
    """Load the model and both sides, and refuse what cannot be audited.

    Raises:
        DataError, ModelError: one sentence on what is wrong and what to do.
    """
    return RebuildSubject(read_rebuild(held, rng=settings.rng("order of targets")), settings)


@dataclass(frozen=True, slots=True)
class RebuildSubject:
    """A model with all its training records, and those that are asked about."""

    data: RebuildData
    settings: Settings

    @property
    def name(self) -> str:
        return self.data.read.name

    def games(self, mechanism: AnyMechanism, asked: Sequence[AnyAttack]) -> Sequence[PlannedGame]:
        alone = [attack for attack in asked if isinstance(attack, KktReconstruction)]
        others = [attack for attack in asked if attack not in alone]
        network = hidden_layer_of(self.data.view) is not None
        if self.settings.attacks is None:
            # Each reads models that the other does not: what nobody asked for and cannot run is not named.
            alone, others = (alone, []) if network else ([], others)
        planned = [self._informed(others)] if others else []
        return [*planned, weights.planned(self.data, alone)] if alone else planned

    def _informed(self, asked: Sequence[AnyAttack]) -> PlannedGame:
        data, found = self.data, optimum_of(self.data)
        game = ReleasedModel(
            view=data.view,
            records=data.records,
            member=data.member,
            asked=data.asked,
            penalty=0.0 if found is None else found.penalty,
            free_intercept=found is not None and found.free_intercept,
            radius=data.held.radius,
            promise=data.held.promise,
        )
        return PlannedGame(
            game=game,
            attacks=asked,
            kept=False,
            keyed=keyed_by_content(game),
            promise=data.held.promise,
            person=data.person,
        )

    def context(self, release: AuditedRelease, count: Count) -> Context:
        if release.goal == weights.GOAL:
            return weights.context_of(self.data, release, count)
        return context_of(self.data, release, looked_at(release, self.data), count)

    def exhibits(self, release: AuditedRelease) -> Sequence[Exhibit]:
        if release.goal == weights.GOAL:
            return weights.exhibits_of(self.data, release)
        return exhibits_of(self.data, release, looked_at(release, self.data))

    def targets(self, release: AuditedRelease) -> pl.DataFrame:
        read = self.data.read
        # Targets are numbered by their place among all records, and `who` stands in the order of `read.at`.
        order = np.argsort(read.at)
        return table_of(read.at[order], read.who[order])

    def risk(self, release: AuditedRelease, plain: AuditedRelease, *, confidence: float) -> Estimate | None:
        return None

    def utility(self, release: AuditedRelease) -> Measured:
        return {}


SPEC = AuditSpec(
    trains=True,
    name="rebuild",
    question="Can a training record be rebuilt from this model?",
    goal="rebuilt records",
    record=Rebuild,
    read=read,
    attacks=(InformedRebuild, KktReconstruction),
    known=room.ALL,
)
