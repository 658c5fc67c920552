"""One release of a report together with the scores that its numbers rest on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import polars as pl

from confide.core.evidence import Evidence
from confide.report.page_types import FindingRecord, Page, SectionRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasuredRelease:
    """One release of a report: its records on the page, and where they are at hand the scores behind them.

    Args:
        record: its section.
        findings: of all attacks that ran, in the order of the page.
        evidence: by attack; empty where the rows are not at hand, as of a public report.
        who: for each attack by its name, a row for each target: `target`, and file, row and id as far as they
            are known; empty where nobody says.
        language: of the report's sentences.
    """

    record: SectionRecord
    findings: tuple[FindingRecord, ...]
    evidence: Mapping[str, Evidence] = field(default_factory=dict)
    who: Mapping[str, pl.DataFrame] = field(default_factory=dict)
    language: str = "en"

    @property
    def release(self) -> str:
        """Its name."""
        return self.record["release"]

    @property
    def goal(self) -> str:
        """What the adversary was after."""
        return self.record["goal"]

    @property
    def proved(self) -> bool:
        """Does it hold proofs, of which there is no rate?"""
        return not self.record["finding"]["tpr_at"]

    @property
    def measured(self) -> bool:
        """Are the scores of every attack at hand?"""
        return bool(self.findings) and all(f["attack"] in self.evidence for f in self.findings)


def releases_of(page: Page) -> tuple[MeasuredRelease, ...]:
    """The releases of a page without their scores."""
    return tuple(
        MeasuredRelease(
            record=s,
            findings=tuple(f for f in page["findings"] if f["release"] == s["release"]),
            language=page["language"],
        )
        for s in page["sections"]
    )
