"""Tables and plots beside the findings: what each audience sees, in every render."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from html import unescape
from math import inf, nan
from xml.etree import ElementTree

import numpy as np
import pytest

from confide.core.errors import DataError
from confide.core.estimate import Estimate
from confide.report import Band, Line, Plot, Rate, Report, Table, page, report
from confide.report.charts.draw import draw
from confide.report.charts.legend import Entry, legend, plot_legend
from confide.report.charts.lines import band_records, line_encoding, line_records
from confide.report.exhibit_records import exhibit_record
from confide.report.redaction import Redaction
from confide.report.renders.text import to_text

from .page_schema import is_valid, validate

EVIL = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>"

TABLE = Table(
    title="Who is named",
    reading=("Of ", 3217, " people."),
    head=("threshold", "people", "right", "moved", "remark"),
    rows=(
        (8, 3217, Estimate(0.6154, 0.5948, 0.6353, 0.95), 1234.5678, "usual"),
        ("calibrated", 7, Estimate(0.002, 0.0005, 0.004, 0.95), nan, None),
        (2.5, 0, Estimate(nan, 0.0, 1.0, 0.95), 0.0, "n"),
    ),
    of=3217,
)
PLOT = Plot(
    title="Singled out",
    reading="Read upwards.",
    x_title="points known",
    y_title="people singled out",
    lines=(
        Line(name="500 m", x=(1, 2, 4), y=(0.1234, 0.5, nan), low=(0.1, 0.4, 0), high=(0.15, inf, 1)),
        Line(name="rare:20", x=(2,), y=(0.301,), labels=("label one",), joined=False),
    ),
)
SECRET = Table(
    title="Telling items", reading="Inside.", head=("item", "n"), rows=(("item 17", 3),), internal=True
)


def shown(make, *exhibits, audience="internal", **options) -> Report:
    return report([make.section(1.0, exhibits=exhibits)], seed=1, audience=audience, **options)


@pytest.mark.parametrize(("value", "shown"), [(0.9957, 0.99), (1.0, 1.0), (0.004, 0.004), (1.302, 1.3)])
def test_the_public_never_reads_everybody_where_somebody_was_missed(value: float, shown: float) -> None:
    found = Redaction("public").estimate(Estimate(value, value, value, 0.95))
    assert found is not None and found["value"] == shown and found["low"] <= shown <= found["high"]


def test_the_public_sees_a_measured_x_as_coarsely_as_a_table() -> None:
    line = Line(name="rare:20", x=(0.270833,), y=(0.5,))
    plot = Plot(title="t", reading="r", x_title="x", y_title="y", lines=(line,), measured=True)
    assert exhibit_record(plot, redaction=Redaction("public"))["lines"][0]["x"] == [0.27]
    assert exhibit_record(plot, redaction=Redaction())["lines"][0]["x"] == [0.270833]
    setting = replace(plot, measured=False)
    assert exhibit_record(setting, redaction=Redaction("public"))["lines"][0]["x"] == [0.270833]


def test_a_table_keeps_its_numbers_and_has_null_for_what_is_none():
    rows = exhibit_record(TABLE, redaction=Redaction())["rows"]
    assert rows[0][:2] == [8, 3217]
    assert rows[0][2] == {"value": 0.6154, "low": 0.5948, "high": 0.6353, "confidence": 0.95}
    assert [row[3] for row in rows] == [1234.57, None, 0.0]
    assert [row[2] for row in rows[1:]] == [
        {"value": 0.002, "low": 0.0005, "high": 0.004, "confidence": 0.95},
        None,
    ]
    assert rows[1][4] is None


def test_the_public_sees_coarse_numbers_and_none_that_rest_on_a_handful():
    """0.002 of 3,217 people are six; the first column names the row and stays."""
    record = exhibit_record(TABLE, redaction=Redaction("public"))
    rows = record["rows"]
    assert [row[0] for row in rows] == [8, "calibrated", 2.5]
    assert [row[1] for row in rows] == [3200, None, 0]
    assert rows[0][2] == {"value": 0.62, "low": 0.59, "high": 0.64, "confidence": 0.95}
    assert rows[1][2] is None
    assert rows[0][3] == 1200.0
    assert record["reading"] == "Of about 3,200 people."


def test_an_estimate_or_a_count_in_the_first_column_is_no_name():
    table = Table(title="t", reading="r", head=("a",), rows=((Estimate(0.123, 0.1, 0.2, 0.95),), (963,)))
    (estimate,), (count,) = exhibit_record(table, redaction=Redaction("public"))["rows"]
    assert (estimate["value"], count) == (0.12, 960)


def test_a_plot_keeps_its_points():
    first, second = exhibit_record(PLOT, redaction=Redaction())["lines"]
    assert first["y"] == [0.1234, 0.5, None]
    assert (first["low"], first["high"]) == ([0.1, None, None], [0.15, None, None])
    assert (second["labels"], second["low"], second["joined"]) == (["label one"], [], False)


def test_the_public_sees_coarse_points_without_labels():
    first, second = exhibit_record(PLOT, redaction=Redaction("public"))["lines"]
    assert (first["y"][0], first["low"][0], first["high"][0]) == (0.12, 0.1, 0.15)
    assert second["y"] == [0.3]
    assert second["labels"] == []
    few = Plot(
        title="t",
        reading="r",
        x_title="x",
        y_title="y",
        of=100,
        lines=(Line(name="l", x=(1, 2), y=(0.05, 0.5)),),
    )
    assert exhibit_record(few, redaction=Redaction("public"))["lines"][0]["y"] == [None, 0.5]
    assert exhibit_record(few, redaction=Redaction())["lines"][0]["y"] == [0.05, 0.5]


@pytest.mark.slow
def test_the_public_never_sees_what_is_internal(make):
    hidden = Plot(title="Secret plot", reading="r", x_title="x", y_title="y", internal=True, lines=PLOT.lines)
    made = shown(make, TABLE, SECRET, hidden, PLOT, audience="public")
    assert [e["title"] for e in made.page["sections"][0]["exhibits"]] == ["Who is named", "Singled out"]
    for text in (made.html(), made.json(), made.text()):
        assert not re.search(r"Telling items|item 17|Secret plot|label one|3,?217", text)
    inside = shown(make, TABLE, SECRET, hidden, PLOT)
    for text in (inside.html(), inside.json(), Report(inside.page, show_rows=True).text()):
        assert "item 17" in text
        assert "Secret plot" in text
    # A terminal has onlookers and logs: what points at people or items is there on request alone.
    assert "item 17" not in str(inside) and "item 17" not in inside.text()
    assert "Telling items" in inside.text() and "--show-rows" in inside.text()
    assert "label one" in inside.html()


@pytest.mark.slow
@pytest.mark.parametrize("audience", ["internal", "public"])
def test_exhibits_follow_the_schema_and_are_kept_whole(make, tmp_path, audience):
    made = shown(make, TABLE, PLOT, SECRET, audience=audience)
    kept = json.loads(made.json())
    validate(kept)
    assert kept == made.page
    again = Report.load(made.save(tmp_path / "report.json"))
    assert again.html() == made.html()
    assert again.text() == made.text()
    for spoil in ({"kind": "pie"}, {"title": 3}, {"rows": [[[1]]]}):
        exhibits = [kept["sections"][0]["exhibits"][0] | spoil]
        assert not is_valid(kept | {"sections": [kept["sections"][0] | {"exhibits": exhibits}]})


def test_labels_at_points_are_not_in_a_public_schema(make):
    sections = shown(make, PLOT).page["sections"]
    found = shown(make, audience="public").page
    public = found["sections"][0] | {"exhibits": sections[0]["exhibits"]}
    assert not is_valid(found | {"sections": [public]})


def test_every_exhibit_is_in_every_render_after_what_each_attack_found(make):
    made = shown(make, TABLE, PLOT)
    html = re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]*>", " ", made.html())))
    text = re.sub(r"\s+", " ", made.text())
    for e in (TABLE, PLOT):
        assert e.title in html
        assert Redaction().text(e.reading) in html
        assert e.title in text
        assert Redaction().text(e.reading) in text or e is PLOT
        assert html.index("What each attack found") < html.index(e.title) < html.index("What it means")
    assert "3,217" in html and "0.615" in html and "0.595 – 0.635" in html
    assert "0.615 [0.595, 0.635]" in text
    assert "Singled out: drawn in report.html." in text


def test_the_terminal_prints_the_first_rows_of_a_long_table(make):
    rows = tuple((f"person {i}", 0.5) for i in range(11))
    text = shown(make, Table(title="T", reading="R", head=("who", "share"), rows=rows)).text()
    assert "person 7" in text and "person 8" not in text
    assert "(3 more rows in report.html)" in text


@pytest.mark.parametrize("width", [40, 80, 120])
def test_the_terminal_keeps_to_its_width(make, width):
    text = to_text(shown(make, TABLE, PLOT, SECRET).page, width=width, show_rows=True)
    assert max(map(len, text.splitlines())) <= width
    assert "item 17" in text


def test_a_table_that_fits_stands_in_columns(make):
    table = Table(
        title="T", reading="R", head=("release", "kept"), rows=(("as they are", 1.0), ("rare:20", 0.83))
    )
    lines = to_text(shown(make, table).page, width=80).splitlines()
    at = lines.index("T")
    assert lines[at + 1 : at + 4] == ["release      kept", "as they are     1", "rare:20      0.83"]


def test_hostile_words_are_text_everywhere(make):
    table = Table(title=EVIL, reading=EVIL, head=(EVIL, EVIL), rows=((EVIL, EVIL),))
    line = Line(name=EVIL, x=(1, 2), y=(1, 2), labels=(EVIL, "\x1b[2J"))
    plot = Plot(title=EVIL, reading=EVIL, x_title=EVIL, y_title=EVIL, lines=(line,))
    made = shown(make, table, plot)
    html = made.html()
    assert "<script" not in html
    assert not re.search(r"<img", html)
    assert html.count("&lt;script&gt;alert(1)") >= 8
    assert "\x1b" not in made.text()


def test_rows_and_lines_of_uneven_length_are_refused():
    with pytest.raises(DataError, match="2 cells for 1 columns"):
        Table(title="t", reading="r", head=("a",), rows=((1, 2),))
    with pytest.raises(DataError, match="'l' has 2 x"):
        Line(name="l", x=(1, 2), y=(1,))
    with pytest.raises(DataError, match="one end"):
        Line(name="l", x=(1,), y=(1,), low=(0,))


def plot_of(lines, **changes):
    given = {"title": "t", "reading": "r", "x_title": "x", "y_title": "y", "lines": tuple(lines)}
    return exhibit_record(Plot(**(given | changes)), redaction=Redaction())


def test_what_cannot_be_drawn_is_left_out():
    lines = [Line(name="l", x=(0, 1, 10), y=(1, nan, 3)), Line(name="m", x=(100,), y=(2,))]
    assert [(r["x"], r["y"]) for r in line_records(plot_of(lines, log_x=True))] == [(10, 3), (100, 2)]
    assert [(r["x"], r["y"]) for r in line_records(plot_of(lines))] == [(0, 1), (10, 3), (100, 2)]


def test_a_plot_without_a_point_says_so(make):
    empty = Plot(
        title="Nothing here", reading="r", x_title="x", y_title="y", lines=(Line(name="l", x=(1,), y=(nan,)),)
    )
    assert "Not drawn: it has no point to draw." in shown(make, empty).html()


def test_labels_hide_neither_points_nor_each_other():
    """Two releases at one place: one of four free sides each; twenty there: some labels are left out."""

    def crowd(n):
        lines = [Line(name=f"release {i}", x=(0.5,), y=(0.5,), labels=(f"release {i}",)) for i in range(n)]
        lines.append(Line(name="far", x=(0.0, 1.0), y=(0.0, 1.0)))
        return [r for r in line_records(plot_of(lines)) if r["label"]]

    assert len(crowd(2)) == 2
    assert len({(r["align"], r["dy"]) for r in crowd(4)}) == 4
    assert len(crowd(20)) == 4


def test_each_of_a_few_places_has_its_tick():
    plot = plot_of([Line(name="l", x=tuple(range(1, 9)), y=(0.5,) * 8)])
    records = line_records(plot)
    svg = draw("lines", records, title="t", description="d", encoding=line_encoding(plot, records))
    assert set("12345678") <= set(re.findall(r">(\d+)</text>", svg))


def test_shares_stand_on_zero_and_other_numbers_where_they_fill_half_the_height():
    for heights, zero in (((0.98, 1.0), True), ((30.0, 35.0), False), ((10.0, 35.0), True)):
        plot = plot_of([Line(name="l", x=(1, 2), y=heights)])
        assert line_encoding(plot, line_records(plot))["y"]["scale"]["zero"] is zero


def test_a_legend_says_the_names_unless_they_stand_at_the_points():
    """The page draws it with the dashes and marks of the chart, for the engine's own has marks alone."""
    named = plot_of(
        [Line(name=n, x=(x,), y=(x,), labels=(n,), joined=False) for n, x in (("a", 0), ("b", 1))]
    )
    bare = plot_of([Line(name=n, x=(x,), y=(x,), joined=False) for n, x in (("a", 0), ("b", 1))])
    assert plot_legend(named, line_records(named)) == []
    assert [(e.name, e.shape, e.dash) for e in plot_legend(bare, line_records(bare))] == [
        ("a", "circle", None),
        ("b", "square", None),
    ]


