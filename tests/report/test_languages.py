"""Languages of a report: every text is marked, every text is translated, and each sentence is one."""

from __future__ import annotations

import copy
from dataclasses import replace
from functools import cache

import pytest
from tests.checks import languages as check

from confide.core.budget import Budget
from confide.core.diagnostics import Diagnostics
from confide.core.errors import KnowledgeError
from confide.core.estimate import Estimate
from confide.core.language import LANGUAGES, PSEUDO, Kept, keep, language, number, parts, t, written_in
from confide.core.sentence import said
from confide.measure import measure
from confide.report import Finding, Limit, Section, Skipped, page
from confide.report.charts import draw
from confide.report.charts.words import words
from confide.report.finding import Proof
from confide.report.goals import GOALS, goal
from confide.report.purposes.provisions import SEEN
from confide.report.purposes.standing import DOUBT, doubts
from confide.report.redaction import Redaction

from .test_goals import linked
from .untranslated import english_left, everything_said, outside, unmarked

TRANSLATED = [language for language in LANGUAGES if language != "en"]


@pytest.mark.slow
@pytest.mark.parametrize("chosen", TRANSLATED)
def test_the_catalogue_has_every_text_of_a_report(chosen):
    assert check.faults(chosen, ["report"]) == []


def test_the_check_finds_what_it_looks_for(tmp_path, monkeypatch):
    (tmp_path / "de").mkdir()
    (tmp_path / "de" / "a.po").write_text(
        'msgid "{n} in {per}"\nmsgstr "{n} von"\n\nmsgid "never said"\nmsgstr "nie gesagt"\n\n'
        'msgid "more than {n}"\nmsgstr "mehr als {n:,}"\n\nmsgid "in no case"\nmsgstr ""\n'
    )
    monkeypatch.setattr(check, "CATALOGUES", tmp_path)
    found = check.faults("de", ["report/rates.py"])
    assert sum("has other gaps" in fault for fault in found) == 2  # a gap is lost, a format is another
    assert sum("is not in the code any more" in fault for fault in found) == 1
    assert sum("cannot be read" in fault for fault in found) == 1
    assert any("'in no case' is missing" in fault for fault in found)


@pytest.mark.parametrize("chosen", TRANSLATED)
@pytest.mark.parametrize("name", GOALS)
def test_every_phrase_of_a_goal_can_be_filled_in(name, chosen):
    with written_in(chosen):
        aim = goal(name)
        told = [aim.claim("X", rate, "1") for rate in (0.41, 0.997, 1.0)]
        told += [aim.at("1"), *(aim.many(rate) for rate in (0.0, 0.5, 1.0)), aim.say("caught"), aim.task]
    assert english_left(told) == []
    assert all(told)


def test_numbers_are_written_as_the_language_writes_them():
    with written_in("de"):
        assert number(1234.5, ",.1f") == "1\u202f234,5"
        assert t("between {low:,} and {high:,} in {per:,}", low=1, high=20, per=1000) == (
            "zwischen 1 und 20 von 1\u202f000"
        )
        # A text that somebody else gave is no number.
        assert t("only {errors}", errors="1.5") == "nur 1.5"


def test_french_drops_a_vowel_before_what_a_gap_begins_with():
    rounded = Redaction("public")
    with written_in("fr"):
        assert t("{before} of {all:,} people", before="x", all=2) == "x of 2 people"
        told = goal("counted records").claim("X", 0.41, "1")
        assert "de environ" not in told and "environ 41" in told
        assert said(("plus de ", 1234), rounded.counted) == "plus d’environ 1\u202f200"
        assert said(("il savait qu’environ ", 1234), rounded.counted) == "il savait qu’environ 1\u202f200"
        assert said(("plus de ", 1234)) == "plus de 1\u202f234"
    assert said(("plus de ", 1234), lambda _: "environ 1") == "plus de environ 1"  # in English all stays


