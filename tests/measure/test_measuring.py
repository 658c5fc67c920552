"""Measure: which numbers each shape of evidence supports, and what must not change them."""

from dataclasses import asdict, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from confide.core.errors import EvidenceError
from confide.core.evidence import Evidence
from confide.measure import Bonferroni, Fixed, Risk, Split, measure, worst


def evidence(mu: float, n: int = 1000, *, seed: int = 0, worlds: int = 1, coin: bool = True) -> Evidence:
    rng = np.random.default_rng(seed)
    world, target = np.divmod(np.arange(n * worlds), n)
    exposed = rng.random(n * worlds) < 0.5
    score = rng.standard_normal(n * worlds) + mu * exposed
    return Evidence.of(exposed, score, world=world, target=target, randomised=coin)


def plain(risk: Risk) -> dict:
    """Every number of a risk, comparable; the threshold is in units of the score."""
    numbers = asdict(replace(risk, threshold=0.0))
    numbers["roc"] = {name: values.tolist() for name, values in numbers["roc"].items()}
    return numbers


def test_one_model_by_closed_form() -> None:
    """N(1, 1) against N(0, 1): AUC 0.760, advantage 2 Phi(1/2) - 1 = 0.383, TPR at 1 % 0.092."""
    risk = measure(evidence(1.0, 40_000))
    assert risk.auc.low < 0.7602 < risk.auc.high
    assert risk.advantage.low < 0.3829 < risk.advantage.high
    assert risk.balanced_accuracy.value == pytest.approx((1 + risk.advantage.value) / 2)
    assert risk.threshold == pytest.approx(0.5, abs=0.15)
    at = {r.fpr: r.rate for r in risk.tpr_at}
    assert at[0.1].value == pytest.approx(0.389, abs=0.02)
    assert at[0.01].value == pytest.approx(0.0924, abs=0.015)
    assert at[0.0001] is not None
    assert {p.fpr for p in risk.precision_at} == {0.0001}
    assert [p.prior for p in risk.precision_at] == [0.5, 0.1, 0.01]


def test_what_one_world_certifies() -> None:
    bounds = {b.method: b for b in measure(evidence(1.0)).epsilon}
    assert list(bounds) == ["one-run f-DP", "one-run", "one-run f-DP, mu-GDP", "mu-GDP"]
    assert [b.certified for b in bounds.values()] == [True, True, False, False]
    assert all(0 < b.low <= 4.377 for b in bounds.values()), "the truth at mu = 1 and delta = 1e-5 is 4.377"
    assert not any(b.certified for b in measure(evidence(1.0, coin=False)).epsilon)


def test_what_independent_worlds_certify() -> None:
    e = evidence(1.0, 1, worlds=4000)
    bounds = {b.method: b for b in measure(e).epsilon}
    assert list(bounds) == ["two-world", "mu-GDP"]
    assert bounds["two-world"].certified
    assert 1 < bounds["two-world"].low < 4.377
    assert not measure(replace(e, randomised=False)).epsilon[0].certified


def test_a_pool_is_measured_world_by_world() -> None:
    risk = measure(evidence(1.0, 200, worlds=12))
    assert "the mean of 12 worlds" in risk.strategy
    assert risk.worlds == 12
    assert risk.epsilon[0].method == "one-run f-DP, median of 12 worlds"
    assert risk.epsilon[0].certified
    assert risk.tpr_at[1].rate is None  # about 100 controls a world; some have fewer
    assert risk.tpr_at[0].rate is not None
    assert risk.auc.low < 0.7602 < risk.auc.high


def test_a_pool_of_models_that_differ_has_an_honest_interval() -> None:
    """Scores of each world shifted by its own amount: pooled rows lie about the AUC, worlds do not."""
    rng = np.random.default_rng(0)
    e = evidence(1.0, 200, worlds=10)
    shift = rng.normal(0, 3, 10)[e.table["world"].to_numpy()]
    moved = Evidence.of(
        e.exposed,
        e.claims + shift,
        world=e.table["world"].to_numpy(),
        target=e.table["target"].to_numpy(),
    )
    assert measure(moved).auc == measure(e).auc


def test_few_worlds_are_pooled_and_said_so() -> None:
    assert "3 worlds pooled" in measure(evidence(1.0, 200, worlds=3)).strategy
    few = measure(evidence(1.0, 4, worlds=300))
    assert "300 worlds pooled" in few.strategy
    assert [b.method for b in few.epsilon] == ["two-world", "mu-GDP"]


@pytest.mark.slow
def test_the_median_of_worlds_is_valid() -> None:
    """Noise, 6 worlds of 80: at most 5 % of 60 audits may show anything; more than 14 occur once in 1e7."""
    alarms = sum(
        measure(evidence(0.0, 80, worlds=6, seed=s), delta=1e-6).epsilon[0].low > 0 for s in range(60)
    )
    assert alarms <= 14


@pytest.mark.slow
@pytest.mark.parametrize(("audits", "most"), [(30, 8), pytest.param(200, 29, marks=pytest.mark.slow)])
def test_rates_at_the_threshold_are_not_optimistic(audits: int, most: int) -> None:
    """Noise: the balanced accuracy's interval misses 1/2 in at most 5 % of audits.

    More than 8 of 30 occur once in 8e4 runs, more than 29 of 200 once in 1e7.
    """
    for threshold in (Split(), Bonferroni(101), Fixed(0.0)):
        missed = 0
        for seed in range(audits):
            got = measure(evidence(0.0, 200, seed=seed), threshold=threshold, delta=0.0).balanced_accuracy
            missed += not got.low <= 0.5 <= got.high
        assert missed <= most, threshold


