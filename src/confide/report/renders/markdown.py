"""Markdown: a summary of the report for a pull request."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from confide.core.language import t
from confide.report.finding import Ruling
from confide.report.page_types import LimitRecord, Page, SectionRecord
from confide.report.renders.brief import told
from confide.report.renders.unmarked import unmarked
from confide.report.strongest import RANK, severity, strongest

SIGNS: Mapping[Ruling, str] = {"within": "✅", "exceeded": "❌", "not settled": "⚠️", "measured": "ℹ️"}
"""A sign for each ruling: colours do not reach everybody, and the words stand beside them."""

MOST_SECTIONS, MOST_ATTACKS, MOST_WARNINGS, MOST_ROWS = 12, 5, 12, 24
"""A comment has room for 65,536 characters: what is left out is counted."""


def to_markdown(page: Page) -> str:
    """Headline, verdict, limits in words, the strongest attacks, comparison, and what to read first.

    No name can be markup. A limit that is not kept is never left out.
    """
    sections = sorted(page["sections"], key=severity)[:MOST_SECTIONS]
    several = len(page["sections"]) > 1
    title = t("Privacy audit: {release}", release=page["release"])
    lines = [f"### {unmarked(title)}", ""]
    lines += [f"{_named(s, several)}{unmarked(s['headline'])}\n" for s in sections]
    lines += _more(len(page["sections"]) - len(sections))
    lines += [f"{SIGNS[page['verdict']]} **{unmarked(page['verdict_sentence'])}**"]
    lines += _listed(t("Limits", of="first page"), _limits(page, several))
    lines += _attacks(page, sections)
    lines += _listed(t("Compared", of="first page"), _compared(page))
    lines += _listed(t("Read first", of="first page"), _warnings(page))
    return "\n".join([*lines, "", f"<sub>{unmarked(_made(page))}</sub>", ""])


def _named(s: SectionRecord, several: bool) -> str:
    return f"**{unmarked(s['release'])}**: " if several else ""


def _more(n: int) -> list[str]:
    return [unmarked(t("Further releases: {n:,}, in report.html", n=n)), ""] if n > 0 else []


def _limits(page: Page, several: bool) -> list[str]:
    rows = sorted(page["limits"], key=lambda row: RANK[row["verdict"]])
    bad = [row for row in rows if row["verdict"] != "within"]
    shown = [*bad, *rows[len(bad) :][: max(MOST_ROWS - len(bad), 0)]]
    more = len(rows) - len(shown)
    said = [_limit(row, several) for row in shown]
    return said + [unmarked(t("Further limits: {n:,}, all of them kept", n=more))] * (more > 0)


def _limit(row: LimitRecord, several: bool) -> str:
    release = f"{row['release']}: " * several
    why = f" ({row['reason']})" if row["verdict"] == "not settled" and row["reason"] else ""
    return f"{SIGNS[row['verdict']]} {unmarked(release + row['words'] + why)}"


def _attacks(page: Page, sections: Sequence[SectionRecord]) -> list[str]:
    """The strongest attacks as a table."""
    rows: list[str] = []
    for s in sections:
        mine = [f for f in page["findings"] if f["release"] == s["release"]]
        rows += [
            f"| {unmarked(s['release'])} | {unmarked(f['attack'])} | {unmarked(told(f, mine, s))} |"
            for f in strongest(mine, s)[:MOST_ATTACKS]
        ]
    head = (
        f"| {t('Release', of='summary')} | {t('Attack', of='summary')} | {t('What it found', of='summary')} |"
    )
    return ["", head, "| --- | --- | --- |", *rows] if rows else []


def _compared(page: Page) -> list[str]:
    rows = [row["sentence"] for c in page["comparisons"] for row in c["rows"]]
    more = len(rows) - MOST_ROWS
    said = [unmarked(text) for text in rows[:MOST_ROWS]]
    return said + [unmarked(t("Further ones: {n:,}, in report.html", n=more))] * (more > 0)


def _warnings(page: Page) -> list[str]:
    every = list(dict.fromkeys(text for s in page["sections"] for text in s["warnings"]))
    more = len(every) - MOST_WARNINGS
    said = [unmarked(text) for text in every[:MOST_WARNINGS]]
    return said + [unmarked(t("Further warnings: {n:,}, in report.html", n=more))] * (more > 0)


def _listed(title: str, items: Sequence[str]) -> list[str]:
    return ["", f"**{unmarked(title)}**", "", *(f"- {item}" for item in items)] if items else []


def _made(page: Page) -> str:
    """By which version, and for whom: a pull request may be read by more people than the report is for."""
    version, seed = page["version"], page["seed"]
    if page["audience"] == "public":
        return t("confide {version}, seed {seed}; for the public", version=version, seed=seed)
    return t("confide {version}, seed {seed}; for internal use", version=version, seed=seed)