def test_a_text_is_kept_with_its_values_and_translated_where_it_is_shown():
    remark = keep("more than {n}", n=1234)
    again = Diagnostics.of({"remarks": [{"text": remark.text, "values": {"n": 1234}, "of": ""}]})
    assert again.remarks == (remark,)
    assert str(remark) == "more than 1,234"
    with written_in("fr"):
        assert said(remark) == "plus de 1\u202f234"
        assert Redaction("public").text(remark) != said(remark)  # a count is as coarse as others
        assert str(remark) == "more than 1,234"


@pytest.mark.parametrize("text", ["{n} of {missing}", "{0}", "{", "{n.__class__}", "{n:zzz}"])
def test_a_remark_that_somebody_forged_is_shown_as_it_is(text):
    (remark,) = Diagnostics.of({"remarks": [{"text": text, "values": {"n": "x"}, "of": ""}]}).remarks
    assert remark == text


def test_the_reason_of_a_skip_keeps_its_values():
    text = keep("between {low:,} and {high:,} in {per:,}", low=1, high=20, per=1000)
    error = copy.copy(KnowledgeError(text))  # as from another process
    assert str(error) == "between 1 and 20 in 1,000"
    skipped = Skipped.because("lira", error)
    assert isinstance(skipped.why, Kept)
    with written_in("de"):
        assert said(skipped.why) == "zwischen 1 und 20 von 1\u202f000"


def test_parts_keep_what_is_coarse_for_the_public_apart():
    assert parts("{a} of {b:,} are {c}", a=1, b=2000, c="x") == (1, " of 2,000 are x")


def test_the_check_of_pages_finds_what_it_looks_for():
    assert outside("⟦a ⟦b⟧⟧ c") == " c"
    assert unmarked(["⟦all⟧ 12", "⟦some⟧ left", "lira: ⟦x⟧"], names=["lira"]) == ["⟦some⟧ left"]
    assert english_left(["der Angriff", "the attack", "trois of the"]) == ["the attack", "trois of the"]


STORIES = ("found", "nothing", "few", "broken", "blinded")
SAID = "⟦x⟧"
COMPARED = ("membership", "linkage")
"""A goal whose claims are certain and one whose are not: a comparison measures everything again."""

CASES = [*((name, "found") for name in GOALS), *((name, story) for name in COMPARED for story in STORIES[1:])]


@cache
def risk_of(story: str, chosen: str):
    """Evidence and risk; the assumptions of a bound are put into words where it is measured."""
    assert chosen == language()
    few = {"nothing": linked(2, 270, 28, 300, 300), "few": linked(3, 1, 1, 3, 5)}
    evidence = few.get(story, linked(200, 60, 40, 30, 300))
    return evidence, replace(measure(evidence), attack="lira")


def a_page(name: str, story: str, audience: str):
    """A page of sections whose own texts are in brackets, of one goal and story."""
    evidence, risk = risk_of(story, language())
    blind = {"broken": Estimate(0.9, 0.85, 0.95, 0.95), "blinded": Estimate(0.57, 0.55, 0.59, 0.95)}.get(
        story
    )
    doubt = Diagnostics((keep("more than {n}", n=12),), story != "nothing")
    finding = Finding(risk=risk, blind=blind, diagnostics=(doubt,))
    promise = Budget(0.01, 1e-5) if story in ("found", "nothing") else None
    skipped = Skipped(attack="lira", why=keep("only {errors}", errors="1"), lack="knowledge")
    told = {"goal": name, "headline": finding, "findings": (finding,), "evidence": {"lira": evidence}}
    told |= {"subject": SAID, "harm": SAID, "about": {SAID: SAID}, "adversary": (SAID,), "notes": (SAID,)}
    sections = [Section(release="r1", promise=promise, skipped=(skipped,), **told)]
    if name in COMPARED:
        sections.append(Section(release="r2", **told))
    limits = [Limit.parse(limit) for limit in ("tpr@0.01=0.05", "tpr@0.0001=0.05", "auc=0.6", "epsilon=1")]
    return page(sections, seed=1, audience=audience, limits=limits)


@pytest.mark.parametrize("audience", ["internal", "public"])
@pytest.mark.parametrize(("name", "story"), CASES)
def test_no_text_of_a_report_is_left_unmarked(name, story, audience):
    with written_in(PSEUDO):
        said = everything_said(a_page(name, story, audience))
    assert unmarked(said, names=["r1", "r2", "lira"]) == []


