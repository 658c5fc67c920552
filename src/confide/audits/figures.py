"""Figures of an audit: those of its report, and the same drawn for another attack than the strongest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from confide.core.errors import DataError
from confide.core.foreign import escaped
from confide.core.language import written_in
from confide.report import Redaction, Report, Section
from confide.report.chart_records import chart_records
from confide.report.cleaned import cleaned
from confide.report.figure import Figure, figure_of


def figure_for(
    report: Report, sections: Sequence[Section], name: str, *, release: str | None, attack: str | None
) -> Figure:
    """A chart of the report, or the same chart drawn for another attack.

    Args:
        report: of the audit.
        sections: of the audit, with the evidence of each attack.
        name, release, attack: as `Audit.figure` takes them.

    Raises:
        DataError: if there is none such, with those that there are.
    """
    page = report.page
    # The page has names with control characters written out: both are understood.
    each = zip(sections, page["sections"], strict=True)
    section = next((s for s, shown in each if release in (None, s.release, shown["release"])), None)
    if section is not None and release is not None:
        release = escaped(release)
    # What the public sees of scores is what its report shows: each further chart would be one more release.
    if attack is None or name == "curve" or section is None or page["audience"] == "public":
        return report.figure(name, release=release, attack=attack)
    found = {f.risk.attack: f for f in section.findings}
    if attack not in found:
        ran = ", ".join(map(repr, found))
        raise DataError(f"no attack on {section.release} is called {attack!r}: those that ran are {ran}.")
    release = escaped(section.release)
    if attack == section.headline.risk.attack:
        return report.figure(name, release=release)
    with written_in(page["language"]):
        charts = chart_records(replace(section, headline=found[attack]), redaction=Redaction(), of=attack)
    return figure_of(page, name, release=release, attack=attack, charts=cleaned(charts))
