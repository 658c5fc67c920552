"""People who are asked about several times count once: closed forms, and coverage that pooled rows miss."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from scipy.stats import norm

from confide.core.estimate import Estimate
from confide.core.evidence import Evidence
from confide.measure import Fixed, auc, difference, measure, proportion
from confide.measure.identification import at_false_match_rate, linked, rank_one
from confide.measure.people import counted_once, design_effect, opposed, rounds
from confide.measure.rates import tpr_at
from confide.measure.roc import roc

SHIFT = 1.5
OTHER_CELLS = [(2, True), (2, False), (3, False)]


def evidence(score, exposed, person, *, worlds=None) -> Evidence:
    world = np.zeros(len(score), np.int64) if worlds is None else worlds
    return Evidence.of(exposed, score, target=person, world=world)


def asked(rng, people: int, each: int, alike: float, *, same: bool) -> tuple[np.ndarray, ...]:
    """Normal scores of a person's rounds, with this correlation; exposed in all, or by a coin each."""
    person = np.repeat(np.arange(people), each)
    exposed = (rng.random(people) < 0.5)[person] if same else rng.random(len(person)) < 0.5
    own, new = rng.standard_normal(people)[person], rng.standard_normal(len(person))
    return np.sqrt(alike) * own + np.sqrt(1 - alike) * new + SHIFT * exposed, exposed, person


def test_design_effects_by_hand() -> None:
    """Two people with 2 rounds, gaps of 1 and -1: (1 + 1) / 4 * 2 / (1/4) = 4, cut to the 2 rounds."""
    hits, person = np.array([True, True, False, False]), np.array([1, 1, 2, 2])
    assert design_effect(hits, person) == 4
    assert counted_once(hits, person) == 2
    assert counted_once(np.array([True, False, True, False]), person) == 1, "a person's rounds are as any"
    assert counted_once(np.ones(4, bool), person) == 2, "nothing says how far rounds agree"
    assert counted_once(hits, np.arange(4)) == counted_once(hits, None) == 1
    assert rounds(np.array([1, 1, 1, 2])) == 10 / 4
    # 40 people with 1 hit in 2 rounds each vary less than chance; 20 of them a little more than it.
    half = np.tile([True, False], 40)
    assert counted_once(half, np.repeat(np.arange(40), 2)) == 1


def test_with_one_round_each_nothing_changes() -> None:
    rng = np.random.default_rng(0)
    exposed, control = rng.standard_normal(70) + 1, rng.standard_normal(90)
    people = np.arange(70), 70 + np.arange(90)
    for function in (auc, lambda *a, **k: tpr_at(*a, fpr=0.05, **k)):
        plain, by_person = function(exposed, control), function(exposed, control, people=people)
        assert repr(plain) == repr(by_person) or by_person == pytest.approx(plain)
    one, other = roc(exposed, control), roc(exposed, control, people=people)
    assert all(np.array_equal(getattr(one, f), getattr(other, f)) for f in ("fpr", "tpr", "low", "high"))


