"""You train one model together with others: what does each party find out about the others' people?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from confide.attacks.blind import Blind
from confide.audits.collaboration import properties, rebuilding
from confide.audits.collaboration.attacks import ALL, ASKING, COUNTING, NAMING, PROPERTY, REBUILDING
from confide.audits.collaboration.context import context_of
from confide.audits.collaboration.exchanged import left_of
from confide.audits.collaboration.exhibits import clients_table, envelopes_table, parties_table
from confide.audits.release import AuditedRelease, PlannedGame
from confide.audits.settings import Settings
from confide.audits.spec import AuditSpec, Context, Count
from confide.core.errors import AccessError
from confide.core.estimate import Estimate, Measured
from confide.core.language import keep
from confide.core.nouns import AnyAttack, AnyMechanism
from confide.core.transcript import EAVESDROPPER
from confide.core.who import table_of
from confide.games.membership.updates import RecordedClients, RecordedRun
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
        data, skipped = self.data, list[Skipped]()
        others = (*REBUILDING, *COUNTING, *NAMING, *ASKING)
        attacks = [attack for attack in asked if not isinstance(attack, others)]
        built, unplayed = rebuilding.planned(data, asked)
        about, unasked = properties.planned(data, asked)
        if data.parties == (EAVESDROPPER,):
            # Neither updates nor models are seen. What is left is what can be said without any.
            blind = AccessError(
                keep("it needs updates or models, and an eavesdropper sees sizes and times of messages alone")
            )
            skipped = [Skipped.because(attack.name, blind) for attack in attacks]
            attacks = [Blind()]
        elif data.exchanged:
            attacks, skipped = left_of(attacks)
            attacks = attacks or [Blind()]
        games = [self._membership(attacks), *built, *about]
        # Without attacks a game says nothing; but where nothing can be played, the reasons have to be said.
        there = [one for one in games if one.attacks] or games[:1]
        return [replace(there[0], skipped=(*skipped, *unplayed, *unasked)), *there[1:]]

    def _membership(self, attacks: Sequence[AnyAttack]) -> PlannedGame:
        data = self.data
        runs = tuple(
            RecordedRun(
                transcript=data.transcript,
                parties=data.parties,
                targets=data.targets.take(rows),
                member=data.member[rows],
                model=data.model,
                about=about,
                background=Background(classes=data.classes),
                told=KNOWN_SHARE,  # shown to those attacks alone that name it in their type
                ids=rows,
            )
            for about, rows in zip(data.asked, data.rows, strict=True)
        )
        return PlannedGame(
            game=RecordedClients(runs=runs),
            attacks=attacks,
            worlds=len(runs),
            # Not kept on disk: the model is made by a function, of which no key can be made.
            kept=False,
            promise=data.promised_to(*data.parties),
            alternatives=[(k,) for k in range(len(runs))] if len(runs) > 1 else (),
        )

    def context(self, release: AuditedRelease, count: Count) -> Context:
        if release.goal == PROPERTY:
            return properties.context_of(self.data, release, count)
        if release.goal != SPEC.goal:
            return rebuilding.context_of(self.data, release, count)
        return context_of(self.data, release, count)

    def exhibits(self, release: AuditedRelease) -> Sequence[Exhibit]:
        if release.goal == PROPERTY:
            return properties.exhibits_of(self.data, release)
        if release.goal != SPEC.goal:
            return rebuilding.exhibits_of(self.data, release)
        several, sizes = clients_table(self.data, release), envelopes_table(self.data)
        tables = (parties_table(self.data, release), several, sizes)
        return [one for one in tables if one is not None]

    def targets(self, release: AuditedRelease) -> pl.DataFrame | None:
        if release.goal == PROPERTY:
            return None  # an update is of no single person
        if release.goal != SPEC.goal:
            return rebuilding.targets_of(self.data)
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
