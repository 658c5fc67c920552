"""Scikit-learn's models from inside: finite differences, and what a converged fit must obey."""

import copy
import warnings
from typing import Any

import numpy as np
import polars as pl
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.compose import ColumnTransformer
from sklearn.dummy import DummyClassifier
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge, SGDClassifier
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.svm import LinearSVC
from sklearn.tree import DecisionTreeClassifier

from confide.core.access import BlackBox, WhiteBox, access_of
from confide.core.errors import KnowledgeError, ModelError
from confide.learners.estimator import sklearn_learner
from confide.models.loading import as_view
from confide.models.sklearn.inside import SklearnInside, sklearn_view
from confide.models.sklearn.model import SklearnModel
from confide.views.records import Records

N, D = 40, 4
NETWORK = {"hidden_layer_sizes": (5, 3), "max_iter": 30, "random_state": 0}
CASES: dict[str, tuple[Any, int]] = {  # the estimator, and how many classes; 1 in a regression
    "binary": (LogisticRegression(), 2),
    "multinomial": (LogisticRegression(C=3.0), 3),
    "no intercept": (LogisticRegression(fit_intercept=False), 3),
    "class weights": (LogisticRegression(class_weight={"a": 2.0, "b": 0.5}), 3),
    "sgd": (SGDClassifier(loss="log_loss", random_state=0), 2),
    "sgd, one against the rest": (SGDClassifier(loss="log_loss", random_state=0), 3),
    "ridge": (Ridge(), 1),
    "least squares": (LinearRegression(), 1),
    "network": (MLPClassifier(activation="tanh", **NETWORK), 3),
    "binary network": (MLPClassifier(activation="logistic", **NETWORK), 2),
    "linear network": (MLPClassifier(activation="identity", **NETWORK), 3),
    "value network": (MLPRegressor(activation="relu", **NETWORK), 1),
    "pipeline": (make_pipeline(StandardScaler(), LogisticRegression()), 3),
    "network in a pipeline": (make_pipeline(StandardScaler(), MLPClassifier(**NETWORK)), 3),
}


