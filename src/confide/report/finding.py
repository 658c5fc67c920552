"""What a report is made from: findings, skips, and one section for each audited release."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from confide.core.arrays import Bools, Floats
from confide.core.budget import Budget, Unit
from confide.core.diagnostics import Diagnostics
from confide.core.estimate import Estimate
from confide.core.evidence import Evidence
from confide.measure.risk import EpsilonBound, Risk
from confide.report.exhibits import Exhibit

Audience: TypeAlias = Literal["internal", "public"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What one attack found, with its card.

    Args:
        risk: the numbers.
        title: the attack's name in words; its short name by default.
        settings: the attack's fields, for the report's fine print.
        citation: the paper; an https address in it becomes a link.
        blind: the AUC of the blind adversary, who never saw the release, on the same people. If its
            interval lies above 0.5, exposed and control differ without the release.
        diagnostics: how the attack came to its guess, one a world.
        told: what the adversary was told about who is in the data, in words; mostly nothing.
    """

    risk: Risk
    title: str = ""
    settings: Mapping[str, object] = field(default_factory=dict)
    citation: str = ""
    blind: Estimate | None = None
    diagnostics: tuple[Diagnostics, ...] = ()
    told: str = ""

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
        return max(self.risk.epsilon, key=_standing, default=None)

    @property
    def blind_wins(self) -> bool:
        """Does somebody who never saw the release tell the groups apart?"""
        return self.blind is not None and self.blind.low > 0.5

    @property
    def beats_blind(self) -> bool:
        """Does the attack see clearly more than the blind adversary?"""
        return self.blind is not None and self.risk.auc.low > self.blind.high

    @property
    def broken(self) -> bool:
        """Does the blind adversary win, and the attack see not clearly more than he?"""
        return self.blind_wins and not self.beats_blind


@dataclass(frozen=True, slots=True, kw_only=True)
class Skipped:
    """An attack that did not run, and why: named and visible, never a zero."""

    attack: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Rung:
    """One kind of access, and how far it goes.

    Args:
        means: what the adversary used, in a few words.
        title: the attack's name in words.
        conclusive: did the attack's own check hold?
        risk: the numbers; every rung's are measured on the same people and corrected for the number of rungs.
    """

    means: str
    title: str
    conclusive: bool
    risk: Risk


@dataclass(frozen=True, slots=True, kw_only=True)
class Ahead:
    """The best rung from inside against the best from outside.

    Args:
        inside, outside: these rungs.
        auc: how much larger the AUC is from inside, from the same people, and corrected for the choice.
    """

    inside: Rung
    outside: Rung
    auc: Estimate


@dataclass(frozen=True, slots=True, kw_only=True)
class Ladder:
    """What each kind of access gives, from the least to the most.

    Args:
        rungs: one a kind of access.
        right: the model's accuracy on members and on others, where it has one.
        ahead: inside against outside, where both were looked from.
        told: was one of these adversaries told who of some people was in?
    """

    rungs: tuple[Rung, ...]
    right: tuple[Estimate, Estimate] | None = None
    ahead: Ahead | None = None
    told: bool = False


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class OverTraining:
    """How large people's gradients were in S states of one training run.

    Args:
        states: their names, oldest first, the published model last.
        norms: float64[S, n], the norm of each person's gradient.
        member: bool[n], who was in the training data.
    """

    states: tuple[str, ...]
    norms: Floats
    member: Bools


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """One audited release.

    Args:
        release: its name.
        headline: the worst attack, measured with the correction for the number of attacks tried
            (`confide.measure.worst`).
        findings: every attack that ran, each by itself.
        skipped: every attack that did not.
        evidence: by the attack's short name; that of the headline attack is drawn.
        promise: the budget that the release was made under, or None.
        unit: what the bound on epsilon tells apart. A promise for another unit is told, and never held
            against the bound; None takes them for the same.
        about: what was audited: label -> text.
        access: that was audited: "white-box", "black-box" or "label-only"; the strongest attack's by default,
            which may need less.
        adversary: what he had, beyond his access: one sentence each.
        harm: what it tells about a person that he is in the data: one sentence.
        warnings: what a reader must know first: one sentence each.
        notes: small print.
        ladder: what each kind of access gives, where several were compared.
        over_training: gradient norms at the checkpoints, where there are any.
        goal: what the adversary is after: "membership", "linkage", "attribute" or "recognition"; it decides
            the words (`confide.report.goals`).
        subject: who he is and what he knows, as the headline's first words; by the access if empty.
        exhibits: further tables and plots, in this order.
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
    notes: tuple[str, ...] = ()
    ladder: Ladder | None = None
    over_training: OverTraining | None = None
    goal: str = "membership"
    subject: str = ""
    exhibits: tuple[Exhibit, ...] = ()

    @property
    def comparable(self) -> bool:
        """Is the promise one about what the bound on epsilon tells apart?"""
        return self.promise is not None and self.unit in (None, self.promise.unit)

    @property
    def doubtful(self) -> tuple[str, ...]:
        """The attacks whose own check failed: that they found little says nothing."""
        return tuple(f.risk.attack for f in self.findings if not f.conclusive)


def _standing(bound: EpsilonBound) -> tuple[bool, bool, float]:
    hypothesis = "hypothes" in f"{bound.method} {bound.assumption}".lower()
    return bound.certified, not hypothesis, bound.ceiling
