"""What the report says of published weights: the ladder, attacks in doubt, their workings, checkpoints."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from html import unescape

import numpy as np
import pytest

from confide.core.diagnostics import Curve, Diagnostics
from confide.core.estimate import Estimate
from confide.report import Ahead, Finding, Ladder, Limit, OverTraining, Report, Rung, Skipped, page, report
from confide.report.charts.records import curve_records, gradient_norm_records
from confide.report.numbers import Redaction


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
        ((0.60, 0.75), (0.70, 0.90), "overlap: they cannot tell which is ahead"),
        ((0.70, 0.90), (0.60, 0.75), "overlap: they cannot tell which is ahead"),
    ],
)
def test_an_order_is_certain_where_the_intervals_of_the_best_rows_lie_apart(make, inside, outside, says):
    rungs = (
        rung(make, "black-box", 0.5, 0.51, attack="weak"),
        rung(make, "black-box", *outside, attack="out"),
        rung(make, "white-box", *inside, attack="in"),
    )
    (said,) = told(make.section(1.0, ladder=Ladder(rungs=rungs)))["ladder"]["sentences"]
    assert says in said
    assert ("with 95 % confidence this is the order" in said) is ("overlap: they" not in says)


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
        risk=make.risk(1.0, attack="decoder"),
        diagnostics=(Diagnostics(("One.", "Two.")), Diagnostics(("One.",))),
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
    assert curve_records(odd, lens=Redaction()) == [
        {"x": 1.0, "y": 1.0, "chosen": False},
        {"x": 2.0, "y": 4.0, "chosen": False},
    ]
    assert curve_records(odd, lens=Redaction("public")) == []


def course(members, others):
    norms = np.concatenate([members, others], axis=1)
    who = np.arange(norms.shape[1]) < np.shape(members)[1]
    return OverTraining(states=("a", "b"), norms=norms, member=who)


def test_bands_are_the_quantiles_of_each_group():
    """A hundred and one people with norms 1..101: the quantiles are 6, 26, 51, 76, 96."""
    ladder = np.arange(1.0, 102.0)
    shown = gradient_norm_records(course([ladder, ladder / 10], [ladder, ladder * 10]), lens=Redaction())
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
    assert {r["group"] for r in gradient_norm_records(course(nine, many), lens=Redaction())} == {"not in it"}
    for r in gradient_norm_records(course(nine, many), lens=Redaction("public")):
        assert r["lowest"] is None and r["highest"] is None  # 5 of 100 people
        assert r["low"] == r["middle"] == r["high"] == 0.12
    full = gradient_norm_records(course(np.ones((2, 200)), np.ones((2, 200))), lens=Redaction("public"))
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


def paired(make, low, high):
    rungs = (rung(make, "black-box", 0.5, 0.6, attack="out"), rung(make, "white-box", 0.5, 0.6, attack="in"))
    ahead = Ahead(inside=rungs[1], outside=rungs[0], auc=Estimate((low + high) / 2, low, high, 0.95))
    return told(make.section(1.0, ladder=Ladder(rungs=rungs, ahead=ahead)))["ladder"]["sentences"][-1]


@pytest.mark.parametrize(
    ("low", "high", "says"),
    [
        (0.01, 0.05, "0.03 (between 0.01 and 0.05): with 95 % confidence inside is ahead."),
        (-0.05, -0.01, "-0.03 (between -0.05 and -0.01): with 95 % confidence outside is ahead."),
        (-0.01, 0.05, "which may be 0: they cannot tell which is ahead."),
    ],
)
def test_the_paired_difference_decides_who_is_ahead(make, low, high, says):
    assert paired(make, low, high).endswith(says)


def test_the_note_says_how_accuracy_is_counted_and_who_was_told(make):
    section = make.white()
    for was_told in (True, False):
        note = told(make.white(ladder=replace(section.ladder, told=was_told)))["ladder"]["note"]
        assert "threshold was chosen on one half of these people and its errors counted on the other" in note
        assert ("supervised" in note) is was_told


def test_an_attack_in_doubt_that_found_much_is_not_said_to_have_found_little(make):
    """It is the strongest and above the limit: what it found stands."""
    doubted = Finding(
        risk=make.risk(3.0, attack="decoder", access="white-box"), diagnostics=(Diagnostics((), False),)
    )
    weak = Finding(
        risk=make.risk(0.0, attack="nasr", access="white-box"), diagnostics=(Diagnostics((), False),)
    )
    section = make.section(1.9, headline=doubted, findings=(doubted, weak))
    made = report([section], seed=7, limits=[Limit.parse("auc=0.6")])
    assert made.page["verdict_sentence"] == "A limit that was set is exceeded. Not conclusive: nasr."
    said = {w.split(".")[0]: w for w in made.page["sections"][0]["warnings"]}
    assert "what it found stands, but there may be more" in said["Not conclusive: decoder"]
    assert "no all-clear" in said["Not conclusive: nasr"]
    cards = made.html().split("<details>")
    assert "there may be more than it found" in cards[1]
    assert "no all-clear" not in cards[1]
    assert "no all-clear" in cards[2]


def test_a_reason_that_holds_for_several_attacks_is_said_once(make):
    why = "needs white-box access, but the release gives black-box access: show it more."
    skipped = [Skipped(attack=a, why=f"{a} {why}") for a in ("decoder", "nasr")]
    made = report([make.section(1.9, skipped=(*skipped, Skipped(attack="iha", why="iha is tired.")))], seed=7)
    line = "need white-box access, but the release gives black-box access: show it more."
    for shown in (re.sub(r"\s+", " ", str(made)), re.sub(r"<[^>]*>", "", made.html())):
        assert f"decoder, nasr: {line}" in shown
        assert "iha: is tired." in shown
        assert shown.count("black-box access: show it more") == 1
    assert [k["why"] for k in made.page["skipped"]][:2] == [f"{a} {why}" for a in ("decoder", "nasr")]


def test_a_column_that_shows_nothing_has_no_room_on_a_narrow_page(make):
    """Its cells are of the class that narrow pages hide; a column with one number keeps its place."""

    def heads(section):
        table = report([section], seed=7).html().split('class="each ladder"')[1].split("</table>")[0]
        return re.findall(r'<th scope="col"( class="sec")?>found at (1 in [\d,]+)</th>', table)

    section = make.white()
    empty = [
        replace(
            r,
            risk=replace(
                r.risk,
                tpr_at=tuple(replace(t, rate=t.rate if t.fpr > 0.001 else None) for t in r.risk.tpr_at),
            ),
        )
        for r in section.ladder.rungs
    ]
    ladder = section.ladder
    assert heads(section) == [("", "1 in 100"), ("", "1 in 1,000")]
    hidden = [("", "1 in 100"), (' class="sec"', "1 in 1,000")]
    assert heads(make.white(ladder=replace(ladder, rungs=tuple(empty)))) == hidden
    assert heads(make.white(ladder=replace(ladder, rungs=(*empty[:-1], ladder.rungs[-1])))) == heads(section)
