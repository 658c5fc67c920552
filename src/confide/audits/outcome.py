"""From evidence to the outcome of an audit: risks, the worst of them corrected, a report, and files."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field, is_dataclass, replace
from functools import cached_property
from pathlib import Path

import polars as pl

from confide.audits.settings import Settings
from confide.core import evidence as kept
from confide.core.atomic import atomic_write
from confide.core.errors import DataError
from confide.core.estimate import Estimate
from confide.core.evidence import Evidence
from confide.core.narrowing import told
from confide.core.nouns import AnyAttack
from confide.core.paper import Paper
from confide.core.version import VERSION
from confide.core.who import of_attack
from confide.measure import Risk, measure, records, worst
from confide.report import Finding, Report, Section, report

ROWS = ("evidence.parquet", "exposed.csv")
"""The files whose rows are people: for internal use."""


def refuse_beside_rows(folder: Path) -> None:
    """Refuse a folder for the public that holds rows of an internal audit: they would be passed on with it.

    Raises:
        DataError: if it does.
    """
    earlier = [folder / name for name in ROWS if (folder / name).exists()]
    if earlier:
        raise DataError(
            f"{earlier[0]} holds the rows of an earlier audit: write the public report elsewhere."
        )


@dataclass(frozen=True, kw_only=True)
class Audit:
    """What an audit found, for one release or several.

    Args:
        sections: one a release.
        settings: what decides the verdict, and who will read it.
        before: the release without protection, one section a goal, where all sections are protected ones:
            they are compared with it.
        people: by release, for each target of the evidence who that is (column `target` and others), for
            internal use.
    """

    sections: tuple[Section, ...]
    settings: Settings
    before: tuple[Section, ...] = ()
    people: Mapping[str, pl.DataFrame] = field(default_factory=dict)

    @classmethod
    def merge(cls, audits: Sequence[Audit]) -> Audit:
        """Several audits with the same settings as one."""
        # Names of releases differ: a report refuses two sections of one name.
        people = {release: targets for audit in audits for release, targets in audit.people.items()}
        sections = tuple(s for audit in audits for s in audit.sections)
        # One audit's unprotected release is not that of another: then all are held against the first.
        before = audits[0].before if len(audits) == 1 else ()
        return replace(audits[0], sections=sections, people=people, before=before)

    @property
    def targets(self) -> pl.DataFrame | None:
        """Who the targets of the first release are; None where nobody says, or the audit is public."""
        return next(iter(self.people.values()), None)

    @property
    def exposed(self) -> pl.DataFrame:
        """Everybody who was in the data, the most exposed first: who they are, and how few look like them.

        Columns: release, attack (the headline's), target (their number in the evidence), times_in (in how
        many rounds they were in), lookalikes (the share of others with a claim at least as sure), and those
        of `people`. It points at people: for internal use.
        """
        frames: list[pl.DataFrame] = []
        for s in self.sections:
            found = s.evidence[s.headline.risk.attack]
            rows = records(found).select("target", times_in="worlds_in", lookalikes="fpr")
            who = self.people.get(s.release)
            if who is not None:
                rows = rows.join(of_attack(who, found.attack), on="target", how="left")
            first = [
                pl.lit(text).alias(name) for name, text in (("release", s.release), ("attack", found.attack))
            ]
            frames.append(rows.sort("lookalikes", "target").select(*first, pl.all()))
        # Diagonal, because releases of several kinds may say different things of people.
        return pl.concat(frames, how="diagonal_relaxed")

    @cached_property
    def report(self) -> Report:
        """Every word and number; prints itself."""
        return report(
            self.sections,
            seed=self.settings.seed,
            audience=self.settings.audience,
            limits=self.settings.parsed_limits,
            strict=self.settings.strict,
            version=VERSION,
            show_rows=self.settings.show_rows,
            before=self.before,
        )

    @property
    def exit_code(self) -> int:
        """0 within limits, 1 if one is exceeded (or not settled, when strict)."""
        return self.report.exit_code

    @property
    def verdict(self) -> str:
        """The ruling over all limits: "within", "exceeded", "not settled", or "measured" without limits."""
        return str(self.report.page["verdict"])

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
        return ("report.html", "report.json", *(ROWS if self.settings.audience == "internal" else ()))

    def save(self, folder: Path | str) -> None:
        """Write the report and, for an internal audience, the evidence and who is exposed; each file whole.

        Raises:
            DataError: if a public report were to stand beside the rows of an earlier, internal one.
        """
        folder = Path(folder)
        if self.settings.audience == "public":
            refuse_beside_rows(folder)
        # What was found comes first, all of it or nothing, and drawing last: no chart can lose any of it.
        with ExitStack() as whole:
            self._save_numbers(
                lambda name: whole.enter_context(atomic_write(folder / name, shared=self.settings.share))
            )
        drawn = folder / "report.html"
        # An earlier page beside these numbers would be read as theirs if this one could not be written.
        if drawn.is_file():
            drawn.unlink()
        self.report.save(drawn, shared=self.settings.share)

    def _save_numbers(self, draft: Callable[[str], Path]) -> None:
        draft("report.json").write_text(self.report.json(), encoding="utf-8")
        if self.settings.audience == "public":
            return
        who = {
            self._called(s, e): of_attack(self.people[s.release], e.attack)
            for s in self.sections
            for e in s.evidence.values()
            if s.release in self.people
        }
        kept.save(self.evidence, draft("evidence.parquet"), who=who)
        self.exposed.write_csv(draft("exposed.csv"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """Every attack measured by itself, and the worst of them, corrected for the number tried."""

    headline: Finding
    findings: tuple[Finding, ...]


def findings(
    evidence: Sequence[Evidence], attacks: Sequence[AnyAttack], *, blind: Evidence | None, among: int = 1
) -> Findings:
    """Measure the attacks, all intervals corrected for how many might have been tried; lead with the worst.

    Args:
        evidence: of the attacks that ran; at least one.
        attacks: all that were tried, for their cards.
        blind: the evidence of the blind adversary, where one played.
        among: how many attacks such an audit has, whether or not they ran.
    """
    # Every finding stands beside what could be said without the release.
    unseen = None if blind is None else measure(blind).auc
    # By name, because evidence on disk knows its attack by name alone.
    cards = {a.name: a for a in attacks}
    # The worst of several is chosen by looking, so `worst` widens all intervals for their number.
    place, risks = worst(evidence, among=among)
    found = tuple(
        _finding(risk, e, cards.get(risk.attack), unseen) for risk, e in zip(risks, evidence, strict=True)
    )
    return Findings(headline=found[place], findings=found)


def _finding(risk: Risk, evidence: Evidence, attack: AnyAttack | None, blind: Estimate | None) -> Finding:
    """A finding with its card; `attack` is None where the scores were made elsewhere."""
    found = Finding(risk=risk, blind=blind, diagnostics=evidence.diagnostics)
    if attack is None:
        return found
    paper: Paper | None = getattr(attack, "paper", None)
    return replace(
        found,
        title=getattr(attack, "title", attack.name),
        settings=asdict(attack) if is_dataclass(attack) else {},
        citation="" if paper is None else f"{paper.authors} ({paper.year}). {paper.title}. {paper.url}",
        told=told(attack),
    )
