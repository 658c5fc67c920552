"""Two reports side by side: one rate, differences whose intervals hold, and what is no all-clear."""

from __future__ import annotations

import copy
import json
import re
from dataclasses import replace
from functools import cache
from typing import Any

import jsonschema
import numpy as np
import polars as pl
import pytest
from scipy.stats import beta, norm

import confide
from confide.audits import Audit
from confide.core.diagnostics import Diagnostics
from confide.core.errors import DataError
from confide.core.evidence import Evidence
from confide.core.language import LANGUAGES
from confide.inputs.scores import Scores
from confide.measure import worst
from confide.report import Finding, Report, Section, page
from confide.report.compare import Comparison, Side, compare_sides
from confide.report.compare.asking import Asking
from confide.report.compare.differences import Difference
from confide.report.compare.page_types import ComparisonPage
from confide.report.compare.renders import schema
from confide.report.measured import releases_of
from confide.report.page_types import Page
from confide.report.redaction import Redaction

N = 2_000


def world(seed: int = 0, n: int = N) -> tuple[np.ndarray, np.ndarray]:
    """Who was in, and what is the same in the scores of every attack and audit."""
    return np.arange(2 * n) < n, np.random.default_rng(seed).standard_normal(2 * n)


def scored(
    shift: float, *, attack: str = "lira", seed: int = 1, own: float = 0.3, n: int = N, **kept: Any
) -> Evidence:
    """Scores N(shift, 1) against N(0, 1); a share `own` of the noise is of this audit alone."""
    exposed, common = world(n=n)
    noise = own**0.5 * np.random.default_rng(seed).standard_normal(2 * n) + (1 - own) ** 0.5 * common
    made = Evidence.of(exposed, noise + shift * exposed, attack=attack)
    return Evidence(made.table, attack=attack, access="black-box", game="membership", **kept)


@pytest.fixture
def audit(tmp_path):
    """An audit of these scores; people are matched by their rows, as both files have one name."""

    def made(*evidence: Evidence, **given: Any) -> Audit:
        return confide.audit(Scores(list(evidence)), **({"name": "x", "cache": tmp_path / "cache"} | given))

    return made


@pytest.fixture
def with_ids(tmp_path):
    """An audit of scores of people who have ids."""

    def made(evidence: Evidence, *, first: int = 0, **given: Any) -> Audit:
        who = pl.Series("who", [f"p{i + first}" for i in range(len(evidence))])
        frame = evidence.table.select("exposed", "score").with_columns(who)
        held = Scores(frame, user="who")
        return confide.audit(held, **({"name": "x", "cache": tmp_path / "cache"} | given))

    return made


def rate(shift: float, fpr: float) -> float:
    return float(norm.sf(norm.isf(fpr) - shift))


def numbers(found: Comparison, which: int = 0) -> dict[str, Any]:
    return dict(found.page["pairs"][0]["quantities"][which])


def checked(found: Comparison) -> Comparison:
    jsonschema.Draft202012Validator(schema()).validate(json.loads(found.json()))
    for text in (found.html(), found.markdown(), str(found)):
        assert not re.search(r"\b(None|nan|inf)\b", text)
    return found


def test_more_is_worse_and_the_first_sentence_says_how_much(audit):
    before, after = audit(scored(1.0)), audit(scored(1.6, seed=2))
    found = checked(confide.compare(before, after))
    q = numbers(found)
    assert (found.answer, q["fpr"], found.page["confidence"]) == ("worse", 0.01, 0.95)
    assert found.page["pairs"][0]["people"]["pairing"] == "the same people"
    truth = rate(1.6, 0.01) - rate(1.0, 0.01)
    assert q["difference"]["low"] < truth < q["difference"]["high"]
    assert found.page["sentence"].startswith("x, after gives away more than x, before: where 1 in 100 others")
    assert "between" in found.page["sentence"] and "confidence" in found.page["sentence"]
    assert found.fails() and found.fails(allow_unsettled=True)
    back = confide.compare(after, before)
    assert back.answer == "better" and not back.fails()
    turned = numbers(back)["difference"]
    assert (turned["low"], turned["high"]) == pytest.approx(
        (-q["difference"]["high"], -q["difference"]["low"])
    )


