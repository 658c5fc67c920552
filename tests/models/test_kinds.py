"""Kinds of answers: told apart by all rows, and each converted to the logits that it was made from."""

import numpy as np
import pytest
from scipy.special import expit, logsumexp
from scipy.stats import spearmanr

from confide.core.errors import ModelError
from confide.models.kinds import kind_of
from confide.models.replies import outputs_of
from confide.models.signals import log_probability

RNG = np.random.default_rng(11)
Z = RNG.normal(size=(400, 4)) * 2
P = np.exp(Z - logsumexp(Z, axis=1, keepdims=True))
Y = RNG.integers(0, 4, 400)
BEST_TWO = np.where(np.sort(P, axis=1)[:, [-2]] <= P, P, 0.0)

ANSWERS = {
    "probabilities": P,
    "percent": 100 * P,
    "sigmoids": expit(Z),
    "top-k": BEST_TWO,
    "log-probabilities": np.log(P),
    "costs": -np.log(P),
    "logits": Z,
}


@pytest.mark.parametrize("kind", ANSWERS)
def test_all_rows_show_the_kind_and_the_highest_score_stays(kind: str) -> None:
    assert kind_of(ANSWERS[kind], task="classification") == kind
    outputs = outputs_of(ANSWERS[kind], kind, name="m")  # pyright: ignore[reportArgumentType]
    np.testing.assert_array_equal(outputs.argmax(axis=1), Z.argmax(axis=1))


@pytest.mark.parametrize("kind", ["probabilities", "percent", "log-probabilities", "costs", "logits"])
def test_the_loss_is_that_of_the_logits(kind: str) -> None:
    outputs = outputs_of(ANSWERS[kind], kind, name="m")  # pyright: ignore[reportArgumentType]
    np.testing.assert_allclose(log_probability(outputs, Y), log_probability(Z, Y), atol=1e-9)


def test_sigmoids_are_converted_to_the_logits_that_they_were_made_of() -> None:
    np.testing.assert_allclose(outputs_of(expit(Z), "sigmoids", name="m"), Z, atol=1e-9)


def test_the_winner_of_two_classes_alone_is_a_top_1() -> None:
    """The winner's probability is all that there is: the loser's is what is missing, and nothing is 1."""
    shown = np.array([[0.86, 0.0], [0.0, 0.55], [1.0, 0.0]])
    assert kind_of(shown, task="classification") == "top-k"
    answer = outputs_of(shown, "top-k", name="m")
    assert np.exp(answer[:2]) == pytest.approx(np.array([[0.86, 0.14], [0.45, 0.55]]))
    assert kind_of(np.array([[0.3, 0.0], [0.0, 0.9]]), task="classification") == "sigmoids"


def test_what_a_top_k_leaves_out_is_shared_by_the_other_classes() -> None:
    answer = outputs_of(np.array([[0.5, 0.3, 0.0, 0.0]]), "top-k", name="m")
    np.testing.assert_allclose(np.exp(answer), [[0.5, 0.3, 0.1, 0.1]])


@pytest.mark.parametrize("digits", [1, 2, 3])
def test_rounded_probabilities_are_probabilities(digits: int) -> None:
    rounded = np.round(P, digits)
    assert kind_of(rounded) == "probabilities"
    right = log_probability(outputs_of(rounded, "probabilities", name="m"), Y)
    assert spearmanr(right, log_probability(Z, Y)).statistic > 0.95


def test_one_row_that_does_not_fit_decides() -> None:
    assert kind_of(np.vstack([P, [[2.0, -1.0, 0.0, 0.0]]])) == "logits"
    assert kind_of(np.vstack([P, [[0.9, 0.9, 0.9, 0.9]]])) == "sigmoids"


def test_votes_of_a_forest_are_shares_of_one_sum() -> None:
    votes = RNG.multinomial(50, [0.2, 0.3, 0.5], 100).astype(float)
    assert kind_of(votes) == "percent"
    np.testing.assert_allclose(np.exp(outputs_of(votes, "percent", name="m")), votes / 50, atol=1e-12)


def test_a_probability_of_zero_has_a_finite_logarithm() -> None:
    logs = np.array([[0.0, -np.inf], [-np.log(2), -np.log(2)]])
    assert kind_of(logs) == "log-probabilities"
    assert np.isfinite(outputs_of(logs, "log-probabilities", name="m")).all()


def test_one_number_from_0_to_100_is_asked_about() -> None:
    with pytest.raises(ModelError, match="percent or logits: say which with --answers"):
        kind_of(np.array([3.0, 99.5]), task="classification")
    np.testing.assert_allclose(
        np.exp(outputs_of(np.array([25.0]), "percent", name="m")), [[0.75, 0.25]], atol=1e-12
    )


def test_a_kind_that_was_named_wrong_is_refused() -> None:
    with pytest.raises(ModelError, match=r"which are no shares of 1: name their kind with --answers"):
        outputs_of(Z, "sigmoids", name="m")
    with pytest.raises(ModelError, match="complex"):
        outputs_of(P * 1j, "probabilities", name="m")
