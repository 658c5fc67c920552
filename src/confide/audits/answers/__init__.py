"""You publish how many people of many groups have a secret: do the answers give away who has it?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from confide.attacks.reconstruction.answers import (
    ALL,
    BoxReconstruction,
    RewordedQueries,
    RobustReconstruction,
)
from confide.audits.answers.context import context_of
from confide.audits.answers.exhibits import foretold, given_away, of_forecast
from confide.audits.answers.population import by_population
from confide.audits.answers.protections import PROTECTIONS
from confide.audits.release import AuditedRelease, PlannedGame
from confide.audits.settings import Settings
from confide.audits.spec import AuditSpec, Context, Count
from confide.core.errors import DataError
from confide.core.estimate import Estimate, Measured
from confide.core.evidence import Evidence
from confide.core.language import later, t
from confide.core.nouns import AnyAttack, AnyMechanism
from confide.core.who import table_of
from confide.games.reconstruction.answers import SubsetReconstruction
from confide.inputs.answers import Answers, AnswersData, read_answers
from confide.measure import measure
from confide.measure.forecast import Forecast
from confide.mechanisms.anchors.published import Published
from confide.mechanisms.statistics.sticky_noise import StickyNoise
from confide.mechanisms.statistics.subset_sums import SubsetSums
from confide.report import Exhibit, Skipped
from confide.utility.answers import ERROR, accuracy

EXISTING = "reconstruction from answers that exist"
"""Where no coin decides anybody's secret, no bound on epsilon is shown."""
NOT_STICKY = later(
    "{attack}: the noise belongs to each answer and not to its text, so other words bring nothing."
)


def read(held: Answers, *, settings: Settings) -> AnswersSubject:
    """Read records, queries and answers, and decide how many people are asked about in each world.

    Raises:
        DataError: if something cannot be used, or answers that exist are to be protected.
    """
    data = read_answers(held)
    if data.released is not None and settings.protections:
        raise DataError(
            f"answers that exist cannot be protected by {settings.protections[0]} any more: leave out "
            "--answers, so that confide answers the queries."
        )
    # As many as there are in one world: a rate of false claims is resolved by the people of a world.
    each = min(held.targets, len(data.bits))
    game = SubsetReconstruction(
        subsets=data.workload.subsets,
        bits=data.bits,
        mechanism=SubsetSums(secret=held.secret, deviation=held.noise or None, noise="rehearsal"),
        secret=held.secret,
        wording=data.wording,
        released=data.released,
        targets=each,
    )
    worlds = 1 if data.released is not None else -(-held.targets // each)
    return AnswersSubject(held, data, game, worlds, settings)


@dataclass(frozen=True, slots=True)
class AnswersSubject:
    """Records and queries, read, and the game that is played on the answers."""

    held: Answers
    data: AnswersData
    game: SubsetReconstruction
    worlds: int
    settings: Settings

    @property
    def name(self) -> str:
        return self.data.name

    def games(self, mechanism: AnyMechanism, asked: Sequence[AnyAttack]) -> Sequence[PlannedGame]:
        # "As they are" means the answers as confide would publish them: records themselves never are.
        answering = self.game.mechanism if isinstance(mechanism, Published) else mechanism
        if isinstance(answering, SubsetSums):
            answering = replace(answering, secret=self.held.secret)
        exist = self.data.released
        sticky = isinstance(answering, StickyNoise) or (exist is not None and exist.wording is not None)
        idle = [a for a in asked if isinstance(a, RewordedQueries) and not sticky]
        return [
            PlannedGame(
                game=replace(self.game, mechanism=answering),
                worlds=self.worlds,
                attacks=[a for a in asked if a not in idle],
                skipped=[Skipped(attack=a.name, why=t(NOT_STICKY, attack=a.name)) for a in idle],
                promise=answering.budget,
                goal="" if exist is None else EXISTING,
            )
        ]

    def context(self, release: AuditedRelease, count: Count) -> Context:
        told, blind, each = self._told(release), self._blind(release), self.game.targets or 0
        return context_of(self.held, self.data, release, told, blind, count, each=each, worlds=self.worlds)

    def exhibits(self, release: AuditedRelease) -> Sequence[Exhibit]:
        found = given_away(release, self._blind(release))
        tossed = 0 if self.data.released is not None else self.game.targets or 0
        return (found, *of_forecast(release, self._told(release), self.data.bits, tossed=tossed))

    def targets(self, release: AuditedRelease) -> pl.DataFrame:
        return table_of(np.arange(len(self.data.bits)), self.data.who)

    def risk(self, release: AuditedRelease, plain: AuditedRelease, *, confidence: float) -> Estimate | None:
        # Each release by its strongest attack: noise that belongs to the text falls to another one than
        # answers without noise. The confidence is corrected for having looked.
        found = [measure(e, confidence=confidence).auc for e in release.evidence]
        return max(found, key=lambda auc: auc.value, default=None)

    def utility(self, release: AuditedRelease) -> Measured:
        return accuracy([(world.case.view, world.source) for world in release.worlds])

    def _told(self, release: AuditedRelease) -> Forecast:
        return foretold(release, self.data.bits, rng=self.settings.rng("forecast"))

    def _blind(self, release: AuditedRelease) -> Evidence | None:
        """What can be said without the answers; a coin's secrets go with nothing."""
        if self.data.released is None:
            return None
        rng = self.settings.rng("population")
        return release.once("blind", lambda: by_population(self.data.others, self.data.bits, rng=rng))


SPEC = AuditSpec(
    name="answers",
    question="Do answers to many queries give away who has a secret?",
    goal="reconstruction",
    record=Answers,
    read=read,
    attacks=(BoxReconstruction, RobustReconstruction, RewordedQueries),
    known=ALL,
    protections=PROTECTIONS,
    risk=later("AUC of the strongest attack"),
    across=ERROR,
    good="low",
)
