"""Boosters of LightGBM and XGBoost, as objects and as files, answer with the logits that they state."""

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from numpy.testing import assert_allclose
from scipy.special import log_softmax
from sklearn.linear_model import LogisticRegression

from confide.core.access import BlackBox
from confide.core.errors import ModelError
from confide.inputs.model import Model
from confide.inputs.model_data import read_model
from confide.models.boosted import with_lightgbm_names
from confide.models.loading import as_view, load_model

lightgbm = pytest.importorskip("lightgbm")
xgboost = pytest.importorskip("xgboost")

RNG = np.random.default_rng(5)
X = RNG.normal(size=(300, 4))
TWO, THREE, VALUE = (X[:, 0] > 0).astype(int), np.digitize(X[:, 1], [-0.5, 0.5]), X @ np.arange(4.0)
QUIET = {"verbose": -1, "num_threads": 1, "seed": 3}


def light(objective: str, y: np.ndarray, **more: Any) -> Any:
    return lightgbm.train({"objective": objective, **QUIET, **more}, lightgbm.Dataset(X, y), 4)


def extreme(objective: str, y: np.ndarray, **more: Any) -> Any:
    return xgboost.train({"objective": objective, "nthread": 1, **more}, xgboost.DMatrix(X, y), 4)


def stated(model: Any) -> np.ndarray:
    """The probabilities, or values, that the package itself states."""
    return model.predict(X if type(model).__module__.startswith("lightgbm") else xgboost.DMatrix(X))


CLASSIFIERS = {
    "LightGBM, two": lambda: light("binary", TWO),
    "LightGBM, two, another slope": lambda: light("binary", TWO, sigmoid=0.7),
    "LightGBM, three": lambda: light("multiclass", THREE, num_class=3),
    "XGBoost, two": lambda: extreme("binary:logistic", TWO),
    "XGBoost, three": lambda: extreme("multi:softprob", THREE, num_class=3),
}


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_logits_are_those_of_the_stated_probabilities(name: str) -> None:
    model = CLASSIFIERS[name]()
    said = stated(model)
    both = np.stack([1 - said, said], 1) if said.ndim == 1 else said
    view = as_view(model)
    assert_allclose(log_softmax(view.predict(X), 1), np.log(both), atol=2e-5)
    assert (view.labels(X) == both.argmax(1)).all()


@pytest.mark.parametrize(
    "make", [lambda: light("regression", VALUE), lambda: extreme("reg:squarederror", VALUE)]
)
def test_values_are_the_stated_ones(make: Any) -> None:
    model = make()
    view = as_view(model)
    assert view.task == "regression"
    assert_allclose(view.predict(X)[:, 0], stated(model), rtol=1e-6)


@pytest.mark.parametrize(
    ("name", "file"), [("LightGBM, three", "m.txt"), ("XGBoost, three", "m.json"), ("XGBoost, two", "m.ubj")]
)
def test_a_file_answers_as_the_booster(name: str, file: str, tmp_path: Path) -> None:
    model = CLASSIFIERS[name]()
    model.save_model(tmp_path / file)
    assert_allclose(load_model(str(tmp_path / file)).predict(X), as_view(model).predict(X), atol=1e-6)


def test_classes_of_scikit_learn_are_estimators(tmp_path: Path) -> None:
    for kind, quiet in ((lightgbm.LGBMClassifier, {"verbose": -1}), (xgboost.XGBClassifier, {})):
        fitted = kind(n_estimators=4, n_jobs=1, **quiet).fit(X, np.array(["a", "b"])[TWO] if quiet else TWO)
        view = as_view(fitted, classes=["a", "b"] if quiet else [0, 1])
        assert_allclose(np.exp(log_softmax(view.predict(X), 1)), fitted.predict_proba(X), atol=1e-6)


