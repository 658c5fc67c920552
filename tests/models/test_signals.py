"""Signals: stable where probabilities round, and rounded ones pulled in so that they drown nothing."""

import numpy as np
import pytest
from scipy.special import logsumexp

from confide.models.signals import Tempered, log_of, log_probability, log_sum_exp, settle, true_logit


def test_the_true_logit_is_that_of_exact_arithmetic_where_p_rounds_to_one() -> None:
    z = np.array([[60.0, 0.0, 0.0], [0.0, 60.0, 0.0]])
    # log p/(1-p) by hand: 60 - log 2, and -60 - log(1 + e^-60).
    assert true_logit(z, np.array([0, 0])) == pytest.approx([60 - np.log(2), -60])
    p = np.exp(z[0] - 60) / np.exp(z[0] - 60).sum()
    assert 1 - p[0] == 0  # so log(p) - log(1 - p) would be infinite


def test_probabilities_give_the_same_signals_as_their_logits() -> None:
    z = np.random.default_rng(0).normal(0, 3, (50, 4))
    p = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
    y = np.random.default_rng(1).integers(0, 4, 50)
    for signal in (log_probability, true_logit, Tempered(2.0)):
        assert signal(log_of(p), y) == pytest.approx(signal(z, y), abs=1e-9)


def test_half_precision_is_widened_before_any_logarithm() -> None:
    z = np.array([[30.0, 0.0]], np.float16)
    assert true_logit(z, np.array([0]))[0] == 30.0


def test_a_regression_is_read_from_its_residual() -> None:
    outputs, y = np.array([[1.0], [3.0]]), np.array([1.0, 1.0])
    assert log_probability(outputs, y).tolist() == [0.0, -2.0]
    assert true_logit(outputs, y)[0] > true_logit(outputs, y)[1]


def test_rounded_probabilities_are_pulled_in_and_others_left_alone() -> None:
    votes = log_of(np.array([[1.0, 0.0], [0.99, 0.01], [0.0, 1.0], [0.5, 0.5]]))
    logits = true_logit(votes, np.zeros(4, np.int64))
    assert logits[0] > 100
    (settled,) = settle(logits)
    edge = np.log(99) + np.log(2)
    assert settled == pytest.approx([edge, np.log(99), -edge, 0.0])
    assert np.array_equal(settle(logits[1:2])[0], logits[1:2])


def test_all_that_is_compared_gets_one_edge() -> None:
    references, target = settle(np.array([[103.0, 2.0]]), np.array([103.0, 5.0]))
    assert references[0, 0] == target[0] == 5 + np.log(2)


def test_nothing_but_rounded_answers_is_still_finite_and_ordered() -> None:
    (settled,) = settle(np.array([103.0, -103.0]))
    assert settled.tolist() == [np.log(2), -np.log(2)]


def test_the_sum_of_exponentials_is_that_of_scipy_at_any_size_and_at_infinity() -> None:
    z = np.random.default_rng(0).normal(0, 300, (50, 7))
    z[0], z[1, 2], z[2, :3] = -np.inf, np.inf, -np.inf
    before = z.copy()
    assert log_sum_exp(z) == pytest.approx(logsumexp(z, axis=1), rel=1e-14)
    assert (z == before).all()
