"""What the report says of published weights: the ladder, attacks in doubt, their workings, checkpoints."""

from __future__ import annotations

import json
import re
from html import unescape

import numpy as np
import pytest

from confide.core.estimate import Estimate
from confide.core.workings import Curve, Workings
from confide.report import Finding, Ladder, Limit, OverTraining, Report, Rung, page, report
from confide.report.charts.records import curve_records, gradient_norm_records
from confide.report.numbers import Lens


def told(section, audience="internal", **options):
    return page([section], seed=7, audience=audience, **options)["sections"][0]


def rung(make, access, low, high, *, attack="x"):
    """A row whose accuracy has this interval."""
    accuracy = Estimate((low + high) / 2, low, high, 0.99)
    risk = make.risk(1.0, attack=attack, access=access, balanced_accuracy=accuracy, tpr_at=())
    return Rung(means=f"by {attack}", title=attack, conclusive=True, risk=risk)


@pytest.mark.parametrize(
    ("inside", "outside", "says"),
    [
        ((0.80, 0.90), (0.60, 0.70), "gave more: 85 % (by in) against 65 % (by out) from outside"),
        ((0.60, 0.70), (0.80, 0.90), "gave no more: 65 % (by in) against 85 % (by out) from outside"),
        ((0.60, 0.75), (0.70, 0.90), "overlap: this audit cannot tell which is ahead"),
        ((0.70, 0.90), (0.60, 0.75), "overlap: this audit cannot tell which is ahead"),
    ],
)
def test_an_order_is_real_where_the_intervals_of_the_best_rows_lie_apart(make, inside, outside, says):
    rungs = (
        rung(make, "black-box", 0.5, 0.51, attack="weak"),
        rung(make, "black-box", *outside, attack="out"),
        rung(make, "white-box", *inside, attack="in"),
    )
    (said,) = told(make.section(1.0, ladder=Ladder(rungs=rungs)))["ladder"]["sentences"]
    assert says in said
    assert ("the order is real" in said) is ("overlap: this" not in says)


def test_the_ladder_shows_each_row_with_its_numbers(make):
    section = make.white()
    record = told(section)["ladder"]
    assert [r["attack"] for r in record["rungs"]] == ["loss", "supervised", "lira", "nasr", "decoder"]
    for shown, row in zip(record["rungs"], section.ladder.rungs, strict=True):
        assert shown["balanced_accuracy"]["low"] == row.risk.balanced_accuracy.low
        assert shown["auc"]["value"] == row.risk.auc.value
        assert [at["fpr"] for at in shown["tpr_at"]] == [0.01, 0.001]
    assert record["train"]["value"] == pytest.approx(0.99)
    assert record["gap"]["value"] == pytest.approx(0.29)
    assert any("a generalisation gap of 29.0 points" in line for line in record["sentences"])
    assert "1,500 members and 1,500 others" in record["note"]
    assert told(make.section(1.0))["ladder"] is None


def test_every_number_of_the_ladder_is_in_every_render(make):
    made = report([make.white()], seed=7)
    text = re.sub(r"\s+", " ", str(made))
    html = re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]*>", " ", made.html())))
    ladder = made.page["sections"][0]["ladder"]
    for line in [*ladder["sentences"], ladder["note"]]:
        assert line in html
        assert line in text
    for r in ladder["rungs"]:
        assert f"{r['means']} ({r['attack']})" in html
        assert f"{r['balanced_accuracy']['value']:.3f}" in text
        assert f"{100 * r['balanced_accuracy']['value']:.1f} %" in html
        assert f"{r['auc']['value']:.3f}" in html


def test_the_public_sees_the_ladder_coarsely(make):
    record = told(make.white(n=2_466), audience="public")["ladder"]
    assert "1,200 members" in record["note"]
    assert "right on 99 % of its members (between" in record["sentences"][-1]
    for r in record["rungs"]:
        for e in (r["balanced_accuracy"], r["auc"], record["gap"]):
            assert all(round(e[end], 2) == pytest.approx(e[end]) for end in ("value", "low", "high"))
    few = told(make.white(n=200), audience="public")["ladder"]["rungs"][0]["tpr_at"][0]
    assert few["rate"] is None
    assert "fewer than 10" in few["why"]


def test_an_attack_in_doubt_never_reads_as_nothing_there(make):
    section = make.white(decoder=0.0, conclusive=False)
    made = report([section], seed=7)
    assert made.page["verdict_sentence"] == "Measured; no limit was set. Not conclusive: decoder."
    (warning,) = [w for w in made.page["sections"][0]["warnings"] if "Not conclusive" in w]
    assert "decoder" in warning
    assert "no all-clear" in warning
    assert warning in str(made).replace("\n  ", " ")
    assert made.html().count("not conclusive") == 2  # among the attacks, and in the ladder
    limits = [Limit.parse("auc=0.95")]
    within = report([make.white(decoder=0.0)], seed=7, limits=limits)
    doubted = report([section], seed=7, limits=limits, strict=True)
    assert (within.page["verdict"], within.exit_code) == ("within", 0)
    assert (doubted.page["verdict"], doubted.exit_code) == ("inconclusive", 1)
    assert "Not conclusive" not in str(within)


