"""skops files: known types load, unknown ones are named, trees are looked at."""

import io
import os
import sys
import zipfile
from functools import partial

import numpy as np
import pandas as pd
import polars as pl
import pytest
import skops.io
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import (
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
    StackingClassifier,
    VotingClassifier,
)
from sklearn.feature_selection import SelectKBest
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.neighbors import KDTree, KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, KBinsDiscretizer, OneHotEncoder, StandardScaler
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier

from confide.core.errors import ModelError
from confide.models.skops.reading import load_skops, save_estimators


class Homemade(ClassifierMixin, BaseEstimator):
    def fit(self, x, y):
        self.classes_ = np.unique(y)
        return self

    def predict_proba(self, x):
        return np.full((len(x), len(self.classes_)), 1 / len(self.classes_))


@pytest.fixture
def data():
    rng = np.random.default_rng(7)
    return rng.normal(size=(60, 3)), rng.integers(3, size=60)


@pytest.mark.parametrize(
    "estimator",
    [
        make_pipeline(StandardScaler(), LogisticRegression()),
        RandomForestClassifier(5, random_state=0),
        GradientBoostingClassifier(n_estimators=3, random_state=0),
        CalibratedClassifierCV(LogisticRegression(), cv=2),
        make_pipeline(StandardScaler(), MLPClassifier((4,), tol=1.0, random_state=0)),
        HistGradientBoostingClassifier(max_iter=3, min_samples_leaf=5),
        KNeighborsClassifier(),
        KNeighborsClassifier(algorithm="ball_tree", p=3, leaf_size=4),
        KNeighborsClassifier(algorithm="brute"),
        VotingClassifier([("a", LogisticRegression()), ("b", RandomForestClassifier(3))], voting="soft"),
        StackingClassifier([("a", LogisticRegression()), ("b", KNeighborsClassifier())], cv=2),
        make_pipeline(KBinsDiscretizer(3, quantile_method="averaged_inverted_cdf"), LogisticRegression()),
        make_pipeline(SelectKBest(k=2), GridSearchCV(LogisticRegression(), {"C": [0.1, 1]}, cv=2)),
        pytest.param(
            SVC(probability=True), marks=pytest.mark.filterwarnings("ignore:.*probability:FutureWarning")
        ),
    ],
    ids=lambda e: type(e[-1] if hasattr(e, "steps") else e).__name__,
)
def test_a_model_comes_back_as_it_was(estimator, data, tmp_path):
    x, y = data
    fitted = estimator.fit(x, np.array(["c", "a", "b"])[y])
    skops.io.dump(fitted, tmp_path / "model.skops")
    view = load_skops(tmp_path / "model.skops", classes=["c", "a", "b"])
    np.testing.assert_allclose(np.exp(view.predict(x)), fitted.predict_proba(x)[:, [2, 0, 1]], atol=1e-12)


@pytest.fixture
def people():
    """Ages and jobs with gaps, and as a pandas category."""
    rng = np.random.default_rng(3)
    age, job = rng.normal(40, 10, 90), rng.choice(["cook", "nurse", "smith"], 90).astype(object)
    y = (age > 40) ^ (job == "cook")
    age[::7], job[::5] = np.nan, np.nan
    return pd.DataFrame({"age": age, "job": job}), y.astype(int)


def test_a_mixed_pipeline_with_gaps_comes_back_as_it_was(people, tmp_path):
    frame, y = people
    text = make_pipeline(SimpleImputer(strategy="most_frequent"), OneHotEncoder(handle_unknown="ignore"))
    number = make_pipeline(SimpleImputer(), StandardScaler())
    fitted = make_pipeline(
        ColumnTransformer([("n", number, ["age"]), ("c", text, ["job"])]), LogisticRegression()
    ).fit(frame, y)
    skops.io.dump(fitted, tmp_path / "model.skops")
    # What polars reads from the user's file has nulls where pandas has NaN.
    asked = pl.DataFrame(
        {"age": frame["age"].to_numpy(), "job": [j if j == j else None for j in frame["job"]]}
    )
    answer = np.exp(load_skops(tmp_path / "model.skops").predict(asked))
    np.testing.assert_allclose(answer, fitted.predict_proba(frame), atol=1e-12)


