"""The words of each goal: what they say, what they must not say, and the numbers that stand in them."""

from __future__ import annotations

import json
import re
from html import unescape

import numpy as np
import pytest

from confide.core.errors import DataError
from confide.core.estimate import Estimate
from confide.core.evidence import Evidence
from confide.measure import measure
from confide.report import Finding, Limit, Section, consequences, page, report
from confide.report.charts.points import roc_records, score_records
from confide.report.charts.prepared import BELOW_BARS
from confide.report.goals import GOALS, MEMBERSHIP, RECORDS, goal
from confide.report.readings import chart_words
from confide.report.redaction import Redaction
from confide.report.sentences import auc

from .page_schema import validate

OTHERS = ("linkage", "attribute", "linkage of images")
FOREIGN = re.compile(r"\b(?:non-)?members?\b|\bmembership\b|\btraining\b|\bretrain", re.IGNORECASE)


def linked(right: int, wrong: int, silent: int, named: int, absent: int) -> Evidence:
    """People in the release named rightly, wrongly or not at all; absent people, of whom some are named.

    Scores: right claims 3, 4, 5, ...; a claim about an absent person 2 + its number / 1000; a wrong claim 9.
    """
    score = np.concatenate(
        [
            3.0 + np.arange(right),
            np.full(wrong, 9.0),
            np.full(silent, -np.inf),
            2 + np.arange(named) / 1000,
            np.full(absent - named, -np.inf),
        ]
    )
    inside = right + wrong + silent
    hit = np.concatenate([np.arange(inside) < right, np.arange(absent) < named])
    return Evidence.of(np.repeat([True, False], [inside, absent]), score, hit=hit, randomised=True)


def section(aim: str, evidence: Evidence, **changes) -> Section:
    finding = Finding(risk=measure(evidence), title="Which one is it?")
    given = {"release": "r", "headline": finding, "findings": (finding,), "evidence": {"scores": evidence}}
    return Section(**(given | {"goal": aim} | changes))


FOUND = linked(660, 200, 140, 300, 1000)
NOTHING = linked(4, 900, 96, 1000, 1000)
FEW = linked(3, 1, 1, 3, 5)


def sentences(shown) -> str:
    """All that a reader sees: the page's texts, without the machine's names for things."""
    html = re.sub(r"<style>.*?</style>", "", shown.html(), flags=re.DOTALL)
    return unescape(re.sub(r"<[^>]*>", " ", html)) + str(shown)


@pytest.mark.slow
@pytest.mark.parametrize("audience", ["internal", "public"])
@pytest.mark.parametrize("story", ["found", "nothing", "few", "broken", "blinded"])
@pytest.mark.parametrize("aim", OTHERS)
def test_only_membership_speaks_of_members_and_training(aim, story, audience):
    evidence = {"nothing": NOTHING, "few": FEW}.get(story, FOUND)
    blind = {"broken": Estimate(0.9, 0.85, 0.95, 0.95), "blinded": Estimate(0.57, 0.55, 0.59, 0.95)}.get(
        story
    )
    headline = Finding(risk=measure(evidence), blind=blind)
    shown = report(
        [section(aim, evidence, headline=headline)],
        seed=1,
        audience=audience,
        limits=[Limit.parse("tpr@0.01=0.05"), Limit.parse("tpr@0.0001=0.05"), Limit.parse("epsilon=1")],
    )
    assert shown.page["sections"][0]["outcome"] == {"blinded": "found"}.get(story, story)
    drawn = sentences(shown) if (audience, story) in (("internal", "found"), ("public", "nothing")) else ""
    for text in (drawn, str(shown), json.dumps(shown.page)):
        assert not FOREIGN.search(text), FOREIGN.search(text)


def test_membership_does_speak_of_them():
    text = sentences(report([section("membership", FOUND)], seed=1))
    assert "members" in text
    assert "training data" in text


