"""You publish allele frequencies or means of a pool of people: do they give away who was in it?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from confide.attacks.membership.statistics import ALL, FREQUENCIES, MEANS, PRESENCE
from confide.audits.frequencies.context import context_of
from confide.audits.frequencies.exhibits import by_number, corrected, curve, forecast
from confide.audits.frequencies.protections import PROTECTIONS, publishing
from confide.audits.release import AuditedRelease, PlannedGame
from confide.audits.settings import Settings
from confide.audits.spec import AuditSpec, Context, Count
from confide.core.errors import AccessError
from confide.core.estimate import Estimate, Measured
from confide.core.language import keep, later, t
from confide.core.nouns import AnyAttack, AnyMechanism
from confide.core.who import table_of
from confide.games.membership.statistics import Tracing
from confide.inputs.frequencies import Frequencies, FrequenciesData, read_frequencies
from confide.measure import measure
from confide.mechanisms.anchors.published import Published
from confide.mechanisms.statistics.allele_presence import AllelePresence
from confide.report import Exhibit, Skipped
from confide.utility.frequencies import ERROR, accuracy

ROUNDS = 4
"""Rounds where there are many people. From five on a rate would be the mean over rounds, and to see 1 false
claim in 100 each round would need 100 people who are not in the pool."""
FEW = 20
"""People who are asked about in a round where there are few: with no more, a rate is one over all rounds."""


def read(held: Frequencies, *, settings: Settings) -> FrequenciesSubject:
    """Read the three files, and decide how many people are asked about in each round.

    Raises:
        DataError: if a file or column cannot be used.
    """
    data = read_frequencies(held)
    # Somebody of the pool stays in it, and half of those asked about are absent people.
    most = 2 * min(data.pool - 1, len(data.people) - data.pool)
    each = held.questions // ROUNDS // 2 * 2
    each = each if each <= most else min(most, FEW)
    game = Tracing(
        people=data.people,
        reference=data.reference,
        mechanism=publishing(Published(), means=held.means),
        group=data.pool,
        targets=each,
        pool=True,
    )
    # Rounded up: nobody is asked less often than was wanted.
    return FrequenciesSubject(
        data, game, held, -(-held.questions // each), asked=settings.attacks is not None
    )


@dataclass(frozen=True, slots=True)
class FrequenciesSubject:
    """A pool, absent people and a reference, read, and the game that is played on the pool's statistics.

    Args:
        data: of the files.
        game: with some mechanism or other.
        held: what the user gave.
        worlds: how many rounds are played.
        asked: whether the user chose attacks: then one that cannot play is named, with the reason.
    """

    data: FrequenciesData
    game: Tracing
    held: Frequencies
    worlds: int
    asked: bool

    @property
    def name(self) -> str:
        return self.data.name

    def games(self, mechanism: AnyMechanism, asked: Sequence[AnyAttack]) -> Sequence[PlannedGame]:
        # "As they are" means exact statistics here: the people's own values are never released.
        made = publishing(mechanism, means=self.held.means)
        presence = isinstance(made, AllelePresence)
        able = MEANS if self.held.means else PRESENCE if presence else FREQUENCIES
        # An attack of the user's own may play: `play` sees what its annotation needs.
        fit = [attack for attack in asked if type(attack) in able or type(attack) not in ALL]
        what = t("means") if self.held.means else t("presence bits") if presence else t("frequencies")
        skipped = [
            Skipped.because(
                attack.name,
                AccessError(
                    keep("{attack} needs another release than {what}.", attack=attack.name, what=what)
                ),
            )
            for attack in asked
            if attack not in fit and (self.asked or not fit)
        ]
        game = replace(self.game, mechanism=made)
        return [PlannedGame(game=game, worlds=self.worlds, attacks=fit, skipped=skipped)]

    def context(self, release: AuditedRelease, count: Count) -> Context:
        return context_of(self.data, self.game, release, count)

    def exhibits(self, release: AuditedRelease) -> Sequence[Exhibit]:
        pool, known = self.data.pool, len(self.data.reference)
        people = min(len(np.unique(e.person[e.exposed])) for e in release.evidence)
        points = curve(release, pool, known)
        found: list[Exhibit] = list(by_number(points, people=people)) if points else []
        # Under a promise more statistics get more noise each: what was reached foretells nothing.
        if points and release.promise is None:
            found.append(forecast(points, pool, known))
        table = corrected(release, people=people)
        return [*found, *([] if table is None else [table])]

    def targets(self, release: AuditedRelease) -> pl.DataFrame:
        inside = np.arange(len(self.data.people)) < self.data.pool
        return table_of(np.arange(len(inside)), self.data.who, pl.Series("of_pool", inside))

    def risk(self, release: AuditedRelease, plain: AuditedRelease, *, confidence: float) -> Estimate | None:
        # One attack for all releases that it can play on, the strongest on the unprotected statistics: a
        # choice for each would compare other things. On presence bits plays one alone.
        best = max(plain.evidence, key=lambda e: measure(e).auc.value).attack if plain.evidence else None
        found = next((e for e in release.evidence if e.attack == best), None)
        if found is None and len(release.evidence) == 1 and best is not None:
            (found,) = release.evidence
        return None if found is None else measure(found, confidence=confidence).auc

    def utility(self, release: AuditedRelease) -> Measured:
        # Against the statistics of the same pools, so that the error is that of the protection alone.
        return accuracy([(world.case.view, world.source) for world in release.worlds])


SPEC = AuditSpec(
    name="frequencies",
    question="Do allele frequencies or means of a pool give away who was in it?",
    goal="membership of frequencies",
    record=Frequencies,
    read=read,
    attacks=ALL,
    protections=PROTECTIONS,
    risk=later("AUC of the attack that is strongest without protection"),
    across=ERROR,
    good="low",
)
