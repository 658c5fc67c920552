"""Figures: a chart by itself has the data of the page, stands alone, and is written whole or not at all."""

from __future__ import annotations

import json
import struct
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest

from confide.core.errors import DataError
from confide.core.language import written_in
from confide.report import Line, Plot, Report, report
from confide.report.chart_records import chart_records
from confide.report.charts.engine import ENGINE
from confide.report.figure import SCALE, VEGA_LITE, Figure
from confide.report.finding import Finding
from confide.report.redaction import Redaction

CHARTS = ("roc", "scores", "worst_off", "epsilon")


def of(make: Any, **options: Any) -> Report:
    language = options.pop("language", "en")
    with written_in(language):
        return report([make.section(1.9, **options.pop("section", {}))], seed=1, **options)


def plotted(title: str = "Gain over <size>", **more: Any) -> Plot:
    lines = (
        Line(name="coarse", x=(1.0, 2.0, 3.0), y=(0.1, 0.2, 0.4)),
        Line(name="fine", x=(1.0, 2.0), y=(0.3, 0.5)),
    )
    return Plot(title=title, reading="Higher is more.", x_title="size", y_title="gain", lines=lines, **more)


@pytest.mark.parametrize("name", CHARTS)
def test_a_figure_has_the_records_of_the_page(make: Any, name: str) -> None:
    whole = of(make)
    figure = whole.figure(name)
    chart = next(c for c in whole.page["charts"] if c["name"] == name)
    assert figure.title == chart["title"]
    assert figure.spec["data"]["values"] == chart["records"]
    frame = figure.frame()
    assert frame.height == len(chart["records"])
    for key in chart["records"][0]:
        assert frame[key][0] == chart["records"][0][key]


@pytest.mark.parametrize("name", CHARTS)
def test_a_figure_stands_alone(make: Any, name: str) -> None:
    """No colour of a page that is not there, a ground to be seen on, a title, and nothing to be loaded."""
    figure = of(make).figure(name)
    text = json.dumps(figure.spec)
    assert "var(--" not in text
    assert figure.spec["background"] == "#ffffff"
    assert figure.spec["title"]["text"]
    assert "a neural network" in figure.spec["title"]["subtitle"]
    assert "url" not in text.replace("vega.github.io", "")


def test_a_legend_that_the_page_draws_is_drawn_by_the_figure_itself(make: Any) -> None:
    whole = of(make, section={"exhibits": (plotted(),)})
    for name in ("scores", "Gain over <size>"):
        parts = [whole.figure(name).spec, *whole.figure(name).spec["layer"]]
        colours = [p["encoding"]["color"] for p in parts if "color" in p.get("encoding", {})]
        assert any("scale" in c and c.get("legend", {}) is not None for c in colours), name


@pytest.mark.slow
def test_every_form_is_what_its_name_says(make: Any, tmp_path: Path) -> None:
    figure = of(make, section={"release": "a <b> & c"}).figure("scores")
    for end in ("svg", "png", "html", "json"):
        assert figure.save(tmp_path / f"scores.{end}").stat().st_mode & 0o077 == 0
    drawn = ElementTree.parse(tmp_path / "scores.svg").getroot()
    assert drawn.tag.endswith("svg")
    assert "in the training data" in "".join(drawn.itertext())  # the legend
    png = (tmp_path / "scores.png").read_bytes()
    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    wide, high = struct.unpack(">II", png[16:24])
    assert wide == pytest.approx(SCALE * float(drawn.attrib["width"]), abs=SCALE)
    assert high == pytest.approx(SCALE * float(drawn.attrib["height"]), abs=SCALE)
    page = (tmp_path / "scores.html").read_text("utf-8")
    assert "<svg" in page
    assert "a &lt;b&gt; &amp; c" in page
    assert "<script" not in page
    assert "http" not in page.replace("http://www.w3.org/", "").replace("http-equiv", "")
    assert json.loads((tmp_path / "scores.json").read_text("utf-8")) == figure.spec
    assert figure.svg() == figure.svg()
    bundle = figure._repr_mimebundle_()
    assert set(bundle) == {VEGA_LITE, "image/svg+xml", "text/plain"}


