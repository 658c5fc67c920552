"""FLOOR 2: one dict, rendered to HTML, JSON and the terminal."""

from __future__ import annotations

from collections.abc import Sequence

from confide.report.document import Report
from confide.report.exhibits import Exhibit, Line, Plot, Table
from confide.report.finding import Ahead, Audience, Finding, Ladder, OverTraining, Rung, Section, Skipped
from confide.report.numbers import coarse
from confide.report.page import page
from confide.report.skipped import nothing_ran
from confide.report.verdict import Limit, Verdict, judge

__all__ = [
    "Ahead",
    "Audience",
    "Exhibit",
    "Finding",
    "Ladder",
    "Limit",
    "Line",
    "OverTraining",
    "Plot",
    "Report",
    "Rung",
    "Section",
    "Skipped",
    "Table",
    "Verdict",
    "coarse",
    "judge",
    "nothing_ran",
    "page",
    "report",
]


def report(
    sections: Sequence[Section],
    *,
    seed: int,
    audience: Audience = "internal",
    limits: Sequence[Limit] = (),
    strict: bool = False,
    version: str = "",
) -> Report:
    """The report on one or more audited releases; see `page` for its arguments."""
    return Report(page(sections, seed=seed, audience=audience, limits=limits, strict=strict, version=version))
