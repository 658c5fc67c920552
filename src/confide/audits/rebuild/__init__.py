"""You hold a trained model: can the last of its training records be rebuilt from its weights?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from confide.attacks.reconstruction import model as room
from confide.attacks.reconstruction.model import InformedRebuild
from confide.audits.rebuild.context import context_of
from confide.audits.rebuild.exhibits import exhibits_of
from confide.audits.rebuild.looks import looked_at, optimum_of
from confide.audits.release import AuditedRelease, PlannedGame
from confide.audits.settings import Settings
from confide.audits.spec import AuditSpec, Context, Count
from confide.core.arrays import Ints
from confide.core.estimate import Estimate, Measured
from confide.core.nouns import AnyAttack, AnyMechanism
from confide.core.who import table_of, whose
from confide.games.reconstruction.models import ReleasedModel
from confide.inputs.rebuild import Rebuild, RebuildData, read_rebuild
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
        data, found = self.data, optimum_of(self.data)
        game = ReleasedModel(
            view=data.view,
            records=data.records,
            member=data.member,
            asked=data.asked,
            penalty=0.0 if found is None else found.penalty,
            radius=data.held.radius,
            promise=data.held.promise,
        )
        # A live model has no content that a key could be made from.
        return [
            PlannedGame(
                game=game, attacks=asked, kept=False, promise=data.held.promise, person=self._person()
            )
        ]

    def context(self, release: AuditedRelease, count: Count) -> Context:
        return context_of(self.data, release, looked_at(release, self.data), count)

    def exhibits(self, release: AuditedRelease) -> Sequence[Exhibit]:
        return exhibits_of(self.data, release, looked_at(release, self.data))

    def targets(self, release: AuditedRelease) -> pl.DataFrame:
        read = self.data.read
        # Targets are numbered by their place among all records, and `who` stands in the order of `read.at`.
        order = np.argsort(read.at)
        return table_of(read.at[order], read.who[order])

    def _person(self) -> Ints | None:
        """Whom each of all records is about: several of one person are no several people."""
        read = self.data.read
        known = whose(read.who)
        if known is None:
            return None
        # Copies that are not asked about stand for nobody.
        person = known.max() + 1 + np.arange(len(self.data.records))
        person[read.at] = known
        return person

    def risk(self, release: AuditedRelease, plain: AuditedRelease, *, confidence: float) -> Estimate | None:
        return None

    def utility(self, release: AuditedRelease) -> Measured:
        return {}


SPEC = AuditSpec(
    name="rebuild",
    question="Can a training record be rebuilt from this model?",
    goal="rebuilt records",
    record=Rebuild,
    read=read,
    attacks=(InformedRebuild,),
    known=room.ALL,
)
