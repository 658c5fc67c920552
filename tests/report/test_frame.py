"""The frame of a report: its numbers are those of the page, and what is missing is null."""

from __future__ import annotations

import re
from typing import Any

import polars as pl
import pytest

from confide.core.budget import Budget
from confide.core.estimate import Estimate
from confide.report import Finding, Skipped, report
from confide.report import frame as module
from confide.report.frame import RATES, frame, schema


def test_each_number_is_the_one_of_the_page(make: Any) -> None:
    page = report([make.section(1.9)], seed=1).page
    found = frame(page)
    ran = found.filter(pl.col("skipped").is_null())
    assert ran["attack"].to_list() == [f["attack"] for f in page["findings"]]
    for row, f in zip(ran.iter_rows(named=True), page["findings"], strict=True):
        assert row["auc"] == f["auc"]["value"]
        assert (row["auc_low"], row["auc_high"]) == (f["auc"]["low"], f["auc"]["high"])
        for at in f["tpr_at"]:
            name = f"tpr@{at['fpr']}" if at["fpr"] >= 1e-3 else "tpr@0.0001"
            assert row[name] == (at["rate"] and at["rate"]["value"])
        assert row["people"] == f["targets"]
        assert row["seconds"] == f["seconds"]
        assert row["epsilon"] == (f["epsilon"] and f["epsilon"]["low"])
        assert row["verdict"] == page["verdict"]
    assert ran.filter("headline")["attack"].to_list() == [page["sections"][0]["finding"]["attack"]]


def test_an_attack_that_did_not_run_has_its_row_and_no_number(make: Any) -> None:
    section = make.section(1.9, skipped=(Skipped(attack="nasr", why="it needs the weights"),))
    row = frame(report([section], seed=1).page).filter(attack="nasr").row(0, named=True)
    assert row["skipped"] == "it needs the weights"
    kept = {"release", "goal", "attack", "headline", "verdict", "skipped"}
    assert {name for name, value in row.items() if value is not None} == kept


def test_columns_and_types_are_the_same_for_every_report(make: Any) -> None:
    one = frame(report([make.section(1.9)], seed=1).page)
    many = frame(
        report([make.section(0.0, n=30), make.section(1.0, release="b", promise=Budget(1.0))], seed=1).page
    )
    assert dict(one.schema) == dict(many.schema) == schema(RATES)
    assert pl.concat([one, many])["release"].n_unique() == 3 - (one["release"][0] == many["release"][0])
    assert many.filter(release="b")["promise"].to_list() == [1.0] * many.filter(release="b").height
    assert many["tpr@0.001"].null_count() > 0  # too few people for it


def test_that_of_the_public_is_as_coarse_as_its_report(make: Any) -> None:
    page = report([make.section(1.9, n=237)], seed=1, audience="public").page
    assert page["findings"][0]["exposed_count"] == 230
    assert set(frame(page)["exposed"].drop_nulls().to_list()) == {230}


def test_every_column_is_documented() -> None:
    written = set(re.findall(r"`([a-z_@0-9.]+)`", module.__doc__ or ""))
    with_ends = {"auc", "advantage", "blind", *(f"tpr@{rate}" for rate in ("0.1", "0.01", "0.001", "0.0001"))}
    assert with_ends <= written
    written |= {f"{name}{end}" for name in with_ends for end in ("_low", "_high")}
    assert written >= set(schema())


@pytest.mark.parametrize("audience", ["internal", "public"])
def test_reports_show_themselves_in_a_few_lines_and_a_small_card(make: Any, audience: Any) -> None:
    whole = report([make.section(1.9, release="<img src=x>\x1b[2J")], seed=1, audience=audience)
    lines = repr(whole).splitlines()
    assert 1 <= len(lines) <= 3
    assert "lira" in repr(whole)
    assert "\x1b" not in repr(whole)
    card = whole.card()
    assert "<img" not in card
    assert len(card) < 8_000
    assert "<script" not in card


def test_a_broken_comparison_is_never_shown_as_a_number_alone(make: Any) -> None:
    finding = Finding(risk=make.risk(0.1), blind=Estimate(0.8, 0.75, 0.85, 0.95))
    whole = report([make.section(0.1, headline=finding, findings=(finding,))], seed=1)
    assert whole.page["sections"][0]["outcome"] == "broken"
    assert "the comparison is broken" in repr(whole)
    assert "broken comparison" in repr(finding)
