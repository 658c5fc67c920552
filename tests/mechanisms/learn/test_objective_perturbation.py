"""Objective perturbation keeps its promise: the exact minimum's law, the approximation's cover, its noise."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.special import expit, softmax
from scipy.stats import kstest, norm

from confide.core.budget import Budget, Unit
from confide.core.errors import DataError, ModelError, PromiseError
from confide.core.nouns import Release
from confide.mechanisms.learn.cross_entropy import minimum, value_and_slope
from confide.mechanisms.learn.objective_perturbation import SLACK, ObjectivePerturbation, tilted_delta
from confide.mechanisms.noise.gaussian import gaussian_delta
from confide.mechanisms.noise.words import rehearsal_words
from confide.models.linear import features_of
from confide.views.records import Records

ALPHA = 1e-9
BUDGET = Budget(1.0, 1e-5)


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def maker(**changes) -> ObjectivePerturbation:
    return ObjectivePerturbation(**({"budget": BUDGET, "classes": 2, "noise": "rehearsal"} | changes))


def crowd(n: int, classes: int, seed: int) -> Records:
    return Records(rng(seed).standard_normal((n, 4)), rng(seed + 1).integers(classes, size=n))


@pytest.mark.parametrize("epsilon", [0.3, 1.0, 3.0])
@pytest.mark.parametrize(("ones", "zeros"), [(0, 0), (3, 1), (40, 0)])
@pytest.mark.parametrize(("sigma", "penalty"), [(3.0, 1.0), (1.0, 0.5), (10.0, 0.3)])
def test_the_exact_minimum_of_one_weight_keeps_what_the_proof_says(epsilon, ones, zeros, sigma, penalty):
    """Delta by its definition: the weight's density is known, so the excess of one over the other is summed.

    Features are 1 alone, so the longest gradient is 1. The data are some records, with and without one more.
    """
    w = np.linspace(-15, 15, 400_001) * max(1, sigma / penalty / 2)
    p, gap = expit(w), w[1] - w[0]

    def density(n1: int, n0: int) -> np.ndarray:
        slope = n1 * (p - 1) + n0 * p + penalty * w
        bend = (n1 + n0) * p * (1 - p) + penalty
        return norm.pdf(slope, scale=sigma) * bend

    with_, without = density(ones + 1, zeros), density(ones, zeros)
    assert with_.sum() * gap == pytest.approx(1, abs=1e-6)
    stated = tilted_delta(epsilon, mu=1 / sigma, excess=math.log1p(1 / (4 * penalty)), classes=2)
    for a, b in ((with_, without), (without, with_)):
        assert np.maximum(a - math.exp(epsilon) * b, 0).sum() * gap <= stated * (1 + 1e-6)


def test_without_the_determinants_the_statement_would_be_false():
    """A small penalty and much noise: the bend of one record shows, and normal noise's delta is too small."""
    w = np.linspace(-400, 400, 400_001)
    p, sigma, penalty = expit(w), 10.0, 0.1
    with_ = norm.pdf(p - 1 + penalty * w, scale=sigma) * (p * (1 - p) + penalty)
    without = norm.pdf(penalty * w, scale=sigma) * penalty
    delta = np.maximum(with_ - math.exp(0.8) * without, 0).sum() * (w[1] - w[0])
    assert delta > tilted_delta(0.8, mu=1 / sigma, excess=0.0, classes=2)
    assert delta <= tilted_delta(0.8, mu=1 / sigma, excess=math.log1p(1 / (4 * penalty)), classes=2)


@pytest.mark.parametrize("classes", [3, 6])
def test_the_exact_minimum_of_many_classes_keeps_what_the_proof_says(classes: int):
    """Nobody against one record whose features are 1: a tilt gives the weight, and the loss is computed.

    200,000 tilts; the mean of (1 - e^(epsilon - loss))+ is delta, and stays below the statement by more than
    five of its errors.
    """
    sigma, penalty, truth = 2.0, 0.5, np.eye(classes)[0]
    stated_excess = (classes - 1) * math.log1p(1 / (classes * penalty))
    b = sigma * rng(classes).standard_normal((200_000, classes))
    w = -b / penalty
    p = softmax(w, axis=1)
    short = ((b - (p - truth)) ** 2).sum(axis=1) - (b**2).sum(axis=1)
    bend = p[:, :, None] * np.eye(classes) - p[:, :, None] * p[:, None, :]
    determinant = np.linalg.slogdet(bend + penalty * np.eye(classes))[1] - classes * math.log(penalty)
    assert determinant.max() <= stated_excess + 1e-9
    loss = short / (2 * sigma**2) - determinant
    for epsilon in (1.0, 1.5, 2.0):
        each = np.maximum(1 - np.exp(epsilon - loss), 0)
        stated = tilted_delta(
            epsilon + stated_excess, mu=math.sqrt(2) / sigma, excess=stated_excess, classes=classes
        )
        assert each.mean() + 5 * each.std() / math.sqrt(len(each)) <= stated