def test_the_same_people_make_the_interval_narrower_and_only_if_they_are_the_same(with_ids):
    first, second = scored(1.0), scored(1.1, seed=2)
    width, said = {}, {}
    for name, start in (("same", 0), ("some", N), ("others", 10**6)):
        found = confide.compare(with_ids(first), with_ids(second, first=start))
        width[name] = numbers(found, 1)["difference"]["high"] - numbers(found, 1)["difference"]["low"]
        said[name] = found.page["pairs"][0]["people"]["pairing"]
    # Other ids may be other names of the same people, so that nothing is known.
    assert said == {"same": "the same people", "some": "some of the same people", "others": "unknown"}
    assert width["same"] < 0.75 * width["others"] and width["some"] < width["others"]


def test_the_same_scores_are_the_same_and_it_is_asked_whether_anybody_looked(audit):
    found = checked(confide.compare(audit(scored(1.0)), audit(scored(1.0), seed=8)))
    q = numbers(found)["difference"]
    assert (found.answer, q["value"], q["low"], q["high"]) == ("the same", 0, 0, 0)
    assert "to the last digit" in found.page["warnings"][0]
    assert not found.fails()


@pytest.mark.parametrize(
    ("low", "high", "margin", "answer"),
    [
        (0.001, 0.5, None, "worse"), (0.001, 0.008, None, "worse"), (-0.5, -0.001, None, "better"),
        (-0.009, 0.009, None, "the same"), (-0.011, 0.009, None, "not settled"),
        (-0.5, 0.5, 0.2, "not settled"),
        (0.001, 0.19, 0.2, "the same"), (0.001, 0.21, 0.2, "worse"), (-0.19, -0.01, 0.2, "the same"),
        (0.0, 0.0, None, "the same"), (0.0, 0.0, 0.0, "the same"), (-np.inf, np.inf, 0.9, "not settled"),
    ],
)  # fmt: skip
def test_what_an_interval_settles(low, high, margin, answer):
    from confide.core.estimate import Estimate

    e = Estimate((low + high) / 2 if np.isfinite(low) else 0.0, low, high, 0.95)
    d = Difference(attacks=("a", "a"), before=e, after=e, apart=e, each={})
    asking = Asking(fpr=0.01, error=0.05, margin=margin, redaction=Redaction())
    assert asking.answer(d) == answer
    assert asking.answer(None) == "not settled"


def test_few_people_settle_nothing_and_a_gate_stays_shut(audit):
    few = [audit(scored(1.0, seed=s, n=100)) for s in (1, 2)]
    found = checked(confide.compare(*few))
    assert found.answer == "not settled" and found.fails() and not found.fails(allow_unsettled=True)
    assert numbers(found)["fpr"] == 0.1, "of 100 control people one is above a threshold at 1 in 100"
    tiny = confide.compare(*(audit(scored(1.0, seed=s, n=9)) for s in (1, 2)))
    assert numbers(tiny)["quantity"] == "auc" and tiny.answer == "not settled"
    assert "by their AUC" in tiny.page["support"][0]


def test_the_rate_of_a_limit_is_read_where_both_resolve_it(audit):
    found = confide.compare(audit(scored(1.0), limits=["tpr@0.1=0.5"]), audit(scored(1.1, seed=2), seed=8))
    assert numbers(found)["fpr"] == 0.1
    notes = " ".join(found.page["notes"])
    assert "different limits (tpr@0.1=0.5; none)" in notes and "different seeds (7 and 8)" in notes


def test_each_side_has_its_strongest_attack(audit):
    before = audit(scored(1.5), scored(0.2, attack="loss", seed=3))
    after = audit(scored(0.2, seed=2), scored(1.5, attack="loss", seed=4))
    found = checked(confide.compare(before, after))
    q = numbers(found)
    assert q["attacks"] == ["lira", "loss"]
    assert q["difference"]["low"] < 0 < q["difference"]["high"], "nothing changed for the adversary"
    each = {row["attack"]: row["difference"] for row in found.page["pairs"][0]["attacks"]}
    assert each["loss"]["low"] > 0 > each["lira"]["high"]


