"""HTML: one self-contained page, without script and without network."""

from __future__ import annotations

from itertools import groupby
from typing import Any

from confide.report import words
from confide.report.charts import draw
from confide.report.charts.lines import line_encoding, line_records
from confide.report.charts.records import GROUPS
from confide.report.goals import Goal, goal
from confide.report.numbers import one_in, percent
from confide.report.skipped import fold

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
    env.filters.update(digits=digits, plain=plain)
    # The SVG is the only markup that is not escaped here: the drawing engine escapes every record in it.
    aims = {s["release"]: goal_of(s) for s in page["sections"]}
    charts = [
        {**c, "svg": Markup(_draw(c, at, aims[c["release"]])) if c["records"] else ""}
        for at, c in enumerate(page["charts"])
    ]
    exhibits = {s["release"]: _exhibits(s, f"{at}") for at, s in enumerate(page["sections"])}
    return env.get_template("report.html").render(
        page=page,
        charts=charts,
        exhibits=exhibits,
        goal=goal_of,
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


def digits(e: Page, public: bool) -> int:
    """So many decimals as an estimate's size asks for."""
    large = max(abs(e[end]) for end in ("value", "low", "high"))
    return 0 if large >= 1000 else 1 if large >= 10 else 2 if public else 3


def plain(x: float) -> str:
    """A count or a number without interval.

    >>> plain(12345), plain(0.123456), plain(98765.4), plain(50.0)
    ('12,345', '0.123', '98,765', '50')
    """
    return f"{x:,.0f}" if float(x).is_integer() or abs(x) >= 1000 else f"{x:.3g}"


def per_hundred(e: Page) -> Page:
    """An estimate of a rate, in percent."""
    return {name: 100 * e[name] for name in ("value", "low", "high")}


def goal_of(section: Page) -> Goal:
    """The words of a section; reports from before there were several goals are on membership."""
    return goal(section.get("goal", "membership"))


def _exhibits(s: Page, key: str) -> list[tuple[str, list[Page]]]:
    """A section's exhibits, those of one kind that follow each other together."""
    shown = [_exhibit(e, f"{key}-{at}") for at, e in enumerate(s.get("exhibits", []))]
    return [(kind, list(some)) for kind, some in groupby(shown, key=lambda e: e["kind"])]


def _exhibit(e: Page, key: str) -> Page:
    """A plot with its drawing, a table with what its columns hold: text stands at the left."""
    from markupsafe import Markup

    if e["kind"] == "plot":
        svg = Markup(_plot(e, key))
        return e | {
            "name": "lines",
            "svg": svg,
            "how_to_read": e["reading"],
            "why": "it has no point to draw",
        }
    return e | {"text": [any(isinstance(c, str) for c in column) for column in zip(*e["rows"], strict=True)]}


def _plot(plot: Page, key: str) -> str:
    """A plot of an exhibit, or nothing where no point can be drawn."""
    records = line_records(plot)
    if not records:
        return ""
    encoding, said = line_encoding(plot, records), f"{plot['y_title']} over {plot['x_title']}."
    return draw("lines", records, title=plot["title"], description=said, key=key, encoding=encoding)


def _draw(chart: Page, at: int, goal: Goal) -> str:
    return draw(
        chart["name"],
        chart["records"],
        title=chart["title"],
        description=chart["description"],
        key=str(at),
        words={**goal.axes, **dict(zip(GROUPS, goal.groups, strict=True))},
    )