def test_at_delta_zero_the_hypothesis_says_nothing() -> None:
    assert [b.method for b in measure(evidence(1.0), delta=0.0).epsilon] == ["one-run f-DP", "one-run"]


SMALL = st.lists(st.tuples(st.booleans(), st.integers(-5, 5)), min_size=12, max_size=60).filter(
    lambda rows: 2 <= sum(e for e, _ in rows) <= len(rows) - 2
)


EXAMPLES = given(SMALL, st.randoms(use_true_random=False), st.integers(1, 3))


@settings(max_examples=8)
@EXAMPLES
def test_order_and_scale_change_nothing(rows: list[tuple[bool, int]], random, worlds: int) -> None:
    order_and_scale_change_nothing(rows, random, worlds)


@pytest.mark.slow
@settings(max_examples=100)
@EXAMPLES
def test_order_and_scale_change_nothing_in_many_examples(rows, random, worlds: int) -> None:
    order_and_scale_change_nothing(rows, random, worlds)


def order_and_scale_change_nothing(rows: list[tuple[bool, int]], random, worlds: int) -> None:
    exposed = np.array([e for e, _ in rows] * worlds)
    score = np.array([s for _, s in rows] * worlds, float)
    target, world = np.tile(np.arange(len(rows)), worlds), np.repeat(np.arange(worlds), len(rows))
    order = np.array(random.sample(range(len(score)), len(score)))

    def risk(claims: np.ndarray, rows: np.ndarray) -> dict:
        e = Evidence.of(exposed[rows], claims[rows], world=world[rows], target=target[rows], randomised=True)
        return plain(measure(e, threshold=Bonferroni(11)))

    expected = risk(score, np.arange(len(score)))
    assert risk(score, order) == expected
    assert risk(np.exp(score) * 3 - 7, order) == expected


def test_order_changes_nothing_in_a_split() -> None:
    for worlds in (1, 6):
        e = evidence(1.0, 100, worlds=worlds)
        order = np.random.default_rng(1).permutation(len(e))
        again = Evidence(e.table[order], randomised=True)
        assert plain(measure(again)) == plain(measure(e))


def test_wrong_claims_count_against_the_attack() -> None:
    n = 2000
    rng = np.random.default_rng(0)
    exposed, hit = rng.random(n) < 0.5, rng.random(n) < 0.5
    sure = measure(Evidence.of(exposed, exposed.astype(float), hit=hit))
    assert sure.exposed.low < 0.5 < sure.exposed.high
    assert sure.tpr_at[1].rate is not None
    assert sure.tpr_at[1].rate.value == pytest.approx(0.5, abs=0.05)


def test_an_attack_that_finds_something_goes_before_one_that_finds_nothing() -> None:
    """Low ends below guessing are noise, and the larger of two must not decide."""
    even = np.arange(1_000) + 0.5
    members = np.repeat([True, False], 1_000)
    idle = Evidence.of(members, np.concatenate([even, even + 1e-3]), attack="idle")
    # Most members score higher, and a few others higher than all.
    found = np.concatenate([even + 300, np.where(even < 15, even + 9_000, even)])
    strong = Evidence.of(members, found, attack="strong")
    for tried in ([idle, strong], [strong, idle]):
        at, risks = worst(tried)
        low = {r.attack: next(t.rate.low for t in r.tpr_at if t.fpr == 0.01 and t.rate) for r in risks}
        assert low["strong"] < low["idle"] < 0.01, "this test could not have failed"
        assert risks[at].attack == "strong"


def test_the_worst_attack_pays_for_the_others() -> None:
    tried = [evidence(0.0), evidence(2.0), evidence(1.0)]
    at, risks = worst(tried)
    assert at == 1
    assert all(r.confidence == pytest.approx(1 - 0.05 / 3) for r in risks)
    alone = measure(tried[1])
    assert risks[1].auc.low < alone.auc.low
    assert risks[1].epsilon[0].low < alone.epsilon[0].low
    assert worst([tried[1]])[1][0].auc == alone.auc


def test_missing_controls_are_an_error_not_a_zero() -> None:
    with pytest.raises(EvidenceError, match="10 exposed and 0 control targets"):
        measure(Evidence.of(np.ones(10, bool), np.zeros(10)))
    with pytest.raises(EvidenceError, match="0 attacks"):
        worst([])


@pytest.mark.parametrize("score", [np.zeros(40), np.full(40, -np.inf), np.full(40, np.inf)])
def test_scores_that_say_nothing_show_nothing(score: np.ndarray) -> None:
    risk = measure(Evidence.of(np.arange(40) % 2 == 0, score, randomised=True))
    assert risk.auc.value == 0.5
    assert risk.advantage.value == 0
    assert all(b.low == 0 for b in risk.epsilon)
    # Equal scores are claimed by lot, which is guessing; wrong ones never.
    assert all(r.rate is None or r.rate.value <= r.fpr + 1e-9 for r in risk.tpr_at)