def test_the_first_sentence_of_linkage_counts_rows_named_right():
    """660 of 1,000 named right, and 300 of 1,000 absent people named less surely than any of them."""
    subject = "Somebody who knows 8 facts about a person, 2 of them wrong,"
    s = page([section("linkage", FOUND, subject=subject)], seed=1)["sections"][0]
    assert s["headline"] == (
        "Somebody who knows 8 facts about a person, 2 of them wrong, can point to that person's record for "
        "about 66 in 100 people in the release, while wrongly naming a record for 1 in 100 people who are "
        "not in it."
    )
    assert s["support"][0] == (
        "At 1 in 100 absent people given a record the true share of records recognised is between 62 and "
        "69 in 100, with 95 % confidence; guessing would recognise fewer than 1 in 100."
    )
    assert s["finding"]["tpr_at"][1]["rate"]["value"] == pytest.approx(0.66)
    # 340 people count as no claim: they lose to the 300 named, tie with the 700 who are not
    assert s["finding"]["auc"]["value"] == pytest.approx(0.66 + 0.34 * 0.7 / 2)
    assert any("the attack is surer about the first, and right, 78 in 100" in m for m in s["means"])


@pytest.mark.parametrize(
    ("aim", "says"),
    [
        (
            "membership",
            "can tell whether it was among the training data for about 66 in 100 members, while wrongly "
            "accusing 1 in 100 others.",
        ),
        (
            "linkage of images",
            "can put the right name to about 66 in 100 pictures of people it knows, while wrongly putting a "
            "name to 1 in 100 pictures of unknown people.",
        ),
        (
            "attribute",
            "can tell the trait from what a person likes for about 66 in 100 people who have it, while "
            "wrongly ascribing it to 1 in 100 others.",
        ),
    ],
)
def test_the_first_sentence_of_the_other_goals(aim, says):
    s = page([section(aim, FOUND)], seed=1)["sections"][0]
    assert s["headline"] == f"{goal(aim).who('unknown')} {says}"
    assert s["found"][0][1].startswith(goal(aim).verb[1])


def test_where_wrong_rows_abound_the_report_says_what_is_shown_and_never_that_guessing_does_as_well():
    """4 of 1,000 are named right at 1 % false matches: more than a random row, not more than false claims."""
    s = page([section("linkage", NOTHING)], seed=1)["sections"][0]
    assert s["finding"]["auc"]["value"] < 0.5
    assert s["outcome"] == "nothing"
    assert (
        "could not be shown to point to that person's record more surely than it names one" in s["headline"]
    )
    assert "the attack recognised 4 in 1,000 records" in s["support"][0]
    assert "Guessing would recognise fewer than 10 in 1,000." in s["support"][0]
    text = " ".join([s["headline"], *s["support"], *s["means"]])
    assert "guessing: 50 in 100" not in text


@pytest.mark.parametrize("aim", ["linkage", "linkage of images"])
def test_where_a_claim_can_be_wrong_about_the_exposed_no_share_of_right_claims_is_given(aim):
    found = page([section(aim, FOUND)], seed=1)
    assert found["findings"][0]["precision_at"] == []
    assert not any("would be right" in m for m in found["sections"][0]["means"])


def test_attribute_says_how_often_an_ascription_is_right():
    """With p of 1 in 10: 0.66 / (0.66 + 9 * 0.001) at the lowest resolved rate of 1 in 1,000."""
    s = page([section("attribute", FOUND)], seed=1)["sections"][0]
    begins = "If 1 in 10 of the people the adversary asks about had"
    # Between 0 and 99 in 100: such an interval says nothing, and so nothing is said.
    assert not [m for m in s["means"] if m.startswith(begins)]
    for at in s["finding"]["precision_at"]:
        at["value"]["low"] = 0.8
    means = consequences.means(
        s["finding"], "found", harm="", promise=None, comparable=True, goal=goal("attribute")
    )
    (line,) = [m for m in means if m.startswith(begins)]
    assert "at 1 in 1,000 wrong ascriptions would be right 99 in 100 times" in line