def test_a_legend_is_drawn_as_its_line():
    """Dashes, marks and colours in the order of the chart file, as the engine puts them into the drawing."""
    plot = plot_of([Line(name=f"l{i}", x=(1, 2), y=(i, i)) for i in range(3)])
    records = line_records(plot)
    svg = draw("lines", records, title="t", description="d", encoding=line_encoding(plot, records))
    entries = plot_legend(plot, records)
    drawn = re.findall(r'stroke="var\((--\w+),[^"]*" stroke-width="1.8" stroke-dasharray="([\d,]+)"', svg)
    assert [(e.ink, (e.dash or "1 0").replace(" ", ",")) for e in entries] == drawn
    assert "&lt;b&gt;" in legend([Entry(name="<b>", ink="--exposed")])


@pytest.mark.parametrize("log_x", [False, True])
@pytest.mark.parametrize("many", [1, 4, 10])
def test_one_to_ten_lines_are_drawn_with_their_names(many, log_x):
    x = (1, 2, 5, 10, 100, 1000)
    lines = [
        Line(name=f"line {i}", x=x, y=tuple(np.linspace(0, i + 1, 6)), low=(0,) * 6, high=(many + 1,) * 6,
             joined=bool(i % 2))
        for i in range(many)
    ]  # fmt: skip
    plot = plot_of(lines, log_x=log_x)
    records = line_records(plot)
    svg = draw("lines", records, title="t", description="d", encoding=line_encoding(plot, records))
    root = ElementTree.fromstring(svg.replace("xlink:", ""))
    space = "{http://www.w3.org/2000/svg}"
    texts = {t.text for t in root.iter(f"{space}text")}
    assert [e.name for e in plot_legend(plot, records)] == [f"line {i}" for i in range(many)]
    assert {"1", "1,000", "x", "y"} <= texts
    assert "NaN" not in svg and "undefined" not in svg
    assert "var(--exposed" in svg
    width = float(root.get("viewBox").split()[2])
    assert width < 420  # on a phone of 360 pixels letters shrink by a fifth at most


