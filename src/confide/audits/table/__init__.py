"""You hold a table of people: can a person's row be found in it, and what does it tell of them?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from confide.attacks.attribute import table as attribute
from confide.attacks.linkage import table as linking
from confide.attacks.linkage.table.noisy_names import NoisyNames, holds_names
from confide.audits.making import UNRELEASED, HowMade
from confide.audits.protections import made_by
from confide.audits.release import AuditedRelease, PlannedGame, protected
from confide.audits.right_claims import told
from confide.audits.settings import Settings
from confide.audits.spec import AuditSpec, Context, Count
from confide.audits.table import exhibits as beside
from confide.audits.table.binding import bits_of, bound, leaves_out, legible, read_back, rehearsed
from confide.audits.table.context import context_of
from confide.audits.table.games import inference, linkage, singling_out
from confide.audits.table.making import idle, keeps_values, made_of
from confide.audits.table.people import linked_people, told_people
from confide.audits.table.protections import PROTECTIONS
from confide.audits.table.risk_models import anonymity_tables, class_risks, uniqueness
from confide.audits.table.smallest_keys import unique_columns
from confide.audits.table.undone import digest_table, downcoding_table
from confide.core.errors import DataError, KnowledgeError
from confide.core.estimate import Estimate, Measured
from confide.core.language import keep, later
from confide.core.nouns import AnyAttack, AnyMechanism
from confide.games.linkage.table import TableLinkage
from confide.inputs.large.drawing import drawn_data
from confide.inputs.large.drawn import TOO_LARGE
from confide.inputs.large.holding import is_too_large
from confide.inputs.large.reading import read_large
from confide.inputs.table import Table, TableData, read_data
from confide.measure.identification import at_false_match_rate
from confide.report import Exhibit, Skipped
from confide.utility.table import quality
from confide.utility.table.range_losses import CLASS_SIZE, DISCERNIBILITY, LOST, cells_lost, losses

DESCRIBED, SECRETS = "descriptions", "secrets"
"""Further goals: to describe a person so that nobody else fits; and the secret, where the table has one."""

TRUE_VALUES = KnowledgeError(keep("in this release there is no change of values that it could learn to undo"))
NO_NAMES = KnowledgeError(keep("no known column holds names, with 100 different words or more"))

__all__ = ["SPEC", "TableSubject", "bound", "read", "read_back", "subject_of"]


def read(held: Table, *, settings: Settings) -> TableSubject:
    """Read and check the table.

    Raises:
        DataError: if a file or column cannot be used, or there are too few people.
    """
    if is_too_large(held):
        return _of_people_drawn(held, settings)
    made = made_by(held.released, held.made_by, PROTECTIONS, kind=SPEC.name)
    # What was only exchanged has the original's values: then other texts are refused, and not guessed at.
    plain = made is None or (held.made_by is not None and keeps_values(made))
    data = read_data(held, parts=None if made is None or plain else bits_of(made))
    return subject_of(held, data, settings=settings, how=made_of(held, data, made))


def _of_people_drawn(held: Table, settings: Settings) -> TableSubject:
    """A table too large to hold: its classes, and people drawn from it.

    Raises:
        DataError: for protections, which a sample cannot show: a class of ten of all is one person of few.
    """
    if settings.protections:
        raise DataError(
            f"the table is too large to hold, and {settings.protections[0]} on a sample would be another "
            "release than on all rows: leave out --protect. `confide protect table` makes the release and "
            "audits it."
        )
    settings.say(TOO_LARGE)
    large = read_large(held)
    try:
        data = drawn_data(held, large, None, rng=settings.rng("sample"), seed=settings.seed)
    finally:
        large.store.close()
    return subject_of(held, data, settings=settings)


def subject_of(
    held: Table, data: TableData, *, settings: Settings, how: HowMade = UNRELEASED
) -> TableSubject:
    """Plan the games on a table that is read already.

    Args:
        how: a released table was made, as the adversary knows it.
    """
    made = None if how.mechanism is None else rehearsed(legible(how.mechanism, data))
    game = linkage(held, data, made_by=made, rng=settings.rng("targets"))
    return TableSubject(held, data, game, how)


@dataclass(frozen=True, slots=True)
class TableSubject:
    """A table, read and coded, and the games that are played on it."""

    held: Table
    data: TableData
    game: TableLinkage
    how: HowMade = UNRELEASED

    @property
    def name(self) -> str:
        return self.data.name

    def games(self, mechanism: AnyMechanism, asked: Sequence[AnyAttack]) -> Sequence[PlannedGame]:
        made = bound(mechanism, self.data, self.held)
        game = protected(self.game, legible(made, self.data))
        describing = [attack for attack in asked if isinstance(attack, linking.SINGLING)]
        inferring = [attack for attack in asked if isinstance(attack, attribute.ALL)]
        links = [attack for attack in asked if attack not in (*describing, *inferring)]
        none = dict.fromkeys(idle(asked, game.made_by or game.mechanism), TRUE_VALUES)
        if not holds_names(self.data.cells.only(self.data.known)):
            none |= {one: NO_NAMES for one in links if isinstance(one, NoisyNames)}
        # Asked for alone they play all the same: then they take each value for true.
        links, inferring = ([a for a in some if a not in none] or some for some in (links, inferring))
        playing = (*links, *inferring)
        skipped = [Skipped.because(one.name, why) for one, why in none.items() if one not in playing]
        if not self.data.secret:
            lacking = KnowledgeError(keep("no secret column is named (`--secret`)"))
            skipped += [Skipped.because(attack.name, lacking) for attack in inferring]
            inferring = []
        elif inferring and (leaves_out(made, self.data.secret) or self._silent(self.data.secret)):
            lacking = KnowledgeError(
                keep("the secret {column} is not released", column=repr(self.data.secret))
            )
            skipped += [Skipped.because(attack.name, lacking) for attack in inferring]
            inferring = []
        planned = [PlannedGame(game=game, worlds=game.parts, attacks=links)]
        if describing:
            out = singling_out(game)
            planned.append(PlannedGame(game=out, attacks=describing, goal=DESCRIBED))
        if inferring:
            told = inference(game, self.data.secret, excluding=self.held.excluding)
            planned.append(PlannedGame(game=told, worlds=told.parts, attacks=inferring, goal=SECRETS))
        # Without attacks a game says nothing; but where nothing can be played, the reasons have to be said.
        there = [one for one in planned if one.attacks] or planned
        first = replace(there[0], skipped=skipped)
        return [replace(one, promise=made.budget) for one in (first, *there[1:])]

    def _silent(self, column: str) -> bool:
        """Whether a released file says nothing in a column."""
        released = self.data.released
        return released is not None and bool(released.only([column]).suppressed.all())

    def context(self, release: AuditedRelease, count: Count) -> Context:
        return context_of(self.game, self.data, self.how, release, count)

    def exhibits(self, release: AuditedRelease) -> Sequence[Exhibit]:
        if release.goal == SECRETS:
            return (beside.told_table(release, confidence=0.95),)
        if release.goal == DESCRIBED:
            return (beside.described_table(release, confidence=0.95),)
        several = self.data.several
        return (
            beside.linked_table(release),
            *anonymity_tables(release, self.held, self.data),
            *class_risks(release, self.data),
            *uniqueness(release, self.held, self.data),
            # Who is alone among all, and what all rows rule out, no sample shows.
            *(() if self.data.drawn else (*unique_columns(release), *downcoding_table(release, self.data))),
            *(digest_table(self.data) if release.leads else ()),
            *((beside.several_table(several, self.data.who),) if release.leads and several else ()),
        )

    def targets(self, release: AuditedRelease) -> pl.DataFrame | None:
        if release.goal == DESCRIBED:
            return None  # its targets are claims, and no people
        of = told_people if release.goal == SECRETS else linked_people
        return of(release, self.data, np.sort(self.game.targets))

    def risk(self, release: AuditedRelease, plain: AuditedRelease, *, confidence: float) -> Estimate | None:
        if release.goal != "linkage":
            right = [told(e, confidence=confidence)[2] for e in release.evidence]
            return max(right, key=lambda risk: risk.value, default=None)
        # Of each release the attack that reaches most: some undo a protection that others do not know.
        at = [at_false_match_rate(e, rate=beside.RATES[0], confidence=confidence) for e in release.evidence]
        return max((one.right for one in at if one is not None), key=lambda risk: risk.value, default=None)

    def utility(self, release: AuditedRelease) -> Measured:
        first = release.worlds[0]
        if release.aside:  # the rest stands beside the first goal; the release is made in the same way
            return {LOST: cells_lost(first.source, first.case.view)}
        assert first.ids is not None or release.goal == DESCRIBED
        outside = None if first.ids is None else self.data.cells.take(first.ids[~first.exposed])
        found = quality(
            first.source,
            first.case.view,
            rng=release.settings.rng("quality"),
            secret=self.data.secret if outside is not None else "",
            held_out=outside,
        )
        # Classes are those of k-anonymity: of the columns that are known, not of all.
        view = first.case.view.only([name for name in self.data.known if name in first.case.view.names])
        classes = {} if not view.names else losses(first.source.only(view.names), view)
        return {
            LOST: cells_lost(first.source, first.case.view),
            **found,
            **{name: classes[name] for name in (DISCERNIBILITY, CLASS_SIZE) if name in classes},
        }


SPEC = AuditSpec(
    name="table",
    question="Can a person be found in a table, and what does it tell of them?",
    goal="linkage",
    record=Table,
    read=read,
    attacks=(*linking.ALL, *attribute.ALL),
    protections=PROTECTIONS,
    risk=later("row named rightly at 5% false matches"),
    risks={
        DESCRIBED: later("singled out inside, minus outside"),
        SECRETS: later("told rightly inside, minus outside"),
    },
    across=LOST,
    good="low",
)