def test_epsilon_is_not_shown_for_an_attribute():
    limits = [Limit.parse("epsilon=1")]
    found = page([section("attribute", FOUND)], seed=1, limits=limits)
    assert found["findings"][0]["epsilon"] is None
    assert found["findings"][0]["epsilons"] == []
    assert found["verdict"] == "not settled"
    assert [c["name"] for c in found["charts"]] == ["roc", "scores"]
    shown = report([section("attribute", FOUND)], seed=1)
    assert "psilon" not in sentences(shown).replace("none in the sense of differential privacy", "")
    linkage = page([section("linkage", FOUND)], seed=1)
    assert linkage["findings"][0]["epsilon"]["low"] > 1
    assert [c["name"] for c in linkage["charts"]] == ["roc", "scores", "worst_off", "epsilon"]


@pytest.mark.slow
@pytest.mark.parametrize("aim", GOALS)
def test_that_nobody_played_blind_is_a_warning_where_no_coin_held_people_out(aim):
    said = page([section(aim, FOUND)], seed=1)["sections"][0]["warnings"]
    # Continuations are compared with texts of the user's own, which no coin held out; so are files.
    unheld = (
        "membership",
        "membership in a collaboration",
        "continuations",
        "membership of a synthetic file",
    )
    assert bool(said) is (aim in unheld)


@pytest.mark.slow
@pytest.mark.parametrize("aim", GOALS)
def test_only_membership_takes_the_full_record_as_known(aim):
    said = page([section(aim, FOUND)], seed=1)["sections"][0]["adversary"]
    of_rows = ("membership of a synthetic file", "membership behind synthetic records")
    of_models = ("membership", "membership in a collaboration", "membership without held-out people")
    known = aim in (*of_models, *of_rows)
    assert any("full record" in line for line in said) is known


def test_the_worst_off_of_an_attribute_are_not_listed():
    assert page([section("attribute", FOUND)], seed=1)["sections"][0]["worst_off"] == []
    assert page([section("linkage", FOUND)], seed=1)["sections"][0]["worst_off"]
    assert page([section("linkage", FOUND)], seed=1, audience="public")["sections"][0]["worst_off"] == []


def test_an_unknown_goal_is_refused():
    with pytest.raises(DataError, match="choose one of membership, membership of counts, membership of f"):
        page([section("revenge", FOUND)], seed=1)
    with pytest.raises(DataError, match="revenge"):
        goal("revenge")


def test_a_curve_ends_at_the_share_that_is_ever_right():
    """With every threshold down, 660 of 1,000 are right and 300 of 1,000 absent people named: no corner."""
    finding = Finding(risk=measure(FOUND))
    for corner, last in ((True, (1.0, 0.66)), (False, (300 / 1001, 0.66))):
        line = [
            r
            for r in roc_records(finding, [finding], corner=corner, redaction=Redaction())
            if r["part"] == "line"
        ]
        assert max((r["fpr"], r["tpr"]) for r in line) == pytest.approx(last)


def test_wrong_rows_stand_in_the_lowest_steps():
    """Of 2,000 people 1,040 have no right claim (340 and 700): the lowest 52 in 100 places are theirs."""
    records = score_records(FOUND, names=RECORDS.groups, redaction=Redaction())
    share = {g: np.array([r["share"] for r in records if r["group"] == g]) for g in RECORDS.groups}
    inside, absent = share.values()
    assert inside[:20].sum() == pytest.approx(0.34 * 1000 / 1040, rel=1e-3)
    assert absent[:20].sum() == pytest.approx(0.70 * 1000 / 1040, rel=1e-3)
    assert absent[-13:].sum() == pytest.approx(0, abs=1e-9)  # 650 of the 660 sure ones
    assert inside[-13:].sum() == pytest.approx(0.65, rel=1e-3)


