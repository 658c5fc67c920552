"""Risk against what is left: both intervals, a name at every point, and which way is good."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import combinations
from xml.etree import ElementTree

import numpy as np
import pytest

from confide.audits.frontier import Frontier, Point
from confide.audits.protections import Good, frontier_exhibits
from confide.core.estimate import Estimate, Measured
from confide.report import Redaction, report
from confide.report.charts.draw import draw
from confide.report.charts.labels import HEIGHT, LETTER, LONGEST, ROW, WIDTH, axes_of, pixel
from confide.report.charts.labels import Point as Drawn
from confide.report.charts.lines import line_encoding, line_records
from confide.report.exhibit_records import exhibit_record
from confide.report.page_types import Datum, PlotRecord

pytestmark = pytest.mark.slow

HIT = "hit rate of 10 recommendations"


def around(value: float, half: float) -> Estimate:
    return Estimate(value, max(value - half, 0.0), min(value + half, 1.0), 0.95)


def drawn(points: dict[str, tuple[Estimate, Measured]], *, across: str = HIT, good: Good = "high",
          redaction: Redaction | None = None) -> PlotRecord:  # fmt: skip
    found = Frontier(
        risk="AUC of likes-tfidf",
        points=tuple(Point(name=n, promise=None, risk=r, left=left) for n, (r, left) in points.items()),
    )
    record = exhibit_record(
        frontier_exhibits(found, across=across, good=good)[1], redaction=redaction or Redaction()
    )
    assert record is not None and record["kind"] == "plot"
    return record


RESPONSES: dict[str, tuple[Estimate, Measured]] = {
    "as they are": (around(0.8, 0.03), {HIT: around(0.42, 0.04)}),
    **{
        f"response:{epsilon}": (
            around(0.5 + 0.3 * (1 - np.exp(-epsilon / 3)), 0.035),
            {HIT: around(0.03 + 0.38 * (1 - np.exp(-epsilon / 4)), 0.03)},
        )
        for epsilon in (8, 4, 2, 1, 0.5)
    },
    "rare:20": (around(0.79, 0.03), {HIT: around(0.41, 0.04)}),
}


def svg_of(plot: PlotRecord) -> str:
    records = line_records(plot)
    return draw("lines", records, title="t", description="d", encoding=line_encoding(plot, records))


def points_of(plot: PlotRecord) -> list[Datum]:
    return [r for r in line_records(plot) if r["part"] == "point"]


def places(svg: str) -> list[tuple[float, float]]:
    """Where the points are in the drawing, in its order."""
    root = ElementTree.fromstring(svg)
    marks = [g for g in root.iter("{http://www.w3.org/2000/svg}g") if "mark-symbol" in (g.get("class") or "")]
    moved = [path.get("transform") or "" for g in marks for path in g]
    return [tuple(map(float, re.findall(r"-?[\d.]+", m)[:2])) for m in moved if "translate" in m]  # type: ignore[misc]


def boxes(plot: PlotRecord) -> list[tuple[float, float, float, float]]:
    """The room that each label takes around its point, where the drawing puts this."""
    found: list[tuple[float, float, float, float]] = []
    for r, (x, y) in zip(points_of(plot), places(svg_of(plot)), strict=True):
        dx, dy, wide = float(r["dx"] or 0), float(r["dy"] or 0), LETTER * len(str(r["label"]))
        left = x + dx - {"left": 0, "right": wide, "center": wide / 2}[str(r["align"])]
        found.append((left, y + dy - ROW / 2, left + wide, y + dy + ROW / 2))
    return found


def overlap(a: tuple[float, ...], b: tuple[float, ...], *, slack: float = 3) -> bool:
    # A drawing rounds the axes' ends, so that a place is known to a few pixels.
    return a[0] + slack < b[2] and b[0] + slack < a[2] and a[1] + slack < b[3] and b[1] + slack < a[3]


@pytest.mark.parametrize("audience", ["internal", "public"])
def test_every_point_has_both_intervals_and_its_name(audience) -> None:
    plot = drawn(RESPONSES, redaction=Redaction(audience))
    spans = {r["name"]: (r["x"], r["x2"]) for r in line_records(plot) if r["part"] == "span"}
    for r in points_of(plot):
        risk, left = RESPONSES[str(r["name"])]
        rate = left[HIT]
        assert isinstance(rate, Estimate) and r["label"] == r["name"]
        slack = 0.01 if audience == "public" else 1e-12
        for got, end in ((r["low"], risk.low), (spans[r["name"]][0], rate.low)):
            assert end - slack <= got <= end + 1e-12  # outward for the public
        for got, end in ((r["high"], risk.high), (spans[r["name"]][1], rate.high)):
            assert end - 1e-12 <= got <= end + slack
    assert len(spans) == len(RESPONSES)
    texts = {t.text for t in ElementTree.fromstring(svg_of(plot)).iter("{http://www.w3.org/2000/svg}text")}
    assert set(RESPONSES) <= texts
    assert all(line["labels"] == [] for line in plot["lines"])  # the public sees names of releases alone


@pytest.mark.parametrize(
    ("good", "words", "side"), [("high", "more is better →", "right"), ("low", "← less is better", "left")]
)
def test_both_axes_say_which_way_is_good(good: Good, words: str, side: str) -> None:
    plot = drawn(RESPONSES, good=good)
    assert plot["x_title"] == f"{HIT} ({words})"
    assert plot["y_title"] == "AUC of likes-tfidf (lower is better)"
    assert f"low, where little is found out, and at the {side}, where much is left" in plot["reading"]
    svg = svg_of(plot)
    assert words in svg and "lower is better" in svg


def test_a_measure_without_interval_has_no_level_line() -> None:
    error = "flow-map error"
    exact: dict[str, tuple[Estimate, Measured]] = {
        n: (risk, {error: 0.1 * i}) for i, (n, (risk, _)) in enumerate(RESPONSES.items())
    }
    plot = drawn(exact, across=error)
    assert [r["part"] for r in line_records(plot)] == ["point"] * len(RESPONSES)
    assert "NaN" not in svg_of(plot) and "undefined" not in svg_of(plot)


def test_labels_are_placed_where_the_points_are_drawn() -> None:
    """The places that labels are worked out from agree with the drawing to three pixels."""
    rng = np.random.default_rng(4)
    for _ in range(6):
        many, scale = int(rng.integers(2, 9)), float(rng.choice([0.05, 0.3, 1.0]))
        spots = rng.uniform(0, scale, (many, 2)).tolist()
        plot = drawn({f"r{i}": (around(y, 0.02), {HIT: around(x, 0.01)}) for i, (x, y) in enumerate(spots)})
        ends = {line["name"]: line for line in plot["lines"]}
        inputs = [
            Drawn("0", 0, str(r["name"]), float(r["x"]), float(r["y"]), r["low"], r["high"],
                  ends[str(r["name"])]["x_low"][0], ends[str(r["name"])]["x_high"][0], "", False)  # type: ignore[arg-type]
            for r in points_of(plot)
        ]  # fmt: skip
        axes = axes_of(inputs, plot)
        for p, place in zip(inputs, places(svg_of(plot)), strict=True):
            assert pixel(p.x, p.y, axes) == pytest.approx(place, abs=3)


def test_names_hide_neither_points_nor_each_other() -> None:
    """Up to ten releases, spread out or all at one place: each has its name, and none is on another."""
    rng = np.random.default_rng(5)
    for spread, counts in ((0.0, (1, 10)), (0.02, (6,)), (0.4, (10,))):
        for many in counts:
            cloud = {
                f"release:{i},{10 ** (i % 4)}": (
                    around(0.5 + spread * float(rng.uniform(-1, 1)), 0.02),
                    {HIT: around(0.5 + spread * float(rng.uniform(-1, 1)), 0.03)},
                )
                for i in range(many)
            }
            plot = drawn(cloud)
            assert [r["label"] for r in points_of(plot)] == list(cloud)
            found, points = boxes(plot), places(svg_of(plot))
            assert not [pair for pair in combinations(found, 2) if overlap(*pair)], (spread, many)
            marks = [(x - 4, y - 4, x + 4, y + 4) for x, y in points]
            assert not [1 for box in found for mark in marks if overlap(box, mark)], (spread, many)
            assert all(box[0] > -25 and box[2] < WIDTH + 25 and box[3] < HEIGHT + 25 for box in found)


def test_a_name_too_long_for_the_frame_is_cut_and_not_left_out() -> None:
    long = "+".join(f"bin:{i}h" for i in range(1, 20))
    plot = drawn({long: RESPONSES["rare:20"], "as they are": RESPONSES["as they are"]})
    first, second = (str(r["label"]) for r in points_of(plot))
    assert first.endswith("…") and len(first) == LONGEST and long.startswith(first[:-1])
    assert second == "as they are"


def test_the_plot_is_in_both_editions_of_the_report(make) -> None:
    plot = frontier_exhibits(
        Frontier(
            risk="AUC",
            points=tuple(Point(name=n, promise=None, risk=r, left=at) for n, (r, at) in RESPONSES.items()),
        ),
        across=HIT,
        good="high",
    )
    for audience in ("internal", "public"):
        html = report([replace(make.section(0.5), exhibits=plot)], seed=7, audience=audience).html()
        svg = html[html.index("Risk against what is left") :]
        assert all(f">{name}</text>" in svg for name in RESPONSES)
