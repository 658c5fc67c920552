"""`confide.compare`: two audits side by side, in whatever form the user has them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TypeAlias

from confide.audits.loading import SavedAudit, load
from confide.audits.outcome import Audit
from confide.core.errors import DataError
from confide.core.language import t, written_in
from confide.core.paths import is_folder
from confide.core.who import of_attack
from confide.report import Report
from confide.report.compare import Comparison, Side, compare_sides
from confide.report.finding import Audience
from confide.report.measured import MeasuredRelease, releases_of

Comparable: TypeAlias = Audit | SavedAudit | Report | Path | str
"""An audit, one that was saved, a report alone, or where one of them is kept: a folder or a report.json."""


def compare(
    before: Comparable,
    after: Comparable,
    *,
    margin: float | None = None,
    match: Mapping[str, str] = MappingProxyType({}),
    audience: Audience | None = None,
    language: str = "en",
) -> Comparison:
    """Compare two audits: does the second give away more, by how much, and how sure is that.

    Both are read at one false-positive rate, chosen by the numbers of people alone. On either side the
    adversary uses its best attack, and all intervals are corrected for having looked at several. Where the
    same people were asked about, what both audits have in common is taken out of the interval. Reports alone,
    and public ones, are compared by the intervals on their pages, which are wider.

    Args:
        before, after: audits, folders of audits, reports, or files of reports.
        margin: up to which difference two releases are called the same, and more is not called worse. By
            default 0.01 for "the same", and more is worse however little it is.
        match: names of releases before -> names after, and only these are compared. By default those of one
            name, or the only ones of a goal.
        audience: who will read it; the public by default only if both reports are for it.
        language: of the page: "en", "de" or "fr".

    Raises:
        DataError: if something cannot be read, or there is nothing that could be compared.
    """
    if margin is not None and not 0 <= margin < 1:
        raise DataError(
            f"the margin is {margin}: give a share from 0 to 1, such as 0.02 for 2 people in 100."
        )
    if _one_place(before, after) and not match:
        raise DataError(
            f"{before} and {after} are one report: name another one, or two releases of it with --match "
            "BEFORE=AFTER."
        )
    with written_in(language):
        sides = [
            _side(given, name) for given, name in zip((before, after), _names(before, after), strict=True)
        ]
        return compare_sides(*sides, margin=margin, match=match, audience=audience)


def _one_place(before: Comparable, after: Comparable) -> bool:
    if before is after:
        return True
    places = [_report_of(Path(x)).resolve() for x in (before, after) if isinstance(x, Path | str)]
    return len(places) == 2 and places[0] == places[1]


def _report_of(path: Path) -> Path:
    return path / "report.json" if is_folder(path) else path


def _names(before: Comparable, after: Comparable) -> tuple[str, str]:
    """What to call both: as the user writes it, else by their releases, else by their order."""
    first, second = (
        str(x) if isinstance(x, Path | str) else _report(x).page["release"] for x in (before, after)
    )
    if first != second:
        return first, second
    return t("{name}, before", name=first), t("{name}, after", name=second)


def _report(given: Audit | SavedAudit | Report) -> Report:
    return given if isinstance(given, Report) else given.report


def _side(given: Comparable, name: str) -> Side:
    if isinstance(given, Path | str):
        path = Path(given)
        given = load(path) if is_folder(path) else Report.load(path)
    page = _report(given).page
    if isinstance(given, Report):
        return Side(name=name, page=page, releases=releases_of(page))
    releases = given.releases if isinstance(given, SavedAudit) else _releases_of(given)
    return Side(name=name, page=page, releases=releases)


def _releases_of(audit: Audit) -> tuple[MeasuredRelease, ...]:
    """The releases of an audit that was just made; of a public one without the rows, as in its files."""
    bare = releases_of(audit.report.page)
    if audit.settings.audience == "public":
        return bare
    return tuple(
        MeasuredRelease(
            record=r.record,
            findings=r.findings,
            language=r.language,
            evidence=s.evidence,
            who={
                attack: of_attack(audit.people[s.release], attack)
                for attack in s.evidence
                if s.release in audit.people
            },
        )
        for r, s in zip(bare, audit.sections, strict=True)
    )
