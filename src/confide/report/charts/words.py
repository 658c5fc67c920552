"""Words that stand inside a drawing, in the language of the report: records and chart files have them in "
"English."""

from __future__ import annotations

import json
from collections.abc import Sequence

from confide.core.language import language, later, t
from confide.report.charts.engine import Json, Spec
from confide.report.page_types import Datum

OTHERS = (
    later("fewer than 1 in 1,000"),
    later("fewer than 1 in 100"),
    later("fewer than 1 in 10"),
    later("1 in 10 or more"),
    later("any number"),
)
"""How many control people have a claim as sure, the fewest first."""

SHOWN = (later("promised"), later("shown"), later("could have shown"))
"""The bars of the chart of epsilon."""

COMMA = {
    "decimal": ",",
    "thousands": "\u202f",
    "grouping": [3],
    "currency": ["", "\u00a0€"],
    "percent": "\u00a0%",
}
"""How German and French write numbers, as Vega has it; thousands are apart by a thin space in both."""


def locale() -> Spec | None:
    """How numbers on axes are written; None for English, which is Vega's own."""
    return {**COMMA} if language() in ("de", "fr") else None


def words(name: str, records: Sequence[Datum]) -> tuple[list[Datum], dict[str, Spec]]:
    """The records of a chart with their words translated, and what of the chart file goes with them.

    >>> words("roc", [{"fpr": 0.1}])
    ([{'fpr': 0.1}], {})
    """
    if language() == "en":
        return list(records), {}
    if name == "worst_off":
        few = {"few": t("too few")}
        order: list[Json] = [t(other) for other in OTHERS]
        return [{**r, "others": t(f"{r['others']}"), **few} for r in records], {"y": {"sort": order}}
    if name == "epsilon":
        # The chart file chooses colours by these names, so that they stay what they are.
        names = json.dumps({what: t(what) for what in SHOWN})
        return list(records), {"y": {"axis": {"labelExpr": f"({names})[datum.value]"}}}
    return list(records), {}
