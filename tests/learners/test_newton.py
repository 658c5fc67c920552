"""Regression to the optimum: its gradient by finite differences, scikit-learn's weights, and early stops."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

import confide.learners.newton as module
from confide.core.errors import ModelError
from confide.learners.newton import NewtonRegression
from confide.views.records import Records

RNG = np.random.default_rng


def records(classes: int, n: int = 150, d: int = 4) -> Records:
    x = RNG(0).standard_normal((n, d))
    return Records(x, (x[:, :classes] + RNG(1).standard_normal((n, classes))).argmax(axis=1))


@pytest.mark.parametrize("classes", [2, 3])
def test_the_optimum_is_scikit_learns_where_a_feature_of_ones_is_penalised_too(classes: int) -> None:
    data = records(classes)
    ours = NewtonRegression(classes=classes, penalty=0.5).fit(data, rng=RNG(0)).rows
    theirs = LogisticRegression(C=2.0, fit_intercept=False, tol=1e-10, max_iter=10_000, solver="newton-cg")
    ones = np.column_stack([data.x, np.ones(len(data))])
    assert np.allclose(theirs.fit(ones, data.y).coef_, ours, atol=1e-6)


@pytest.mark.parametrize("classes", [2, 4])
def test_conjugate_gradients_reach_the_same(classes: int, monkeypatch: pytest.MonkeyPatch) -> None:
    data = records(classes)
    dense = NewtonRegression(classes=classes, penalty=0.5).fit(data, rng=RNG(0)).rows
    monkeypatch.setattr(module, "DENSE", 0)
    assert np.allclose(
        NewtonRegression(classes=classes, penalty=0.5).fit(data, rng=RNG(0)).rows, dense, atol=1e-11
    )


def test_an_early_stop_is_where_it_was_asked_for() -> None:
    data = records(3)
    for goal in (1e-2, 1e-4):
        model = NewtonRegression(classes=3, penalty=0.5, mean_gradient=goal).fit(data, rng=RNG(0))
        gradient = model.gradient(data.x, data.y).sum(axis=0) + 0.5 * model.weights()[0]
        assert goal / 100 < np.linalg.norm(gradient) / len(data) <= goal


def test_a_goal_beyond_rounding_is_refused_in_a_sentence() -> None:
    with pytest.raises(ModelError, match="training stopped at a gradient of"):
        NewtonRegression(classes=3, penalty=0.5, mean_gradient=1e-30).fit(records(3), rng=RNG(0))
