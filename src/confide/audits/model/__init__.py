"""You hold a trained model: can an outsider tell whose records trained it?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import polars as pl

from confide.attacks import membership
from confide.attacks.blind import Blind
from confide.audits.model import context as words
from confide.audits.model.access_table import access_table, compare_access
from confide.audits.model.accuracy import accuracy_table
from confide.audits.model.attacks import USUAL, asked_for, need_access, resolved
from confide.audits.model.foretelling import foretold
from confide.audits.model.games import game_on, planned
from confide.audits.model.gradient_norms import gradient_norms, norms_plot
from confide.audits.model.references import Pool, train_references
from confide.audits.model.sampling import in_words
from confide.audits.model.untrained import UNTRAINED, Untrained, seems_untrained
from confide.audits.planning import Forecast
from confide.audits.release import AuditedRelease, PlannedGame
from confide.audits.settings import Settings
from confide.audits.spec import AuditSpec, Context, Count
from confide.core.estimate import Estimate, Measured
from confide.core.language import t
from confide.core.nouns import AnyAttack, AnyMechanism
from confide.core.who import table_of
from confide.inputs.model import Model
from confide.inputs.model_data import ModelData, read_model
from confide.report import Exhibit

LONG = 20_000
"""Records from which on an audit takes long enough that trials of its steps are worth their few seconds."""


def read(held: Model, *, settings: Settings) -> ModelSubject:
    """Load the model and its records, and refuse what cannot be audited.

    Raises:
        DataError, ModelError: one sentence on what is wrong and what to do.
    """
    return ModelSubject(read_model(held, rng=settings.rng("order of targets")), settings)


@dataclass(slots=True)
class ModelSubject:
    """A trained model, the records it is audited on, and the reference models of the adversary.

    Args:
        data: what was read.
        settings: of the audit.
        pool: the reference models, once they are trained.
        trusted: the name of the attack that `default` chose.
        warnings: what must be known before a number is believed.
        untrained: why the model seems never to have been trained, if it does.
    """

    data: ModelData
    settings: Settings
    pool: Pool = field(default_factory=Pool)
    trusted: str = ""
    warnings: tuple[str, ...] = ()
    untrained: Untrained | None = None

    @property
    def name(self) -> str:
        return self.data.name

    def games(self, mechanism: AnyMechanism, asked: Sequence[AnyAttack]) -> Sequence[PlannedGame]:
        """Train the references, say what is to be doubted before anything is scored, and plan the world."""
        held = self.data.held
        need_access(asked_for(asked, held, self.settings), self.data)
        expected = self._expect(asked)
        # Here and not in `read`: training may take hours, and everything that can be refused was refused
        # before it.
        self.pool = train_references(self.data, settings=self.settings)
        self.warnings = words.warnings_on(self.data, self.pool)
        self.untrained = seems_untrained(self.data)
        for warning in (*self.warnings, *self._unsettled().values()):
            # Now, so that a user can stop an audit that is not worth its time.
            self.settings.say(warning)
        game = game_on(self.data, self.pool)
        # Dealt for the choice alone; the attacks meet the worlds of `AuditedRelease`.
        case = game.deal(0, rng=self.settings.rng("worlds")).case
        self.settings.at("attack", "default (choosing)")
        attacks, self.trusted = resolved(asked_for(asked, held, self.settings), case, self.settings)
        if membership.Default.name in expected:
            expected.setdefault(self.trusted, expected.pop(membership.Default.name))
        return planned(self.data, game, attacks, self.settings, expected=expected)

    @property
    def people(self) -> tuple[int, int]:
        """How many members and non-members are asked about."""
        inside = int(self.data.member.sum())
        return inside, len(self.data.member) - inside

    def foretold(self, asked: Sequence[AnyAttack]) -> Forecast:
        """What an audit by these attacks is expected to take."""
        attacks = asked_for(asked, self.data.held, self.settings)
        need_access(attacks, self.data)
        return foretold(self.data, attacks, self.settings)

    def _expect(self, asked: Sequence[AnyAttack]) -> dict[str, float]:
        """Foretell a long audit to those who watch it: the seconds of its steps, by attack or kind."""
        held = self.data
        # A trial asks the model some thousand questions more, and calls a training function: where these
        # count, or are the user's own, only --dry-run makes it.
        own = held.held.train is not None or hasattr(held.asked, "queries")
        if self.settings.progress is None or own or len(held.targets) < LONG:
            return {}
        steps = self.foretold(asked).steps
        training = [step for step in steps if step.kind in ("reading", "references")]
        rest = [step for step in steps if step not in training]
        self.settings.expect(training, rest=sum(step.weight for step in rest))
        return {step.what if step.kind == "attack" else step.kind: step.weight for step in rest}

    def _unsettled(self) -> dict[str, str]:
        found = {} if self.untrained is None else {t(UNTRAINED): self.untrained.why}
        return {**found, **self.data.unsettled}

    def context(self, release: AuditedRelease, count: Count) -> Context:
        # Members and non-members come from two files, not from a coin: the blind adversary shows whether they
        # differ anyway.
        data, blind = self.data, release.of(Blind())
        return Context(
            adversary=words.adversary(data, self.pool, release, self.trusted, count),
            about=words.about(data, words.access_of(release), count),
            notes=in_words(release.evidence, release.attacks, count),
            left_out=data.left_out,
            internal_notes=(*words.files(data), *data.notes),
            warnings=self.warnings,
            unsettled=self._unsettled(),
            steps=() if self.untrained is None else (self.untrained.step,),
            access=words.access_of(release),
            harm=data.held.harm,
            blind=blind,
        )

    def exhibits(self, release: AuditedRelease) -> Sequence[Exhibit]:
        compared = compare_access(release, self.data, trusted=self.trusted)
        norms = gradient_norms(self.data)
        return (
            accuracy_table(self.data),
            *(() if compared is None else (access_table(compared),)),
            *(() if norms is None else (norms_plot(norms),)),
        )

    def targets(self, release: AuditedRelease) -> pl.DataFrame:
        return table_of(np.arange(len(self.data.who)), self.data.who)

    def risk(self, release: AuditedRelease, plain: AuditedRelease, *, confidence: float) -> Estimate | None:
        return None

    def utility(self, release: AuditedRelease) -> Measured:
        return {}


SPEC = AuditSpec(
    name="model",
    question="Can an outsider tell whose records trained this model?",
    goal="membership",
    record=Model,
    read=read,
    attacks=USUAL,
    known=membership.MODEL,
)
