"""You publish tables of counts: which records follow from them, and what of their hidden cells?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from confide.attacks.reconstruction.crosstabs import ALL, GenerateThenVerify
from confide.attacks.reconstruction.crosstabs.contradictions import require_consistent
from confide.audits.crosstabs.between import Changes, change_exhibits, changed_frame, prove_changes
from confide.audits.crosstabs.context import NOT_MEASURED, change_context, game_context, proof_context
from confide.audits.crosstabs.exhibits import proof_exhibits, proved_frame
from confide.audits.crosstabs.hidden import means_rows
from confide.audits.crosstabs.protections import PROTECTIONS
from confide.audits.crosstabs.proving import Proofs, prove
from confide.audits.crosstabs.rankings import ranking_table
from confide.audits.release import AuditedRelease, PlannedGame
from confide.audits.settings import Settings
from confide.audits.spec import AuditSpec, Context, Count
from confide.core.errors import DataError
from confide.core.estimate import Estimate, Measured
from confide.core.language import later, t
from confide.core.nouns import AnyAttack, AnyMechanism
from confide.core.who import table_of
from confide.games.reconstruction.crosstabs import LEAST, HeldOut
from confide.inputs.crosstabs import Crosstabs, CrosstabsData, read_crosstabs
from confide.measure import measure
from confide.mechanisms.anchors.published import Published
from confide.mechanisms.in_order import in_order
from confide.mechanisms.statistics.crosstab_rounding import RoundedCounts
from confide.mechanisms.statistics.crosstabs import TabulatedAgain, recounted
from confide.report import Exhibit, Skipped
from confide.report.limits import PROVED as LIMITED
from confide.utility.crosstabs import ERROR, accuracy
from confide.views.crosstabs import Crosstabs as View

PROVED, COUNTED, CHANGED = "proved records", "counted records", "changed records"
"""The goals: what follows for certain; where the people are given, who was counted; with earlier releases,
who came or left."""
SHARE = 5
"""One in this many people of a block is asked about at once, so that its tables stay much the same."""


def read(held: Crosstabs, *, settings: Settings) -> CrosstabsSubject:
    """Read the tables, and refuse those that no data set fits.

    Raises:
        DataError: for tables that contradict each other, and limits that need the people behind them.
    """
    data = read_crosstabs(held)
    for release, name, view in data.every:
        try:
            require_consistent(view, seconds=held.seconds)
        except DataError as why:
            hint = "" if held.rounded else " If the counts are rounded, say so with --rounded."
            if data.marked:
                hint += " If marks hide other counts, correct --hidden."
            if data.added:
                hint += f" Combinations that are not listed were read as zero ({data.added:,}): see --absent."
            where = f"{release}: " * bool(release) + f"block {name}: " * bool(name)
            raise DataError(f"{where}{why}{hint}") from why
    needing = [limit for limit in settings.parsed_limits if limit.quantity != LIMITED]
    if needing and data.people is None:
        raise DataError(
            f"{needing[0]} needs people who are held out, and these tables exist: give the people behind "
            f"them with "
            "--data, or limit the share of records that are proved, as proved=0.05."
        )
    subject = CrosstabsSubject(held, data, settings)
    if settings.protections and held.mean:
        raise DataError(
            f"{settings.protections[0]} protects counts, and the means beside them would undo it: leave out "
            "--protect, or publish no means and leave out --mean."
        )
    if settings.protections and data.people is None and data.marked:
        raise DataError(
            f"{settings.protections[0]} needs all counts, and {data.marked:,} are hidden: give the people "
            f"behind the "
            "tables with --data, or leave out --protect."
        )
    if data.people is not None and np.unique(data.people.block, return_counts=True)[1].max() < LEAST:
        raise DataError(f"no block has {LEAST} people: leave out --data, and what is proved is shown alone.")
    return subject


@dataclass(frozen=True, slots=True, eq=False)
class CrosstabsSubject:
    """Published tables, read; and the people behind them, if they are given."""

    held: Crosstabs
    data: CrosstabsData
    settings: Settings

    @property
    def name(self) -> str:
        return self.data.name

    def games(self, mechanism: AnyMechanism, asked: Sequence[AnyAttack]) -> Sequence[PlannedGame]:
        prover = next((a for a in asked if isinstance(a, GenerateThenVerify)), GenerateThenVerify())
        prover = replace(prover, seconds=self.held.seconds)
        proofs = PlannedGame(
            game=None,
            goal=PROVED,
            proves=lambda release: self._proofs(release).proof,
            skipped=[
                Skipped(attack=a.name, why=t(NOT_MEASURED), lack="evidence")
                for a in asked
                if self.data.people is None and not isinstance(a, GenerateThenVerify)
            ],
            prover=prover,
            promise=mechanism.budget,
        )
        certain = [proofs]
        if self.data.earlier:
            changed = replace(proofs, goal=CHANGED, proves=lambda r: self._changes(r).proof, skipped=[])
            certain.append(changed)
        if self.data.people is None:
            return certain
        game = self._game(mechanism)
        worlds = self._worlds(game)
        # All rounds together get as long as the proofs of the release itself.
        playing = [
            replace(a, seconds=self.held.seconds / worlds) if isinstance(a, GenerateThenVerify) else a
            for a in asked
        ]
        return [*certain, PlannedGame(game=game, worlds=worlds, attacks=playing, goal=COUNTED)]

    def _game(self, mechanism: AnyMechanism) -> HeldOut:
        people = self.data.people
        assert people is not None, "held out are people who are there"
        view = next(iter(self.data.blocks.values()))
        open_ended = any(span.high is None for span in self.data.spans)
        counted = TabulatedAgain(tables=view, hidden=self.data.hidden, same=open_ended)
        how = self.held.rounding
        again = counted if how is None else in_order([TabulatedAgain(tables=view), how])
        # Behind a protection nothing is hidden but by it.
        made = (
            again if isinstance(mechanism, Published) else in_order([TabulatedAgain(tables=view), mechanism])
        )
        often = np.unique(people.block, return_counts=True)[1]
        each = max(2, min(20, int(np.median(often)) // SHARE))
        return HeldOut(records=people.table, blocks=people.block, mechanism=made, targets=each)

    def _worlds(self, game: HeldOut) -> int:
        # Rounded up: nobody is asked less often than was wanted, and there are two rounds at least.
        return max(2, -(-self.held.targets // round(float(game.sizes.mean()))))

    def views(self, mechanism: AnyMechanism) -> dict[str, View]:
        """The tables of each block, as they are or behind a protection."""
        if isinstance(mechanism, Published):
            return dict(self.data.blocks)
        rng = self.settings.rng("tables")
        return {name: mechanism(view, rng=rng).view for name, view in self.true().items()}

    def true(self) -> dict[str, View]:
        """The tables with all counts, which are known where none is hidden or the people are given."""
        people = self.data.people
        return {n: v if people is None else recounted(v, people.of(n)) for n, v in self.data.blocks.items()}

    def _proofs(self, release: AuditedRelease) -> Proofs:
        # Once: words, exhibits and rows ask for the same ones.
        return release.once(
            "proofs",
            lambda: prove(
                self.views(release.mechanism),
                self.true(),
                seconds=self.held.seconds,
                behind=self.data.people,
                derive=not isinstance(release.mechanism, RoundedCounts) and self.held.rounding is None,
            ),
        )

    def _changes(self, release: AuditedRelease) -> Changes:
        return release.once(
            "changes",
            lambda: prove_changes(
                self.data.earlier,
                self.views(release.mechanism),
                seconds=self.held.seconds,
                derive=not isinstance(release.mechanism, RoundedCounts) and self.held.rounding is None,
            ),
        )

    def context(self, release: AuditedRelease, count: Count) -> Context:
        if release.goal == CHANGED:
            return change_context(self.data, self._changes(release), count, rounded=self.held.rounded)
        if release.goal == PROVED:
            return proof_context(self.data, count, rounded=self.held.rounded)
        people = len(np.unique(np.concatenate([w.ids for w in release.worlds if w.ids is not None])))
        return game_context(self.data, people, len(release.worlds), count, rounded=self.held.rounded)

    def exhibits(self, release: AuditedRelease) -> Sequence[Exhibit]:
        if release.goal == CHANGED:
            return change_exhibits(self._changes(release))
        if release.goal != PROVED:
            return ()
        people, proofs = self.data.people, self._proofs(release)
        given = () if self.data.means is None else means_rows(self.data.means)
        beside = (*proof_exhibits(proofs, seconds=self.held.seconds, behind=people), *given)
        if people is None:
            return beside
        views = {block.name: block.view for block in proofs.blocks}
        return (*beside, *ranking_table(views, people, rng=self.settings.rng("rankings")))

    def targets(self, release: AuditedRelease) -> pl.DataFrame | None:
        if release.goal == PROVED:
            return proved_frame(self._proofs(release))
        if release.goal == CHANGED:
            return changed_frame(self._changes(release))
        assert self.data.people is not None
        return table_of(np.arange(len(self.data.people.table)), self.data.people.who)

    def risk(self, release: AuditedRelease, plain: AuditedRelease, *, confidence: float) -> Estimate | None:
        if release.proof is not None:
            return release.proof.share
        best = max(release.evidence, key=lambda e: measure(e).auc.value, default=None)
        return None if best is None else measure(best, confidence=confidence).auc

    def utility(self, release: AuditedRelease) -> Measured:
        if release.goal != COUNTED:
            shown, true = self.views(release.mechanism), self.true()
            return accuracy([(shown[name], true[name]) for name in shown])
        worlds = [(world.case.view, world.source) for world in release.worlds]
        return accuracy([(view, recounted(view, source)) for view, source in worlds])


SPEC = AuditSpec(
    name="crosstabs",
    question="Which records follow from published tables of counts?",
    goal=PROVED,
    record=Crosstabs,
    read=read,
    attacks=ALL,
    protections=PROTECTIONS,
    risk=later("share of records that are proved"),
    risks={
        COUNTED: later("AUC of the strongest attack"),
        CHANGED: later("share of those who came or left whose record is proved"),
    },
    across=ERROR,
    good="low",
    proves=True,
)
