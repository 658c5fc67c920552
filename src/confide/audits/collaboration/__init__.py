"""You train one model together with others: what does each party find out about the others' people?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from confide.attacks.blind import Blind
from confide.attacks.membership.updates import ALL
from confide.audits.collaboration.context import context_of
from confide.audits.collaboration.exhibits import envelopes_table, parties_table
from confide.audits.release import AuditedRelease, PlannedGame
from confide.audits.settings import Settings
from confide.audits.spec import AuditSpec, Context, Count
from confide.core.errors import AccessError
from confide.core.estimate import Estimate, Measured
from confide.core.language import keep
from confide.core.nouns import AnyAttack, AnyMechanism
from confide.core.transcript import EAVESDROPPER
from confide.core.who import table_of
from confide.games.membership.updates import RecordedRun
from confide.inputs.collaboration import Collaboration
from confide.inputs.collaboration_data import CollaborationData, read_collaboration
from confide.knowledge.models import Background
from confide.report import Exhibit, Skipped

KNOWN_SHARE = 0.5
"""The share of the targets whose membership a supervised adversary knows; it is judged on the others."""


def read(held: Collaboration, *, settings: Settings) -> CollaborationSubject:
    """Read the transcript and the records in question.

    Raises:
        DataError, AccessError: one sentence on what is wrong and what to do.
    """
    return CollaborationSubject(read_collaboration(held, rng=settings.rng("order of targets")))


@dataclass(frozen=True, slots=True)
class CollaborationSubject:
    """A recorded run, seen by a party.

    Args:
        data: read.
    """

    data: CollaborationData

    @property
    def name(self) -> str:
        return self.data.name

    def games(self, mechanism: AnyMechanism, asked: Sequence[AnyAttack]) -> Sequence[PlannedGame]:
        data, attacks, skipped = self.data, list(asked), list[Skipped]()
        if data.parties == (EAVESDROPPER,):
            # Neither updates nor models are seen. What is left is what can be said without any.
            blind = AccessError(
                keep("it needs updates or models, and an eavesdropper sees sizes and times of messages alone")
            )
            skipped = [Skipped.because(attack.name, blind) for attack in attacks]
            attacks = [Blind()]
        game = RecordedRun(
            transcript=data.transcript,
            parties=data.parties,
            targets=data.targets,
            member=data.member,
            model=data.model,
            about=data.about,
            background=Background(classes=data.classes),
            told=KNOWN_SHARE,  # shown to those attacks alone that name it in their type
        )
        promise = data.promised_to(*data.parties)
        # Not kept on disk: the model is made by a function, of which no key can be made.
        return [PlannedGame(game=game, attacks=attacks, skipped=skipped, kept=False, promise=promise)]

    def context(self, release: AuditedRelease, count: Count) -> Context:
        return context_of(self.data, release.of(Blind()), count)

    def exhibits(self, release: AuditedRelease) -> Sequence[Exhibit]:
        sizes = envelopes_table(self.data)
        return [parties_table(self.data, release), *([] if sizes is None else [sizes])]

    def targets(self, release: AuditedRelease) -> pl.DataFrame:
        return table_of(np.arange(len(self.data.who)), self.data.who)

    def risk(self, release: AuditedRelease, plain: AuditedRelease, *, confidence: float) -> Estimate | None:
        return None

    def utility(self, release: AuditedRelease) -> Measured:
        return {}


SPEC = AuditSpec(
    name="collaboration",
    question="What does a party of a collaboration find out about the others' people?",
    goal="membership in a collaboration",
    record=Collaboration,
    read=read,
    attacks=ALL,
)