def test_boosting_on_categories_comes_back_as_it_was(people, tmp_path):
    frame, y = people
    frame["job"] = pd.Categorical(frame["job"], categories=["smith", "nurse", "cook"])
    fitted = HistGradientBoostingClassifier(max_iter=3, min_samples_leaf=5).fit(frame, y)
    skops.io.dump(fitted, tmp_path / "model.skops")
    view = load_skops(tmp_path / "model.skops")
    jobs = [job if job == job else None for job in frame["job"]]
    kind = pl.Enum(["smith", "nurse", "cook"])
    asked = pl.DataFrame({"age": frame["age"].to_numpy(), "job": pl.Series(jobs, dtype=kind)})
    np.testing.assert_allclose(np.exp(view.predict(asked)), fitted.predict_proba(frame), atol=1e-12)
    # A preprocessor that drops columns would let the trees look beyond the records.
    fitted._preprocessor = ColumnTransformer([("n", "passthrough", ["age"])]).fit(frame)
    skops.io.dump(fitted, tmp_path / "narrow.skops")
    with pytest.raises(ModelError, match=r"records of shape \(1,\) for trees of 2 features"):
        load_skops(tmp_path / "narrow.skops").predict(asked)


def test_unknown_types_are_named_and_not_loaded(data, tmp_path):
    path = tmp_path / "model.skops"
    skops.io.dump(Homemade().fit(*data), path)
    with pytest.raises(
        ModelError, match=r"cannot be trusted: .*Homemade.* give an import path to a function"
    ):
        load_skops(path)
    named = skops.io.get_untrusted_types(file=path)
    assert load_skops(path, trusted=named).predict(data[0]).shape == (60, 3)


def test_a_function_that_runs_code_is_refused(data, tmp_path):
    bomb = make_pipeline(FunctionTransformer(os.system), LogisticRegression())
    bomb.steps[1] = ("logisticregression", LogisticRegression().fit(*data))
    skops.io.dump(bomb, tmp_path / "bomb.skops")
    with pytest.raises(ModelError, match=r"cannot be trusted: .*system"):
        load_skops(tmp_path / "bomb.skops")


@pytest.mark.parametrize("function", [partial(os.system, "true"), partial(np.log1p), Homemade])
def test_what_could_call_anything_is_refused(function, data, tmp_path):
    model = LogisticRegression().fit(*data)
    model.extra = {"inside": [function]}
    skops.io.dump(model, tmp_path / "model.skops")
    with pytest.raises(ModelError, match=r"cannot be trusted: .*(system|Homemade)|made to do harm"):
        load_skops(tmp_path / "model.skops")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("left", 10**6),
        ("right", 0),
        ("feature_idx", 3),
        ("feature_idx", -7),
        ("is_categorical", 1),
    ],
)
def test_a_histogram_tree_that_points_outside_itself_is_refused(field, value, data, tmp_path):
    fitted = HistGradientBoostingClassifier(max_iter=2, min_samples_leaf=5).fit(*data)
    nodes = fitted._predictors[1][0].nodes
    assert not nodes["is_leaf"][0]
    nodes[field][0] = value
    skops.io.dump(fitted, tmp_path / "model.skops")
    with pytest.raises(
        ModelError, match="a HistGradientBoostingClassifier in this file holds a part that points outside"
    ):
        load_skops(tmp_path / "model.skops")


