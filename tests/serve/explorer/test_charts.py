"""Charts: well-formed, without anything from outside, and drawn to scale."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from confide.serve.explorer.charts import NARROW, WIDE, bars, columns, heat, series
from confide.serve.explorer.engine import Cell
from confide.serve.explorer.results import rounded_up, shown
from confide.serve.explorer.svg import Scale

SVG = "{http://www.w3.org/2000/svg}"
NOTHING = Cell(None, None, None, None, None)


def cell(value: float, width: float) -> Cell:
    return Cell(value, value - width, value + width, value - 2 * width, value + 2 * width)


def drawn(text: str) -> ElementTree.Element:
    return ElementTree.fromstring(text)


CELLS = [cell(10.0, 5.0), cell(-20.0, 5.0), NOTHING, cell(40.0, 1.0)]
LABELS = ["one", "<script>alert(1)</script>", 'a & "b"', "four"]


@pytest.mark.parametrize("width", [NARROW, WIDE])
@pytest.mark.parametrize("chart", [bars, columns, series])
def test_a_chart_is_a_picture_and_nothing_else(chart, width: float) -> None:
    picture = drawn(chart(LABELS, CELLS, title="<b>&", width=width))
    names = {e.tag.removeprefix(SVG) for e in picture.iter()}
    assert names <= {"svg", "title", "text", "rect", "line", "polyline", "circle"}
    assert picture[0].text == "<b>&" and picture.get("role") == "img"
    every = [a for e in picture.iter() for a in e.attrib]
    assert not any(a.startswith("on") or a in ("style", "href", "class") for a in every)
    # What is drawn is inside the picture.
    for e in picture.iter(f"{SVG}rect"):
        assert float(e.get("x", 0)) >= 0 and float(e.get("x", 0)) + float(e.get("width", 0)) <= width


def test_bars_are_as_long_as_their_numbers() -> None:
    picture = drawn(bars(LABELS, CELLS, title="x", width=WIDE))
    rects = [(float(e.get("x", 0)), float(e.get("width", 0))) for e in picture.iter(f"{SVG}rect")]
    zero = rects[0][0]
    # 10, -20 and 40: the second one ends at zero; of lengths that are rounded to a tenth of a pixel.
    assert rects[1][0] + rects[1][1] == pytest.approx(zero, abs=0.2) and rects[2][0] == zero
    unit = rects[0][1] / 10
    assert [w for _, w in rects] == pytest.approx([10 * unit, 20 * unit, 40 * unit], rel=0.02)
    thick = [e for e in picture.iter(f"{SVG}line") if e.get("stroke-width") == "1.6"]
    first = thick[0]
    ends = sorted([float(first.get("x1", 0)), float(first.get("x2", 0))])
    assert ends == pytest.approx([zero + 5 * unit, zero + 15 * unit], abs=0.3)


def test_a_series_has_gaps_where_nothing_is_known() -> None:
    picture = drawn(series(["a", "b", "c", "d"], [CELLS[0], CELLS[3], NOTHING, CELLS[1]], title="x"))
    runs = [e.get("points", "").count(",") for e in picture.iter(f"{SVG}polyline")]
    assert runs == [2, 1] and len(list(picture.iter(f"{SVG}circle"))) == 3


def test_cells_that_noise_explains_have_no_colour() -> None:
    cells = [cell(10, 20), cell(100, 20), cell(50, 20), NOTHING]
    picture = drawn(heat(["up", "down"], ["left", "right"], cells, title="x"))
    fills = [e.get("fill") for e in picture.iter(f"{SVG}rect")]
    assert fills[0] == fills[3] == "#ffffff" and fills[1] == "#103e6b" and fills[2] not in fills[:2]


def test_many_groups_are_drawn_in_their_width() -> None:
    labels, cells = [f"2024-{i:02d}" for i in range(500)], [cell(float(i), 3.0) for i in range(500)]
    picture = drawn(columns(labels, cells, title="x", width=NARROW))
    texts = [float(e.get("x", 0)) for e in picture.iter(f"{SVG}text") if (e.text or "").startswith("2024")]
    assert 2 <= len(texts) <= 6 and max(texts) <= NARROW


def test_a_scale_has_zero_and_round_ticks() -> None:
    scale = Scale.of([-3.0, 17.0], start=100, end=0, most=5)
    assert scale.ticks == (-5.0, 0.0, 5.0, 10.0, 15.0, 20.0) and scale(-5) == 100 and scale(20) == 0
    assert Scale.of([], start=0, end=1, most=5).ticks[0] == 0


def test_numbers_have_the_digits_that_noise_leaves() -> None:
    assert shown(cell(1234.5, 40))[0] == "1,234" and shown(cell(0.5123, 0.02))[0] == "0.512"
    assert shown(cell(-0.2, 40)) == ("0", "-40 to 40", "-80 to 80")
    assert shown(NOTHING) == ("no answer", "", "")
    assert rounded_up(101) == "110" and rounded_up(0.00123) == "0.0013" and rounded_up(0) == "0"