@pytest.mark.parametrize("chosen", TRANSLATED)
@pytest.mark.parametrize(("name", "story"), CASES)
def test_no_text_of_a_report_is_left_in_english(name, story, chosen):
    with written_in(chosen):
        said = everything_said(a_page(name, story, "internal"))
    assert english_left(said) == []


@pytest.mark.parametrize(
    ("chosen", "others", "bar", "few"),
    [
        ("de", "weniger als 1 von 100", "hätte zeigen können", "zu wenige"),
        ("fr", "moins de 1 sur 100", "aurait pu montrer", "trop peu"),
    ],
)
def test_a_drawing_is_in_the_language_of_its_report(chosen, others, bar, few):
    with written_in(chosen):
        charts = {c["name"]: c for c in a_page("membership", "found", "internal")["charts"]}
        drawn = {
            name: draw(
                name,
                [{**r, "share": None} if name == "worst_off" else r for r in c["records"]],
                title="x",
                description="x",
            )
            for name, c in charts.items()
            if name in ("worst_off", "epsilon", "roc")
        }
    assert (
        others in drawn["worst_off"] and few in drawn["worst_off"] and "fewer than" not in drawn["worst_off"]
    )
    assert bar in drawn["epsilon"] and "could have shown" not in drawn["epsilon"]
    # Colours go by what a bar is, in whatever language its name stands.
    assert drawn["epsilon"].count("--exposed") == 1 and drawn["epsilon"].count("--rest") == 1
    assert "10\u00a0%" in drawn["roc"]


def test_in_english_a_drawing_is_as_it_was():
    records = a_page("membership", "found", "internal")["charts"][0]["records"]
    assert words("worst_off", [{"others": "any number"}]) == ([{"others": "any number"}], {})
    assert "10%" in draw("roc", records, title="x", description="x")


@pytest.mark.parametrize("chosen", LANGUAGES)
def test_the_bound_that_is_quoted_does_not_depend_on_the_language(chosen):
    evidence, english = risk_of("found", "en")
    with written_in(chosen):
        found = measure(evidence)
    quoted, expected = Finding(risk=found).bound, Finding(risk=english).bound
    assert (quoted.low, quoted.method, quoted.certified) == (
        expected.low,
        expected.method,
        expected.certified,
    )
    gaussian = next(b for b in found.epsilon if b.method == "mu-GDP")
    assert (gaussian.assumption == english.epsilon[-1].assumption) == (chosen == "en")


PROOFS = [
    Proof(records=3, people=30),
    Proof(records=30, people=None, checked=True),
    Proof(records=0, people=30, more=4, open=4),
    Proof(records=1, people=30, more=4, open=4),
    Proof(records=0, people=30),
    Proof(records=0, people=None),
    Proof(records=0, people=9, impossible=SAID),
]


@pytest.mark.parametrize("audience", ["internal", "public"])
@pytest.mark.parametrize("proof", PROOFS)
def test_no_text_of_a_proof_is_left_unmarked(proof, audience):
    limits = [Limit.parse(f"proved={share}") for share in ("0", "0.05", "0.9")]
    with written_in(PSEUDO):
        _, risk = risk_of("few", PSEUDO)
        finding = Finding(risk=risk, title="t")
        s = Section(release="r1", headline=finding, findings=(finding,), goal="proved records", proof=proof)
        said = everything_said(page([s], seed=1, audience=audience, limits=limits))
    assert unmarked(said, names=["r1", "lira", "proved"]) == []


def test_the_verdict_and_the_bounds_of_a_document_can_be_found_again_in_every_language():
    """A document looks for these words at the beginning of a sentence that another function wrote."""
    for chosen in TRANSLATED:
        with written_in(chosen):
            made = a_page("linkage", "nothing", "internal")
            assert doubts(made).startswith(t(DOUBT))
            assert any(line.startswith(t(SEEN)) for line in made["sections"][0]["support"])
