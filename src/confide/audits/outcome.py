"""From evidence to the outcome of an audit: risks, the worst of them corrected, a report, and files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import polars as pl

from confide.audits.playing import Played
from confide.core import evidence as kept
from confide.core.budget import Budget, Unit
from confide.core.errors import DataError, EvidenceError
from confide.core.estimate import Estimate
from confide.core.evidence import Evidence
from confide.core.narrowing import told
from confide.core.version import VERSION
from confide.measure import Risk, measure, worst
from confide.report import (
    Audience,
    Exhibit,
    Finding,
    Ladder,
    Limit,
    OverTraining,
    Report,
    Section,
    Skipped,
    nothing_ran,
    report,
)


@dataclass(frozen=True, kw_only=True)
class Audit:
    """What an audit found, for one release or several.

    Args:
        sections: one a release.
        limits, strict: what decides the verdict.
        audience: 'internal' or 'public'.
        seed: from which it can be repeated.
        people: by release, for each target of the evidence who that is (column `target` and others), for
            internal use.
    """

    sections: tuple[Section, ...]
    limits: tuple[Limit, ...]
    strict: bool
    audience: Audience
    seed: int
    people: Mapping[str, pl.DataFrame] = field(default_factory=dict)

    @classmethod
    def merge(cls, audits: Sequence[Audit]) -> Audit:
        """Several audits with the same settings as one."""
        people = {release: who for audit in audits for release, who in audit.people.items()}
        return replace(
            audits[0], sections=tuple(s for audit in audits for s in audit.sections), people=people
        )

    @property
    def who(self) -> pl.DataFrame | None:
        """Who the targets of the first release are; None where nobody says, or the audit is public."""
        return next(iter(self.people.values()), None)

    @cached_property
    def report(self) -> Report:
        """Every word and number; prints itself."""
        return report(
            self.sections,
            seed=self.seed,
            audience=self.audience,
            limits=self.limits,
            strict=self.strict,
            version=VERSION,
        )

    @property
    def exit_code(self) -> int:
        """0 within limits, 1 if one is exceeded (or inconclusive, when strict)."""
        return int(self.report.page["exit"])

    @property
    def headlines(self) -> tuple[str, ...]:
        """The first sentence on each release."""
        return tuple(f"{s['release']}: {s['headline']}" for s in self.report.page["sections"])

    @property
    def evidence(self) -> tuple[Evidence, ...]:
        """All evidence; with several releases each attack carries its release's name."""
        return tuple(
            replace(e, attack=self._called(s, e)) for s in self.sections for e in s.evidence.values()
        )

    def _called(self, section: Section, evidence: Evidence) -> str:
        several = len(self.sections) > 1
        return f"{section.release}/{evidence.attack}" if several else evidence.attack

    @property
    def files(self) -> tuple[str, ...]:
        """What `save` writes: rows of evidence name people, so a public audit keeps them back."""
        rows = ("evidence.parquet",) if self.audience == "internal" else ()
        return ("report.html", "report.json", *rows)

    def save(self, folder: Path | str) -> None:
        """Write the report and, for an internal audience, the evidence; each file whole or not at all.

        Raises:
            DataError: if a public report were to stand beside the rows of an earlier, internal one.
        """
        folder = Path(folder)
        rows = folder / "evidence.parquet"
        if self.audience == "public" and rows.exists():
            raise DataError(f"{rows} holds the rows of an earlier audit: write the public report elsewhere.")
        self.report.save(folder / "report.html")
        self.report.save(folder / "report.json")
        if "evidence.parquet" in self.files:
            who = {
                self._called(s, e): self.people[s.release]
                for s in self.sections
                for e in s.evidence.values()
                if s.release in self.people
            }
            kept.save(self.evidence, rows, who=who)


def conclude(
    *,
    release: str,
    played: Played,
    blind: Evidence | None,
    limits: Sequence[str | Limit],
    audience: str,
    strict: bool,
    seed: int,
    about: Mapping[str, str],
    access: str = "",
    more_skipped: Sequence[Skipped] = (),
    adversary: Sequence[str] = (),
    harm: str = "",
    notes: Sequence[str] = (),
    warnings: Sequence[str] = (),
    ladder: Ladder | None = None,
    over_training: OverTraining | None = None,
    goal: str = "membership",
    subject: str = "",
    exhibits: Sequence[Exhibit] = (),
    promise: Budget | None = None,
    unit: Unit | None = None,
    who: pl.DataFrame | None = None,
) -> Audit:
    """Measure the attacks, all intervals corrected for their number, and lead with the worst.

    Args:
        goal: what the adversary is after, one of `confide.report.goals`.
        subject: who he is and what he knows, as the headline's first words; by the access if empty.
        exhibits: tables and plots beside the findings.
        promise: the budget that the release was made under.
        unit: what the game tells apart; a promise for another unit is not held against the bound.
        who: who the targets are, for the evidence of an internal audit.

    Raises:
        EvidenceError: if no attack could run: an audit that saw nothing is no audit.
    """
    skipped = (*played.skipped, *more_skipped)
    if not played.evidence:
        raise EvidenceError(nothing_ran(release, skipped))
    unseen = None if blind is None else measure(blind).auc
    cards = {a.name: a for a in played.attacks}
    place, risks = worst(played.evidence)
    findings = tuple(
        _finding(risk, e, cards.get(risk.attack), unseen)
        for risk, e in zip(risks, played.evidence, strict=True)
    )
    section = Section(
        release=release,
        access=access,
        headline=findings[place],
        findings=findings,
        skipped=skipped,
        evidence={e.attack: e for e in played.evidence},
        about=about,
        adversary=tuple(adversary),
        harm=harm,
        warnings=tuple(warnings),
        notes=tuple(notes),
        ladder=ladder,
        over_training=over_training,
        goal=goal,
        subject=subject,
        exhibits=tuple(exhibits),
        promise=promise,
        unit=unit,
    )
    return Audit(
        sections=(section,),
        limits=parse_limits(limits),
        strict=strict,
        audience=parse_audience(audience),
        seed=seed,
        people={} if who is None else {release: who},
    )


def parse_audience(audience: str) -> Audience:
    """'internal' or 'public'.

    Raises:
        DataError: if it is neither.
    """
    if audience == "internal" or audience == "public":
        return audience
    raise DataError(f"the audience is {audience!r}: choose internal or public.")


def parse_limits(limits: Sequence[str | Limit]) -> tuple[Limit, ...]:
    """Limits from text such as 'tpr@0.01=0.05'.

    Raises:
        DataError: if one cannot be understood.
    """
    return tuple(Limit.parse(limit) if isinstance(limit, str) else limit for limit in limits)


def _finding(risk: Risk, evidence: Evidence, attack: Any, blind: Estimate | None) -> Finding:
    """A finding with its card; `attack` is None where the scores were made elsewhere."""
    found = Finding(risk=risk, blind=blind, diagnostics=evidence.diagnostics)
    if attack is None:
        return found
    return replace(
        found,
        title=attack.title,
        settings=asdict(attack),
        citation=f"{attack.paper.authors} ({attack.paper.year}). {attack.paper.title}. {attack.paper.url}",
        told=told(attack),
    )
