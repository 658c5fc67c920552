"""Linking: counted by hand, and the calibrated threshold keeps its rate."""

from __future__ import annotations

import numpy as np
import pytest

from confide.core.errors import EvidenceError
from confide.core.evidence import Evidence
from confide.measure import clopper_pearson
from confide.measure.identification import at_false_match_rate, linked, rank_one


def test_by_hand():
    exposed = np.array([True] * 5 + [False] * 4)
    score = np.array([3.0, 2.0, 1.0, 2.0, -np.inf, 1.6, 1.5, -np.inf, 9.0])
    hit = np.array([True, False, True, True, False, True, True, False, True])
    e = Evidence.of(exposed, score, hit=hit)
    found = linked(e, threshold=1.5)
    assert (found.right.value, found.wrong.value, found.abstained.value) == (0.4, 0.2, 0.4)
    assert found.false_matches.value == 0.5, "a claim is made strictly above the threshold"
    assert found.precision == pytest.approx(2 / 3) and (found.present, found.absent) == (5, 4)
    low, high = clopper_pearson(2, 5, confidence=0.95)
    assert (found.right.low, found.right.high) == (low, high)
    assert rank_one(e).value == 0.6
    assert np.isnan(linked(e, threshold=99.0).precision)


def test_the_calibrated_threshold_keeps_its_rate():
    """400 audits of 300 absent people with heavy-tailed scores: the mean rate of false matches is within five
    standard errors of k / (N + 1), which is at most 5 % (a false alarm in 2 million runs)."""
    rng = np.random.default_rng(0)
    rates = []
    for _ in range(400):
        score = rng.standard_cauchy(400)
        found = at_false_match_rate(Evidence.of(np.arange(400) < 100, score), rate=0.05)
        assert found is not None and found.absent == 150 and found.present == 100
        rates.append(found.false_matches.value)
    expected = int(0.05 * 151) / 151
    error = np.std(rates) / np.sqrt(len(rates))
    assert expected <= 0.05 and abs(np.mean(rates) - expected) < 5 * error


def test_the_interval_holds_the_nominal_rate_as_often_as_two_samples_allow():
    """Threshold and count come from samples of equal size, so that the interval misses the nominal rate in
    some 17 of 100 audits, not 5. Of 300 at least 70 % hold it (fewer in one run of a million)."""
    rng = np.random.default_rng(1)
    held = 0
    for _ in range(300):
        found = at_false_match_rate(Evidence.of(np.arange(1000) < 10, rng.normal(size=1000)), rate=0.05)
        assert found is not None
        held += found.false_matches.low <= 0.05 <= found.false_matches.high
    assert held >= 210


def test_too_few_absent_people_for_the_rate():
    e = Evidence.of(np.arange(40) < 20, np.arange(40.0))
    assert at_false_match_rate(e, rate=0.05) is None and at_false_match_rate(e, rate=0.1) is not None
    with pytest.raises(EvidenceError, match="between 0 and 1"):
        at_false_match_rate(e, rate=5)


def test_the_order_of_rows_does_not_matter():
    rng = np.random.default_rng(2)
    e = Evidence.of(np.arange(300) < 100, rng.normal(size=300))
    mixed = Evidence(e.table.sample(fraction=1, shuffle=True, seed=3))
    assert at_false_match_rate(e, rate=0.1) == at_false_match_rate(mixed, rate=0.1)
