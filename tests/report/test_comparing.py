"""Before and after: one rate for all releases, and a difference whose interval holds."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from html import unescape

import numpy as np
import pytest
from scipy.stats import norm

from confide.core.diagnostics import Diagnostics
from confide.core.estimate import Estimate
from confide.core.evidence import Evidence
from confide.measure import difference, tpr_at, worst
from confide.measure.risk import Risk
from confide.report import Finding, Limit, Section, judge_section, page, report
from confide.report.comparing import comparison
from confide.report.reading_rate import reading_rate
from confide.report.redaction import Redaction
from confide.report.renders.text import to_text

from .page_schema import is_valid, validate

pytestmark = pytest.mark.slow

N = 800


def scored(
    shift: float, *, attack: str = "lira", n: int = N, noise: np.ndarray | None = None, seed: int = 0
) -> Evidence:
    """n people on each side; scores N(shift, 1) against N(0, 1)."""
    scores = np.random.default_rng(seed).standard_normal(2 * n) if noise is None else noise
    exposed = np.arange(2 * n) < n
    return Evidence.of(exposed, scores + shift * exposed, attack=attack)


def section(release: str, *evidence: Evidence, **changes: object) -> Section:
    which, risks = worst(evidence)
    found = tuple(Finding(risk=risk) for risk in risks)
    given = {
        "release": release, "headline": found[which], "findings": found, "among": len(found),
        "evidence": {e.attack: e for e in evidence},
    }  # fmt: skip
    return Section(**(given | changes))


def true_rate(shift: float, fpr: float) -> float:
    return float(norm.sf(norm.isf(fpr) - shift))


def told(before: Section, *after: Section, **given: object) -> dict:
    return page(list(after), seed=7, before=[before], **given)


def row(before: Section, after: Section, **given: object) -> dict:
    return told(before, after, **given)["comparisons"][0]["rows"][0]


STRONG, WEAK = section("shop, as they are", scored(2.0)), section("shop, rare:20", scored(0.5, seed=1))


def test_all_releases_are_read_at_one_rate() -> None:
    """One has 800 others and one has 60: both are read at 1 in 10, which both resolve, in every place."""
    small = section("shop, sample:0.1", scored(1.0, n=60))
    found = told(STRONG, WEAK, small)
    assert [s["fpr"] for s in found["sections"]] == [0.1, 0.1] and found["comparisons"][0]["fpr"] == 0.1
    for s in found["sections"]:
        assert "1 in 10 " in s["headline"] and s["support"][0].startswith("At 1 in 10 ")
        assert all("at 1 in 10 " in line for _, line in s["found"])
        assert s["labels"]["tiles"]["found"].endswith("at 1 in 10 wrong accusations")
    assert all("at 1 in 10 wrong accusations" in r["sentence"] for r in found["comparisons"][0]["rows"])
    # each by itself would have been read elsewhere
    assert [page([s], seed=7)["sections"][0]["fpr"] for s in (STRONG, small)] == [0.01, 0.1]


def test_the_rate_of_a_limit_comes_first_and_the_auc_last() -> None:
    limit = Limit.parse("tpr@0.1=0.5")
    assert told(STRONG, WEAK)["comparisons"][0]["fpr"] == 0.01
    assert told(STRONG, WEAK, limits=[limit])["comparisons"][0]["fpr"] == 0.1
    assert (
        told(STRONG, WEAK, limits=[Limit.parse("tpr@0.001=0.5")])["comparisons"][0]["fpr"] == 0.01
    )  # 800 < 1,000
    few = section("shop, sample:0.01", scored(1.0, n=9))
    found = told(STRONG, WEAK, few)
    assert found["comparisons"][0]["fpr"] is None and found["comparisons"][0]["quantity"] == "auc"
    assert all("surer about the first" in r["sentence"] for r in found["comparisons"][0]["rows"])
    first, second = found["sections"]
    # the small one has too few by itself; the other one's own leak is still said, at its own rate
    assert second["labels"]["too_few"] == "too few people outside the data"
    assert "for another release" in first["labels"]["too_few"]
    assert any(line.startswith("At 1 in 10 ") for line in first["support"])
    assert not any("too few" in line for _, line in first["found"])


def test_of_several_releases_the_rate_is_not_chosen_by_what_is_found() -> None:
    """A leak at 1 in 10 alone moves the headline of one release; of several it is said below, at its rate."""
    n = 800
    rank = np.random.default_rng(2).standard_normal(2 * n)
    rank[: n // 3] = np.linspace(1.4, 2.0, n // 3)  # above 1 in 10 and below 1 in 100 of the others
    late = section("late", scored(0.0, noise=rank))
    alone = page([late], seed=7)["sections"][0]
    assert alone["fpr"] == 0.1
    together = told(section("before", scored(0.0, seed=4)), late)["sections"][0]
    assert together["fpr"] == 0.01 and together["outcome"] == "found"
    assert [line[:13] for line in together["support"]][:2] == ["At 1 in 100 w", "At 1 in 10 wr"]
    assert "could not be shown" not in together["headline"]


def test_where_nothing_could_be_shown_at_1_in_100_all_are_read_at_1_in_10() -> None:
    """.99^300 is under .05, and .99^200 is not: then no low end could be above 0, whatever is found."""
    for n, fpr in ((200, 0.1), (400, 0.01)):
        found = told(section("before", scored(9.0, n=n)), section("after", scored(0.0, n=n, seed=1)))
        assert (
            found["comparisons"][0]["fpr"] == fpr and found["comparisons"][0]["rows"][0]["settled"] == "less"
        )
    # the rate of a limit is the user's own choice
    some = told(STRONG, section("after", scored(0.0, n=200)), limits=[Limit.parse("tpr@0.01=0.2")])
    assert some["comparisons"][0]["fpr"] == 0.01


def test_the_sentence_says_x_instead_of_y_and_how_many_fewer() -> None:
    got = row(STRONG, WEAK)
    was, now = (true_rate(shift, 0.01) for shift in (2.0, 0.5))
    assert got["difference"]["low"] < was - now < got["difference"]["high"]
    said = re.fullmatch(
        r"Before \(shop, as they are\) and after \(shop, rare:20\): at 1 in 100 wrong accusations the "
        r"adversary finds (\d+) instead of (\d+) in (100|1,000) members, that is (\d+) fewer \(between (\d+) "
        r"and (\d+) fewer, with 95 % confidence\)\. So the protection helped, against the attacks that were "
        r"tried\.",
        got["sentence"],
    )
    assert said, got["sentence"]
    y, x, per, z, low, high = (int(part.replace(",", "")) for part in said.groups())
    assert x - y == z and low <= z <= high
    first, rates = STRONG.headline.risk, WEAK.headline.risk
    assert (x, y) == tuple(round(per * r.tpr_at[1].rate.value) for r in (first, rates))
    assert (low, high) == (
        int(np.floor(per * got["difference"]["low"])), int(np.ceil(per * got["difference"]["high"])),
    )  # fmt: skip
    assert got["settled"] == "less"


@pytest.mark.parametrize(
    ("before", "after", "settled", "ending"),
    [
        (0.5, 2.0, "more", "So the protection did not help: more is found after it."),
        (1.0, 0.95, "not settled", "It is not settled whether the protection helped."),
    ],
)
def test_what_did_not_help_and_what_is_not_settled_is_said(before, after, settled, ending) -> None:
    got = row(section("as they are", scored(before)), section("rare:2", scored(after, seed=1)))
    assert got["settled"] == settled and got["sentence"].endswith(ending)
    assert ("fewer" if settled == "less" else "more") in got["sentence"]


def test_low_numbers_that_say_nothing_are_no_help() -> None:
    """A broken comparison, a failed check, a lost attack, scores upside down: none is "it helped"."""
    blind = Finding(risk=WEAK.headline.risk, blind=Estimate(0.7, 0.65, 0.75, 0.95))
    failed = replace(WEAK.headline, diagnostics=(Diagnostics((), False),))
    lost = section("before", scored(2.0), scored(1.5, attack="rmia"))
    turned = section("after", scored(-1.0))
    for before, after, why in (
        (STRONG, replace(WEAK, headline=blind), "never saw it"),
        (STRONG, replace(WEAK, findings=(failed,)), "not everything on shop, rare:20 was conclusive (lira)"),
        (STRONG, replace(WEAK, unsettled=("who is who",)), "(who is who)"),
        (lost, WEAK, "not every attack ran on both (rmia)"),
        (STRONG, turned, "the wrong way round"),
    ):
        got = row(before, after)
        assert got["settled"] == "not settled" and got["difference"]["low"] > 0
        assert "not settled whether the protection helped, because" in got["sentence"]
        assert why in got["sentence"]
    assert row(STRONG, section("after", scored(0.0)))["settled"] == "less", "this test could not have failed"


def test_the_best_attack_on_each_release_counts() -> None:
    """A protection that stops one attack and not another has stopped the first only."""
    before = section("before", scored(2.0), scored(0.1, attack="other", seed=3))
    after = section("after", scored(0.1, seed=3), scored(2.0, attack="other", seed=5))
    found = told(before, after)["comparisons"][0]
    assert (found["attack"], found["rows"][0]["attack"]) == ("lira", "other")
    assert found["rows"][0]["settled"] == "not settled"


def test_numbers_of_another_attack_than_the_headline_are_said_to_be() -> None:
    """One finds 30 in 100 at 1 in 100 and no more at 1 in 10, another 60 at 1 in 10 and few at 1 in 100."""
    noise = np.random.default_rng(0).standard_normal(2 * N)
    early, late = noise.copy(), noise.copy()
    early[: N * 3 // 10] = 9.0
    late[: N * 6 // 10] = np.quantile(noise[N:], 0.95) + 1e-3 * np.arange(N * 6 // 10) / N
    both = section("before", scored(0, attack="early", noise=early), scored(0, attack="late", noise=late))
    assert both.headline.risk.attack == "early"
    read = comparison(both, [WEAK], fpr=0.1, protected=True, redaction=Redaction())
    assert read is not None and read["attack"] == "late"
    said = read["rows"][0]["sentence"]
    assert (
        "Of before the number is that of late, the strongest at this rate; the headline is about early."
        in said
    )
    same = comparison(both, [WEAK], fpr=0.01, protected=True, redaction=Redaction())
    assert same is not None and "the headline is about" not in same["rows"][0]["sentence"]


@pytest.mark.slow
def test_the_interval_covers_under_any_dependence(monkeypatch: pytest.MonkeyPatch) -> None:
    """400 pairs of audits of each kind: of 95 % more than 34 miss once in 500 times.

    The scores before and after are independent, the same but for a shift, or turned round. The interval for
    independent audits, from the same scores, is too narrow in the last case: without that, this test could
    not fail.
    """
    n, fpr, rng = 150, 0.5, np.random.default_rng(11)
    truth = true_rate(0.6, fpr) - true_rate(0.2, fpr)
    plain = section("plain", scored(1.0, n=n))

    def rate_alone(evidence: Evidence, *, confidence: float) -> Risk:
        # All of `measure` takes a tenth of a second; the comparison reads this of it.
        scores, exposed = evidence.table["score"].to_numpy(), evidence.exposed
        at = tpr_at(scores[exposed], scores[~exposed], fpr=fpr, confidence=confidence)
        return replace(plain.headline.risk, tpr_at=(at,))

    monkeypatch.setattr("confide.report.comparing.measure", rate_alone)
    card = replace(plain, findings=(Finding(risk=rate_alone(plain.evidence["lira"], confidence=0.95)),))
    misses = dict.fromkeys(("independent", "same", "turned"), 0)
    narrow = 0
    for kind in misses:
        for _ in range(400):
            noise, other = rng.standard_normal(2 * n), rng.standard_normal(2 * n)
            second = {"independent": other, "same": noise, "turned": -noise}[kind]
            both = scored(0.6, n=n, noise=noise), scored(0.2, n=n, noise=second)
            before, after = (
                replace(card, release=e, evidence={"lira": s}) for e, s in zip("ba", both, strict=True)
            )
            found = comparison(before, [after], fpr=fpr, protected=True, redaction=Redaction())
            assert found is not None
            apart = found["rows"][0]["difference"]
            assert apart is not None
            misses[kind] += not apart["low"] <= truth <= apart["high"]
            if kind == "turned":
                rates = [rate_alone(e, confidence=0.95).tpr_at[0].rate for e in both]
                alone = difference(*(rate for rate in rates if rate is not None))
                narrow += not alone.low <= truth <= alone.high
    assert max(misses.values()) <= 34, misses
    assert narrow > 34, "the narrower interval would have done"


def test_more_releases_share_the_error() -> None:
    one, two = told(STRONG, WEAK), told(STRONG, WEAK, section("third", scored(1.0)))
    (alone,), (wider, _) = one["comparisons"][0]["rows"], two["comparisons"][0]["rows"]
    assert wider["difference"]["low"] < alone["difference"]["low"]
    assert wider["difference"]["high"] > alone["difference"]["high"]


def test_another_section_changes_no_verdict() -> None:
    limits = [Limit.parse("tpr@0.01=0.1"), Limit.parse("auc=0.6"), Limit.parse("tpr@0.1=0.3")]
    rng = np.random.default_rng(9)
    sections = [section(f"release {i}", scored(float(rng.uniform(0, 2)), n=n, seed=i))
                for i, n in enumerate((800, 60, 300, 9))]  # fmt: skip
    for s in sections:
        alone = page([s], seed=7, limits=limits)
        for others in ([], sections):
            found = page(
                [s, *(o for o in others if o is not s)], seed=7, limits=limits, before=[STRONG]
            )["sections"][0]  # fmt: skip
            assert found["verdict"] == alone["sections"][0]["verdict"] == judge_section(s, limits).ruling
            assert found["outcome"] == alone["sections"][0]["outcome"]


def test_releases_without_a_protection_are_held_against_the_first() -> None:
    found = page([STRONG, WEAK], seed=7)["comparisons"][0]
    assert (found["before"], found["title"]) == ("shop, as they are", "The releases side by side")
    assert found["rows"][0]["sentence"].startswith("shop, rare:20, against shop, as they are: at 1 in 100 ")
    assert found["rows"][0]["sentence"].endswith("So shop, rare:20 gives these attacks less.")
    assert page([STRONG], seed=7)["comparisons"] == []
    other = replace(WEAK, goal="attribute")  # another question: nothing to compare
    assert page([STRONG, other], seed=7)["comparisons"] == []


def test_without_all_scores_there_is_no_difference() -> None:
    got = row(STRONG, replace(WEAK, evidence={}))
    assert got["difference"] is None and got["settled"] == "not settled"
    assert "no difference can be measured" in got["sentence"]


def test_the_public_sees_the_same_story_in_coarse_numbers() -> None:
    inside, outside = (told(STRONG, WEAK, audience=who) for who in ("internal", "public"))
    for found in (inside, outside):
        validate(json.loads(json.dumps(found, allow_nan=False)))
        assert not is_valid(found | {"comparisons": [{"rows": []}]})
    got = outside["comparisons"][0]["rows"][0]
    assert got["settled"] == "less" and got["sentence"].endswith("against the attacks that were tried.")
    for end in ("low", "high"):
        assert round(got["difference"][end] * 100) / 100 == got["difference"][end]
    exact = inside["comparisons"][0]["rows"][0]["difference"]
    assert got["difference"]["low"] <= exact["low"] and got["difference"]["high"] >= exact["high"]


def test_rates_of_few_people_are_not_shown_to_the_public_by_their_difference() -> None:
    """At 1 in 100 some four of 400 are found: the public reads at 1 in 10, and sees no rate of so few."""
    before, after = section("before", scored(1.5, n=400)), section("after", scored(0.0, n=400, seed=8))
    assert told(before, after)["comparisons"][0]["fpr"] == 0.01
    assert told(before, after, audience="public")["comparisons"][0]["fpr"] == 0.1
    found = comparison(before, [after], fpr=0.01, protected=True, redaction=Redaction("public"))
    assert found is not None
    (got,) = found["rows"]
    assert got["value"] is None and got["difference"] is None
    assert "too few people to be shown to the public" in got["sentence"]


def test_the_comparison_is_on_the_page_and_in_the_terminal() -> None:
    made = report([WEAK], seed=7, before=[STRONG])
    html = re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]*>", " ", made.html())))
    text = re.sub(r"\s+", " ", to_text(made.page, width=70))
    found = made.page["comparisons"][0]
    assert found["rows"][0]["sentence"] in html and found["rows"][0]["sentence"] in text
    assert found["reading"] in html and all(head in html for head in found["head"])
    assert html.index("Before and after") < html.index(made.page["sections"][0]["headline"])
    assert text.index("Before and after") < text.index(made.page["sections"][0]["headline"])
    value = found["value"]["value"]
    assert f"{100 * value:.1f} %" in html


def test_the_rate_is_that_of_a_single_release_where_there_is_one(make) -> None:
    """Nothing changes for a report on one release."""
    for mu, n, fpr in ((1.9, 3000, 0.01), (1.9, 50, 0.1), (0.0, 8, None), (0.0, 3000, 0.01)):
        record = page([make.section(mu, n=n)], seed=7)["sections"][0]["finding"]
        assert reading_rate([record]) == fpr


def test_each_goal_is_compared_by_itself() -> None:
    of = {"linkage": "records", "attribute": "secrets"}
    before = [replace(section(f"plain {of[g]}", scored(3.0)), goal=g) for g in of]
    after = [replace(section(f"safer {of[g]}", scored(0.0, seed=1)), goal=g) for g in of]
    found = page(after, seed=7, before=before)["comparisons"]
    assert [(c["before"], [r["release"] for r in c["rows"]]) for c in found] == [
        ("plain records", ["safer records"]),
        ("plain secrets", ["safer secrets"]),
    ]
