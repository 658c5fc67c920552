"""What the report says of published weights: attacks in doubt, their diagnostics, and their curves."""

from __future__ import annotations

import re

from confide.core.diagnostics import Curve, Diagnostics
from confide.report import Finding, Limit, Skipped, page, report
from confide.report.charts.points import curve_records
from confide.report.redaction import Redaction


def told(section, audience="internal", **options):
    return page([section], seed=7, audience=audience, **options)["sections"][0]


def test_an_attack_in_doubt_never_reads_as_nothing_there(make):
    section = make.white(decoder=0.0, conclusive=False)
    made = report([section], seed=7)
    assert made.page["verdict_sentence"] == "Measured; no limit was set. Not conclusive: decoder."
    (warning,) = [w for w in made.page["sections"][0]["warnings"] if "Not conclusive" in w]
    assert "decoder" in warning
    assert "no all-clear" in warning
    assert warning in made.text().replace("\n  ", " ")
    assert made.html().count("not conclusive") == 2  # among the attacks, and in the table of access
    limits = [Limit.parse("auc=0.95")]
    within = report([make.white(decoder=0.0)], seed=7, limits=limits)
    doubted = report([section], seed=7, limits=limits)
    assert (within.page["verdict"], within.exit_code) == ("within", 0)
    assert (doubted.page["verdict"], doubted.exit_code) == ("not settled", 1)
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
    assert "decoder: Two." in made.text()


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
    assert ["Candidates told apart" in card for card in cards] == ["<summary>decoder" in c for c in cards]


def test_a_curve_that_cannot_be_drawn_leaves_points_out():
    odd = Curve("t", "x", "y", (1.0, 0.0, -1.0, 0.5, 2.0), (1.0, 2.0, 3.0, float("nan"), 4.0), 0.0)
    assert curve_records(odd, redaction=Redaction()) == [
        {"x": 1.0, "y": 1.0, "chosen": False},
        {"x": 2.0, "y": 4.0, "chosen": False},
    ]
    assert curve_records(odd, redaction=Redaction("public")) == []


def test_what_an_adversary_was_told_is_said_instead_of_who_was_left_out(make):
    risk = make.risk(1.9, attack="nasr", access="white-box", excluded=1500)
    supervised = Finding(risk=risk, told="of some people whether they were in the data")
    s = told(make.section(1.9, headline=supervised, findings=(supervised,)))
    assert "The strongest attack, nasr, knew of some people whether they were in the data." in s["support"]
    assert not any("left out" in w for w in s["warnings"])
    assert any("left out" in w for w in told(make.section(1.9, headline=Finding(risk=risk)))["warnings"])


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
    assert "what it found is real, but there may be more" in said["Not conclusive: decoder"]
    assert "no all-clear" in said["Not conclusive: nasr"]
    cards = made.html().split("<details>")
    assert "there may be more than it found" in cards[1]
    assert "no all-clear" not in cards[1]
    assert "no all-clear" in cards[2]


def test_a_reason_that_holds_for_several_attacks_is_said_once(make):
    why = "needs white-box access, but the release gives black-box access: show it more."
    skipped = [Skipped(attack=a, why=f"{a} {why}") for a in ("decoder", "nasr")]
    made = report([make.section(1.9, skipped=(*skipped, Skipped(attack="iha", why="iha is tired.")))], seed=7)
    line = "needs white-box access, but the release gives black-box access: show it more."
    for shown in (re.sub(r"\s+", " ", made.text()), re.sub(r"<[^>]*>", "", made.html())):
        assert f"decoder, nasr: {line}" in shown
        assert "iha: is tired." in shown
    assert re.sub(r"\s+", " ", made.text()).count("black-box access: show") == 1
    # On the first screen, and where the attacks stand.
    assert made.html().count("black-box access: show it more") == 2
    assert [k["why"] for k in made.page["skipped"]][:2] == [f"{a} {why}" for a in ("decoder", "nasr")]
