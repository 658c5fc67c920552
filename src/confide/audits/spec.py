"""What one kind of release declares, so that `audits/run.py` can do the rest; `audits/ratings` shows how."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeAlias, cast

import polars as pl

from confide.audits.frontier import Beside
from confide.audits.protections import Good, Protection, parse_protections
from confide.audits.release import AuditedRelease, PlannedGame
from confide.audits.settings import Settings
from confide.core.errors import DataError, KnowledgeError
from confide.core.estimate import Estimate, Measured
from confide.core.evidence import Evidence
from confide.core.nouns import AnyAttack, AnyMechanism
from confide.core.own_attack import check_frozen, check_written, is_own
from confide.report import Exhibit, Reading, Skipped, Usefulness
from confide.report.limits import PROVED, UTILITY

Count: TypeAlias = Callable[[int], str]
"""A count of people or rows in words, as exact as the audience may see it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What the report says of a release beside its numbers.

    Args:
        adversary: what the adversary knew, a sentence each.
        about: what was audited, by label.
        subject: who the adversary is, as the headline's first words; by its access if empty.
        left_out: who was left out before anything was measured, a sentence each, for internal use; it stands
            on the first screen, and may stand in the notes too.
        notes: what the reader must know of the data, a sentence each.
        internal_notes: those that count few people or name something: not for the public.
        warnings: what must be known before a number is believed, a sentence each.
        unsettled: what no audit of this release can settle, in a few words -> why, a warning. While there is
            any, no limit counts as kept.
        steps: what to do before all else, a sentence each.
        broken: checks of the release's promise that failed, in a few words -> what that means, a warning.
            Each rules the audit like a limit that is exceeded.
        access: the access that was audited, where the release is a model.
        harm: what it tells about a person to be found, one sentence.
        blind: the evidence of the blind adversary, where one played.
        skipped: further attacks that did not run.
        useful: of how much use the release is, where a limit can be set on it.
    """

    adversary: Sequence[str]
    about: Mapping[str, str]
    subject: str = ""
    left_out: Sequence[str] = ()
    notes: Sequence[str] = ()
    internal_notes: Sequence[str] = ()
    warnings: Sequence[Reading] = ()
    unsettled: Mapping[str, str] = field(default_factory=dict)
    steps: Sequence[str] = ()
    broken: Mapping[str, str] = field(default_factory=dict)
    access: str = ""
    harm: str = ""
    blind: Evidence | None = None
    skipped: Sequence[Skipped] = ()
    useful: Usefulness | None = None


class Subject(Protocol):
    """What was read, checked, and is ready to be played: what each kind of release writes for itself."""

    @property
    def name(self) -> str:
        """What to call the release in the report."""
        ...

    def games(self, mechanism: AnyMechanism, asked: Sequence[AnyAttack]) -> Sequence[PlannedGame]:
        """What is played against the release of this mechanism, and which attacks play in which game."""
        ...

    def context(self, release: AuditedRelease, count: Count) -> Context:
        """The words of the report; every count of people or rows goes through `count`."""
        ...

    def exhibits(self, release: AuditedRelease) -> Sequence[Exhibit]:
        """Tables and plots beside the findings."""
        ...

    def targets(self, release: AuditedRelease) -> pl.DataFrame | None:
        """The people behind the target numbers; asked for an internal audience alone."""
        ...

    def risk(self, release: AuditedRelease, plain: AuditedRelease, *, confidence: float) -> Estimate | None:
        """The one number by which protections are compared with the data as they are.

        Args:
            confidence: of its interval, as of a finding: corrected for all attacks that the audit has, since
                the best of them may be chosen by looking.
        """
        ...

    def utility(self, release: AuditedRelease) -> Measured:
        """What the release leaves to its users."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditSpec:
    """One kind of release, and all that the procedure of an audit needs to know about it.

    Args:
        name, question: of the command, and its help.
        goal: which words the report speaks: one of `confide.report.goals`.
        record: what the user fills in; its fields are the command's flags, its docstring their help.
        read: record -> subject; all that is wrong with the input is said there.
        attacks: played if the user does not choose; `known` are all that can be asked for by name.
        protections: by the name that the user writes.
        risk, across: of the frontier: what the risk is, and the measure of utility that it is drawn over.
        risks: what the risk is where attacks have another goal than `goal`, by that goal.
        good: whether high or low values of that measure are the good ones.
        proves: whether records are proved, so that their share can be limited.
        gated: whether the release can be of less use than its columns shuffled, so that this can be limited.
        trains: whether its worlds are models that are trained: then a plan deals none.
        beside: further numbers of a release for the comparison, by what they are; None for none.
    """

    name: str
    question: str
    goal: str
    record: type
    read: Callable[..., Subject]
    attacks: tuple[type[AnyAttack], ...] = ()
    known: tuple[type[AnyAttack], ...] = ()
    protections: Mapping[str, Protection] = field(default_factory=dict)
    risk: str = ""
    across: str = ""
    good: Good = "high"
    risks: Mapping[str, str] = field(default_factory=dict)
    proves: bool = False
    gated: bool = False
    trains: bool = False
    beside: Callable[[Any, AuditedRelease, float], Mapping[str, Beside]] | None = None
    """(subject, release, the confidence of a finding's interval) -> what stands beside its risk."""

    def risk_of(self, goal: str) -> str:
        """What the risk of attacks with this goal is, in words."""
        return self.risks.get(goal, self.risk)

    def check(self, settings: Settings) -> None:
        """Refuse, before any file is read, attacks and protections that do not exist.

        Raises:
            ConfideError: with those that do.
        """
        self.choose(settings)
        for limit in settings.parsed_limits:
            if limit.quantity == PROVED and not self.proves:
                raise DataError(f"{limit} is a limit on tables of counts: nothing of {self.name} is proved.")
            if limit.quantity == UTILITY and not self.gated:
                raise DataError(
                    f"{limit} is a limit on synthetic files, which can be worse than their columns shuffled: "
                    f"leave it out for {self.name}."
                )
        # Parsed for its errors alone: nothing was read yet.
        parse_protections(settings.protections, self.protections)

    def choose(self, settings: Settings) -> tuple[AnyAttack, ...]:
        """The attacks by name, as objects; those of the spec by default.

        Raises:
            KnowledgeError: if there is none of a name.
            AttackError: if one of the user's own is written wrongly.
            DataError: if two attacks share a name.
        """
        known = {attack.name: attack for attack in self.known or self.attacks}
        names = settings.attacks
        if names is None:
            return tuple(attack() for attack in self.attacks)
        # A single attack of the user's own is no list, and an error about it comes below.
        several = isinstance(names, list | tuple)
        given = cast(Sequence[str | AnyAttack], names if several else [names])
        split = [part for one in given for part in (one.split(",") if isinstance(one, str) else [one])]
        wanted = [one.strip() if isinstance(one, str) else one for one in split]
        # In the order of the catalogue, so that 'all' is the same list everywhere.
        wanted = list(known) if wanted == ["all"] else wanted
        # An attack that is given as an object need not be in the catalogue: it may be the user's own.
        lost = [one for one in wanted if isinstance(one, str) and one not in known]
        if lost:
            raise KnowledgeError(
                f"no attack on {self.name} is called {lost[0]!r}: choose from {', '.join(known) or 'none'}."
            )
        for one in wanted:
            if not isinstance(one, str) and is_own(one):
                check_written(one)
                check_frozen(one)
        # Named twice it plays once: a repetition would widen all intervals.
        chosen = tuple(dict.fromkeys(known[one]() if isinstance(one, str) else one for one in wanted))
        # Two settings of one attack have one name, and findings, evidence and skips go by name.
        if len({attack.name for attack in chosen}) < len(chosen):
            raise DataError(
                f"two attacks share a name among {', '.join(a.name for a in chosen)}: audit with one of them."
            )
        return chosen
