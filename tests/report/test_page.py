"""The page: its schema, its honesty, and what the public does not get to see."""

import json
import re
from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import norm

from confide.core.budget import ANY_NUMBER, Budget, Unit
from confide.core.diagnostics import Diagnostics
from confide.core.errors import AccessError, DataError, EvidenceError, KnowledgeError
from confide.core.estimate import Estimate
from confide.core.evidence import Evidence
from confide.measure import measure, tpr_at
from confide.measure.risk import EpsilonBound, RateAt
from confide.report import (
    Finding,
    Limit,
    Line,
    Plot,
    Rate,
    Redaction,
    Section,
    Skipped,
    Table,
    coarse,
    page,
    report,
)
from confide.report.detectable import detectable
from confide.report.rates import one_in
from confide.report.renders.cells import columns

from .page_schema import is_valid, validate

NAN = Estimate(float("nan"), float("nan"), float("nan"), 0.95)


def numbers(x):
    if isinstance(x, dict):
        return [n for v in x.values() for n in numbers(v)]
    if isinstance(x, list):
        return [n for v in x for n in numbers(v)]
    return [x] if isinstance(x, float) else []


def broken(make, **changes):
    wins = Estimate(0.7, 0.68, 0.72, 0.95)
    return make.section(0.2, headline=Finding(risk=make.risk(0.2), blind=wins), **changes)


def told(section, audience="internal"):
    return page([section], seed=7, audience=audience)["sections"][0]


@pytest.mark.parametrize("audience", ["internal", "public"])
@pytest.mark.parametrize("kind", ["found", "nothing", "few", "broken", "bare", "two", "white"])
def test_every_kind_of_report_follows_the_schema(make, audience, kind):
    odd = {"auc": NAN, "threshold": float("inf"), "epsilon": (), "seconds": 0.0}
    sections = {
        "found": [make.section(1.9, promise=make.Budget(1.0, 1e-5))],
        "nothing": [make.section(0.0)],
        "few": [make.section(0.0, n=8)],
        "broken": [broken(make)],
        "bare": [make.section(1.0, headline=Finding(risk=make.risk(1.0, **odd)), evidence={})],
        "two": [make.section(1.9), make.section(0.0, release="a forest")],
        "white": [make.white(conclusive=False), make.white(n=12, release="few")],
    }[kind]
    found = page(
        sections, seed=7, audience=audience, limits=[Limit.parse("auc=0.6"), Limit.parse("epsilon=1")]
    )
    kept = json.loads(json.dumps(found, allow_nan=False))  # fails on NaN and Infinity
    validate(kept)
    assert kept == found  # plain types only: what is kept is what was shown
    assert all(np.isfinite(numbers(kept)))
    assert found["sections"][0]["outcome"] == {"bare": "found", "two": "found", "white": "found"}.get(
        kind, kind
    )


def test_the_schema_can_fail(make):
    found = page([make.section(1.0)], seed=7)
    for spoil in ({"verdict": "fine"}, {"schema": "confide.report/1"}, {"extra": 1}, {"findings": []}):
        assert not is_valid(found | spoil)
    assert not is_valid({k: v for k, v in found.items() if k != "seed"})
    assert not is_valid(found | {"audience": "public"})  # it has rows


def test_a_null_always_has_its_reason(make):
    odd = {"auc": NAN, "threshold": float("inf"), "epsilon": ()}
    found = page([make.section(1.0, headline=Finding(risk=make.risk(1.0, n=50, **odd)))], seed=7)
    record = found["sections"][0]["finding"]
    missing = {name for name, value in record.items() if value is None}
    assert missing == {"auc", "threshold", "epsilon", "blind"} == set(record["why"])
    assert all(record["why"].values())
    assert all(at["why"] for at in record["tpr_at"] if at["rate"] is None)


