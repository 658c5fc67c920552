"""You hold visits and publish counts of them: do the counts give away who was counted?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from confide.attacks.membership.counts import ALL
from confide.audits.counts.exhibits import PUBLIC_GRID, by_visits
from confide.audits.counts.protections import PROTECTIONS
from confide.audits.release import AuditedRelease, PlannedGame
from confide.audits.settings import Settings
from confide.audits.spec import AuditSpec, Context, Count
from confide.core.arrays import Ints
from confide.core.estimate import Estimate, Measured
from confide.core.language import later, t
from confide.core.nouns import AnyAttack, AnyMechanism
from confide.core.who import table_of
from confide.games.membership.counts import Aggregates
from confide.inputs.counts import Counts, CountsData, read_counts
from confide.measure import measure
from confide.mechanisms.anchors.published import Published
from confide.mechanisms.statistics.visit_counts import VisitCounts
from confide.report import Exhibit
from confide.utility.counts import ERROR, accuracy

EACH = 20
"""At most this number of people are asked about in one group: groups are what a bound on epsilon rests on."""


def read(held: Counts, *, settings: Settings) -> CountsSubject:
    """Read the visits, and decide how many people are asked about in each group.

    Raises:
        DataError: if a file or column cannot be used, or there are too few people for such a group.
    """
    data = read_counts(held)
    # Half of those asked about are in the group, so no more than twice the group; and at least two groups.
    each = min(EACH, 2 * held.group, held.targets // 2)
    game = Aggregates(
        traces=data.traces,
        grid=data.grid,
        mechanism=VisitCounts(),
        group=held.group,
        targets=each,
        share=held.known,
    )
    # Rounded up: nobody is asked less often than was wanted.
    return CountsSubject(data, game, held, -(-held.targets // each))


@dataclass(frozen=True, slots=True)
class CountsSubject:
    """Visits, read and put on a grid, and the game that is played on their counts."""

    data: CountsData
    game: Aggregates
    held: Counts
    worlds: int

    @property
    def name(self) -> str:
        return self.data.name

    def games(self, mechanism: AnyMechanism, asked: Sequence[AnyAttack]) -> Sequence[PlannedGame]:
        # "As they are" means exact counts here: visits themselves are never released.
        counting = VisitCounts() if isinstance(mechanism, Published) else mechanism
        return [PlannedGame(game=replace(self.game, mechanism=counting), worlds=self.worlds, attacks=asked)]

    def context(self, release: AuditedRelease, count: Count) -> Context:
        game, grid = self.game, self.game.grid
        others = round(game.share * (game.traces.people - game.targets))
        first = np.datetime64(grid.start, "s").astype("datetime64[m]")
        return Context(
            subject=t("Somebody who sees these counts and knows a person's visits"),
            adversary=(
                t(
                    "It knew the visits of {n} other people, but not who of them was counted.",
                    n=count(others),
                ),
                t(
                    "It knew that about {n} people were counted, and how the counts were made.",
                    n=count(game.group),
                ),
            ),
            about={
                t("release"): t(
                    "counts of about {people} people in each of {cells} cells and {bins:,} bins of {bin}, "
                    "from {start} UTC on",
                    people=count(game.group),
                    cells=count(grid.cells),
                    bins=grid.times,
                    bin=self.held.bin,
                    start=first,
                ),
                t("asked about"): t(
                    "{n} of {people} people in each of {groups:,} groups, put into the group or left out by "
                    "a fair coin",
                    n=game.targets,
                    people=count(game.traces.people),
                    groups=self.worlds,
                ),
            },
            notes=(*self.data.notes, t(PUBLIC_GRID)),
            internal_notes=self.data.counted,
        )

    def exhibits(self, release: AuditedRelease) -> Sequence[Exhibit]:
        return (by_visits(release, self._visits()),)

    def targets(self, release: AuditedRelease) -> pl.DataFrame:
        codes = np.arange(len(self.data.people))
        return table_of(codes, self.data.who, pl.Series("visits", self._visits()))

    def risk(self, release: AuditedRelease, plain: AuditedRelease, *, confidence: float) -> Estimate | None:
        # One attack for all releases, the strongest on the unprotected counts: a choice for each would
        # compare other things.
        best = max(plain.evidence, key=lambda e: measure(e).auc.value).attack if plain.evidence else None
        found = next((e for e in release.evidence if e.attack == best), None)
        return None if found is None else measure(found, confidence=confidence).auc

    def utility(self, release: AuditedRelease) -> Measured:
        # Against the visits of the same groups, so that the error is that of the protection alone.
        return accuracy([(world.case.view, world.source) for world in release.worlds])

    def _visits(self) -> Ints:
        """int64[n], the number of cells and bins in which each person was."""
        return np.bincount(self.game.grid.pairs(self.data.traces)[0], minlength=self.data.traces.people)


SPEC = AuditSpec(
    name="counts",
    question="Do counts of visits give away who was counted?",
    goal="membership of counts",
    record=Counts,
    read=read,
    attacks=ALL,
    protections=PROTECTIONS,
    risk=later("AUC of the strongest attack"),
    across=ERROR,
    good="low",
)
