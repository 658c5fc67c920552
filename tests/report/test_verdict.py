"""Verdicts are held to hand-made intervals on each side of a limit."""

import re

import numpy as np
import pytest

from confide.core.errors import DataError
from confide.core.estimate import Estimate
from confide.core.evidence import Evidence
from confide.measure import worst
from confide.measure.risk import EpsilonBound, RateAt
from confide.report import Finding, Limit, judge
from confide.report.verdict import ORDER, together


def finding(make, *, blind=None, **changes):
    return Finding(risk=make.risk(1.0, **changes), blind=blind)


def ruling(make, limit, *, allow=False, blind=None, **changes):
    verdict = judge([finding(make, blind=blind, **changes)], [Limit.parse(limit)], allow_unsettled=allow)
    return verdict.ruling, verdict.exit_code


def at(low, high):
    return {"tpr_at": (RateAt(0.01, Estimate((low + high) / 2, low, high, 0.95), 3000),)}


@pytest.mark.parametrize(
    "text", ["tpr@0.01=0.05", "auc=0.6", "advantage=0.1", "balanced_accuracy=0.6", "epsilon=2", "utility"]
)
def test_a_limit_survives_its_own_text(text):
    assert str(Limit.parse(text)) == text
    assert Limit.parse(str(Limit.parse(text))) == Limit.parse(text)


BAD = """auc | auc= | auc=x | auc=nan | auc=0.4 | auc=1.2 | tpr=0.1 | tpr@0.05=0.1 | tpr@x=0.1 | tpr@0.01=2
epsilon=-1 | epsilon=inf | auc@0.1=0.6 | f1=0.3 | tpr@=0.1 | tpr@0.01=0.05=1"""


@pytest.mark.parametrize("text", ["", *re.split(r" \| |\n", BAD)])
def test_a_bad_limit_is_refused_with_what_is_allowed(text):
    with pytest.raises(DataError, match=r"write tpr@0\.01=0\.05") as error:
        Limit.parse(text)
    assert repr(text) in str(error.value)


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (0.051, 0.08, "exceeded"),
        (0.05, 0.08, "not settled"),
        (0.02, 0.06, "not settled"),
        (0.02, 0.05, "within"),
    ],
)
def test_a_rate_is_judged_by_the_end_of_its_interval(make, low, high, expected):
    assert ruling(make, "tpr@0.01=0.05", **at(low, high))[0] == expected


def test_exit_codes(make):
    assert ruling(make, "tpr@0.01=0.05", **at(0.06, 0.08)) == ("exceeded", 1)
    assert ruling(make, "tpr@0.01=0.05", **at(0.02, 0.04)) == ("within", 0)
    assert ruling(make, "tpr@0.01=0.05", **at(0.02, 0.08)) == ("not settled", 1)
    assert ruling(make, "tpr@0.01=0.05", allow=True, **at(0.02, 0.08)) == ("not settled", 0)
    assert ruling(make, "tpr@0.01=0.05", allow=True, **at(0.02, 0.04)) == ("within", 0)
    assert ruling(make, "tpr@0.01=0.05", allow=True, **at(0.06, 0.08)) == ("exceeded", 1)


@pytest.mark.parametrize(
    ("low", "ceiling", "expected"),
    [(2.1, 5.0, "exceeded"), (0.3, 5.0, "not settled"), (0.3, 1.9, "not settled"), (0.3, 2.0, "not settled")],
)
def test_epsilon_is_never_within_for_a_bound_has_no_high_end(make, low, ceiling, expected):
    bounds = (EpsilonBound(low, ceiling, "two worlds", 0.0, 0.95, True),)
    assert ruling(make, "epsilon=2", epsilon=bounds)[0] == expected


def test_the_epsilon_judged_is_not_searched_for_among_methods(make):
    hypothesis = EpsilonBound(9.0, 12.0, "mu-GDP", 0.0, 0.95, False, "under the mu-GDP hypothesis")
    plain = EpsilonBound(0.5, 5.0, "one run", 0.0, 0.95, False, "drawn the same way")
    larger_low = EpsilonBound(3.0, 4.0, "another", 0.0, 0.95, False, "drawn the same way")
    assert finding(make, epsilon=(hypothesis, larger_low, plain)).bound == plain
    certified = EpsilonBound(0.1, 1.0, "two worlds", 0.0, 0.95, True)
    assert finding(make, epsilon=(hypothesis, plain, certified)).bound == certified
    assert ruling(make, "epsilon=2", epsilon=(hypothesis, plain))[0] == "not settled"


def test_what_is_missing_is_not_settled_with_its_reason(make):
    verdict = judge([finding(make, n=50)], [Limit.parse("tpr@0.001=0.1")])
    assert verdict.ruling == "not settled"
    assert "needs at least 1,000 people" in verdict.judged[0].reason
    assert ruling(make, "epsilon=1", epsilon=())[0] == "not settled"


def test_a_blind_winner_leaves_nothing_decided_unless_the_attack_sees_clearly_more(make):
    wins = Estimate(0.80, 0.79, 0.81, 0.95)
    assert ruling(make, "tpr@0.01=0.05", blind=wins, **at(0.01, 0.02))[0] == "not settled"
    assert ruling(make, "tpr@0.01=0.05", blind=wins, **at(0.2, 0.3))[0] == "not settled"  # attack's AUC: 0.76
    barely = Estimate(0.53, 0.51, 0.55, 0.95)
    assert ruling(make, "tpr@0.01=0.05", blind=barely, **at(0.2, 0.3))[0] == "exceeded"