def test_the_first_sentence_says_the_headline_number(make):
    section = page([make.section(1.9)], seed=7)["sections"][0]
    rate = make.rate(float(make.risk(1.9).tpr_at[1].rate.value), 3000, 1 - 0.05 / 6)
    assert section["headline"] == (
        "An outsider who can query this model and knows a person's record can tell whether it was among the "
        f"training data for about {round(100 * rate.value)} in 100 members, "
        "while wrongly accusing 1 in 100 others."
    )
    assert (
        "between 31 and 36 in 100, with 99.17 % confidence (corrected for 6 attacks)" in section["support"][0]
    )
    assert (int(100 * rate.low), -int(-100 * rate.high // 1)) == (31, 36)


def test_nothing_found_is_followed_by_what_could_have_been_seen(make):
    section = page([make.section(0.0)], seed=7)["sections"][0]
    said = " ".join(section["support"])
    assert "could not be shown" in section["headline"]
    assert "What this audit could have seen" in said
    assert "largest epsilon it could ever have shown is 6.80" in said
    assert any("Not proof of safety" in line for line in section["means_not"])


def test_too_few_people_is_no_all_clear(make):
    section = page([make.section(0.0, n=8)], seed=7)["sections"][0]
    assert section["outcome"] == "few"
    assert "does not mean that it is safe" in section["headline"]
    assert section["support"]


def test_a_blind_winner_breaks_the_comparison(make):
    section = page([broken(make)], seed=7)["sections"][0]
    assert "cannot say" in section["headline"]
    assert section["warnings"][0].startswith("The comparison is broken")


def test_an_attack_clearly_above_the_blind_is_told_with_a_warning_on_top(make):
    """The verdict and the story agree: exceeded, found; the same for the public."""
    slight = Finding(risk=make.risk(1.9), blind=Estimate(0.57, 0.55, 0.59, 0.95))
    section = make.section(1.9, headline=slight, warnings=("Rounded.",))
    for audience in ("internal", "public"):
        found = page([section], seed=7, audience=audience, limits=[Limit.parse("auc=0.6")])
        s = found["sections"][0]
        assert (found["verdict"], s["outcome"]) == ("exceeded", "found")
        assert "can tell" in s["headline"] and "cannot say" not in s["headline"]
        assert "blind adversary" in s["warnings"][0] and "AUC of 0.57" in s["warnings"][0]
        assert s["warnings"][1] == "Rounded."
        assert any("learn what the release adds" in line for line in s["next"])
        assert not any("mix what the release shows" in line for line in s["means"])


@pytest.mark.parametrize("blind_high", [0.86, 0.93])
def test_broken_is_decided_by_the_ends_of_both_intervals(make, blind_high):
    finding = Finding(
        risk=make.risk(1.9, auc=Estimate(0.9, 0.88, 0.92, 0.95)), blind=Estimate(0.84, 0.82, blind_high, 0.95)
    )
    assert told(make.section(1.9, headline=finding))["outcome"] == (
        "found" if blind_high < 0.88 else "broken"
    )


def test_the_first_sentence_speaks_of_the_access_that_was_audited(make):
    risk = make.risk(1.9, access="label-only")
    section = make.section(1.9, headline=Finding(risk=risk, title="Gap"), access="black-box")
    s = told(section)
    assert s["headline"].startswith("An outsider who can query this model")
    assert "read the scores" in s["adversary"][0]
    assert "The strongest attack, lira, needed no more than the model's decisions." in s["adversary"]
    alone = told(make.section(1.9, headline=Finding(risk=risk)))
    assert alone["headline"].startswith("An outsider who sees only this model's decisions")
    assert "without any score" in alone["adversary"][0]


def test_guessing_is_named_in_the_unit_of_the_interval(make):
    said = told(make.section(0.0))["support"][0]
    assert "At 1 in 100 wrong accusations the attack found 10 in 1,000 members" in said
    assert "Guessing would find 10 in 1,000." in said


def test_what_beats_guessing_is_what_the_first_sentence_names(make):
    """A leak seen at 1 in 10 only, or at 1 in 1,000 only: sentence, support and table agree."""
    for fpr, rate, words in ((0.1, 0.14, "accusing 1 in 10 "), (0.001, 0.01, "accusing only 1 in 1,000 ")):
        rates = tuple(RateAt(f, make.rate(rate if f == fpr else f, 3000), 3000) for f in (0.1, 0.01, 0.001))
        s = told(make.section(0.0, headline=Finding(risk=make.risk(0.0, tpr_at=rates))))
        assert words in s["headline"] and "true share of members found" in s["support"][0]
        assert s["support"][0].startswith(f"At {one_in(fpr)} wrong accusations")
        assert all(f"at {one_in(fpr)} wrong" in line for _, line in s["found"])
        assert fpr in columns([s["finding"]], s["fpr"])


@pytest.mark.parametrize(
    ("exposed", "control", "shift", "said"),
    [
        (300, 300, 30.0, ["for all members,", "surer about the first in every case"]),
        (
            300,
            300,
            -30.0,
            ["the attack found no members;", "surer about the first in no case", "be right in no case"],
        ),
        (200, 10, 1.0, ["could not be measured with so few people: anything from 0 to 74 of 100"]),
        (50, 8, 2.0, ["was among the training data better than by guessing"]),
        (9, 8, 0.0, ["too few people"]),
    ],
)
def test_odd_numbers_make_grammatical_sentences(exposed, control, shift, said):
    score = np.concatenate([norm.ppf((np.arange(n) + 0.5) / n) for n in (exposed, control)])
    members = np.repeat([True, False], [exposed, control])
    finding = Finding(risk=measure(Evidence.of(members, score + shift * members)))
    s = told(Section(release="x", headline=finding, findings=(finding,)))
    text = " ".join([s["headline"], *s["support"], *s["means"], *s["warnings"]])
    assert all(words in text for words in said), text
    assert not any(bad in text for bad in ("none members", "none times", "all times", "1 targets", "unknown"))


@pytest.mark.slow
@pytest.mark.parametrize(("n", "sure"), [(300, True), (300, False), (1000, True), (1000, False)])
def test_what_is_called_detectable_is_noticed_in_nine_of_ten_audits(make, n, sure):
    """At the larger of the two shares, in 300 audits: fewer than 84 % noticed would happen once in 1,000.

    An adversary that is sure of some members, and one whose scores are shifted: for the latter half that
    share is noticed in fewer than 84 %, so that the number says something.
    """
    x = detectable(Finding(risk=make.risk(1.0, n=n)), fpr=0.01 if n >= 100 else 0.1)
    fpr, rng = 0.01 if n >= 100 else 0.1, np.random.default_rng(3)

    def noticed(share):
        shift = norm.isf(fpr) - norm.isf(share)
        total = 0
        for _ in range(300):
            exposed = rng.standard_normal(n) + (0 if sure else shift)
            exposed[rng.random(n) < (share - fpr) / (1 - fpr)] += 50 * sure
            total += tpr_at(exposed, rng.standard_normal(n), fpr=fpr).rate.low > fpr
        return total / 300

    assert noticed(x) > 0.84
    assert sure or noticed(x / 2) < 0.84


def test_too_few_controls_notice_nothing(make):
    """Of 100 controls the threshold of 1 % may be above all, so that no low end is above 0."""
    assert detectable(Finding(risk=make.risk(1.0, n=100)), fpr=0.01) is None


@pytest.mark.slow
def test_a_harmless_release_is_rarely_accused_and_a_leak_is_noticed():
    """False alarms: 1 in 20 by design; then more than 12 of 100 happen once in 700 times."""
    rng, members = np.random.default_rng(11), np.repeat([True, False], 500)

    def found(shift, times):
        risks = [
            measure(Evidence.of(members, rng.standard_normal(1000) + shift * members)) for _ in range(times)
        ]
        sections = [
            Section(release=str(i), headline=(f := Finding(risk=r)), findings=(f,))
            for i, r in enumerate(risks)
        ]
        return sum(s["outcome"] == "found" for s in page(sections, seed=1)["sections"])

    assert found(0.0, 100) <= 12
    assert found(0.5, 20) == 20


def test_the_public_sees_no_rows_no_ids_and_no_small_counts(make):
    sections = [make.section(1.9, headline=Finding(risk=make.risk(1.9, excluded=7)), n=3217)]
    found, inside = page(sections, seed=7, audience="public"), page(sections, seed=7)
    assert inside["sections"][0]["worst_off"]
    assert found["sections"][0]["worst_off"] == []
    record = found["sections"][0]["finding"]
    assert record["excluded"] is None and record["threshold"] is None
    assert found["findings"][0]["exposed_count"] == 3200
    for public, exact in zip(found["findings"], inside["findings"], strict=True):
        for name in ("auc", "advantage", "balanced_accuracy", "blind"):
            a, b = public[name], exact[name]
            assert a["low"] <= b["low"] <= b["high"] <= a["high"]
            assert all(float(f"{a[end]:.2f}") == pytest.approx(a[end]) for end in a if abs(a["value"]) >= 0.1)


def test_a_small_side_cannot_be_found_by_subtraction(make):
    risk = make.risk(1.0, exposed_count=9, control_count=3000)
    record = page([make.section(1.0, findings=(Finding(risk=risk),))], seed=7, audience="public")["findings"][
        0
    ]
    assert record["exposed_count"] is None and record["targets"] is None
    assert record["why"]["exposed_count"]


def test_a_rate_that_rests_on_a_handful_is_not_shown_to_the_public(make):
    risk = make.risk(0.0, n=300)  # 3 of 300 at a false-positive rate of 1 %
    at = [
        page([make.section(0.0, findings=(Finding(risk=risk),))], seed=7, audience=a)["findings"][0][
            "tpr_at"
        ][1]
        for a in ("internal", "public")
    ]
    assert at[0]["rate"]["value"] == pytest.approx(0.01)
    assert at[1]["rate"] is None and "fewer than 10 people" in at[1]["why"]


def test_the_public_sees_of_a_skipped_attack_only_what_it_lacked(make):
    """963 people, as an attack puts it: the sentence is in the internal page only."""
    why = "needs at least 1,000 records to fit on and has 963: give 37 more"
    section = make.section(
        1.0,
        skipped=(
            Skipped.because("quantile", KnowledgeError(f"quantile {why}")),
            Skipped.because("nasr", AccessError("nasr needs white-box access and has black-box access")),
            Skipped.because("loss", EvidenceError("there is one class")),
            Skipped(attack="meter", why="it takes long on 12,345 traces"),
        ),
    )
    inside, public = (report([section], seed=7, audience=a) for a in ("internal", "public"))
    assert [k["lack"] for k in public.page["skipped"]] == ["knowledge", "access", "evidence", "other"]
    assert inside.page["skipped"][0]["why"] == f"quantile {why}"
    assert f"quantile: {why}" in re.sub(r"\s+", " ", inside.text())
    for text in (public.json(), public.html(), public.text()):
        assert not re.search(r"\b963\b|\b37 more|12,345", text)
        assert "needs knowledge that the adversary does not have here." in re.sub(r"\s+", " ", text)
    assert all(k["why"] for k in public.page["skipped"])
    assert len({k["why"] for k in public.page["skipped"]}) == 4


SECRETS = {"exposed": 3217, "control": 2963, "excluded": 1741, "remark": 4523, "cell": 5839, "row": 6473}
"""Counts with four odd digits each, so that no other number of the page is like them by chance."""


@pytest.fixture
def counted(make):
    """A release whose every text, table and finding holds one of the secret counts."""
    rng, n = np.random.default_rng(3), SECRETS
    exposed = np.repeat([True, False], [n["exposed"], n["control"]])
    evidence = Evidence.of(exposed, rng.standard_normal(len(exposed)) + exposed, attack="lira")
    remark = ("It looked for ", n["remark"], " candidates.")
    finding = Finding(
        risk=replace(measure(evidence), excluded=n["excluded"]), diagnostics=(Diagnostics((remark,)),)
    )
    e = Estimate(0.5, 0.4, 0.6, 0.95)
    table = Table(
        title="t",
        reading=[("Of ", n["cell"], " people ", Rate(estimate=e), "."), ("Of 9 here, ", 9, " there.")],
        head=("who", ("of all ", n["row"])),
        rows=(("a", n["cell"]), ("b", 9), (n["row"], 0.5)),
    )
    line = Line(name="l", x=(1.0, 2.0), y=(0.5, 0.25), labels=("x", "y"))
    plot = Plot(title="p", reading=("Of ", n["row"], "."), x_title="x", y_title="y", lines=(line,))
    skip = Skipped(attack="loss", why=f"has {n['cell']:,} people", lack="knowledge")
    return Section(
        release="x",
        headline=finding,
        findings=(finding,),
        evidence={"lira": evidence},
        skipped=(skip,),
        exhibits=(table, plot),
    )


@pytest.mark.slow
def test_no_count_reaches_a_public_page_except_through_redaction(counted, monkeypatch):
    """Exact in each internal render, coarse in each public one; and exact again if redaction is off."""
    exact = {name: re.compile(rf"(?<!\d){n // 1000},?{n % 1000}(?!\d)") for name, n in SECRETS.items()}

    def texts(audience):
        made = report([counted], seed=7, audience=audience, limits=[Limit.parse("auc=0.9")])
        return made.json(), re.sub(r"<svg.*?</svg>", "", made.html(), flags=re.DOTALL), made.text()

    for text in texts("public"):
        assert not [name for name, count in exact.items() if count.search(text)]
    public = texts("public")[0]
    for coarsely in (
        "3200",
        "2900",
        "about 4,500 candidates",
        "Of about 5,800 people 50 % (between 40 and 60 %)",
    ):
        assert coarsely in public, coarsely
    for coarsely in ("of all about 6,400", "fewer than 10 there", "5800"):
        assert coarsely in public, coarsely
    inside = texts("internal")[0]
    assert not [name for name, count in exact.items() if not count.search(inside)]
    monkeypatch.setattr(Redaction, "count", lambda self, n: int(n))
    leaking = texts("public")[0]
    assert {name for name, count in exact.items() if count.search(leaking)} == set(SECRETS)


def test_coarse_keeps_two_digits_and_none_under_ten():
    assert [coarse(n) for n in (0, 1, 9, 10, 99, 100, 963, 12_345)] == [
        "0", "fewer than 10", "fewer than 10", "10", "99", "about 100", "about 960", "about 12,000",
    ]  # fmt: skip


def test_both_audiences_are_told_the_same_story(make):
    just = make.risk(0.0, auc=Estimate(0.52, 0.504, 0.536, 0.95))
    section = make.section(0.0, headline=Finding(risk=just))
    stories = {page([section], seed=7, audience=a)["sections"][0]["outcome"] for a in ("internal", "public")}
    assert stories == {"found"}


def test_a_broken_promise_is_named(make):
    bound = EpsilonBound(3.0, 6.0, "two worlds", 1e-5, 0.95, True)
    section = make.section(
        1.9, headline=Finding(risk=make.risk(1.9, epsilon=(bound,))), promise=make.Budget(1.0, 1e-5)
    )
    assert (
        "It was promised epsilon 1: the promise is broken." in page([section], seed=7)["sections"][0]["means"]
    )
    kept = make.section(1.9, headline=section.headline, promise=make.Budget(4.0, 1e-5))
    assert not any("promised" in line for line in page([kept], seed=7)["sections"][0]["means"])


def test_a_promise_of_another_unit_is_told_and_not_held_against_the_bound(make):
    bound = EpsilonBound(3.0, 6.0, "two worlds", 1e-5, 0.95, True)
    small = Budget(0.3, unit=Unit.place(within_m=200))
    section = make.section(
        1.9,
        headline=Finding(risk=make.risk(1.9, epsilon=(bound,))),
        promise=small,
        unit=Unit.person("person", at_most=ANY_NUMBER),
    )
    shown = page([section], seed=7)
    means = " ".join(shown["sections"][0]["means"])
    assert "broken" not in means and f"promises {small}" in means
    drawn = next(c for c in shown["charts"] if c["name"] == "epsilon")
    assert drawn["records"][0] == {"what": "promised", "value": None, "text": "of another unit"}


def test_nothing_measured_is_an_error(make):
    with pytest.raises(EvidenceError, match="shadow: needs 2 classes"):
        page([make.section(1.0, findings=())], seed=7)
    with pytest.raises(EvidenceError):
        page([], seed=7)
    with pytest.raises(DataError, match="name them apart"):
        page([make.section(1.0), make.section(1.0)], seed=7)
    with pytest.raises(DataError, match="'internal' or 'public'"):
        page([make.section(1.0)], seed=7, audience="press")