BANDED = Line(
    name="group",
    x=(0, 1, 2),
    y=(10.0, 1.0, 0.1),
    bands=(
        Band(low=(1.0, 0.1, 0.0), high=(100.0, 10.0, 1.0), beyond=5),
        Band(low=(5, 0.5, 0.05), high=(20, 2, 0.2)),
    ),
    beyond=50,
)


def test_bands_are_drawn_around_their_line_on_a_logarithmic_axis():
    plot = plot_of([BANDED], log_y=True, places=("start", "middle", "end"))
    bands = band_records(plot)
    assert [(r["x"], r["band"], r["low"], r["high"]) for r in bands] == [
        ("start", 0, 1.0, 100.0),
        ("middle", 0, 0.1, 10.0),  # the third has no low end above 0
        ("start", 1, 5.0, 20.0),
        ("middle", 1, 0.5, 2.0),
        ("end", 1, 0.05, 0.2),
    ]
    points = line_records(plot)
    assert [(r["x"], r["y"]) for r in points] == [("start", 10.0), ("middle", 1.0), ("end", 0.1)]
    records = [*bands, *points]
    svg = draw("lines", records, title="t", description="d", encoding=line_encoding(plot, records))
    root = ElementTree.fromstring(svg.replace("xlink:", ""))
    texts = [t.text for t in root.iter("{http://www.w3.org/2000/svg}text")]
    assert [t for t in texts if t in plot["places"]] == ["start", "middle", "end"]  # in their order
    assert {"0.1", "1", "10"} <= set(texts)
    assert [(e.name, e.filled) for e in plot_legend(plot, records)] == [("group", True)]
    assert svg.count('aria-roledescription="area') == 0
    assert len(re.findall(r'<path [^>]*fill="var\(--exposed[^>]*opacity="0.14"', svg)) == 1
    assert len(re.findall(r'<path [^>]*fill="var\(--exposed[^>]*opacity="0.26"', svg)) == 1
    assert "NaN" not in svg


