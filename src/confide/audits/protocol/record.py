"""What an audit of a masking protocol found: one record for each question, ready for a report."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from confide.core.estimate import Estimate
from confide.report.exhibits import Table

Outcome: TypeAlias = Literal["passed", "failed", "unclear"]
Figures: TypeAlias = Mapping[str, float | Estimate]


@dataclass(frozen=True, slots=True, kw_only=True)
class Attack:
    """An attack that was played because a check failed.

    Args:
        story: what the adversary did, and what it read.
        succeeded: whether it read what the protocol hides.
        figures: numbers of it, by name.
    """

    story: str
    succeeded: bool
    figures: Figures = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """The answer to one question about a protocol.

    Args:
        name: short, for tables.
        question: as a person asks it.
        outcome: "unclear" where it could not be answered, which is never a pass.
        found: what was seen, in sentences; a pass says what it rules out, and with which error rate.
        figures: numbers behind it, by name.
        attacks: those played, if it failed.
    """

    name: str
    question: str
    outcome: Outcome
    found: str
    figures: Figures = field(default_factory=dict)
    attacks: tuple[Attack, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ProtocolAudit:
    """All checks of one protocol.

    Args:
        protocol: its name.
        checks: in the order of a round.
    """

    protocol: str
    checks: tuple[Check, ...]

    @property
    def passed(self) -> bool:
        """Whether every question was answered, and each well."""
        return all(check.outcome == "passed" for check in self.checks)

    @property
    def failed(self) -> tuple[str, ...]:
        """The names of the checks that failed."""
        return tuple(check.name for check in self.checks if check.outcome == "failed")

    def __getitem__(self, name: str) -> Check:
        """The check of this name."""
        return next(check for check in self.checks if check.name == name)

    def table(self) -> Table:
        """The checks as an exhibit."""
        return Table(
            title=f"What {self.protocol} gives away",
            reading=(
                "Each question was put by running the protocol's own functions. Where an answer is bad, the "
                "attack that follows from it was played."
            ),
            head=("question", "outcome", "found", "attack"),
            rows=tuple(
                (check.question, check.outcome, check.found, " ".join(a.story for a in check.attacks))
                for check in self.checks
            ),
        )