def test_a_search_tree_is_built_anew_and_what_the_file_says_of_it_is_not_believed(data, tmp_path):
    x, y = data
    fitted = KNeighborsClassifier(3, leaf_size=4).fit(x, y)
    expected = fitted.predict_proba(x)
    state = list(fitted._tree.__getstate__())
    state[1] = np.full_like(state[1], 10**12)  # rows that would be read far outside
    fitted._tree.__setstate__(tuple(state))
    skops.io.dump(fitted, tmp_path / "model.skops")
    answer = np.exp(load_skops(tmp_path / "model.skops").predict(x))
    np.testing.assert_allclose(answer, expected, atol=1e-12)
    for loose in (KDTree(x), KDTree(x).__getstate__()[11]):
        model = LogisticRegression().fit(x, y)
        model.extra = loose
        skops.io.dump(model, tmp_path / "loose.skops")
        with pytest.raises(ModelError, match="made to do harm"):
            load_skops(tmp_path / "loose.skops")


def crafted(model, change, path):
    """The file of a model, one of whose node arrays was changed after training."""
    content = skops.io.dumps(model)
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(path, "w") as new:
        done = False
        for name in old.namelist():
            data = old.read(name)
            if name.endswith(".npy") and not done:
                array = np.load(io.BytesIO(data), allow_pickle=False)
                if array.dtype.names and "left_child" in array.dtype.names:
                    change(array)
                    out = io.BytesIO()
                    np.save(out, array, allow_pickle=False)
                    data, done = out.getvalue(), True
            new.writestr(name, data)
    assert done


@pytest.mark.parametrize(
    ("field", "value"), [("left_child", 10**6), ("right_child", 0), ("feature", 3), ("feature", -7)]
)
def test_a_tree_that_points_outside_itself_is_refused(field, value, data, tmp_path):
    def change(nodes):
        nodes[field][0] = value

    path = tmp_path / "crafted.skops"
    crafted(DecisionTreeClassifier(random_state=0).fit(*data), lambda nodes: None, path)
    load_skops(path)
    for model in (DecisionTreeClassifier(random_state=0), RandomForestClassifier(2, random_state=0)):
        crafted(model.fit(*data), change, path)
        with pytest.raises(
            ModelError, match="a DecisionTreeClassifier in this file holds a part that points"
        ):
            load_skops(path)


def test_an_ensemble_that_lies_about_its_width_is_refused(data, tmp_path):
    forest = RandomForestClassifier(2, random_state=0).fit(*data)
    forest.n_features_in_ = 1
    skops.io.dump(forest, tmp_path / "a.skops")
    boosted = GradientBoostingClassifier(n_estimators=2).fit(*data)
    boosted.n_trees_per_iteration_ = 1
    skops.io.dump(boosted, tmp_path / "b.skops")
    for name in "ab":
        with pytest.raises(ModelError, match="damaged or made to do harm"):
            load_skops(tmp_path / f"{name}.skops")


def test_a_tree_outside_an_estimators_keeping_is_refused(data, tmp_path):
    loose = DecisionTreeClassifier().fit(*data).tree_
    for place in ({"inside": [loose]}, loose.predict):
        model = LogisticRegression().fit(*data)
        model.extra = place
        skops.io.dump(model, tmp_path / "model.skops")
        with pytest.raises(ModelError, match=r"harm|cannot be trusted|not a readable"):
            load_skops(tmp_path / "model.skops")


def test_damaged_files(data, tmp_path):
    path = tmp_path / "model.skops"
    path.write_bytes(b"no zip at all")
    with pytest.raises(ModelError, match=r"model.skops is not a readable skops file .*skops.io.dump"):
        load_skops(path)
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("schema.json", "{}")
    with pytest.raises(ModelError, match="not a readable skops file"):
        load_skops(path)


def test_reading_needs_no_skops_and_writing_says_what_to_install(data, monkeypatch, tmp_path):
    fitted = LogisticRegression().fit(*data)
    skops.io.dump(fitted, tmp_path / "model.skops")
    monkeypatch.setitem(sys.modules, "skops.io", None)
    assert load_skops(tmp_path / "model.skops").predict(data[0]).shape == (60, 3)
    with pytest.raises(ModelError, match=r"needs skops: `pip install 'confide\[skops\]'`"):
        save_estimators([(fitted, [0, 1, 2])], tmp_path / "kept.skops")