def test_the_worst_release_decides(make):
    good, bad = finding(make, **at(0.01, 0.02)), finding(make, **at(0.3, 0.4))
    limits = [Limit.parse("tpr@0.01=0.05")]
    assert judge([good, bad], limits).ruling == "exceeded"
    assert judge([good, good], limits).ruling == "within"
    assert judge([bad], []).ruling == "measured"
    # Of several that say the same, the reason is that of the one that found most.
    for found in ([finding(make, **at(0.1, 0.2)), bad], [bad, finding(make, **at(0.1, 0.2))]):
        assert "[0.3, 0.4]" in judge(found, limits).judged[0].reason
    assert judge([bad], []).exit_code == 0


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [(0.06, 0.08, "exceeded"), (0.02, 0.08, "not settled"), (0.02, 0.04, "not settled")],
)
def test_while_an_attack_is_in_doubt_no_limit_counts_as_kept(make, low, high, expected):
    limits = [Limit.parse("tpr@0.01=0.05")]
    found = [finding(make, **at(low, high))]
    verdict = judge(found, limits, doubtful=["decoder"])
    assert verdict.ruling == expected
    assert verdict.exit_code == 1
    allowed = judge(found, limits, doubtful=["decoder"], allow_unsettled=True)
    assert allowed.exit_code == (expected == "exceeded")
    assert ("decoder" in verdict.judged[0].reason) is (high < 0.05)


def test_doubt_about_one_release_is_no_doubt_about_another(make):
    limits, kept = [Limit.parse("tpr@0.01=0.05")], [finding(make, **at(0.01, 0.02))]
    doubted, clear = judge(kept, limits, doubtful=["decoder"]), judge(kept, limits)
    both = together([clear, doubted])
    assert [j.ruling for j in both.judged] == ["within", "not settled"]
    assert both.ruling == "not settled"
    assert together([clear, clear]).ruling == "within"
    assert together([judge(kept, []), judge(kept, [])]).ruling == "measured"
    assert together([judge(kept, limits, doubtful=["decoder"])]).exit_code == 1


def test_more_attacks_never_make_a_verdict_better():
    """Random evidence, random attacks added one by one: the ruling may only get worse.

    Each attack is measured by itself at the correction for all seven that might have run, as an audit does.
    A headline alone, which the audit once judged, got better in some of these cases: that is shown too.
    """
    rng, better_headline = np.random.default_rng(5), 0
    limits = [Limit.parse(text) for text in ("tpr@0.1=0.15", "auc=0.55", "advantage=0.1", "epsilon=0.5")]
    members = np.repeat([True, False], 300)
    for _ in range(12):
        found = []
        for _ in range(3):
            shift, sure = rng.choice([-0.5, 0.0, 0.1, 0.2, 0.4]), rng.random(600) < rng.choice([0.0, 0.1])
            score = rng.standard_normal(600) + members * (shift + 9 * sure)
            _, (risk,) = worst([Evidence.of(members, score, attack=f"a{len(found)}")], among=7)
            found.append(Finding(risk=risk))
            for limit in limits:
                rulings = [judge(found[:k], [limit]).ruling for k in range(1, len(found) + 1)]
                places = [ORDER.index(r) for r in rulings]
                assert places == sorted(places, reverse=True)
        lead = max(found, key=lambda f: f.risk.auc.low)
        better_headline += ORDER.index(judge([lead], limits).ruling) > ORDER.index(
            judge(found, limits).ruling
        )
    assert better_headline, "this test could not have failed"


def test_a_number_below_guessing_is_never_within(make):
    low = Estimate(0.40, 0.37, 0.43, 0.95)
    assert ruling(make, "auc=0.6", auc=low)[0] == "not settled"
    verdict = judge([finding(make, auc=low, **at(0.001, 0.02))], [Limit.parse("tpr@0.01=0.05")])
    assert verdict.ruling == "not settled" and "the wrong way round" in verdict.judged[0].reason
    # Of links that can be wrong, an AUC below one half is no sign of scores that are turned round.
    assert judge([finding(make, auc=low)], [Limit.parse("auc=0.6")], certain=False).ruling == "within"
    assert ruling(make, "advantage=0.1", advantage=Estimate(-0.1, -0.2, -0.01, 0.95))[0] == "not settled"


def test_the_people_it_would_take_are_named(make):
    """Half-width .03, and .01 to the limit: nine times the people, and a tenth for good measure."""
    (judged,) = judge([finding(make, **at(0.01, 0.07))], [Limit.parse("tpr@0.01=0.05")]).judged
    assert judged.reason.endswith("about 60,000 people would settle it, if what is found stays the same")
    (judged,) = judge([finding(make, **at(0.03, 0.07))], [Limit.parse("tpr@0.01=0.05")]).judged
    assert "no number of people" in judged.reason


@pytest.mark.parametrize("first", [0, 1])
def test_of_attacks_whose_low_ends_are_0_the_one_with_the_higher_value_is_quoted(make, first):
    found = [finding(make, **at(0.0, 0.04)), finding(make, **at(0.0, 0.9))]
    judged = judge([found[first], found[1 - first]], [Limit.parse("tpr@0.01=0.95")]).judged[0]
    assert judged.reason.startswith("0.45 [0, 0.9]")