def test_an_attack_that_one_side_lacks_may_be_the_strongest_there(audit):
    before = audit(scored(1.5), scored(2.0, attack="strong", seed=3))
    found = checked(confide.compare(before, audit(scored(0.0, seed=2))))
    (pair,) = found.page["pairs"]
    assert (pair["answer"], found.answer) == ("not settled", "not settled")
    assert pair["doubts"][0].startswith("strong: played against x, before alone")
    assert "whatever the numbers say" in found.page["sentence"]
    # One that surely finds less than the others takes nothing from an answer.
    weak = audit(scored(1.5), scored(-0.0, attack="weak", seed=3))
    assert confide.compare(weak, audit(scored(0.5, seed=2))).answer == "better"


def test_an_attack_that_did_not_work_proves_no_protection(audit):
    failed = scored(0.0, seed=2, diagnostics=(Diagnostics(remarks=("no",), conclusive=False),))
    found = checked(confide.compare(audit(scored(1.0)), audit(failed)))
    assert found.answer == "not settled" and "own check of lira failed" in found.page["pairs"][0]["doubts"][0]
    assert confide.compare(audit(scored(-0.0)), audit(scored(1.0, seed=2))).answer == "worse"
    turned = confide.compare(audit(scored(1.0)), audit(scored(-1.0, seed=2)))
    assert "the wrong way round" in turned.page["pairs"][0]["doubts"][0]


def test_a_weaker_adversary_makes_no_safer_release(audit):
    def knowing(shift: float, *lines: str, seed: int = 1) -> Report:
        page = copy.deepcopy(audit(scored(shift, seed=seed, n=600)).report.page)
        page["sections"][0]["adversary"] = ["It knew the files.", *lines]
        return Report(page)

    eight, three = "It knew 8 facts about a person.", "It knew 3 facts about a person."
    found = checked(confide.compare(knowing(2.0, eight), knowing(0.0, three, seed=2)))
    assert found.answer == "not settled" and "did not know as much" in found.page["pairs"][0]["doubts"][0]
    assert confide.compare(knowing(2.0, eight), knowing(0.0, eight, seed=2)).answer == "better"
    # A few people more or less in the file are no other adversary, and names are none.
    old = knowing(2.0, "It held 19,921 rows of a forest like the target.")
    new = knowing(0.0, "It held 20,100 rows of a network like the target.", seed=2)
    assert confide.compare(old, new).answer == "better"
    # What only one of them had matters where the other finds little.
    dates = "It knew the dates of everything."
    assert confide.compare(knowing(2.0, dates), knowing(0.0, seed=2)).answer == "not settled"
    assert confide.compare(knowing(2.0), knowing(0.0, dates, seed=2)).answer == "better"
    assert confide.compare(knowing(0.0, dates), knowing(2.0, seed=2)).answer == "worse"
    # Sentences of two languages cannot be held against each other.
    german = knowing(0.0, eight, seed=2)
    german.page["language"] = "de"
    found = confide.compare(knowing(2.0, eight), german)
    assert found.answer == "not settled" and "different languages" in found.page["pairs"][0]["doubts"][0]


@pytest.mark.slow
def test_releases_are_matched_by_name_and_what_is_left_is_no_all_clear(audit):
    def two(*names: str, shift: float = 1.0) -> Audit:
        each = [scored(shift - i, seed=i + 3, n=600) for i in range(len(names))]
        return Audit.merge([audit(e, name=n) for e, n in zip(each, names, strict=True)])

    same = confide.compare(two("a", "b"), two("b", "a"))
    assert [(p["before"], p["after"]) for p in same.page["pairs"]] == [
        ("a (a and b)", "a (b and a)"), ("b (a and b)", "b (b and a)")
    ]  # fmt: skip
    more = checked(confide.compare(audit(scored(2.0, n=600), name="a"), two("a", "b", shift=1.0)))
    assert [(u["side"], u["release"]) for u in more.page["unmatched"]] == [("after", "b")]
    assert more.answer == "not settled" and "in one of the two reports alone" in more.page["sentence"]
    # Of another name, and the only ones: two versions.
    assert (
        confide.compare(audit(scored(1.0, n=600), name="v1"), audit(scored(3.0, n=600), name="v2")).answer
        == "worse"
    )
    chosen = checked(confide.compare(two("a", "b"), two("a", "c"), match={"b": "a"}))
    assert [(p["before"], p["after"]) for p in chosen.page["pairs"]] == [("b", "a")]
    assert not chosen.page["unmatched"] and chosen.answer == "worse"
    with pytest.raises(DataError, match="has no release 'q': it has a, b"):
        confide.compare(two("a", "b"), two("a", "b"), match={"q": "a"})
    # Several releases, none of which has a partner.
    with pytest.raises(DataError, match="nothing that could be compared"):
        confide.compare(two("a", "b"), two("c", "d"))


