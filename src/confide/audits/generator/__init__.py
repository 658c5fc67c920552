"""You want to publish synthetic records: what would each mechanism and budget give away, and leave of use?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from confide.attacks.attribute import synthetic as attribute
from confide.attacks.attribute.table import CorrectAttribution, LearnedModel, NearestRecord
from confide.attacks.membership.synthetic import FILES
from confide.audits.frontier import Beside
from confide.audits.generator.promised import SHOWN, promised_and_found, shown_epsilon
from confide.audits.release import AuditedRelease, PlannedGame
from confide.audits.settings import Settings
from confide.audits.spec import AuditSpec, Context, Count
from confide.audits.synthesisers import PROTECTIONS
from confide.core.errors import KnowledgeError
from confide.core.estimate import Estimate, Measured
from confide.core.language import keep, later, t
from confide.core.nouns import AnyAttack, AnyMechanism
from confide.core.who import standing, table_of
from confide.games.attribute.synthetic import RandomisedSecrets
from confide.games.membership.synthetic import Synthesis
from confide.inputs.generator import Generator, GeneratorData, read_generator
from confide.measure import measure
from confide.report import Exhibit, Skipped
from confide.utility.synthetic import SyntheticUtility, synthetic_utility
from confide.utility.table.marginals import TWO

SECRETS = "secrets behind synthetic records"
"""The goal of attacks on a secret that coins have written."""
TELLING = (*attribute.ALL, CorrectAttribution, LearnedModel, NearestRecord)
NO_SECRET = KnowledgeError(keep("no secret column is named (`--secret`)"))


def read(held: Generator, *, settings: Settings) -> GeneratorSubject:
    """Read the domain and the records, and hold a quarter out.

    Raises:
        DataError: if they cannot be used.
    """
    return GeneratorSubject(read_generator(held, rng=settings.rng("held out")))


@dataclass(frozen=True, slots=True)
class GeneratorSubject:
    """Records that synthetic ones are made from, and the mechanisms that are compared.

    Args:
        data: read.
    """

    data: GeneratorData

    @property
    def name(self) -> str:
        return self.data.name

    def games(self, mechanism: AnyMechanism, asked: Sequence[AnyAttack]) -> Sequence[PlannedGame]:
        people, who = self.data.people, self.data.asked
        telling = [attack for attack in asked if isinstance(attack, TELLING)]
        finding = [attack for attack in asked if attack not in telling]
        game = Synthesis(
            people=people,
            generator=mechanism,
            reference=self.data.held_out,
            group=len(people) - len(who) + len(who) // 2,
            asked=who,
        )
        if not self.data.secret:
            skipped = [Skipped.because(attack.name, NO_SECRET) for attack in telling]
            return [PlannedGame(game=game, attacks=finding, skipped=skipped)]
        secrets = RandomisedSecrets(
            mechanism=mechanism,
            records=people,
            known=tuple(name for name in people.names if name != self.data.secret),
            secret=self.data.secret,
            targets=who,
            population=self.data.held_out,
        )
        found = PlannedGame(game=game, attacks=finding)
        # The promise is about a whole record: what it allows of one cell the game itself says.
        return [found, PlannedGame(game=secrets, attacks=telling, goal=SECRETS)]

    def context(self, release: AuditedRelease, count: Count) -> Context:
        promised = t("nothing") if release.promise is None else str(release.promise)
        if release.goal == SECRETS:
            return Context(
                adversary=(
                    t(
                        "It held the synthetic records, knew the mechanism, and all columns of everybody but "
                        "{secret}.",
                        secret=self.data.secret,
                    ),
                ),
                about={t("secret"): self.data.secret, t("promised"): promised},
            )
        return Context(
            adversary=(
                t(
                    "It held the synthetic records and knew the mechanism, the full record of everybody who "
                    "was asked about, and {n} records of others.",
                    n=count(len(self.data.held_out)),
                ),
            ),
            about={
                t("records"): t(
                    "{people} of {columns} columns, of which those of {asked} people were given or not "
                    "by coins",
                    people=count(len(self.data.people)),
                    columns=len(self.data.people.domains),
                    asked=count(len(self.data.asked)),
                ),
                t("promised"): promised,
            },
            notes=(
                t("The records that you publish would be made from all of yours, and be a little better."),
                t(
                    "Records were compared in the bins of the domain: exact values that a mechanism does not "
                    "see cannot be given away by it."
                ),
            ),
        )

    def exhibits(self, release: AuditedRelease) -> Sequence[Exhibit]:
        return [] if release.goal == SECRETS else [promised_and_found(release)]

    def targets(self, release: AuditedRelease) -> pl.DataFrame:
        who = standing(self.data.name, row=self.data.rows + 1)
        return table_of(np.arange(len(self.data.rows)), who)

    def risk(self, release: AuditedRelease, plain: AuditedRelease, *, confidence: float) -> Estimate | None:
        # The strongest on each release: what is strong on copies need not be so elsewhere.
        found = [measure(e, confidence=confidence).auc for e in release.evidence]
        return max(found, key=lambda auc: (auc.low, auc.value), default=None)

    def beside(self, release: AuditedRelease, confidence: float) -> Mapping[str, Beside]:
        """The epsilon that attacks show, with the one that is promised."""
        if release.goal == SECRETS:  # a cell is less than a record: one bound would not be the other's
            return {}
        promised = None if release.promise is None else release.promise.epsilon
        return {SHOWN: Beside(found=shown_epsilon(release, confidence=confidence), most=promised)}

    def utility(self, release: AuditedRelease) -> Measured:
        return self._utility(release).measured

    def _utility(self, release: AuditedRelease) -> SyntheticUtility:
        world = release.worlds[0]
        return release.once(
            "utility",
            lambda: synthetic_utility(
                world.source,
                world.case.view,
                self.data.held_out,
                rng=release.settings.rng("utility"),
                target=self.data.target,
            ),
        )


SPEC = AuditSpec(
    trains=True,
    name="generator",
    question="What would synthetic records give away, by which mechanism and under which budget?",
    goal="membership behind synthetic records",
    record=Generator,
    read=read,
    attacks=(*FILES, *TELLING),
    protections=PROTECTIONS,
    risk=later("AUC of the strongest membership attack"),
    risks={SECRETS: later("AUC of the strongest attack on secrets")},
    across=TWO,
    good="low",
    beside=GeneratorSubject.beside,
)
