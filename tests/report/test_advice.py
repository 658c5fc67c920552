"""Budget advice: a limit becomes the largest epsilon that keeps it, and back, from the mechanism's curve."""

from __future__ import annotations

import math
import re
from itertools import pairwise

import pytest
from click.testing import CliRunner
from scipy.stats import norm

import confide
from confide.cli import main
from confide.core.errors import DataError
from confide.measure.epsilon import gaussian_epsilon
from confide.report.advice import RiskLimit, _percent, budget_advice


def test_a_limit_on_normal_noise_becomes_the_epsilon_of_its_mu():
    advice = budget_advice("tpr@0.01=0.03", delta=1e-6)
    mu = norm.ppf(0.03) - norm.ppf(0.01)
    assert advice.epsilon == pytest.approx(gaussian_epsilon(mu, delta=1e-6), rel=1e-5)
    assert 0.03 * (1 - 1e-4) <= advice.tpr(0.01) <= 0.03


def test_a_limit_on_the_worst_mechanism_is_read_off_its_two_lines():
    advice = budget_advice("rebuilt@0.1=0.2", mechanism="any", delta=1e-6)
    assert advice.epsilon == pytest.approx(math.log((0.2 - 1e-6) / 0.1), rel=1e-6)
    laplace = budget_advice("tpr@0.01=0.03", mechanism="laplace")
    assert laplace.epsilon == pytest.approx(math.log(3), rel=1e-6) and laplace.delta == 0


@pytest.mark.parametrize("mechanism", ["gaussian", "laplace", "any"])
def test_back_and_forth_gives_the_same_and_a_looser_limit_a_larger_epsilon(mechanism):
    found = [budget_advice(f"tpr@0.01={most}", mechanism=mechanism) for most in (0.02, 0.03, 0.1, 0.5)]
    assert all(a.epsilon < b.epsilon for a, b in pairwise(found))
    for advice, most in zip(found, (0.02, 0.03, 0.1, 0.5), strict=True):
        again = budget_advice(epsilon=advice.epsilon, mechanism=mechanism)
        assert 0.999 * most <= again.tpr(0.01) <= most * (1 + 1e-9)
        more = budget_advice(epsilon=1.01 * advice.epsilon, mechanism=mechanism)
        assert more.tpr(0.01) > most, "and no larger epsilon would do"


def test_the_curve_says_less_than_epsilon_alone():
    """At (1, 1e-5): Phi(Phi^-1(.01) + mu) with the mu of that promise, and e^1 / 100 + 1e-5 alone."""
    advice = budget_advice(epsilon=1.0, delta=1e-5)
    assert advice.tpr(0.01) == pytest.approx(norm.cdf(norm.ppf(0.01) + 0.26805), rel=1e-3)
    assert re.search(r"1\.9\d % of members at 1 % false alarms \(epsilon alone: 2\.72 %\)", str(advice))


def test_a_bound_just_above_three_digits_is_printed_with_the_next():
    assert [_percent(share) for share in (0.019800005, 0.0198, 0.02, 0.123400009)] == [
        "1.99 %", "1.98 %", "2 %", "12.4 %",
    ]  # fmt: skip


def test_no_printed_bound_is_rounded_down():
    advice = budget_advice(epsilon=0.777, delta=1e-6, prior=0.23)
    said = [float(n) / 100 for n in re.findall(r"more than ([\d.e-]+) % of members", str(advice))]
    assert len(said) == 3
    for shown, fpr in zip(said, (0.001, 0.01, 0.1), strict=True):
        assert advice.tpr(fpr) * (1 - 1e-5) <= shown <= 1.01 * advice.tpr(fpr)
    assert "chance of 23 %" in str(advice)


@pytest.mark.slow
def test_sampled_steps_are_bounded_by_their_exact_curve():
    """One step on a sample: the best test of (1 - q) N(0, s) + q N(1, s) against N(0, s) is a threshold."""
    from confide.mechanisms.learn.dpsgd.accounting import noise_multiplier

    rate = 0.3
    advice = budget_advice(epsilon=1.0, delta=1e-4, mechanism="sampled", rate=rate, steps=1)
    sigma = noise_multiplier(epsilon=1.0, delta=1e-4, rate=rate, steps=1)
    for fpr in (0.001, 0.01, 0.1):
        exact = (1 - rate) * fpr + rate * norm.sf(norm.isf(fpr) - 1 / sigma)
        assert exact <= advice.tpr(fpr) <= 1.05 * exact
    limited = budget_advice("tpr@0.01=0.05", delta=1e-4, mechanism="sampled", rate=rate, steps=1)
    assert 0.045 <= limited.tpr(0.01) <= 0.05


@pytest.mark.slow
def test_everybody_in_each_step_is_normal_noise():
    sampled = budget_advice(epsilon=1.0, mechanism="sampled", rate=1.0, steps=50)
    assert sampled.tpr(0.01) == pytest.approx(budget_advice(epsilon=1.0).tpr(0.01), rel=1e-4)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({}, "one of both"),
        ({"limit": "tpr@0.01=0.03", "epsilon": 1.0}, "one of both"),
        ({"limit": "tpr=0.03"}, "write tpr@0.01=0.03"),
        ({"limit": "tpr@0.03=0.01"}, "write tpr@0.01=0.03"),
        ({"limit": "auc@0.1=0.2"}, "write tpr@0.01=0.03"),
        ({"limit": "auc=0.6"}, "The limit, after =, must be larger than the number after @"),
        ({"limit": "tpr@0.01=nan"}, "write tpr@0.01=0.03"),
        ({"limit": "tpr@0.01=0.010001", "delta": 0.01}, "delta alone allows more"),
        ({"limit": 0.03}, "write tpr@0.01=0.03"),
        ({"epsilon": "1"}, "epsilon is '1'"),
        ({"epsilon": 0.0}, "epsilon is 0.0"),
        ({"epsilon": float("nan")}, "epsilon is nan"),
        ({"epsilon": 1.0, "delta": 0.0}, "delta is 0"),
        ({"epsilon": 1.0, "mechanism": "best"}, "choose gaussian"),
        ({"epsilon": 1.0, "mechanism": "sampled"}, "rate and steps"),
        ({"epsilon": 1.0, "rate": 0.1, "steps": 5}, "rate and steps"),
        ({"epsilon": 1.0, "steps": 5}, "rate and steps"),
        ({"epsilon": 1.0, "mechanism": "sampled", "rate": 1.5, "steps": 5}, "rate is 1.5"),
        ({"epsilon": 1.0, "mechanism": "sampled", "rate": 0.1, "steps": 10**9}, "1 to 1,000,000 steps"),
        ({"epsilon": 1.0, "prior": 1.0}, "right guess is 1.0"),
    ],
)
def test_what_cannot_be_advised_is_said(given, says):
    with pytest.raises(DataError, match=re.escape(says)):
        budget_advice(**given)


def test_the_command_says_what_python_says():
    done = CliRunner().invoke(main, ["budget", "--limit", "tpr@0.01=0.03", "--delta", "1e-6"])
    assert done.exit_code == 0 and done.output.strip() == str(
        confide.budget_advice("tpr@0.01=0.03", delta=1e-6)
    )
    refused = CliRunner().invoke(main, ["budget"])
    assert refused.exit_code == 2 and "one of both" in refused.output
    assert str(RiskLimit.parse(" rebuilt@0.1 = 0.2 ")) == "rebuilt@0.1=0.2"
