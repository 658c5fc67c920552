"""HTML: one self-contained page, without script and without network."""

from __future__ import annotations

from typing import Any

from confide.report import words
from confide.report.charts import draw
from confide.report.numbers import one_in, percent
from confide.report.skips import fold

Page = dict[str, Any]

SIGNS = {"within": "✓", "exceeded": "✕", "inconclusive": "?", "measured": "•"}


def to_html(page: Page) -> str:
    """The report as one HTML file; every text is escaped, every chart is drawn into the page."""
    from jinja2 import Environment, PackageLoader
    from markupsafe import Markup

    env = Environment(
        loader=PackageLoader("confide.report"), autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
    env.filters.update(num=number, span=span, one_in=one_in, percent=percent, per_hundred=per_hundred)
    # The SVG is the only markup that is not escaped here: the drawing engine escapes every record in it.
    charts = [
        {**c, "svg": Markup(_draw(c, at)) if c["records"] else ""} for at, c in enumerate(page["charts"])
    ]
    return env.get_template("report.html").render(
        page=page,
        charts=charts,
        signs=SIGNS,
        point=words.operating_point,
        columns=columns,
        fold=_folded,
        resolved=_resolved,
    )


def _folded(skipped: list[Page]) -> list[tuple[str, str]]:
    return fold((k["attack"], k["why"]) for k in skipped)


def _resolved(ladder: Page) -> set[float]:
    """The false-positive rates at which a row shows something: a narrow page has no room for the others."""
    return {at["fpr"] for rung in ladder["rungs"] for at in rung["tpr_at"] if at["rate"] is not None}


def columns(findings: list[Page], headline: Page) -> list[float]:
    """The false-positive rates that the table shows: the headline's, and the next below or else above it."""
    resolved = {at["fpr"] for f in findings for at in f["tpr_at"] if at["rate"] and at["fpr"] >= 0.001}
    point = words.operating_point(headline)
    if point is None:
        return sorted(resolved, reverse=True)[:2]
    below, above = (sorted(f for f in resolved if (f < point["fpr"]) is lower) for lower in (True, False))
    return sorted({point["fpr"], *(below[-1:] or [f for f in above if f != point["fpr"]][:1])}, reverse=True)


def number(x: float | None, digits: int = 3) -> str:
    """A number, or n/a."""
    return "n/a" if x is None else f"{x:.{digits}f}"


def span(e: Page | None, digits: int = 3) -> str:
    """The interval of an estimate."""
    return "" if e is None else f"{e['low']:.{digits}f}\u00a0– {e['high']:.{digits}f}"


def per_hundred(e: Page) -> Page:
    """An estimate of a rate, in percent."""
    return {name: 100 * e[name] for name in ("value", "low", "high")}


def _draw(chart: Page, at: int) -> str:
    return draw(
        chart["name"],
        chart["records"],
        title=chart["title"],
        description=chart["description"],
        key=str(at),
    )
