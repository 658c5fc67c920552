"""What the public could work out: how many people there are, from numbers that were made coarse."""

from __future__ import annotations

import json
from math import log
from typing import Any

import numpy as np
import pytest

from confide.core.estimate import Estimate
from confide.core.evidence import Evidence
from confide.measure import measure, proportion
from confide.report import Finding, Plot, Quantile, Redaction, Section, Table, report
from confide.report.charts.points import score_records
from confide.report.exhibit_records import exhibit_record, table_record
from confide.report.exhibits import Line

PUBLIC = Redaction("public")
COUNTS = ("targets", "asked", "exposed_count", "control_count")


def evidence(exposed: int, control: int) -> Evidence:
    """Rates that hardly depend on how many people there are: scores on a regular grid."""
    scores = [np.linspace(0.0, 1.0, n) ** power for n, power in ((exposed, 0.6), (control, 1.2))]
    return Evidence.of(np.repeat([True, False], [exposed, control]), np.concatenate(scores))


def public(exposed: int, control: int) -> str:
    found = evidence(exposed, control)
    finding = Finding(risk=measure(found))
    section = Section(release="r", headline=finding, findings=(finding,), evidence={found.attack: found})
    return report([section], seed=7, audience="public").json()


def shares(text: str) -> list[float]:
    (chart,) = (c for c in json.loads(text)["charts"] if c["name"] == "scores")
    return [r["share"] for r in chart["records"] if r["share"]]


@pytest.mark.parametrize("n", [137, 233, 204, 611, 987])
def test_shares_of_the_score_chart_are_no_multiples_of_ten_in_n(n: int) -> None:
    """The recovery: a share that is a multiple of 10 / N gives N in six digits, one in hundredths not."""
    found = shares(public(n, n))
    assert found and all(round(share * 100, 6) == round(share * 100) for share in found)


@pytest.mark.slow
@pytest.mark.parametrize("first", [120, 230, 510])
def test_people_within_one_step_of_the_counts_are_hardly_told_apart(first: int) -> None:
    """Every N that is shown as one count, with rates that stay as they are: what goes with N stays too.

    Thresholds are chosen on a random half of the people, and the numbers there change with its draw.
    """
    pages = [json.loads(public(n, n)) for n in range(first, first + 10)]
    findings = [page["findings"][0] for page in pages]
    assert len({json.dumps([f[c] for c in COUNTS]) for f in findings}) == 1
    assert len({json.dumps([(at["controls"], at["why"]) for at in f["tpr_at"]]) for f in findings}) == 1
    # Somewhere a number passes the border of two of its steps: one page for all is not to be had.
    for part in (_ceilings, _rates, _steps):
        assert len({json.dumps(part(page)) for page in pages}) <= 3, part


def _ceilings(page: Any) -> list[float]:
    return [bound["ceiling"] for bound in page["findings"][0]["epsilons"]]


def _rates(page: Any) -> list[float]:
    (chart,) = (c for c in page["charts"] if c["name"] == "roc")
    return [r["fpr"] for r in chart["records"] if r["part"] == "line"]


def _steps(page: Any) -> list[float]:
    (chart,) = (c for c in page["charts"] if c["name"] == "scores")
    return sorted({r["share"] for r in chart["records"] if r["share"]})[:1]


def test_the_property_sees_what_an_internal_report_shows() -> None:
    """The broken twin: with exact numbers the same two audits differ."""
    first, second = (measure(evidence(n, n)) for n in (233, 234))
    assert Redaction().count(first.exposed_count) != Redaction().count(second.exposed_count)


@pytest.mark.parametrize("n", [105, 107, 150, 185, 233, 950])
def test_an_interval_tells_n_no_more_sharply_than_a_count(n: int) -> None:
    """The recovery: 0 of N gives N back by log(error / 2) / log(1 - high), as the interval is made."""
    high = proportion(0, n, confidence=0.95).high
    exact = log(0.025) / log(1 - high)
    assert exact == pytest.approx(n)
    shown = PUBLIC.estimate(Estimate(0.0, 0.0, high, 0.95), of=n)
    assert shown is not None
    step = 10.0 ** np.floor(np.log10(shown["high"]))
    fewest, most = (log(0.025) / log(1 - h) for h in (shown["high"], max(shown["high"] - step, 1e-9)))
    # As wide as the step of the count, 10 for three digits.
    assert fewest <= n <= most + 1 and most - fewest >= 10