@pytest.mark.parametrize(
    "text", ["", "tree\n", "hello", "tree\nversion=v4\nend of trees\n", '{"learner": {}}']
)
@pytest.mark.parametrize("file", ["m.txt", "m.json", "m.ubj"])
def test_what_is_no_model_is_refused(text: str, file: str, tmp_path: Path) -> None:
    (tmp_path / file).write_text(text)
    with pytest.raises(ModelError, match="is no model of"):
        load_model(str(tmp_path / file))


def test_sums_that_are_no_logits_are_refused() -> None:
    with pytest.raises(ModelError, match="count:poisson"):
        as_view(extreme("count:poisson", TWO))
    with pytest.raises(ModelError, match="neither logits nor values"):
        as_view(light("poisson", TWO))


def test_columns_are_asked_by_name() -> None:
    import polars as pl

    names = ["age", "height", "weight", "pulse"]
    data = lightgbm.Dataset(X, TWO, feature_name=names)
    model = lightgbm.train({"objective": "binary", **QUIET}, data, 4)
    frame = pl.DataFrame(X, schema=names)
    turned = frame.select(reversed(names))
    assert_allclose(as_view(model).predict(turned), as_view(model).predict(frame))
    with pytest.raises(ModelError, match="pulse"):
        as_view(model).predict(frame.drop("pulse"))


def test_a_booster_is_audited_without_references(tmp_path: Path) -> None:
    """It cannot be trained again, so that the attacks which need that are named, and the others play."""
    import confide

    held = confide.Model(
        light("binary", TWO, num_leaves=63), members=(X[:150], TWO[:150]), nonmembers=(X[150:], TWO[150:])
    )
    done = confide.audit(held, attacks=["loss", "lira"], seed=7, cache=tmp_path)
    assert [finding.risk.attack for finding in done.sections[0].findings] == ["loss"]
    assert "LGBMClassifier" in done.report.html()


def with_categories(labels: list[object]) -> Any:
    """A frame of pandas with a column of categories that decides the class, and the class."""
    import pandas as pd

    rng = np.random.default_rng(0)
    z = rng.choice(len(labels), size=400)
    frame = pd.DataFrame({"a": rng.normal(size=400), "zip": pd.Categorical([labels[i] for i in z])})
    return frame, (np.where(z % 2 == 1, 2.0, -2.0) + rng.logistic(size=400) > 0).astype(int)


@pytest.mark.parametrize("labels", [[10, 20, 30, 40, 50], ["n", "s", "w", "e", "none"]])
@pytest.mark.parametrize("form", ["booster", "file", "estimator"])
def test_categories_are_asked_by_the_codes_of_the_training_frame(labels, form: str, tmp_path: Path) -> None:
    """The values 10, 20, ... are no codes: asked by them, a third of the labels were others."""
    import polars as pl

    frame, y = with_categories(labels)
    fitted = lightgbm.LGBMClassifier(n_estimators=8, verbose=-1, n_jobs=1).fit(frame, y)
    fitted.booster_.save_model(tmp_path / "m.txt")
    given = {"booster": fitted.booster_, "file": str(tmp_path / "m.txt"), "estimator": fitted}[form]
    view = load_model(given) if form == "file" else as_view(given)
    asked = pl.DataFrame({"a": frame["a"].to_numpy(), "zip": frame["zip"].tolist()})
    assert_allclose(np.exp(log_softmax(view.predict(asked), 1)), fitted.predict_proba(frame), atol=1e-9)
    with pytest.raises(ModelError, match="no record has one of them"):
        view.predict(asked.with_columns(pl.lit("elsewhere").alias("zip")))


def test_categories_of_xgboost_are_refused() -> None:
    frame, y = with_categories([10, 20, 30, 40])
    data = xgboost.DMatrix(frame, y, enable_categorical=True)
    with pytest.raises(ModelError, match="columns of categories"):
        as_view(xgboost.train({"objective": "binary:logistic"}, data, 3))