@pytest.mark.parametrize("classes", [2, 5])
@pytest.mark.parametrize("epsilon", [0.1, 1.0, 8.0])
def test_both_parts_of_the_proof_add_up_to_the_budget(classes: int, epsilon: float):
    made = maker(budget=Budget(epsilon, 1e-5), classes=classes, radius=3.0)
    m = 5 * made.classes
    first = tilted_delta(
        0.99 * epsilon, mu=made.steepest / made.tilt_sigma, excess=made.excess, classes=classes
    )
    step, normal = made.step(m), math.sqrt(made.sigma_steps(m) ** 2 - 16)
    moved = 2 * made.shift(m) / step + math.sqrt(m)
    second = gaussian_delta(0.01 * epsilon, sigma=normal, sensitivity=moved)
    assert first + second <= 1e-5 and first > 0.9e-5
    assert made.excess < 0.51 * epsilon


@pytest.mark.parametrize("classes", [2, 3])
def test_training_ends_nearer_to_the_minimum_than_the_noise_covers(classes: int):
    """The gradient, from a naive formula, is at most SLACK L; polished further, the weights hardly move."""
    made, data = maker(classes=classes, radius=2.0), crowd(500, classes, 3)
    found = made.trained(data, rehearsal_words(rng(1)))
    tilt = made.tilt(found.size, rehearsal_words(rng(1))).reshape(found.shape)
    x, y = features_of(data.x, 2.0), data.y
    logits = x @ found.T
    p = softmax(np.hstack([np.zeros_like(logits), logits]) if classes == 2 else logits, axis=1)
    slope = (p - np.eye(classes)[y])[:, -len(found) :].T @ x + made.penalty_used * found + tilt
    assert np.linalg.norm(slope) <= 2 * SLACK * made.steepest
    given = {"shape": found.shape, "penalty": made.penalty_used, "tilt": tilt}
    polished = minimum(x, y, within=1e-3 * SLACK * made.steepest, **given)
    assert np.linalg.norm(polished - found) <= made.shift(found.size) / 2


def test_the_tilt_is_normal_on_a_grid_far_finer_than_its_rounding_shows():
    """40,000 numbers, Kolmogorov-Smirnov at 1e-9; a tenth more or less is told apart."""
    made = maker(radius=3.0)
    tilt = made.tilt(40_000, rehearsal_words(rng(2)))
    assert kstest(tilt / made.tilt_sigma, "norm").pvalue > ALPHA
    for wrong in (0.9, 1.1):
        assert kstest(tilt / (wrong * made.tilt_sigma), "norm").pvalue < ALPHA
    odd = np.mean(np.round(tilt / made.tilt_sigma * 2**37) % 2)
    assert 0.45 < odd < 0.55, "low bits are used"


def test_the_release_has_its_noise_and_secure_noise_cannot_be_replayed():
    data = crowd(200, 2, 5)
    made = maker(penalty=50.0)
    release = made(data, rng=rng(7))
    inner = made.trained(data, rehearsal_words(rng(7)))
    off = (release.view.weights()[0] - inner.ravel()) / (made.sigma_steps(5) * made.step(5))
    assert 0 < np.abs(off).max() < 6
    one, other = (maker(noise="secure")(data, rng=rng()) for _ in range(2))
    assert isinstance(one, Release) and (one.view.weights()[0] != other.view.weights()[0]).all()


def test_the_gradient_is_that_of_the_objective():
    data, flat = crowd(50, 3, 8), rng(9).standard_normal(15)
    tilt = rng(10).standard_normal((3, 5))
    x = features_of(data.x, None)
    given = {"shape": (3, 5), "penalty": 0.3, "tilt": tilt}
    slope = value_and_slope(flat, x, data.y, **given)[1]
    for i in range(15):
        step = 1e-6 * np.eye(15)[i]
        up, down = (value_and_slope(flat + s, x, data.y, **given)[0] for s in (step, -step))
        assert (up - down) / 2e-6 == pytest.approx(slope[i], abs=1e-4)


def test_it_learns_where_the_budget_lets_it():
    x = rng(5).uniform(-0.6, 0.6, (4_000, 2))
    for classes in (2, 3):
        y = np.digitize(x[:, 0], [0.0] if classes == 2 else [-0.2, 0.2])
        view = maker(classes=classes)(Records(x, y), rng=rng()).view
        assert (view.labels(x) == y).mean() > (0.93 if classes == 2 else 0.65)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"budget": Budget(1.0)}, "epsilon and delta above 0"),
        ({"budget": Budget(1.0, 1e-5, Unit.person("p", at_most=3))}, "hides any one record"),
        ({"penalty": 0.0}, "penalty is 0.0"),
        ({"penalty": 1e-3}, "too small for epsilon"),
        ({"radius": np.inf}, "radius is inf"),
        ({"classes": 1}, "classes is 1"),
        ({"noise": "none"}, "'secure' or 'rehearsal'"),
    ],
)
def test_what_it_cannot_promise_it_refuses_to_be_built(changes, says):
    with pytest.raises(PromiseError, match=says):
        maker(**changes)


def test_data_that_break_the_conditions_are_refused():
    data = crowd(10, 2, 1)
    with pytest.raises(DataError, match=r"0\.\.1"):
        maker()(Records(data.x, data.y + 1), rng=rng())
    with pytest.raises(ModelError, match="did not converge"):
        minimum(features_of(data.x, 1.0), data.y, shape=(1, 5), penalty=1e-3, within=1e-30)