def test_other_goals_and_other_games_are_refused_with_a_sentence(audit):
    made = audit(scored(1.0))
    other = copy.deepcopy(made.report.page)
    other["sections"][0]["goal"] = "linkage"
    with pytest.raises(DataError, match=r"about membership and .* about linkage: .* Compare audits"):
        confide.compare(made.report, Report(other))
    white = Evidence(scored(1.0).table, attack="lira", access="white-box", game="membership")
    with pytest.raises(DataError, match="no attack was played against both in the same way"):
        confide.compare(made, audit(white))
    with pytest.raises(DataError, match="are one report"):
        confide.compare(made, made)
    with pytest.raises(DataError, match="the margin is -1"):
        confide.compare(made, audit(scored(1.1)), margin=-1)


def test_reports_alone_and_public_ones_are_compared_by_their_pages(audit, tmp_path):
    strong, weak = audit(scored(2.0)), audit(scored(0.5, seed=2), audience="public")
    found = checked(confide.compare(strong.report, weak))
    assert found.answer == "better" and found.page["audience"] == "internal"
    assert found.more_exposed is None and "has no scores" in found.page["notes"][0]
    assert found.page["pairs"][0]["people"]["pairing"] == "unknown"
    # The confidence is what the intervals of the pages leave: one attack, two sides, two numbers.
    assert found.page["confidence"] == pytest.approx(0.8)
    public = audit(scored(2.0), audience="public")
    both = checked(confide.compare(public, weak))
    assert both.page["audience"] == "public" and both.answer == "better"
    strong.save(tmp_path / "strong")
    files = confide.compare(tmp_path / "strong" / "report.json", audit(scored(2.0, seed=2)).report)
    assert "scores of one of the audits are not here" in files.page["notes"][0]


def test_the_public_sees_no_people_and_coarse_numbers(audit):
    found = checked(confide.compare(audit(scored(0.5)), audit(scored(2.0, seed=2)), audience="public"))
    assert found.more_exposed is None and found.page["pairs"][0]["more_exposed"] is None
    q = numbers(found)
    shown = [q[name][end] for name in ("before", "after", "difference") for end in ("value", "low", "high")]
    assert all(round(x, 3) == x for x in shown)
    assert found.page["pairs"][0]["people"]["both"] == 4_000
    few = confide.compare(audit(scored(0.1, n=60)), audit(scored(3.5, seed=2, n=60)), audience="public")
    assert any(x["difference"] is None for x in few.page["pairs"][0]["quantities"])
    assert "too few people are found" in checked(few).html()


def test_who_became_more_exposed_is_named_for_internal_use(audit, tmp_path):
    first = scored(0.0, own=0.05, n=400)
    table = first.table.with_row_index("at").with_columns(
        score=pl.when(pl.col("at") < 40).then(9.0 + pl.col("at")).otherwise("score")
    )
    second = Evidence(table.drop("at"), attack="lira", access="black-box", game="membership")
    found = checked(confide.compare(audit(first), audit(second)))
    assert found.more_exposed is not None
    named = set(found.more_exposed["row"])
    assert len(named & set(range(1, 41))) >= 35 and len(named) <= 45
    assert "of 400 people who were in the data both times became more exposed" in found.html()
    found.save(tmp_path / "out")
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == sorted(found.files)
    kept = pl.read_csv(tmp_path / "out" / "more_exposed.csv")
    assert kept.columns == ["release", "attack", "file", "row", "lookalikes_before", "lookalikes_after"]
    # Nobody is named to those who read a pull request.
    assert "row 3 of" in found.html() and "row 3 of" not in found.markdown() + str(found)
    public = confide.compare(audit(first), audit(second), audience="public")
    with pytest.raises(DataError, match="names the people of an earlier comparison"):
        public.save(tmp_path / "out")