def test_a_classifier_that_stopped_early_answers_by_its_best_rounds(tmp_path: Path) -> None:
    """Its file keeps all rounds, and the classifier asks those up to the best."""
    rng = np.random.default_rng(2)
    x, y = rng.normal(size=(400, 4)), rng.integers(0, 2, 400)
    early = xgboost.XGBClassifier(n_estimators=60, early_stopping_rounds=20, n_jobs=1)
    early.fit(x[:200], y[:200], eval_set=[(x[200:], y[200:])], verbose=False)
    assert early.best_iteration + 1 < early.get_booster().num_boosted_rounds()
    early.save_model(tmp_path / "m.json")
    view = load_model(str(tmp_path / "m.json"))
    assert_allclose(np.exp(log_softmax(view.predict(x), 1)), early.predict_proba(x), atol=1e-5)


@pytest.mark.parametrize("objective", ["binary", "multiclass", "regression"])
def test_a_random_forest_of_lightgbm_is_the_mean_of_its_trees(objective: str) -> None:
    forest = {"boosting": "rf", "bagging_fraction": 0.6, "bagging_freq": 1}
    y, more = {"binary": (TWO, {}), "multiclass": (THREE, {"num_class": 3}), "regression": (VALUE, {})}[
        objective
    ]
    model = light(objective, y, **forest, **more)
    said, found = stated(model), as_view(model).predict(X)
    if objective == "regression":
        assert_allclose(found[:, 0], said, rtol=1e-9)
        return
    both = np.stack([1 - said, said], 1) if said.ndim == 1 else said
    assert_allclose(log_softmax(found, 1), np.log(both), atol=1e-6)


def test_a_root_of_the_values_is_taken_back() -> None:
    model = light("regression", np.abs(VALUE), reg_sqrt=True)
    assert_allclose(as_view(model).predict(X)[:, 0], stated(model), rtol=1e-9)


def test_categories_behind_other_steps_are_refused() -> None:
    import polars as pl
    from sklearn.pipeline import make_pipeline

    frame, y = with_categories([10, 20, 30])
    fitted = make_pipeline("passthrough", lightgbm.LGBMClassifier(n_estimators=4, verbose=-1)).fit(frame, y)
    asked = pl.DataFrame({"a": frame["a"].to_numpy(), "zip": frame["zip"].tolist()})
    with pytest.raises(ModelError, match="columns of categories"):
        as_view(fitted).predict(asked)


@pytest.mark.parametrize("form", ["estimator", "booster", "file"])
def test_columns_with_a_blank_are_those_that_lightgbm_renamed(form: str, tmp_path: Path) -> None:
    pandas = pytest.importorskip("pandas")
    names = ["my col", "b", "c_d", "e"]
    fitted = lightgbm.LGBMClassifier(n_estimators=4, n_jobs=1, verbose=-1)
    given = pandas.DataFrame(X, columns=names)
    fitted.fit(given, TWO)
    model: Any = fitted if form == "estimator" else fitted.booster_
    if form == "file":
        model.save_model(tmp_path / "m.txt")
        model = str(tmp_path / "m.txt")
    frame = pl.DataFrame(X, schema=names).select(reversed(names)).with_columns(label=pl.Series(TWO))
    held = Model(model, members=frame[:200], nonmembers=frame[200:], label="label", references=0)
    data = read_model(held, rng=np.random.default_rng(0))
    assert data.asked is not None and isinstance(data.view, BlackBox)
    got = data.view.predict(data.targets.x)
    assert_allclose(
        log_softmax(got, 1)[:, 1].sum(), np.log(fitted.predict_proba(given))[:, 1].sum(), rtol=1e-6
    )


def test_names_are_cleaned_for_lightgbm_alone_and_never_doubled() -> None:
    pandas = pytest.importorskip("pandas")
    fitted = lightgbm.LGBMClassifier(n_estimators=1, n_jobs=1, verbose=-1)
    fitted.fit(pandas.DataFrame(X[:, :2], columns=["my_col", "b"]), TWO)
    both = pl.DataFrame(X[:, :3], schema=["my_col", "my col", "b"])
    assert with_lightgbm_names(fitted, both).columns == both.columns
    assert with_lightgbm_names(LogisticRegression(), both).columns == both.columns
