"""You hold location traces: can somebody who knows points or the past of a person find their trace?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from confide.audits.making import UNRELEASED, HowMade
from confide.audits.release import AuditedRelease, PlannedGame, made_in_all
from confide.audits.settings import Settings
from confide.audits.spec import AuditSpec, Context, Count
from confide.audits.traces import exhibits as beside
from confide.audits.traces.context import context_of
from confide.audits.traces.games import KNOW_POINTS, KNOW_THE_PAST, PAST, Games, games_on
from confide.audits.traces.localisation import localisation_exhibits
from confide.audits.traces.making import made_of
from confide.audits.traces.people import easiest_table, who_by_what
from confide.audits.traces.protections import PROTECTIONS
from confide.core.estimate import Estimate, Measured
from confide.core.language import later
from confide.core.nouns import AnyAttack, AnyMechanism
from confide.inputs.traces import Traces, TracesData, read_traces, visits_of
from confide.mechanisms.anonymize.coarse_traces import CoarseTraces
from confide.mechanisms.anonymize.fixed_grid import FixedGrid
from confide.mechanisms.in_order import steps_of
from confide.mechanisms.randomize.planar_laplace import PlanarLaplace
from confide.report import Exhibit
from confide.utility.traces import FLOWS, left_of


def read(held: Traces, *, settings: Settings) -> TracesSubject:
    """Read and check the traces.

    Raises:
        DataError: if a file or column cannot be used, or too few people have enough points.
    """
    visits = visits_of(held)
    how = made_of(held, visits, PROTECTIONS)
    data = read_traces(held, made_by=how.mechanism, visits=visits)
    return subject_of(held, data, settings=settings, how=how)


def subject_of(
    held: Traces, data: TracesData, *, settings: Settings, how: HowMade = UNRELEASED
) -> TracesSubject:
    """Decide who is asked about, and in how many worlds.

    Args:
        how: a released file was made, as the adversary knows it.

    Raises:
        DataError: if too few people have enough points.
    """
    return TracesSubject(held, data, games_on(data, held, made_by=how.mechanism), settings, how)


@dataclass(frozen=True, slots=True)
class TracesSubject:
    """Traces, read and put on a grid, and the two games that are played on them."""

    held: Traces
    data: TracesData
    planned: Games
    settings: Settings
    how: HowMade = UNRELEASED

    @property
    def name(self) -> str:
        return self.data.name

    def games(self, mechanism: AnyMechanism, asked: Sequence[AnyAttack]) -> Sequence[PlannedGame]:
        return self.planned.planned(mechanism, asked, self.settings)

    def context(self, release: AuditedRelease, count: Count) -> Context:
        return context_of(self.planned, self.data, self.how, release, count)

    def exhibits(self, release: AuditedRelease) -> Sequence[Exhibit]:
        return (
            *(beside.of_the_records(self.data, self.held, self.settings) if release.leads else ()),
            beside.threshold_table(release.evidence),
            *self._localised(release),
            easiest_table(self.targets(release)),
        )

    def targets(self, release: AuditedRelease) -> pl.DataFrame:
        return release.once("people", lambda: who_by_what(release, self.data))

    def risk(self, release: AuditedRelease, plain: AuditedRelease, *, confidence: float) -> Estimate | None:
        found = [beside.recognised(e, confidence=confidence) for e in release.evidence]
        return max(found, key=lambda risk: risk.value, default=None)

    def utility(self, release: AuditedRelease) -> Measured:
        world = release.worlds[0]
        return left_of(world.source.traces, world.source.in_order(world.case.view))

    def _localised(self, release: AuditedRelease) -> Sequence[Exhibit]:
        """Where people were, in a release that moves visits, as those who know the past attacked it."""
        known = made_in_all(self.planned.past, release.mechanism)
        made = [
            step for step in steps_of(known) if not isinstance(step, FixedGrid)
        ]  # it says how the file was read
        moved = made and all(isinstance(step, CoarseTraces | PlanarLaplace) for step in made)
        if not moved or len(self.planned.past.able()) < beside.FEWEST_LOCALISED:
            return ()
        world = release.dealt(PAST)[0]
        return localisation_exhibits(
            self.planned.past.traces,
            world,
            on_grid=None if self.data.exact is None else self.data.records,
            rng=self.settings.rng("localisation"),
        )


SPEC = AuditSpec(
    name="traces",
    question="Can somebody who knows a few points of a person's trace, or an earlier one, find that trace?",
    goal="linkage",
    record=Traces,
    read=read,
    attacks=(*KNOW_POINTS, *KNOW_THE_PAST),
    protections=PROTECTIONS,
    risk=later("recognised by the best attack at 5% false matches"),
    across=FLOWS,
    good="low",
)
