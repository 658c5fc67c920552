"""What an audit by checks found: one record for each question, ready for a report."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from confide.core.estimate import Estimate

Outcome: TypeAlias = Literal["passed", "failed", "unclear"]
Figures: TypeAlias = Mapping[str, float | Estimate]


@dataclass(frozen=True, slots=True)
class Question:
    """One question that an audit asks.

    Args:
        asked: as a person asks it.
        advice: what mends what fails it, and what holds until then.
    """

    asked: str
    advice: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Attack:
    """An attack that was played because a check failed.

    Args:
        story: what the adversary did, and what it read.
        succeeded: whether it read what should be hidden.
        figures: numbers of it, by name.
    """

    story: str
    succeeded: bool
    figures: Figures = field(default_factory=dict)


def played(attack: Callable[[], Attack]) -> Attack:
    """Play the attack that follows from a failed check; where it breaks off, the check has failed still.

    >>> played(lambda: Attack(story="", succeeded=bool(1 / 0))).story
    'The attack that follows broke off: ZeroDivisionError: division by zero.'
    """
    try:
        return attack()
    except Exception as error:  # functions of others raise what they like
        story = f"The attack that follows broke off: {type(error).__name__}: {error}."
        return Attack(story=story, succeeded=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """The answer to one question.

    Args:
        name: of the question.
        outcome: "unclear" where it could not be answered, which is never a pass.
        found: what was seen, in sentences; a pass says what it rules out, and with which error rate.
        figures: numbers behind it, by name.
        attacks: those played, if it failed.
    """

    name: str
    outcome: Outcome
    found: str
    figures: Figures = field(default_factory=dict)
    attacks: tuple[Attack, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Checks:
    """All checks of an audit.

    Args:
        checks: in the order of the report.
    """

    checks: tuple[Check, ...]

    @property
    def outcome(self) -> Outcome:
        """The worst of all: a check that failed before one that is unclear."""
        outcomes = {check.outcome for check in self.checks}
        return "failed" if "failed" in outcomes else "unclear" if "unclear" in outcomes else "passed"

    @property
    def passed(self) -> bool:
        """Whether every question was answered, and each well."""
        return self.outcome == "passed"

    @property
    def failed(self) -> tuple[str, ...]:
        """The names of the checks that failed."""
        return self.named("failed")

    def named(self, outcome: Outcome) -> tuple[str, ...]:
        """The names of the checks with this outcome."""
        return tuple(check.name for check in self.checks if check.outcome == outcome)

    def __getitem__(self, name: str) -> Check:
        """The check of this name."""
        return next(check for check in self.checks if check.name == name)