def test_an_engine_that_fails_leaves_the_file_as_it_was(
    make: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    figure, path = of(make).figure("roc"), tmp_path / "roc.svg"
    path.write_text("an earlier one")
    monkeypatch.setattr(ENGINE, "_drawn", lambda what: None)
    for end in ("svg", "png", "html"):
        with pytest.raises(DataError, match=r"did not draw 'roc'.*\.frame\(\)"):
            figure.save(path.with_suffix(f".{end}"))
    assert path.read_text() == "an earlier one"
    assert [p.name for p in tmp_path.iterdir()] == ["roc.svg"]
    assert set(figure._repr_mimebundle_()) == {VEGA_LITE, "text/plain"}
    figure.save(tmp_path / "roc.json")  # nothing is drawn for it


def test_names_that_there_are_not_are_refused_with_those_that_there_are(make: Any, tmp_path: Path) -> None:
    whole = of(make, section={"exhibits": (plotted(),)})
    with pytest.raises(DataError, match=r"no figure 'rock': there are 'roc', 'scores', .*'Gain over <size>'"):
        whole.figure("rock")
    with pytest.raises(DataError, match="no release 'x': there are 'a neural network'"):
        whole.figure("roc", release="x")
    with pytest.raises(DataError, match="no figure 'scores' of 'rmia': this report has it of 'lira'"):
        whole.figure("scores", attack="rmia")
    with pytest.raises(DataError, match=r"cannot be saved as roc\.pdf: end the name in \.svg, \.png"):
        whole.figure("roc").save(tmp_path / "roc.pdf")
    assert not list(tmp_path.iterdir())


def test_a_chart_without_points_says_why(make: Any) -> None:
    with pytest.raises(DataError, match="nothing to draw: the scores were not handed to the report"):
        of(make, section={"evidence": {}}).figure("scores")


def test_a_plot_is_asked_for_by_its_title(make: Any) -> None:
    figure = of(make, section={"exhibits": (plotted(),)}).figure("Gain over <size>")
    frame = figure.frame().filter(part="point")
    assert sorted(frame["y"].to_list()) == [0.1, 0.2, 0.3, 0.4, 0.5]
    assert figure.how_to_read == "Higher is more."


def test_a_figure_speaks_the_language_of_its_report(make: Any) -> None:
    figure = of(make, language="de").figure("worst_off")
    assert figure.title != "Who is worst off"
    drawn = figure.spec["data"]["values"]
    assert not {r["others"] for r in drawn} & set(
        figure.frame()["others"]
    )  # data stay as report.json has them


def test_a_public_figure_has_what_the_public_report_has(make: Any) -> None:
    whole = of(make, audience="public")
    for name in CHARTS:
        chart = next(c for c in whole.page["charts"] if c["name"] == name)
        assert whole.figure(name).spec["data"]["values"] == chart["records"]


def test_a_figure_shows_itself_in_a_line(make: Any) -> None:
    figure = of(make).figure("roc")
    assert isinstance(figure, Figure)
    assert repr(figure).startswith("<Figure 'roc' of 'a neural network': ")
    assert "\n" not in repr(figure)


def test_the_other_attack_of_a_section_is_drawn_with_its_own_band(make: Any) -> None:
    """`Audit.figure(attack=...)` puts another attack first; its band is that of its own curve."""
    section = make.section(1.9)
    other: Finding = section.findings[-1]
    charts = chart_records(replace(section, headline=other), redaction=Redaction(), of=other.risk.attack)
    roc = next(c for c in charts if c["name"] == "roc")
    band = [r for r in roc["records"] if r["part"] == "band"]
    low = np.interp([float(r["fpr"]) for r in band], other.risk.roc.fpr, other.risk.roc.low)
    assert all(float(r["low"]) >= x - 1e-3 for r, x in zip(band, low, strict=True))
    assert roc["how_to_read"].endswith(f"The band is the interval of {other.risk.attack}.")