def test_workings_are_on_the_card_and_each_is_said_once(make):
    twice = Finding(
        risk=make.risk(1.0, attack="decoder"), workings=(Workings(("One.", "Two.")), Workings(("One.",)))
    )
    made = report([make.section(1.0, findings=(twice,))], seed=7)
    assert made.page["findings"][0]["remarks"] == ["One.", "Two."]
    card = made.html().split("<details>")[1]
    assert card.count("One.") == 1
    assert "decoder: Two." in str(made)


def test_a_remark_tells_the_public_no_count(make):
    made = report([make.white()], seed=7, audience="public")
    assert "963" not in made.html().replace("0.963", "")
    assert made.page["findings"][-1]["remarks"] == [
        "The gradients of about 960 candidates sum to 0.004 of their norms."
    ]


def test_a_curve_stands_in_its_card_with_the_chosen_point(make):
    made = report([make.white()], seed=7)
    (chart,) = [c for c in made.page["charts"] if c["name"] == "curve"]
    assert chart["attack"] == "decoder"
    assert [(r["x"], r["y"]) for r in chart["records"] if r["chosen"]] == [(1e-4, 370.0)]
    assert "candidates found" in chart["how_to_read"]
    cards = made.html().split("<details>")
    assert ["Candidates told apart" in card for card in cards] == [False] * (len(cards) - 1) + [True]


def test_a_curve_that_cannot_be_drawn_leaves_points_out():
    odd = Curve("t", "x", "y", (1.0, 0.0, -1.0, 0.5, 2.0), (1.0, 2.0, 3.0, float("nan"), 4.0), 0.0)
    assert curve_records(odd, lens=Lens()) == [
        {"x": 1.0, "y": 1.0, "chosen": False},
        {"x": 2.0, "y": 4.0, "chosen": False},
    ]
    assert curve_records(odd, lens=Lens("public")) == []


def course(members, others):
    norms = np.concatenate([members, others], axis=1)
    who = np.arange(norms.shape[1]) < np.shape(members)[1]
    return OverTraining(states=("a", "b"), norms=norms, member=who)


def test_bands_are_the_quantiles_of_each_group():
    """A hundred and one people with norms 1..101: the quantiles are 6, 26, 51, 76, 96."""
    ladder = np.arange(1.0, 102.0)
    shown = gradient_norm_records(course([ladder, ladder / 10], [ladder, ladder * 10]), lens=Lens())
    named = {
        (r["group"], r["state"]): [r[k] for k in ("lowest", "low", "middle", "high", "highest")]
        for r in shown
    }
    assert named["in the training data", "a"] == [6, 26, 51, 76, 96]
    assert named["in the training data", "b"] == pytest.approx([0.6, 2.6, 5.1, 7.6, 9.6])
    assert named["not in it", "b"] == [60, 260, 510, 760, 960]
    assert [r["at"] for r in shown] == [0, 1, 0, 1]


def test_bands_rest_on_ten_people_and_for_the_public_on_ten_beyond_them():
    nine, many = np.ones((2, 9)), np.full((2, 100), 0.123456)
    assert {r["group"] for r in gradient_norm_records(course(nine, many), lens=Lens())} == {"not in it"}
    for r in gradient_norm_records(course(nine, many), lens=Lens("public")):
        assert r["lowest"] is None and r["highest"] is None  # 5 of 100 people
        assert r["low"] == r["middle"] == r["high"] == 0.12
    full = gradient_norm_records(course(np.ones((2, 200)), np.ones((2, 200))), lens=Lens("public"))
    assert all(r["lowest"] == 1 for r in full)


def test_a_gradient_of_nothing_can_be_drawn(make):
    still = OverTraining(states=("a", "b"), norms=np.zeros((2, 40)), member=np.arange(40) < 20)
    made = report([make.section(1.0, over_training=still)], seed=7)
    assert "NaN" not in made.html()
    assert json.loads(made.json())


def test_few_people_are_not_drawn_and_that_is_said(make):
    few = OverTraining(states=("a", "b"), norms=np.ones((2, 8)), member=np.arange(8) < 4)
    (chart,) = [
        c
        for c in page([make.section(1.0, over_training=few)], seed=7)["charts"]
        if c["name"] == "gradient_norms"
    ]
    assert chart["records"] == []
    assert chart["why"] == "too few people for a distribution"


def test_what_an_adversary_was_told_is_said_instead_of_who_was_left_out(make):
    risk = make.risk(1.9, attack="nasr", access="white-box", excluded=1500)
    supervised = Finding(risk=risk, told="of some people whether they were in the data")
    s = told(make.section(1.9, headline=supervised, findings=(supervised,)))
    assert (
        "The strongest attack, nasr, was told of some people whether they were in the data." in s["support"]
    )
    assert not any("left out" in w for w in s["warnings"])
    assert any("left out" in w for w in told(make.section(1.9, headline=Finding(risk=risk)))["warnings"])


def test_a_report_from_before_there_were_workings_can_be_drawn_again(make, tmp_path):
    old = page([make.section(1.9)], seed=7)
    for f in [*old["findings"], *(s["finding"] for s in old["sections"])]:
        for new in ("told", "conclusive", "remarks"):
            del f[new]
    for s in old["sections"]:
        del s["ladder"]
    for c in old["charts"]:
        del c["attack"]
    (tmp_path / "report.json").write_text(json.dumps(old), "utf-8")
    again = Report.load(tmp_path / "report.json")
    assert again.html() == report([make.section(1.9)], seed=7).html()
    assert str(again) == str(report([make.section(1.9)], seed=7))
