"""Findings, skipped attacks and sections: what a report is made from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import nan
from typing import Literal, TypeAlias

import polars as pl

from confide.core.budget import Budget, Unit
from confide.core.diagnostics import Diagnostics
from confide.core.errors import AccessError, ConfideError, EvidenceError, KnowledgeError
from confide.core.estimate import Estimate
from confide.core.evidence import Evidence
from confide.core.foreign import escaped
from confide.core.language import Kept
from confide.core.notebook import card
from confide.measure.risk import EpsilonBound, Risk, quoted
from confide.report.exhibits import Exhibit

Audience: TypeAlias = Literal["internal", "public"]

Ruling: TypeAlias = Literal["within", "exceeded", "not settled", "measured"]

Lack: TypeAlias = Literal["access", "knowledge", "evidence", "other"]
"""What an attack that did not run was lacking."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """The result of one attack, with its card.

    Args:
        risk: the numbers.
        title: the attack's name in words; its short name by default.
        settings: the attack's fields, for the report's fine print.
        citation: the paper; an https address in it becomes a link.
        blind: the AUC of the blind adversary, which never saw the release, on the same people. If its
            interval is above 0.5, exposed and control differ without the release.
        diagnostics: how the attack came to its guess, one a world.
        told: what the adversary knew about who is in the data, in words; mostly nothing.
        sample_of: among how many a sample was drawn, who alone were asked about; 0 where all were.
        coin: whether a fair coin drew the groups, so that they cannot differ by themselves.
    """

    risk: Risk
    title: str = ""
    settings: Mapping[str, object] = field(default_factory=dict)
    citation: str = ""
    blind: Estimate | None = None
    diagnostics: tuple[Diagnostics, ...] = ()
    told: str = ""
    sample_of: int = 0
    coin: bool = False

    @property
    def conclusive(self) -> bool:
        """Did the attack's own check hold, so that a low number of it says something?"""
        return all(w.conclusive for w in self.diagnostics)

    @property
    def bound(self) -> EpsilonBound | None:
        """The epsilon bound to quote; chosen without a look at what was found.

        A certified bound comes first, then one that needs no hypothesis on the shape of the
        trade-off curve, then the one that could have shown most. Choosing the largest `low` instead
        would be a search over methods, and its interval would not hold.
        """
        return quoted(self.risk.epsilon)

    @property
    def blind_wins(self) -> bool:
        """Does an adversary that never saw the release tell the groups apart?"""
        # The low end: a blind adversary that wins by chance breaks no comparison.
        return self.blind is not None and self.blind.low > 0.5

    @property
    def beats_blind(self) -> bool:
        """Does the attack see clearly more than the blind adversary?"""
        # End against end, so that "clearly" holds whatever the true values are.
        return self.blind is not None and self.risk.auc.low > self.blind.high

    @property
    def broken(self) -> bool:
        """Does the blind adversary win, and the attack not see clearly more?"""
        return self.blind_wins and not self.beats_blind

    def __repr__(self) -> str:
        """The risk, the blind adversary's success, and whether the numbers can be relied on."""
        return escaped(
            "\n".join([f"<Finding of {self.risk.attack}: {self.risk.summary}", *self._doubts]) + ">"
        )

    def _repr_html_(self) -> str:
        inside = self.risk._repr_html_()
        return card(self.title or self.risk.attack, lines=self._doubts) + inside

    @property
    def _doubts(self) -> list[str]:
        """What must be known before its numbers are read."""
        said: list[str] = []
        if self.blind is not None:
            said.append(f"  without the release: AUC {self.blind}{' (broken comparison)' * self.broken}")
        if not self.conclusive:
            said.append("  its own check failed: a low number says nothing")
        return said


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """What follows from a release for certain, in every data set that it could have been made from.

    Args:
        records: how many people's whole records are proved.
        people: how many are in the release; None where it does not say.
        more: how many further records may be provable: questions that were not answered in time.
        open: how many combinations of values these questions are about.
        seconds: that it took.
        impossible: why nothing can be proved from such a release; empty where it can.
        checked: whether every claim was held against the true records.
    """

    records: int
    people: int | None
    more: int = 0
    open: int = 0
    seconds: float = 0.0
    impossible: str = ""
    checked: bool = False

    @property
    def share(self) -> Estimate:
        """The share of people whose record is proved; its upper end is what may be provable.

        It is no interval of chance: what is proved is proved, and the rest was not decided.
        """
        if self.people is None:
            return Estimate(nan, nan, nan, 1.0)
        if not self.people:
            return Estimate(0.0, 0.0, 0.0, 1.0)
        low = self.records / self.people
        return Estimate(low, low, min(1.0, (self.records + self.more) / self.people), 1.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Usefulness:
    """Whether a release is of more use than its columns shuffled, held against a limit on that.

    Args:
        ruling: "exceeded" if it is surely worse, "within" if it is surely better.
        reason: the numbers, in a sentence.
    """

    ruling: Ruling
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Skipped:
    """An attack that did not run, with the reason. It is shown as such, never as a zero.

    Args:
        attack: its name.
        why: the reason in one sentence, for an internal audience. It may hold counts. One that is kept with
            its values is translated where it is shown.
        lack: the kind of reason, which is all that the public sees.
    """

    attack: str
    why: str | Kept
    lack: Lack = "other"

    @classmethod
    def because(cls, attack: str, error: ConfideError) -> Skipped:
        """The skip of an attack that raised an error.

        >>> Skipped.because("lira", KnowledgeError("lira needs 4 reference models and has 1"))
        Skipped(attack='lira', why='lira needs 4 reference models and has 1', lack='knowledge')
        """
        kinds: dict[type[ConfideError], Lack] = {
            AccessError: "access",
            KnowledgeError: "knowledge",
            EvidenceError: "evidence",
        }
        # The error's class says it, so that no sentence has to be read for the public.
        lacks: list[Lack] = [lack for kind, lack in kinds.items() if isinstance(error, kind)]
        why = error.text if isinstance(error.text, Kept) else str(error)
        return cls(attack=attack, why=why, lack=lacks[0] if lacks else "other")


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """One audited release. Its texts are printed as they are given, fit for the audience.

    Args:
        release: its name.
        headline: the worst attack, measured with the correction for the number of attacks that might have
            been tried (`confide.measure.worst`).
        findings: every attack that ran, each by itself.
        skipped: every attack that did not.
        evidence: by the attack's short name; that of the headline attack is drawn.
        promise: the budget that the release was made under, or None.
        unit: what the bound on epsilon tells apart. A promise for another unit is printed, and never held
            against the bound; None takes them for the same.
        about: what was audited: label -> text.
        access: that was audited: "white-box", "black-box" or "label-only"; the strongest attack's by default,
            which may need less.
        adversary: what it had, beyond its access: one sentence each.
        harm: what it says about a person that they are in the data: one sentence.
        warnings: what a reader must know first: one sentence each.
        unsettled: what the audit cannot settle, in a few words each: while there is any, no limit is kept.
        steps: what to do before all else, a sentence each.
        broken: checks of the promise that failed: each rules like a limit that is exceeded.
        left_out: who was left out before anything was measured, a sentence each; for internal use.
        notes: small print.
        goal: what the adversary is after, a name of `confide.report.goals.GOALS`; it decides the words.
        subject: the adversary and what it knows, as the first words of the headline; by the access if empty.
        among: the number of attacks that all intervals are corrected for.
        exhibits: further tables and plots, in this order.
        who: the table of targets (`confide.core.who.table_of`), by which those who are most exposed are
            named; None where nobody says, or the audience must not know.
        proof: what follows from the release for certain, where that is what the section is about. Then nobody
            was held out, and no number of the findings was measured.
        useful: of how much use the release is, where a limit can be set on it.
    """

    release: str
    headline: Finding
    findings: tuple[Finding, ...]
    skipped: tuple[Skipped, ...] = ()
    evidence: Mapping[str, Evidence] = field(default_factory=dict)
    promise: Budget | None = None
    unit: Unit | None = None
    about: Mapping[str, str] = field(default_factory=dict)
    access: str = ""
    adversary: tuple[str, ...] = ()
    harm: str = ""
    warnings: tuple[str, ...] = ()
    unsettled: tuple[str, ...] = ()
    steps: tuple[str, ...] = ()
    broken: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    goal: str = "membership"
    subject: str = ""
    among: int = 1
    exhibits: tuple[Exhibit, ...] = ()
    who: pl.DataFrame | None = None
    proof: Proof | None = None
    useful: Usefulness | None = None

    @property
    def comparable(self) -> bool:
        """Is the promise one about what the bound on epsilon tells apart?"""
        return self.promise is not None and self.unit in (None, self.promise.unit)

    @property
    def doubtful(self) -> tuple[str, ...]:
        """The attacks whose own check failed, and what is not settled: that little was found says nothing."""
        return (*(f.risk.attack for f in self.findings if not f.conclusive), *self.unsettled)
