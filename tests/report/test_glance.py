"""The first screen: what it answers, that it says no more than the numbers do, and in which order."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from string import Formatter
from typing import get_args

import pytest

from confide.audits.provenance import masked
from confide.core.estimate import Estimate
from confide.core.language import Language, written_in
from confide.measure.risk import RateAt
from confide.report import Finding, Limit, Report, Section, Skipped, page, report
from confide.report.glance_words import WORDS
from confide.report.goals import GOALS
from confide.report.made import Input, Made, made_record, merged
from confide.report.redaction import Redaction
from confide.report.short_names import short_names
from confide.report.telling import tells, tells_apart

from .page_schema import validate
from .test_earlier import before_the_fourth

GAPS = {"n", "per", "low", "high", "wrong", "among"}
MADE = Made(
    date="2026-11-30T12:00:00+00:00",
    python="3.11",
    platform="Linux",
    packages={"confide": "0.1.0"},
    inputs=(
        Input(role="records", name="smith-family.csv", sha256="a" * 64),
        Input(role="released", name="released.csv", sha256="b" * 64, published=True),
        Input(role="members", name="<array 3x2>", sha256="", why="in memory"),
    ),
    command="confide audit table smith-family.csv --known town",
    told="confide audit table ...",
    settings={"seed": "7"},
    own={"known": "town"},
)


def test_every_goal_has_its_words_with_all_their_gaps():
    assert set(WORDS) == set(GOALS)
    for words in WORDS.values():
        gaps = {name for _, name, _, _ in Formatter().parse(words.found) if name}
        assert gaps in (GAPS, set()), words.found
        assert words.question.endswith("?") and words.means


def test_the_first_screen_answers_what_was_tested_how_bad_it_is_and_what_to_do(make):
    shown = page([make.section(1.9)], seed=7, limits=[Limit.parse("tpr@0.01=0.05")])
    glance = shown["glance"]
    rate = make.rate(float(make.risk(1.9).tpr_at[1].rate.value), 3000, 1 - 0.05 / 6)
    n, low, high = round(100 * rate.value), int(100 * rate.low), -int(-100 * rate.high // 1)
    assert glance["bad"] == [
        f"Of 100 people whose records trained it, the adversary finds about {n} (between {low} and {high}), "
        "and wrongly accuses 1 of 100 others. By guessing it would be 1 of 100."
    ]
    assert "anyone who knows their record can find out that they are in it" in glance["means"][0]
    assert "survey" in glance["means"][1]  # the harm
    assert glance["next"][0].startswith("Do not publish")
    assert glance["released"] == [
        "a neural network",
        "Model: two hidden layers of 64",
        *glance["released"][2:],
    ]
    assert "6 attacks were played; the strongest: Likelihood ratio (LiRA) (lira)" in glance["tried"]
    assert glance["tried"][0] == (
        "The adversary: an outsider who can query this model and knows a person's record."
    )
    assert glance["left_out"] == ["Did not run: shadow: needs 2 classes; the model is a regression"]
    assert "exceeded" in glance["limits"][0]


def test_on_the_page_words_come_before_numbers(make):
    made = report([make.section(1.9)], seed=7).html()
    bad, tiles = made.index("How bad is it?"), made.index('<dl class="tiles')
    assert made.index("<h1>") < bad < made.index("What to do next") < tiles
    assert made.index("What was tried") < tiles


@pytest.mark.parametrize(
    ("mu", "n", "said"),
    [
        (0.0, 3000, "No attack did clearly better than guessing: at most"),
        (0.0, 8, "There were too few people to say how bad it is. That does not mean that it is safe."),
    ],
)
def test_what_is_not_known_is_said_in_words(make, mu, n, said):
    glance = page([make.section(mu, n=n)], seed=7)["glance"]
    assert said in glance["bad"][0]
    assert "No limit was set" in glance["limits"][0]


def test_nothing_found_is_no_proof_of_safety(make):
    assert "no proof of safety" in page([make.section(0.0)], seed=7)["glance"]["means"][0]


def test_an_interval_that_holds_harmless_and_disastrous_says_nothing():
    """The rule: from what guessing reaches to more than half of everybody; of an AUC to nearly sure."""
    rate = {"value": 0.3, "low": 0.01, "high": 0.51, "confidence": 0.95}
    assert not tells(rate, guessing=0.01)
    assert tells({**rate, "low": 0.011}, guessing=0.01)  # something was found, surely
    assert tells({**rate, "high": 0.5}, guessing=0.01)  # most people were not, surely
    assert not tells_apart({**rate, "low": 0.5, "high": 0.9}) and tells_apart(
        {**rate, "low": 0.51, "high": 0.9}
    )


def test_no_share_is_said_whose_interval_says_nothing(make):
    """With few people: neither the first screen nor the tile nor the sentences print a share."""
    wide = RateAt(0.1, Estimate(0.26, 0.0, 0.87, 0.95), 12)
    finding = Finding(risk=make.risk(1.9, n=12, tpr_at=(wide,)))
    section = make.section(1.5, n=12, headline=finding, findings=(finding,))
    made = report([section], seed=7)
    assert "could not be measured with so few people" in made.page["glance"]["bad"][0]
    s = made.page["sections"][0]
    rate = next(at["rate"] for at in s["finding"]["tpr_at"] if at["rate"])
    assert not tells(rate, guessing=0.1)  # else this test looks at nothing
    assert "not measured" in made.html()
    share = f"{round(100 * rate['value'])} in 100"
    assert not [line for line in [*s["support"], *made.page["glance"]["bad"]] if share in line]


def releases(make, *names: str) -> list[Section]:
    return [
        make.section(mu, release=f"shop.csv, {name}")
        for name, mu in zip(names, (0.4, 1.9, 0.0), strict=False)
    ]


def test_of_several_releases_the_worst_leads_with_a_short_name_and_all_are_in_the_contents(make):
    limit = [Limit.parse("auc=0.7")]
    shown = page(releases(make, "rare:20", "rare:5", "rare:50"), seed=7, limits=limit)
    glance = shown["glance"]
    assert glance["released"][0] == "shop.csv: rare:20, rare:5, rare:50"
    assert len(glance["bad"]) == 1 and glance["bad"][0].startswith("On rare:5: Of 100 people")
    assert glance["next"][0] == "Of the 3 releases, these keep every limit: rare:20, rare:50."
    assert [(c["short"], c["verdict"]) for c in glance["contents"]] == [
        ("rare:20", "within"),
        ("rare:5", "exceeded"),
        ("rare:50", "within"),
    ]
    html = report(releases(make, "rare:20", "rare:5"), seed=7).html()
    for at in (1, 2):
        assert f'href="#part-{at}"' in html and f'id="part-{at}"' in html


def test_several_goals_of_one_release_are_told_by_what_they_ask(make):
    first = make.section(1.9, release="shop.csv", goal="linkage")
    second = make.section(1.0, release="shop.csv, secrets", goal="secrets")
    glance = page([first, second], seed=7)["glance"]
    assert glance["released"][0] == "shop.csv"
    assert [line.partition("?")[0] for line in glance["bad"]] == [
        "Which record is whose",
        "What is a person's secret",
    ]


def test_names_are_cut_at_commas_alone():
    assert short_names(["a.csv, top:age,90", "a.csv, top:age,80"]) == ["top:age,90", "top:age,80"]
    assert short_names(["forest", "network"]) == ["forest", "network"]


def test_the_strongest_attack_stands_first_everywhere(make):
    section = make.section(1.9)
    made = report([make.section(1.9, findings=section.findings[::-1])], seed=7).html()
    names = re.findall(r'<th scope="row">(\w+)<span', made[made.index('class="each"') :])
    order = [f.risk.attack for f in section.findings]  # their mu falls
    assert names[: len(order)] == order
    assert re.findall(r"<summary>(\w+):", made) == order


def test_who_was_left_out_is_said_inside_and_not_to_the_public(make):
    section = make.section(1.9, left_out=("17 people have no likes.",))
    assert "17 people have no likes." in page([section], seed=7)["glance"]["left_out"]
    assert "17 people" not in json.dumps(page([section], seed=7, audience="public"))


def test_the_public_reads_no_exact_count_on_the_first_screen(make):
    """With 3,017 people a side no sentence holds the number, and every one is of the coarse record."""
    n = 3017
    shown = page([make.section(1.9, n=n)], seed=7, audience="public")
    assert "3,017" not in json.dumps(shown["glance"]) and "3017" not in json.dumps(shown["glance"])
    assert "3,000 (in the training data)" in shown["glance"]["tried"][-1]


@pytest.mark.parametrize("language", [x for x in get_args(Language) if x != "en"])
def test_a_page_is_in_one_language_wherever_it_is_rendered(make, language):
    with written_in(language):
        made = report([make.section(1.9)], seed=7)
    validate(made.page)
    assert made.page["language"] == language
    html = made.html()  # outside the block
    assert f'<html lang="{language}">' in html and "How bad is it?" not in html
    assert "the adversary finds" not in made.page["glance"]["bad"][0]


def test_a_report_of_the_third_schema_gets_a_first_screen_and_says_what_nobody_kept(make, tmp_path):
    new = ("glance", "made", "language")
    kept = {k: v for k, v in page([make.section(1.9)], seed=7).items() if k not in new}
    old = before_the_fourth(kept)
    (tmp_path / "report.json").write_text(json.dumps({**old, "schema": "confide.report/3"}), "utf-8")
    again = Report.load(tmp_path / "report.json")
    validate(again.page)
    assert again.page["glance"]["bad"] == [old["sections"][0]["headline"]]
    assert "Nobody kept where this report comes from" in again.html()


def test_provenance_for_the_public_names_no_file_and_no_sum_of_people(make):
    inside, outside = (made_record(MADE, Redaction(to)) for to in ("internal", "public"))
    assert inside["inputs"][0]["sha256"] == "a" * 64 and inside["settings"] == {"known": "town", "seed": "7"}
    assert "smith" not in json.dumps(outside) and "town" not in json.dumps(outside)
    assert [(i["sha256"], i["why"]) for i in outside["inputs"]] == [
        ("", "not shown to the public"),
        ("b" * 64, ""),  # everybody has this file
        ("", "in memory"),
    ]
    html = report([make.section(1.9)], seed=7, made=MADE).html()
    assert "smith-family.csv" in html and "a" * 64 in html and MADE.date in html
    public = report([make.section(1.9)], seed=7, made=MADE, audience="public").html()
    assert "smith" not in public and "confide audit table ..." in public


def test_provenances_of_several_audits_are_one_with_each_input_once():
    both = merged([MADE, replace(MADE, command="confide audit table other.csv")])
    assert both is not None and both.inputs == MADE.inputs
    assert both.command.split("\n") == [MADE.command, "confide audit table other.csv"]
    assert merged([]) is None


@pytest.mark.parametrize(
    "text",
    [
        "postgresql://ada:hunter2@db.example/census",
        "--predict 'https://x.example/predict?api_key=hunter2&k=1'",
        "https://x.example/?sig=hunter2",
        "host=db password=hunter2 user=ada",
        "https://ada:hunter2@x.example/v1",
    ],
)
def test_a_password_is_no_part_of_a_command(text):
    assert "hunter2" not in masked(text) and "***" in masked(text)


def test_the_words_of_a_broken_comparison_come_before_any_number(make):
    wins = replace(make.risk(0.2).auc, value=0.7, low=0.68, high=0.72)
    section = make.section(0.2, headline=Finding(risk=make.risk(0.2), blind=wins))
    shown = page([section], seed=7)
    assert "cannot say how bad it is" in shown["glance"]["bad"][0]
    assert not re.search(r"\d", shown["glance"]["bad"][0])


def test_many_reasons_are_counted(make):
    skipped = tuple(Skipped(attack=f"a{i}", why=f"a{i} lacks thing {i}") for i in range(6))
    left = page([make.section(1.9, skipped=skipped)], seed=7)["glance"]["left_out"]
    assert len(left) == 4 and left[-1] == "3 more reasons are below."


def sampled_section(make, *, release: str = "a neural network") -> Section:
    """Six attacks; label-only asked about 500 of 4,000, the others about all."""
    plain = make.section(1.9, n=2000, release=release)
    few = make.risk(0.4, attack="label", n=250, access="label-only")
    found = (*plain.findings[:-1], replace(plain.findings[-1], risk=few, sample_of=4000))
    return replace(plain, findings=found)


def test_a_sampled_attack_is_said_wherever_it_stands(make):
    """500 of 4,000: on the first screen, in its row and card, on the terminal, and in report.json."""
    made = report([sampled_section(make)], seed=7)
    validate(made.page)
    said = "asked about 500 of 4,000, drawn at random"
    assert {f["attack"]: f["sample_of"] for f in made.page["findings"]} == {
        **dict.fromkeys(("lira", "rmia", "student", "qmia", "loss"), 0),
        "label": 4000,
    }
    sentence = "label was asked about 500 of 4,000 alone, drawn at random."
    assert sentence in made.page["glance"]["left_out"]
    assert not any("Nobody was left out" in line for line in made.page["glance"]["left_out"])
    html = made.html()
    assert html.count(sentence) == 2 and html.count(said) == 1  # first screen, card; row
    assert sentence in " ".join(made.text(width=200).split())
    lines = dict(made.page["sections"][0]["found"])
    assert lines["Label-only"].endswith(f"; {said}") and said not in lines["Likelihood ratio (LiRA)"]


def test_a_strongest_attack_on_a_sample_does_not_say_that_all_were_asked(make):
    plain = make.section(1.9, n=250)
    lead = replace(plain.headline, sample_of=4000)
    tried = page([replace(plain, headline=lead)], seed=7)["glance"]["tried"]
    assert tried[-1] == "lira was asked about 500 of 4,000 alone, drawn at random."


def test_the_public_sees_a_sample_as_coarse_as_every_count(make):
    plain = make.section(1.9, n=1503)
    lead = replace(plain.headline, sample_of=40_123)
    shown = page([replace(plain, headline=lead)], seed=7, audience="public")
    assert shown["sections"][0]["finding"]["sample_of"] == 40_000 and "40,123" not in json.dumps(shown)


def not_clearly_more(make) -> Section:
    """An AUC of 0.69, surely above guessing, where 19 in 100 are found at 1 in 10 and 7 would be no more."""
    rate = RateAt(0.1, Estimate(0.19, 0.07, 0.32, 0.95), 60)
    lead = make.risk(0.0, n=60, tpr_at=(rate,), auc=Estimate(0.69, 0.6, 0.77, 0.95))
    other = make.risk(0.0, attack="rmia", n=60, auc=Estimate(0.6, 0.55, 0.7, 0.95))
    other = replace(other, tpr_at=(RateAt(0.1, Estimate(0.16, 0.09, 0.29, 0.95), 60),))
    found = tuple(Finding(risk=risk) for risk in (other, lead))
    return make.section(0.0, n=60, headline=found[1], findings=found, evidence={})


def test_a_share_that_was_measured_is_not_said_to_be_unknown(make):
    """Its interval holds guessing and less than one half: "not clearly more", with the numbers beside it."""
    made = report([not_clearly_more(make)], seed=7)
    bad = made.page["glance"]["bad"][0]
    assert bad == (
        "The adversary does better than by guessing: shown one of each, it is right in 69 of 100 cases "
        "(between 60 and 77; by guessing 50). But where it may be wrong about 10 of 100 others, it finds "
        "not clearly more than by guessing: between 7 and 32 of 100."
    )
    assert "could not be measured" not in made.html()


def test_numbers_of_another_attack_have_its_name(make):
    """A limit is held against every attack: the one that decides need not be the strongest."""
    row = page([not_clearly_more(make)], seed=7, limits=[Limit.parse("tpr@0.1=0.05")])["limits"][0]
    assert row["attack"] == "rmia" and row["found"] == "16 in 100 (9 to 29) by rmia"
    row = page([make.section(1.9)], seed=7, limits=[Limit.parse("auc=0.7")])["limits"][0]
    assert row["attack"] == "lira" and "lira" not in row["found"]


def test_low_ends_below_guessing_order_no_attack(make):
    """As the headline is chosen: neither beats guessing at 1 in 10, so the AUC decides, on every list."""
    section = not_clearly_more(make)
    third = make.risk(0.0, attack="loss", n=60, auc=Estimate(0.62, 0.56, 0.7, 0.95))
    third = replace(third, tpr_at=(RateAt(0.1, Estimate(0.1, 0.02, 0.2, 0.95), 60),))
    made = report([replace(section, findings=(*section.findings, Finding(risk=third)))], seed=7)
    order = ["lira", "loss", "rmia"]
    html = made.html()
    assert re.findall(r'<th scope="row">(\w+)<span', html[html.index('class="each"') :])[:3] == order
    assert re.findall(r"^[*-] (lira|loss|rmia) ", made.text(width=100), re.MULTILINE) == order
    assert re.findall(r"- (lira|loss|rmia):", made.brief(width=200)) == order


def test_what_it_means_for_a_person_says_no_more_than_was_shown(make):
    """At an AUC of 0.69 with a rate at guessing nobody was shown to be found; at 0.98 neither, but surer."""
    section = not_clearly_more(make)
    means = page([section], seed=7)["glance"]["means"][0]
    assert "can tell a little better than by chance" in means and "find out" not in means
    sure = replace(section.headline.risk, auc=Estimate(0.9, 0.8, 0.98, 0.95))
    lead = Finding(risk=sure)
    means = page([replace(section, headline=lead, findings=(lead,))], seed=7)["glance"]["means"][0]
    assert "can tell better than by chance" in means


def test_of_several_releases_it_says_what_the_worst_means_and_nothing_milder(make):
    """Not of one what somebody can find out, and of another that nobody was shown to be found, unnamed."""
    weaker = replace(not_clearly_more(make), release="weaker")
    glance = page([weaker, make.section(1.9)], seed=7)["glance"]
    assert glance["means"] == page([make.section(1.9)], seed=7)["glance"]["means"]
    assert len(glance["bad"]) == 1 and "find out" in glance["means"][0]


def test_where_a_coin_drew_the_groups_nobody_has_to_check_that_they_are_similar(make):
    section = make.section(1.9)
    warned = [
        page([replace(section, headline=replace(section.headline, blind=None, coin=coin))], seed=7)
        for coin in (False, True)
    ]
    said = ["No blind adversary" in " ".join(p["sections"][0]["warnings"]) for p in warned]
    assert said == [True, False]