@pytest.mark.slow
@pytest.mark.parametrize("each", [2, 3])
@pytest.mark.parametrize(("in_worlds", "named"), [(False, False), (True, False), (False, True)])
def test_copies_of_a_round_tell_nothing_new(each: int, in_worlds: bool, named: bool) -> None:
    """Each person's row two or three times, in one world or in several: the numbers of the people, once."""
    rng, n = np.random.default_rng(1), 400
    exposed = np.arange(n) % 2 == 0
    score, hit = rng.standard_normal(n) + SHIFT * exposed, rng.random(n) < 0.8
    once = Evidence.of(exposed, score, hit=hit)
    world = np.repeat(np.arange(each), n) if in_worlds else np.zeros(each * n, np.int64)
    copies = Evidence.of(
        *(np.tile(a, each) for a in (exposed, score)),
        hit=np.tile(hit, each),
        target=np.tile(np.arange(n), each),
        world=world,
    )
    if named:  # every row is a target of its own, such as a picture, and a column says whom it is about
        rows = np.arange(each * n)
        targets = copies.table.with_columns(pl.Series("target", rows))
        copies = Evidence(targets).about(np.tile(np.arange(n), each))
    found, other = (measure(e, threshold=Fixed(0.5), delta=0.0) for e in (once, copies))
    assert (other.people, other.exposed_count, other.control_count) == (n, n // 2, n // 2)
    assert other.rows == each * n and found.rows == found.people == n
    assert "counted together" in other.strategy and "counted together" not in found.strategy
    pairs = [(getattr(found, f), getattr(other, f)) for f in ("exposed", "control", "advantage", "auc")]
    pairs += [(a.rate, b.rate) for a, b in zip(found.tpr_at[:2], other.tpr_at[:2], strict=True)]
    pairs += [(a.value, b.value) for a, b in zip(found.precision_at, other.precision_at, strict=True)]
    pairs += [(rank_one(once), rank_one(copies))]
    for rates in (
        (linked(once, threshold=1.0), linked(copies, threshold=1.0)),
        (
            at_false_match_rate(once, rate=0.05),
            at_false_match_rate(copies, rate=0.05),
        ),
    ):
        assert rates[0] is not None and rates[1] is not None and rates[0].present == rates[1].present
        pairs += [(getattr(rates[0], f), getattr(rates[1], f)) for f in ("right", "wrong", "abstained")]
    for mine, theirs in pairs:
        assert theirs.value == pytest.approx(mine.value, abs=0.012)
        assert (theirs.low, theirs.high) == pytest.approx((mine.low, mine.high), abs=0.012)
    if not in_worlds:
        assert [b.low for b in found.epsilon] == [b.low for b in other.epsilon], "one coin a person"
        assert found.epsilon[0].ceiling == other.epsilon[0].ceiling


def test_a_rate_is_resolved_by_people_and_not_by_rounds() -> None:
    """99 absent people in three rounds have 297 rows, and no rate of 1 in 100."""
    rng = np.random.default_rng(0)
    person = np.concatenate([np.arange(60), np.tile(100 + np.arange(99), 3)])
    e = evidence(rng.standard_normal(len(person)), np.arange(len(person)) < 60, person)
    at = {r.fpr: r for r in measure(e).tpr_at}
    assert at[0.01].rate is None and at[0.01].controls == 99 and "has 99" in at[0.01].why
    assert at[0.1].rate is not None and at_false_match_rate(e, rate=0.01) is None


def test_one_person_in_many_worlds_is_measured_by_the_worlds() -> None:
    """A canary: in or out of 400 worlds, each its own. The worlds are what varies, not the person."""
    rng = np.random.default_rng(0)
    exposed = rng.random(400) < 0.5
    score = rng.standard_normal(400) + SHIFT * exposed
    canary = evidence(score, exposed, np.zeros(400, np.int64), worlds=np.arange(400))
    others = evidence(score, exposed, np.arange(400), worlds=np.arange(400))
    mine, theirs = (replace(measure(e), roc=measure(others).roc) for e in (canary, others))
    assert mine.auc == theirs.auc and mine.tpr_at == theirs.tpr_at and mine.people == 400


def test_people_whose_two_sides_are_opposed_make_a_difference_vary_more() -> None:
    """Hits only of the exposed or only of the control round: the difference of a person is 1 or -1.

    95 % of 300 is 285, and fewer than 273 happen once in 700 times. As if independent it is .84 of them.
    """
    rng, n, covered, naive = np.random.default_rng(2), 100, 0, 0
    person = np.arange(n)
    for repeat in range(300):
        hits = rng.random(n) < 0.5
        assert opposed(hits, ~hits, (person, person)) == pytest.approx(-1)
        one, other = (proportion(int(h.sum()), n, confidence=0.95) for h in (hits, ~hits))
        wide, plain = difference(one, other, correlation=-1.0), difference(one, other)
        covered += wide.low <= 0 <= wide.high
        naive += plain.low <= 0 <= plain.high
        if not repeat:
            score = np.concatenate([hits, ~hits]).astype(np.float64)
            e = evidence(score, np.repeat([True, False], n), np.tile(person, 2))
            found = measure(e, threshold=Fixed(0.5), delta=0.0).advantage
            assert (found.low, found.high) == pytest.approx((wide.low, wide.high))
    assert covered >= 273 > naive


@pytest.mark.slow
@pytest.mark.parametrize(
    ("each", "same"), [(3, True), *(pytest.param(*cell, marks=pytest.mark.slow) for cell in OTHER_CELLS)]
)
def test_intervals_hold_however_alike_the_rounds_of_a_person_are(each: int, same: bool) -> None:
    """200 people with 2 or 3 rounds, exposed in all of them or by a coin a round; 200 repeats a cell.

    At a true 95 % fewer than 180 hold once in 800 times. Where rounds are copies, rows that are taken as
    independent hold in fewer.
    """
    truth = {
        "AUC": norm.cdf(SHIFT / np.sqrt(2)),
        "TPR at 10 %": norm.sf(norm.isf(0.1) - SHIFT),
        "exposed above 1": norm.sf(1 - SHIFT),
    }
    for alike in (0.0, 0.5, 1.0):
        rng = np.random.default_rng(7)
        held, pooled = dict.fromkeys(truth, 0), dict.fromkeys(truth, 0)
        for _ in range(200):
            score, exposed, person = asked(rng, 200, each, alike, same=same)
            sides, people = (score[exposed], score[~exposed]), (person[exposed], person[~exposed])
            e = evidence(score, exposed, person)
            for total, whom, worth in ((held, people, e), (pooled, None, alone(e))):
                rate = tpr_at(*sides, fpr=0.1, people=whom).rate
                assert rate is not None
                ends = auc(*sides, people=whom), rate, linked(worth, threshold=1.0).right
                for name, at in zip(truth, ends, strict=True):
                    total[name] += holds(at, truth[name])
        assert min(held.values()) >= 180, (alike, held)
        if same and alike == 1:
            assert max(pooled.values()) < 180, pooled


def alone(e: Evidence) -> Evidence:
    """The same rows, each about somebody else."""
    return evidence(e.table["score"].to_numpy(), e.exposed, np.arange(len(e)))


def holds(found: Estimate, truth: float) -> bool:
    return found.low <= truth <= found.high
