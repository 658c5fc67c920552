"""Sections of proofs: what they say, how a limit on them is ruled, and that no rate is made up."""

from __future__ import annotations

from dataclasses import replace

import pytest

from confide.core.errors import DataError
from confide.measure.risk import unmeasured
from confide.report import Finding, Limit, Proof, Redaction, Section, judge_section, report
from confide.report.proofs import Words
from confide.report.renders.checked import wrong_in

SECTION = Section(
    release="tables",
    headline=Finding(risk=unmeasured("generate-verify", game="none", seconds=1.0), title="What follows"),
    findings=(Finding(risk=unmeasured("generate-verify", game="none", seconds=1.0), title="What follows"),),
    goal="proved records",
    proof=Proof(records=27, people=30),
)


def section(**proof: object) -> Section:
    return replace(SECTION, proof=Proof(**{"records": 27, "people": 30, **proof}))  # type: ignore[arg-type]


def ruled(limit: str, **proof: object) -> str:
    return judge_section(section(**proof), [Limit.parse(limit)]).ruling


@pytest.mark.parametrize(
    ("limit", "proof", "ruling"),
    [
        ("proved=0.5", {}, "exceeded"),
        ("proved=0.9", {}, "within"),
        ("proved=0.95", {"more": 2, "open": 5}, "not settled"),
        ("proved=0.95", {"more": 1, "open": 5}, "within"),
        ("proved=0.5", {"more": 3, "open": 5}, "exceeded"),
        ("proved=0.5", {"people": None}, "not settled"),
        ("proved=0", {"records": 0}, "within"),
        ("proved=0", {"records": 0, "more": 1, "open": 1}, "not settled"),
        ("auc=0.6", {}, "measured"),
        ("proved=0", {"records": 0, "people": 0}, "within"),
    ],
)
def test_what_was_not_decided_is_never_within(limit: str, proof: dict[str, object], ruling: str) -> None:
    """27 of 30 are .9; with 2 more they may be .967, with 1 more .933."""
    assert ruled(limit, **proof) == ruling


def test_a_section_of_proofs_has_no_rate_and_says_why() -> None:
    made = report([SECTION], seed=1, limits=[Limit.parse("proved=0.5")])
    assert made.exit_code == 1 and wrong_in(made.page) == ""
    text = " ".join(made.text().split())
    assert "can prove the whole record of 27 of 30 people (90 %)" in text and "nobody was held out" in text
    assert "AUC" not in text and "n/a" not in text and "90 % of the records are proved: above 50 %" in text
    html = made.html()
    assert "What each attack found" not in html and "Epsilon shown" not in html


def test_proofs_stand_beside_what_was_measured_without_a_comparison(make) -> None:
    """Two goals: the rate at which the other is read does not change, and nothing is compared."""
    member_section = make.section(1.0)
    alone = report([member_section], seed=1).page
    both = report([SECTION, member_section], seed=1).page
    assert both["sections"][1] == alone["sections"][0] and both["comparisons"] == []
    assert [c["release"] for c in both["charts"]] == [c["release"] for c in alone["charts"]]


@pytest.mark.parametrize(
    ("proof", "says"),
    [
        (Proof(records=0, people=30), "can prove no whole record: none of 30 people"),
        (Proof(records=0, people=30, more=4, open=9), "could not be decided in time"),
        (
            Proof(records=0, people=30, impossible="the counts carry noise"),
            "can prove no record: the counts carry",
        ),
        (Proof(records=5, people=None), "the whole record of 5 people, without guessing"),
    ],
)
def test_headlines(proof: Proof, says: str) -> None:
    assert says in Words(proof, Redaction()).headline("Anybody")


def test_the_public_sees_no_count_of_a_handful() -> None:
    public = Redaction("public")
    assert "3 of" not in Words(Proof(records=3, people=200), public).headline("Anybody")
    assert "about 130 of about 200 people" in Words(Proof(records=131, people=203), public).headline(
        "Anybody"
    )


def test_a_share_is_a_share() -> None:
    for value in ("1.5", "-0.1", "x"):
        with pytest.raises(DataError, match="proved"):
            Limit.parse(f"proved={value}")


def test_documents_of_proofs_begin_with_the_limit() -> None:
    made = report([SECTION], seed=1, limits=[Limit.parse("proved=0.5")])
    card = made.document("model-card").markdown()
    assert card.split("### Risk\n\n")[1].startswith("The release exceeds a limit that was set (proved=0.5).")
    assert "27 of 30 people" in made.document("dpia").markdown()