@pytest.mark.slow
def test_every_word_is_translated(audit):
    pages = {
        lang: confide.compare(audit(scored(0.5)), audit(scored(2.0, seed=2), seed=8), language=lang)
        for lang in LANGUAGES
    }
    said = {lang: found.page["sentence"] for lang, found in pages.items()}
    assert len(set(said.values())) == len(LANGUAGES)
    for lang, found in pages.items():
        assert f'<html lang="{lang}">' in checked(found).html()
        english = (
            "confidence",
            "people were asked",
            "Differences are",
            "What the strongest",
            "different seeds",
        )
        assert (lang == "en") == all(text in found.html() for text in english)
        assert lang == "en" or not any(text in found.html() for text in english)


def test_every_record_is_described_and_none_has_more(audit):
    made = schema()
    assert made["$id"] == "confide.comparison/1"
    assert all(kind["description"] for kind in made["$defs"].values())
    found: ComparisonPage = confide.compare(audit(scored(0.5)), audit(scored(2.0, seed=2))).page
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(found | {"more": 1}, made)


def test_names_from_files_act_on_no_terminal_and_no_page(audit):
    found = confide.compare(audit(scored(0.5), name="<b>\x1b[2J"), audit(scored(2.0, seed=2), name="|v2|"))
    assert "<b>" not in found.html() and "\x1b" not in found.html() + found.json() + str(found)
    assert "\\|v2\\|" in found.markdown()


@cache
def page_of(n: int) -> Page:
    """A page of two attacks on n people a side: of it nothing but the numbers of people is read."""
    rng = np.random.default_rng(0)
    each = [drawn(rng, rng.standard_normal(2 * n), shift=1.0, attack=attack) for attack in "ab"]
    which, risks = worst(each)
    found = tuple(Finding(risk=risk) for risk in risks)
    section = Section(release="x", headline=found[which], findings=found, evidence={}, among=len(found))
    made = page([section], seed=1)
    made["sections"][0]["labels"]["bounds"] = False  # epsilon takes long, and is not looked at
    return made


def side(*evidence: Evidence, name: str) -> Side:
    """A report without an audit around it."""
    made = page_of(len(evidence[0]) // 2)
    targets = np.arange(len(evidence[0]))
    who = pl.DataFrame({"target": targets, "id": [f"{i}" for i in targets]})
    (bare,) = releases_of(made)
    scores = {e.attack: e for e in evidence}
    release = replace(bare, evidence=scores, who=dict.fromkeys(scores, who))
    return Side(name=name, page=made, releases=(release,))


def drawn(rng: np.random.Generator, common: np.ndarray, *, shift: float, attack: str) -> Evidence:
    exposed = np.arange(len(common)) < len(common) // 2
    noise = 0.6 * rng.standard_normal(len(common)) + 0.8 * common
    return Evidence.of(exposed, noise + shift * exposed, attack=attack)


@pytest.mark.slow
def test_the_interval_of_the_strongest_holds_and_no_change_is_no_news():
    """Of two attacks with other strengths before and after, over 150 pairs of audits of the same people.

    The whole answer may be wrong in 5 %: by Clopper and Pearson at 1e-4 no more than that is refuted. Where
    nothing changed, "worse" and "better" are wrong; where much did, "worse" is found in most.
    """
    rng, runs, n = np.random.default_rng(4), 150, 500
    missed = {"none": 0, "much": 0}
    answers: dict[str, list[str]] = {"none": [], "much": []}
    for shifts, name in (((1.0, 0.9), "none"), ((0.4, 1.8), "much")):
        truth = max(rate(s, 0.1) for s in shifts) - rate(1.0, 0.1)
        for _ in range(runs):
            common = rng.standard_normal(2 * n)
            before, after = (
                [
                    drawn(rng, common, shift=shift, attack=attack)
                    for shift, attack in zip(each, "ab", strict=True)
                ]
                for each in ((1.0, 0.9), shifts)
            )
            made = compare_sides(side(*before, name="before"), side(*after, name="after")).page
            d = made["pairs"][0]["quantities"][0]["difference"]
            assert d is not None and made["pairs"][0]["quantities"][0]["fpr"] == 0.1
            missed[name] += not d["low"] <= truth <= d["high"]
            answers[name].append(made["answer"])
    wrong = sum(a in ("worse", "better") for a in answers["none"])
    for k in (*missed.values(), wrong):
        assert k == 0 or beta.ppf(1e-4, k, runs - k + 1) <= 0.05
    assert answers["much"].count("worse") > 0.9 * runs