FOUR = ("proved", "shown, if the noise is Gaussian", "promised", "provable at most")


def test_every_place_has_its_name_in_the_drawing():
    """Long names in lines beside each other, many slanted; none is left out for want of room."""
    words = {"a ' quote": "a ' quote", "</script>": "</script>", "ends \\": "ends \\"}
    for places in (FOUR, tuple(words), tuple(f"epoch {i} of many" for i in range(10))):
        plot = plot_of([Line(name="l", x=tuple(range(len(places))), y=(1.0,) * len(places))], places=places)
        records = line_records(plot)
        svg = draw("lines", records, title="t", description="d", encoding=line_encoding(plot, records))
        root = ElementTree.fromstring(svg.replace("xlink:", ""))
        texts = [" ".join(t.itertext()) for t in root.iter("{http://www.w3.org/2000/svg}text")]
        assert [t for t in texts if t in places] == list(places)


def test_a_quantile_is_not_public_where_fewer_than_ten_people_are_beyond_it():
    def seen(audience, beyond):
        line = replace(BANDED, beyond=beyond)
        plot = Plot(title="t", reading="r", x_title="x", y_title="y", lines=(line,))
        (record,) = exhibit_record(plot, redaction=Redaction(audience))["lines"]
        return record

    assert len(seen("internal", 9)["bands"]) == 2
    assert len(seen("public", 50)["bands"]) == 1  # the band with 5 people beyond is gone
    assert seen("public", 50)["bands"][0] == {"low": [5, 0.5, 0.05], "high": [20, 2, 0.2]}
    assert seen("public", 9)["y"] == [None] * 3
    assert seen("internal", 9)["y"] == [10.0, 1.0, 0.1]
    with pytest.raises(DataError, match="band of the line 'l' has not 2 ends"):
        Line(name="l", x=(1, 2), y=(1, 2), bands=(Band(low=(1,), high=(1, 2)),))


def test_a_sentence_with_a_number_that_the_public_may_not_see_is_left_out():
    few = Rate(estimate=Estimate(0.02, 0.01, 0.03, 0.95), of=300)  # six people
    many = Rate(estimate=Estimate(0.5, 0.45, 0.55, 0.95), of=300, interval=False)
    table = Table(
        title="t",
        reading=[
            ("Found: ", few, "."),
            ("Right: ", many, "."),
            ("AUC ", Estimate(0.5, 0.444, 0.556, 0.95), "."),
        ],
        head=("a",),
        rows=(),
    )
    said = [exhibit_record(table, redaction=Redaction(a))["reading"] for a in ("internal", "public")]
    assert said[0] == ("Found: 2.0 % (between 1.0 and 3.0 %). Right: 50 %. AUC 0.50 (between 0.44 and 0.56).")
    assert said[1] == "Right: 50 %. AUC 0.50 (between 0.44 and 0.56)."


def test_a_section_without_exhibits_has_none(make):
    assert page([make.section(1.0)], seed=1)["sections"][0]["exhibits"] == []
