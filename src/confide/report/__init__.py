"""The report of an audit: one page of plain records, rendered to HTML, JSON and the terminal."""

from __future__ import annotations

from collections.abc import Sequence

from confide.report.cleaned import cleaned
from confide.report.decision import Decision
from confide.report.document import Report
from confide.report.exhibits import Band, Exhibit, Line, Plot, Quantile, Rate, Reading, Table
from confide.report.finding import Audience, Finding, Proof, Section, Skipped, Usefulness
from confide.report.limits import Limit
from confide.report.made import Made
from confide.report.page import page
from confide.report.redaction import Redaction, coarse
from confide.report.renders.schema import schema
from confide.report.skipped import nothing_ran
from confide.report.verdict import Verdict, judge, judge_section

__all__ = [
    "Audience",
    "Band",
    "Decision",
    "Exhibit",
    "Finding",
    "Limit",
    "Line",
    "Plot",
    "Proof",
    "Quantile",
    "Rate",
    "Reading",
    "Redaction",
    "Report",
    "Section",
    "Skipped",
    "Table",
    "Usefulness",
    "Verdict",
    "coarse",
    "judge",
    "judge_section",
    "nothing_ran",
    "page",
    "report",
    "schema",
]


def report(
    sections: Sequence[Section],
    *,
    seed: int,
    audience: Audience = "internal",
    limits: Sequence[Limit] = (),
    allow_unsettled: bool = False,
    version: str = "",
    show_rows: bool = False,
    before: Sequence[Section] = (),
    made: Made | None = None,
    decision: Decision | None = None,
) -> Report:
    """The report on one or more audited releases; see `page` and `Report` for its arguments."""
    whole = page(
        sections,
        seed=seed,
        audience=audience,
        limits=limits,
        allow_unsettled=allow_unsettled,
        version=version,
        before=before,
        made=made,
        decision=decision,
    )
    return Report(cleaned(whole), show_rows)
