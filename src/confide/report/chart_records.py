"""Charts as records of the page: their words, what they draw, and why where there is nothing to draw."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from confide.core.language import later, t
from confide.report.charts import points
from confide.report.finding import Finding, Section
from confide.report.goals import goal
from confide.report.page_types import ChartName, ChartRecord, Datum
from confide.report.readings import ChartWords, chart_words, curve_words
from confide.report.redaction import Redaction

NO_SCORES = later("the scores were not handed to the report")

EMPTY: Mapping[ChartName, str] = {"epsilon": later("no bound on epsilon applies to this evidence")}
"""Why a chart has nothing to draw, where it is not for want of scores."""


def chart_records(s: Section, *, redaction: Redaction, of: str = "") -> list[ChartRecord]:
    """The charts of one release: those of the strongest attack, then the curves of each attack's card.

    Args:
        of: the name of the attack that the section leads with, where that is not the strongest.
    """
    # One attack is drawn, the strongest: charts of all of them would hide it.
    evidence, aim = s.evidence.get(s.headline.risk.attack), goal(s.goal)
    drawn: dict[ChartName, list[Datum]] = {
        "roc": points.roc_records(s.headline, s.findings, corner=aim.certain, redaction=redaction),
        "scores": []
        if evidence is None
        else points.score_records(evidence, names=aim.groups, redaction=redaction),
        "worst_off": [] if evidence is None else points.worst_off_records(evidence, redaction=redaction),
        "epsilon": points.epsilon_records(s, redaction=redaction),
    }
    about = t(s.headline.title) if s.headline.title else s.headline.risk.attack
    # `chart_words` decides which charts this goal has, and in which order.
    charts = [
        _chart(name, s.release, words, about=about, records=drawn[name], why=t(EMPTY.get(name, NO_SCORES)))
        for name, words in chart_words(aim, of=of).items()
    ]
    return [*charts, *(curve for f in s.findings for curve in _curves(f, s.release, redaction))]


def _curves(finding: Finding, release: str, redaction: Redaction) -> list[ChartRecord]:
    """What the attack tried before it chose a setting; it is drawn in the attack's card."""
    return [
        _chart(
            "curve",
            release,
            curve_words(curve),
            about=finding.risk.attack,
            records=points.curve_records(curve, redaction=redaction),
            why=t("not shown to the public") if redaction.public else t("it has no point that can be drawn"),
            attack=finding.risk.attack,
        )
        for diagnostics in finding.diagnostics
        for curve in diagnostics.curves
    ]


def _chart(
    name: ChartName,
    release: str,
    words: ChartWords,
    *,
    about: str,
    records: Sequence[Datum],
    why: str,
    attack: str = "",
) -> ChartRecord:
    return {
        "name": name,
        "release": release,
        "attack": attack,
        "title": words.title,
        "description": t("{label}: {text}", label=words.title, text=f"{release}, {about}."),
        "how_to_read": words.how_to_read,
        "x_title": words.x_title,
        "y_title": words.y_title,
        "records": list(records),
        # An empty chart without a reason would look like a fault.
        "why": "" if records else why,
    }
