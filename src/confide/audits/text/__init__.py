"""You hold a language model: which texts that trained it does it give away?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from confide.attacks.membership.text import ALL as OF_CANARIES
from confide.attacks.membership.text import Exposure
from confide.attacks.reconstruction.text import Extraction
from confide.audits.release import AuditedRelease, PlannedGame
from confide.audits.settings import Settings
from confide.audits.spec import AuditSpec, Context, Count
from confide.audits.text.context import context_of
from confide.audits.text.exhibits import exhibits_of
from confide.core.errors import AccessError, EvidenceError
from confide.core.estimate import Estimate, Measured
from confide.core.language import keep, later
from confide.core.nouns import AnyAttack, AnyMechanism
from confide.core.who import ABSENT, standing, table_of
from confide.games.membership.text import ReleasedText
from confide.games.reconstruction.text import ReleasedContinuations
from confide.inputs.text import Text, TextData, read_text
from confide.report import Exhibit, Skipped
from confide.views.text import Continuations

CANARIES, CONTINUATIONS = "canaries in text", "continuations"
"""The two goals."""
NO_CANARIES = later("{attack} needs texts to compare: give --canaries.")
NO_TEXTS = later("{attack} needs texts to compare: give --prefixes and --heldout.")


def read(held: Text, *, settings: Settings) -> TextSubject:
    """Read the texts and load the model.

    Raises:
        ModelError, DataError: if they cannot be used.
    """
    data = read_text(held)
    templates = () if data.canaries is None else data.canaries.templates()[0]
    if any(template.size > held.candidates for template in templates):
        settings.say(
            f"A secret has more than {held.candidates:,} candidates: this many are drawn at random instead "
            "of ranking all, and no exposure is above log2 of their number. Ask about more with --candidates."
        )
    return TextSubject(data, held, settings.attacks is not None)


@dataclass(frozen=True, slots=True)
class TextSubject:
    """A language model and texts that trained it.

    Args:
        data: read.
        held: what the user gave.
        asked: whether the user chose attacks.
    """

    data: TextData
    held: Text
    asked: bool

    @property
    def name(self) -> str:
        return self.data.name

    def games(self, mechanism: AnyMechanism, asked: Sequence[AnyAttack]) -> Sequence[PlannedGame]:
        data, planned, skipped = self.data, list[PlannedGame](), list[Skipped]()
        extracting = [attack for attack in asked if isinstance(attack, Extraction)]
        others = [attack for attack in asked if attack not in extracting]
        # An attack of the user's own plays where it fits, with the canaries first.
        own = [attack for attack in others if type(attack) not in OF_CANARIES]
        if data.canaries is None:
            extracting, gone = [*extracting, *own], [a for a in others if a not in own]
            skipped += [_lacks(a, NO_CANARIES) for a in gone if self.asked]
        else:
            game = self._of_canaries()
            planned.append(PlannedGame(game=game, attacks=others, kept=False, goal=CANARIES))
        if data.heldout is None:
            skipped += [_lacks(a, NO_TEXTS) for a in extracting if self._said()]
        elif extracting:
            game = self._of_continuations()
            planned.append(PlannedGame(game=game, attacks=extracting, kept=False, goal=CONTINUATIONS))
        planned = [p for p in planned if p.attacks] or planned
        if not planned:
            raise EvidenceError("no attack that was asked for fits the texts that were given: see --attacks.")
        # Not kept on disk: the user's model has no content that a key could be made from.
        first = planned[0]
        planned[0] = PlannedGame(
            game=first.game, attacks=first.attacks, skipped=skipped, kept=False, goal=first.goal
        )
        return planned

    def context(self, release: AuditedRelease, count: Count) -> Context:
        return context_of(self.data, self.held, release, count, canaries=release.goal == CANARIES)

    def exhibits(self, release: AuditedRelease) -> Sequence[Exhibit]:
        return exhibits_of(self.data, self.held, release, canaries=release.goal == CANARIES)

    def targets(self, release: AuditedRelease) -> pl.DataFrame:
        asked = len(release.worlds[0].exposed)
        rows, files = np.full(asked, ABSENT), ["drawn by the audit"] * asked
        start = 0
        texts = (self.data.canaries,) if release.goal == CANARIES else (self.data.prefixes, self.data.heldout)
        for listed in texts:
            if listed is not None:
                end = start + len(listed)
                rows[start:end] = listed.rows
                files[start:end] = [listed.name] * len(listed)
                start = end
        return table_of(np.arange(asked), standing(files, row=rows))

    def risk(self, release: AuditedRelease, plain: AuditedRelease, *, confidence: float) -> Estimate | None:
        return None

    def utility(self, release: AuditedRelease) -> Measured:
        return {}

    def _said(self) -> bool:
        return self.asked or self.data.prefixes is not None

    def _of_canaries(self) -> ReleasedText:
        assert self.data.canaries is not None
        templates, which = self.data.canaries.templates()
        return ReleasedText(
            view=self.data.model,
            templates=templates,
            which=which,
            secrets=self.data.canaries.secrets,
            controls=self.held.controls,
            candidates=self.held.candidates,
        )

    def _of_continuations(self) -> ReleasedContinuations:
        inside, outside = self.data.prefixes, self.data.heldout
        assert inside is not None and outside is not None
        return ReleasedContinuations(
            view=self.data.model,
            texts=Continuations(inside.before + outside.before, inside.secrets + outside.secrets),
            member=np.arange(len(inside) + len(outside)) < len(inside),
            samples=self.held.samples,
            probability=self.held.probability,
        )


def _lacks(attack: AnyAttack, why: str) -> Skipped:
    return Skipped.because(attack.name, AccessError(keep(why, attack=attack.name)))


SPEC = AuditSpec(
    trains=True,
    name="text",
    question="Which texts that trained a language model does it give away?",
    goal=CANARIES,
    record=Text,
    read=read,
    attacks=(Exposure, Extraction),
    known=(*OF_CANARIES, Extraction),
)