@pytest.mark.parametrize("hits", [0, 1, 3])
def test_nothing_is_said_of_a_class_of_three(hits: int) -> None:
    """[0, 0.708] is the interval of 0 of 3, and of nothing else."""
    found = proportion(hits, 3, confidence=0.95)
    assert PUBLIC.estimate(found, of=3) is None
    table = Table(
        title="Class by class",
        reading="Read.",
        head=("class", "people", "named right"),
        rows=(("common", 140, proportion(90, 140, confidence=0.95)), ("rare word", 3, found)),
        rests=(140, 3),
    )
    shown = json.dumps(table_record(table, redaction=PUBLIC))
    assert "rare word" not in shown and "0.708" not in shown and "common" in shown
    assert "Rows of fewer than 10 people are not shown." in shown
    assert "rare word" in json.dumps(table_record(table, redaction=Redaction()))


def test_a_small_count_beside_a_large_one_is_as_coarse_as_that() -> None:
    """The recovery: 184 and 51 shown as 180 and 51 say 231 to 240 people, and other rows 233."""
    table = Table(
        title="t",
        reading="",
        head=("row", "people", "left out"),
        rows=(("a", 182, 51), ("b", 173, 60), ("c", 180, 53)),
    )
    rows = table_record(table, redaction=PUBLIC)["rows"]
    assert rows == [["a", 180, 50], ["b", 170, 60], ["c", 180, 50]]
    assert table_record(table, redaction=Redaction())["rows"][0] == ["a", 182, 51]


def test_the_largest_of_all_is_one_persons() -> None:
    cells = (
        Quantile(value=0.137, beyond=100),
        Quantile(value=0.21, beyond=10),
        Quantile(value=0.9, beyond=9),
    )
    table = Table(title="t", reading="", head=("what", "median", "far", "largest"), rows=(("x", *cells),))
    assert table_record(table, redaction=PUBLIC)["rows"] == [["x", 0.14, 0.21, None]]
    assert table_record(table, redaction=Redaction())["rows"] == [["x", 0.137, 0.21, 0.9]]


def test_a_point_is_no_sharper_than_the_cell_of_its_table() -> None:
    """Two people of 87: neither the table nor the plot of the same numbers says so."""
    line = Line(name="l", x=(1.0, 2.0), y=(2 / 87, 11 / 87), low=(0.0, 0.05), high=(0.1, 0.2))
    plot = Plot(title="p", reading="", x_title="x", y_title="y", lines=(line,), of=87)
    shown = exhibit_record(plot, redaction=PUBLIC)
    assert shown is not None and shown["kind"] == "plot"
    assert shown["lines"][0]["y"] == [None, 0.13]


@pytest.mark.parametrize(("n", "other"), [(101, 103), (233, 236), (204, 207)])
def test_a_ceiling_of_epsilon_does_not_tell_n(n: int, other: int) -> None:
    """What an audit could have shown goes with log(N): two decimals are one person in a hundred."""
    ceilings = [measure(evidence(at, at)).epsilon[0].ceiling for at in (n, other)]
    assert PUBLIC.bound(ceilings[0]) == PUBLIC.bound(ceilings[1]) or abs(ceilings[0] - ceilings[1]) < 0.1
    assert PUBLIC.bound(1.2345) == 1.2 and Redaction().bound(1.2345) == 1.2345


def test_steps_of_the_score_chart_hold_ten_people() -> None:
    for n in (20, 57, 233, 1700):
        for r in score_records(evidence(n, n), redaction=PUBLIC):
            assert r["share"] is None or r["share"] == 0 or float(r["share"]) * n >= 5
