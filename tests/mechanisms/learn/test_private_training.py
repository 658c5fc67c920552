"""One mechanism, several ways of training: what everybody may know of each, and what each lets be found."""

from __future__ import annotations

import inspect

import numpy as np
import pytest
from torch import nn

from confide.core.budget import Budget
from confide.core.errors import ModelError, PromiseError
from confide.measure.tradeoff import GaussianCurve, PromiseCurve, gaussian_mu_for
from confide.mechanisms.learn.building import built
from confide.mechanisms.learn.dpsgd.accounting import curve_of_steps, epsilon_of, noise_multiplier
from confide.mechanisms.learn.dpsgd.dpsgd import DPSGD
from confide.mechanisms.learn.private_training import SGD_CLIP, PrivateTraining
from confide.views.records import Records

BUDGET = Budget(2.0, 1e-5)
RATES = (1e-4, 0.01, 0.1, 0.5)


def net(features: int, classes: int) -> nn.Module:
    return nn.Linear(features, classes)


def people(n: int = 300) -> Records:
    x = np.random.default_rng(0).normal(size=(n, 4)).astype(np.float32)
    return Records(x, (x[:, 0] > 0).astype(np.int64))


def test_the_adversary_knows_the_clip_that_is_used() -> None:
    assert inspect.signature(DPSGD).parameters["clip"].default == SGD_CLIP
    made = PrivateTraining(way="sgd", budget=BUDGET, classes=2, build=net)
    assert made.clip == SGD_CLIP and made.penalty == 0.0
    assert PrivateTraining(classes=2).clip is None and PrivateTraining(classes=2).penalty == 1.0
    assert PrivateTraining(classes=2, build=net).penalty == 0.0


def test_the_curve_of_sampled_steps_keeps_the_promise_and_says_more_than_it() -> None:
    """Never above (epsilon, delta), and no lower than the pairs that the accountant gives."""
    rate, steps = 0.2, 20
    sigma = noise_multiplier(epsilon=2.0, delta=1e-5, rate=rate, steps=steps)
    curve = curve_of_steps(multiplier=sigma, rate=rate, steps=steps)
    promise = PromiseCurve(2.0, 1e-5)
    for fpr in RATES:
        assert fpr < curve.tpr(fpr) <= promise.tpr(fpr) * (1 + 1e-3)
    assert curve.tpr(0.01) < 0.8 * promise.tpr(0.01)
    for delta in (1e-6, 1e-3, 0.05):
        epsilon = epsilon_of(multiplier=sigma, delta=delta, rate=rate, steps=steps)
        for fpr in RATES:
            # between two epsilons of the profile's grid the curve may be a little looser
            assert curve.tpr(fpr) <= 1.02 * PromiseCurve(epsilon, delta).tpr(fpr)


def test_each_way_has_its_curve() -> None:
    gradient = PrivateTraining(way="gradient", budget=BUDGET, classes=2).curve(100)
    assert gradient == GaussianCurve(gaussian_mu_for(2.0, 1e-5))
    assert PrivateTraining(way="objective", budget=BUDGET, classes=2).curve(100) == PromiseCurve(2.0, 1e-5)
    assert PrivateTraining(classes=2).curve(100) is None


def test_a_module_is_trained_with_other_first_weights_each_time() -> None:
    made = PrivateTraining(way="sgd", budget=Budget(8.0, 1e-5), classes=2, build=net, noise="rehearsal")
    again = [made(people(), rng=np.random.default_rng(seed)).view for seed in (0, 0, 1)]
    weights = [np.concatenate(view.weights()) for view in again]
    assert (weights[0] == weights[1]).all() and not np.allclose(weights[0], weights[2])
    assert (again[0].labels(people().x) == people().y).mean() > 0.8
    plain = PrivateTraining(classes=2, build=net)(people(), rng=np.random.default_rng(0))
    assert plain.budget is None and (plain.view.labels(people().x) == people().y).mean() > 0.8


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(PromiseError, match="a module is trained by 'sgd', not by 'gradient'"):
        PrivateTraining(way="gradient", budget=BUDGET, build=net)
    with pytest.raises(ModelError, match="'sgd' trains a PyTorch module"):
        PrivateTraining(way="sgd", budget=BUDGET, classes=2)(people(), rng=np.random.default_rng(0))
    with pytest.raises(ModelError, match=r"mine cannot be called as build\(features, classes\)"):
        built(lambda: None, features=2, classes=2, name="mine")  # type: ignore[arg-type]
    with pytest.raises(ModelError, match="mine gives a int: let it return a PyTorch module"):
        built(lambda features, classes: 3, features=2, classes=2, name="mine")