def data(classes: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(1)
    x = rng.normal(size=(N, D))
    return x, x @ rng.normal(size=D) + rng.normal(size=N) if classes == 1 else rng.integers(0, classes, N)


def fitted(estimator: Any, classes: int) -> tuple[SklearnInside, np.ndarray, np.ndarray]:
    x, y = data(classes)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        estimator = copy.deepcopy(estimator).fit(x, y if classes == 1 else np.array(["a", "b", "c"])[y])
    model = as_view(estimator)
    assert isinstance(model, SklearnInside)
    return model, x, y


def parameters(estimator: Any) -> list[np.ndarray]:
    """The estimator's own arrays, in our order, each with the view that has outputs first."""
    last = estimator.steps[-1][1] if hasattr(estimator, "steps") else estimator
    if hasattr(last, "coefs_"):
        return [a for w, b in zip(last.coefs_, last.intercepts_, strict=True) for a in (w.T, b)]
    last.intercept_ = np.atleast_1d(np.asarray(last.intercept_, float))
    return [last.coef_, last.intercept_] if last.fit_intercept else [last.coef_]


@pytest.mark.slow
@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("temperature", [1.0, 3.0])
def test_gradients_are_finite_differences_of_the_loss(name: str, temperature: float) -> None:
    model, x, y = fitted(*CASES[name])
    if model.task == "regression" and temperature > 1:
        with pytest.raises(KnowledgeError, match="no logits to soften"):
            model.softened(temperature)
        return

    def softened(model: SklearnInside) -> SklearnInside:
        return model.softened(temperature) if temperature > 1 else model

    h, columns = 1e-5, []
    for array in parameters(model.estimator):
        for place in np.ndindex(array.shape):
            kept, losses = array[place], []
            for step in (h, -h):
                array[place] = kept + step
                losses.append(softened(SklearnInside(model.estimator)).loss(x, y))
            array[place] = kept
            columns.append((losses[0] - losses[1]) / (2 * h))
    truth = np.stack(columns, axis=1)
    assert_allclose(softened(model).gradient(x, y), truth, rtol=1e-5, atol=1e-8)


@pytest.mark.parametrize("name", CASES)
def test_norms_products_and_layers_are_those_of_the_gradient(name: str) -> None:
    model, x, y = fitted(*CASES[name])
    assert isinstance(model, WhiteBox)
    assert access_of(model) == "white-box"
    whole = model.gradient(x, y)
    each = [model.gradient(x, y, layers=[layer]) for layer in model.layers]
    assert_array_equal(np.concatenate(each, axis=1), whole)
    assert [g.shape[1] for g in each] == [w.size for w in model.weights()]
    assert [g.shape[1] for g in each] == [w.size for w in model.penalty_gradient()]
    assert_allclose(
        np.concatenate(model.weights()), np.concatenate([a.ravel() for a in parameters(model.estimator)])
    )
    assert_allclose(model.gradient_norms(x, y), np.stack([np.linalg.norm(g, axis=1) for g in each], 1))
    ways = [np.random.default_rng(0).normal(size=g.shape[1]) for g in each]
    along = np.stack([g @ way for g, way in zip(each, ways, strict=True)], 1)
    assert_allclose(model.gradient_along(x, y, ways), along, atol=1e-12)
    assert_allclose(model.gradient_gram(x, y), whole @ whole.T, atol=1e-12)
    assert_allclose(model.gradient_gram(x, y, layers=model.layers[-1:]), each[-1] @ each[-1].T, atol=1e-12)


@pytest.mark.parametrize("name", [n for n, (_, classes) in CASES.items() if classes > 1])
def test_losses_are_those_of_the_probabilities(name: str) -> None:
    if name == "sgd, one against the rest":
        pytest.skip("its probabilities are not those that it was trained with")
    model, x, y = fitted(*CASES[name])
    weight = np.array([2.0, 0.5, 1.0])[y] if name == "class weights" else 1
    chances = model.estimator.predict_proba(x)[np.arange(N), y]
    assert_allclose(model.loss(x, y), -np.log(chances) * weight, rtol=1e-5)


def test_a_temperature_divides_the_logits() -> None:
    model, x, y = fitted(*CASES["multinomial"])
    logits = model.layer_outputs(x)[0] / 2.0
    expected = np.log(np.exp(logits).sum(1)) - logits[np.arange(N), y]
    assert_allclose(model.softened(2.0).loss(x, y), expected)


def test_losses_of_values() -> None:
    for name, scale in (("ridge", 1.0), ("value network", 0.5)):
        model, x, y = fitted(*CASES[name])
        assert_allclose(model.loss(x, y), scale * (model.predict(x)[:, 0] - y) ** 2, rtol=1e-9)


CONVERGED = [
    (LogisticRegression(C=2.0, solver="newton-cholesky", tol=1e-12, max_iter=500), 2, 1 / 2.0),
    (LogisticRegression(C=2.0, solver="newton-cholesky", tol=1e-12, max_iter=500), 3, 1 / 2.0),
    (LogisticRegression(C=np.inf, solver="newton-cholesky", tol=1e-12, max_iter=500), 3, 1.0),
    (LogisticRegression(class_weight={"a": 3.0}, solver="newton-cholesky", tol=1e-12), 3, 1.0),
    (
        LogisticRegression(C=2.0, solver="liblinear", intercept_scaling=3.0, tol=1e-12, max_iter=10_000),
        2,
        1 / 2.0,
    ),
    (Ridge(alpha=0.7), 1, 2 * 0.7),
    (LinearRegression(), 1, 1.0),
]


@pytest.mark.parametrize(("estimator", "classes", "strength"), CONVERGED)
def test_at_the_optimum_gradients_and_penalty_cancel(estimator: Any, classes: int, strength: float) -> None:
    model, x, y = fitted(estimator, classes)
    total = model.gradient(x, y).sum(axis=0)
    left = total + strength * np.concatenate(model.penalty_gradient())
    assert np.abs(left).max() < (1e-6 if getattr(estimator, "solver", "") == "liblinear" else 1e-8)
    if not isinstance(estimator, LinearRegression) and not np.isinf(getattr(estimator, "C", 1)):
        assert np.abs(total).max() > 1e-2  # the penalty is there


def test_a_network_too() -> None:
    estimator = MLPClassifier(
        (4,),
        alpha=1.0,
        activation="tanh",
        solver="lbfgs",
        tol=1e-12,
        max_iter=20_000,
        max_fun=100_000,
        random_state=0,
    )
    model, x, y = fitted(estimator, 3)
    total = model.gradient(x, y).sum(axis=0)
    assert np.abs(total + np.concatenate(model.penalty_gradient())).max() < 1e-3 * np.abs(total).max()


@pytest.mark.parametrize("ratio", [1.0, 0.3])
def test_penalties_with_corners_cancel_where_they_are_smooth(ratio: float) -> None:
    estimator = LogisticRegression(C=0.5, l1_ratio=ratio, solver="saga", tol=1e-12, max_iter=100_000)
    model, x, y = fitted(estimator, 3)
    left = model.gradient(x, y).sum(0) + model.penalty_gradient()[0] / 0.5
    moved = model.weights()[0] != 0
    assert moved[:-3].any()
    assert not moved.all() or ratio < 1
    assert np.abs(left[moved]).max() < 1e-6


def test_without_a_penalty_its_gradient_is_zero() -> None:
    for estimator, classes in (
        (SGDClassifier(loss="log_loss", penalty=None), 2),
        (MLPClassifier(alpha=0, **NETWORK), 3),
        (Ridge(alpha=0), 1),
    ):
        model, _, _ = fitted(estimator, classes)
        assert not np.concatenate(model.penalty_gradient()).any()
    model, _, _ = fitted(SGDClassifier(loss="log_loss", penalty="l1", random_state=0), 2)
    assert_array_equal(model.penalty_gradient()[0][:-1], np.sign(model.weights()[0][:-1]))
    assert model.penalty_gradient()[0][-1] == 0


def test_gradients_of_records_fitted_to_the_last_bit_are_not_zero() -> None:
    x, y = np.array([[-1.0], [1.0]]), np.array([0, 1])
    for estimator in (LogisticRegression(), MLPClassifier((), **{k: NETWORK[k] for k in ("max_iter",)})):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            model = SklearnInside(estimator.fit(x, y))
        w, b = model.weights()[0]
        far = np.array([[(60 - b) / w]])
        assert_allclose(model.gradient(far, np.array([1]))[0, -1], -np.exp(-60), rtol=1e-6)


def test_class_codes_may_have_another_order_than_the_estimators_classes() -> None:
    model, x, y = fitted(*CASES["multinomial"])
    other = as_view(model.estimator, classes=["c", "a", "b"])
    moved = np.array([1, 2, 0])[y]  # the codes of a, b, c
    assert_array_equal(other.gradient(x, moved), model.gradient(x, y))
    assert_array_equal(other.labels(x), np.array([1, 2, 0])[model.labels(x)])


def test_frames_pass_through_the_steps_of_a_pipeline() -> None:
    x, y = data(3)
    frame = pl.DataFrame({"kind": np.array(["u", "v"])[y % 2], "x0": x[:, 0], "x1": x[:, 1]})
    columns = ColumnTransformer([("k", OneHotEncoder(), ["kind"]), ("n", StandardScaler(), ["x0", "x1"])])
    columns.set_params(sparse_threshold=1.0)
    estimator = make_pipeline(columns, LogisticRegression()).fit(frame, y)
    model = as_view(estimator)
    assert isinstance(model, SklearnInside)
    assert model.gradient(frame, y).shape == (N, 3 * 4 + 3)
    (answers,) = model.layer_outputs(frame)
    assert_allclose(answers, estimator.decision_function(frame))


def test_layers_have_names() -> None:
    model, x, y = fitted(*CASES["network"])
    assert model.layers == ("layer 1", "layer 2", "layer 3")
    assert [out.shape for out in model.layer_outputs(x)] == [(N, 5), (N, 3), (N, 3)]
    assert fitted(*CASES["binary"])[0].layers == ("coef",)
    with pytest.raises(KnowledgeError, match=r"no layer 'fc'.* are layer 1, layer 2, layer 3"):
        model.gradient(x, y, layers=["fc"])


class Own(LogisticRegression):
    """Anything may be different here."""


def test_what_is_not_known_stays_a_black_box() -> None:
    x, y = data(2)
    several = data(3)[1]
    known = [
        DecisionTreeClassifier().fit(x, y),
        DummyClassifier().fit(x, y),
        LinearSVC().fit(x, y),
        Own().fit(x, y),
        SGDClassifier(loss="hinge").fit(x, y),
        SGDClassifier(loss="log_loss", class_weight={0: 2.0}).fit(x, several),
        make_pipeline(StandardScaler(), DecisionTreeClassifier()).fit(x, y),
    ]
    for estimator in known:
        view = sklearn_view(estimator)
        assert type(view) is SklearnModel
        assert isinstance(view, BlackBox)
        assert not isinstance(view, WhiteBox)
    with pytest.raises(ModelError, match="give it as a black box"):
        SklearnInside(known[0])


def test_a_class_that_a_reference_never_met_has_no_gradient():
    """Reference models train on parts of the records and may miss a class: NaN there, the rest as it is."""
    rng = np.random.default_rng(3)
    x, y = rng.standard_normal((60, 4)), rng.integers(2, size=60)
    reference = sklearn_learner(LogisticRegression(), classes=3).fit(Records(x, y), rng=rng)
    assert isinstance(reference, WhiteBox)
    asked = np.concatenate([y[:5], [2]])
    gradient = reference.gradient(x[:6], asked)
    whole = SklearnInside(LogisticRegression().fit(x, y))
    assert_allclose(gradient[:5], whole.gradient(x[:5], y[:5]))
    assert np.isnan(gradient[5]).any() and np.isinf(reference.loss(x[:6], asked)[5])
    with pytest.raises(ModelError, match="was not trained on the class with code 2"):
        whole.gradient(x[:6], asked)