@pytest.mark.slow
@pytest.mark.parametrize("aim", GOALS)
def test_the_charts_speak_of_the_goal(aim):
    html = report([section(aim, FOUND)], seed=1).html()
    # A long title is drawn in several lines.
    html = re.sub(r"(?<=-)</tspan><tspan[^>]*>", "", html)
    html = re.sub(r"</tspan><tspan[^>]*>", " ", html).replace("<tspan>", "").replace("</tspan>", "")
    words = chart_words(goal(aim))
    for text in (*goal(aim).groups, words["roc"].x_title, words["roc"].y_title, words["scores"].x_title):
        assert f">{text}<" in html
    for text in MEMBERSHIP.groups:
        assert text in goal(aim).groups or f">{text}<" not in html


UNLIKE = ("proved records", "changed records", "reconstruction from answers that exist")


@pytest.mark.slow
def test_no_two_goals_share_a_first_sentence_or_a_chart_title():
    # A section of proofs has no rates: its first sentence is made elsewhere (`test_proofs.py`). Answers that
    # exist are spoken of as others are, without epsilon.
    shown = [page([section(aim, FOUND)], seed=1) for aim in GOALS if aim not in UNLIKE]
    assert len({p["sections"][0]["headline"] for p in shown}) == len(shown)
    # In a collaboration members are found, and records rebuilt, as from a model: the same charts and titles.
    assert len({p["charts"][0]["title"] for p in shown}) == len(shown) - 2


@pytest.mark.slow
@pytest.mark.parametrize("audience", ["internal", "public"])
@pytest.mark.parametrize("aim", GOALS)
def test_every_goal_follows_the_schema(aim, audience):
    for evidence in (FOUND, NOTHING, FEW):
        found = page([section(aim, evidence)], seed=1, audience=audience)
        kept = json.loads(json.dumps(found, allow_nan=False))
        validate(kept)
        assert kept == found


def test_the_subject_is_printed_as_it_is_given():
    """The caller writes it for its audience: nothing is searched for in finished text."""
    s = section("attribute", FOUND, subject="Somebody who knows the trait of about 3,200 others")
    for audience in ("internal", "public"):
        headline = page([s], seed=1, audience=audience)["sections"][0]["headline"]
        assert headline.startswith("Somebody who knows the trait of about 3,200 others can tell the trait")


def test_what_is_missing_is_said_of_the_right_people():
    few = page([section("linkage of images", FOUND)], seed=1)["findings"][0]["tpr_at"][-1]
    assert few["why"] == "needs at least 10,000 unknown people, and there are 1,000"
    public = page([section("linkage", FOUND)], seed=1, audience="public")["findings"][0]["tpr_at"][-1]
    assert public["why"] == "needs at least 10,000 people held out of the release, and there are about 1,000"


@pytest.mark.parametrize(
    ("aim", "low", "says", "not_said"),
    [
        ("linkage", True, "in 17 of 1,000 cases (between 5 and 44 in 1,000). In most others", "times"),
        ("linkage", False, "and right, 41 in 100 times", "In most others"),
        (
            "membership",
            True,
            "17 in 1,000 times (between 5 and 44 in 1,000); guessing: 50 in 100. Below",
            "x",
        ),
        ("membership", False, "41 in 100 times", "the wrong way round"),
    ],
)
def test_an_auc_below_one_half_is_upside_down_only_where_every_claim_is_right(aim, low, says, not_said):
    ends = (
        {"value": 0.017, "low": 0.005, "high": 0.0436} if low else {"value": 0.41, "low": 0.3, "high": 0.52}
    )
    words = auc({"auc": {**ends, "confidence": 0.95}}, goal(aim))  # type: ignore[typeddict-item]
    assert says in words and not_said not in words
    assert ("the wrong way round" in words) == (aim == "membership" and low)


def test_titles_under_bars_are_broken_where_they_would_be_cut_off() -> None:
    drawn = report([section("linkage", FOUND)], seed=1).html()
    title = chart_words(goal("linkage"))["worst_off"].x_title
    lines = re.findall(r"<tspan[^>]*>([^<]*)</tspan>", drawn) + re.findall(
        r"<text[^>]*>([^<]+)</text>", drawn
    )
    assert len(title) > BELOW_BARS and title not in lines
    assert "share of the records; mark: people" in lines and "held out of the release" in lines
