"""scikit-learn models as black boxes, and trained again."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.compose import ColumnTransformer, make_column_selector
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler
from sklearn.svm import SVC, LinearSVC
from sklearn.tree import DecisionTreeClassifier

from confide.core.access import BlackBox, WhiteBox
from confide.core.errors import ModelError
from confide.learners.estimator import sklearn_learner
from confide.models.signals import log_probability
from confide.models.sklearn.model import SklearnModel, as_pandas
from confide.views.records import Records


@pytest.fixture
def rng():
    return np.random.default_rng(7)


def mixed(n, rng):
    frame = {"age": rng.normal(40, 10, n), "job": rng.choice(["cook", "nurse", "smith"], n)}
    y = np.where((frame["age"] > 40) ^ (frame["job"] == "cook"), "yes", "no")
    return frame, y


@pytest.mark.parametrize("labels", [["no", "yes", "maybe"], [7, 3, 5], [-1, 0, 1]])
def test_the_column_of_a_class_is_its_code_known_answer(labels, rng):
    """Overfitted trees: members are told from others by the loss, unless columns are mixed up (AUC .5)."""
    codes = rng.integers(3, size=400)
    x = rng.normal(size=(400, 5))
    fitted = RandomForestClassifier(20, random_state=0).fit(x[:200], np.array(labels)[codes[:200]])
    view = SklearnModel(fitted, classes=labels)
    assert isinstance(view, BlackBox)
    assert not isinstance(view, WhiteBox)
    member = np.arange(400) < 200
    assert roc_auc_score(member, log_probability(view.predict(x), codes)) > 0.95
    assert (view.labels(x[:200]) == codes[:200]).mean() > 0.95
    # and the test can fail: by position, the columns belong to the sorted labels, not to these codes
    if sorted(labels) != labels:
        mixed_up = SklearnModel(fitted, classes=3)
        assert roc_auc_score(member, log_probability(mixed_up.predict(x), codes)) < 0.8


def test_logits_are_the_logs_of_the_probabilities(rng):
    x, y = rng.normal(size=(50, 3)), rng.integers(2, size=50)
    fitted = DecisionTreeClassifier(random_state=0).fit(x, y)
    answer = SklearnModel(fitted).predict(x)
    np.testing.assert_array_equal(answer, np.log(fitted.predict_proba(x) + 1e-45))
    assert answer.dtype == np.float64
    assert np.isfinite(answer).all()


def test_margins_stand_in_for_missing_probabilities(rng):
    x = rng.normal(size=(60, 3))
    two = LinearSVC(random_state=0).fit(x, np.where(x[:, 0] > 0, "up", "down"))
    view = SklearnModel(two, classes=["up", "down"])
    margin = two.decision_function(x)
    np.testing.assert_allclose(view.predict(x)[:, 0] - view.predict(x)[:, 1], margin)
    np.testing.assert_array_equal(view.labels(x), view.predict(x).argmax(axis=1))
    three = LinearSVC(random_state=0).fit(x, np.digitize(x[:, 0], [-0.5, 0.5]))
    np.testing.assert_array_equal(SklearnModel(three).predict(x), three.decision_function(x))
    pairs = SVC(decision_function_shape="ovo").fit(x, rng.integers(4, size=60))
    with pytest.raises(ModelError, match=r'6 columns for its 4 classes.*shape="ovr"'):
        SklearnModel(pairs).predict(x)


def test_a_regression_answers_with_values(rng):
    x = rng.normal(size=(30, 2))
    view = SklearnModel(LinearRegression().fit(x, 2 * x[:, 0] + 1))
    assert view.task == "regression"
    np.testing.assert_allclose(view.predict(x), (2 * x[:, :1] + 1))
    np.testing.assert_allclose(view.labels(x), 2 * x[:, 0] + 1)


@pytest.mark.parametrize("library", [pd, pl])
def test_a_pipeline_by_column_names_takes_polars_frames(library, rng):
    columns, y = mixed(80, rng)
    pipeline = make_pipeline(
        ColumnTransformer([("n", StandardScaler(), ["age"]), ("c", OneHotEncoder(), ["job"])]),
        LogisticRegression(),
    ).fit(library.DataFrame(columns), y)
    expected = pipeline.predict_proba(library.DataFrame(columns))
    view = SklearnModel(pipeline, classes=["yes", "no"])
    frame = pl.DataFrame(columns).select(pl.lit(0).alias("other"), "job", "age")  # any order, and more
    np.testing.assert_allclose(np.exp(view.predict(frame)), expected[:, ::-1])
    with pytest.raises(ModelError, match="fitted on the columns age, job; the records have no age"):
        view.predict(frame.drop("age"))


def test_a_pipeline_that_insists_on_pandas_gets_pandas(rng):
    columns, y = mixed(80, rng)

    def only_pandas(frame):
        return frame.assign(old=frame["age"] > 40, job=frame["job"].astype("category").cat.codes)

    pipeline = make_pipeline(FunctionTransformer(only_pandas), LogisticRegression())
    pipeline.fit(pd.DataFrame(columns), y)
    frame = pl.DataFrame(columns, schema_overrides={"job": pl.Categorical})
    np.testing.assert_allclose(
        np.exp(SklearnModel(pipeline).predict(frame)), pipeline.predict_proba(pd.DataFrame(columns))
    )
    selecting = make_pipeline(
        ColumnTransformer(
            [
                ("n", StandardScaler(), make_column_selector(dtype_include="number")),
                ("c", OneHotEncoder(), make_column_selector(dtype_exclude="number")),
            ]
        ),
        LogisticRegression(),
    )
    records = Records(pl.DataFrame(columns), (y == "yes").astype(np.int64))
    model = sklearn_learner(selecting, classes=2).fit(records, rng=rng)
    assert model.predict(records.x).shape == (80, 2)


def test_pandas_frames_have_the_same_categories_and_gaps():
    levels = pl.Series(["mid", None, "low"], dtype=pl.Enum(["low", "mid", "high"]))
    frame = pl.DataFrame(
        {"level": levels, "job": pl.Series(["b", None, "a"], dtype=pl.Categorical), "text": ["x", None, "y"]}
    )
    shown = as_pandas(frame)
    assert shown["level"].dtype == pd.CategoricalDtype(["low", "mid", "high"])
    assert shown["level"].cat.codes.tolist() == [1, -1, 0]
    assert shown["job"].cat.categories.tolist() == ["a", "b"]
    assert shown["text"].isna().tolist() == [False, True, False]
    assert isinstance(shown["text"][1], float)  # NaN, not None


def test_categories_are_learnt_and_asked_as_pandas_has_them(rng):
    """The booster tells categories by their dtype: as mere text it could not be trained on them at all."""
    columns, y = mixed(200, rng)
    kinds = ["smith", "nurse", "cook", "pilot"]
    frame = pd.DataFrame(columns).assign(job=lambda f: pd.Categorical(f["job"], categories=kinds))
    booster = HistGradientBoostingClassifier(categorical_features="from_dtype", max_iter=5, random_state=0)
    fitted = booster.fit(frame, y)
    x = pl.DataFrame(columns, schema_overrides={"job": pl.Enum(kinds)})
    np.testing.assert_allclose(np.exp(SklearnModel(fitted).predict(x)), fitted.predict_proba(frame))
    again = sklearn_learner(fitted).fit(Records(x, (y == "yes").astype(int)), rng=rng)
    assert again.estimator.is_categorical_.tolist() == [False, True]


@pytest.mark.parametrize("library", [pd, None])
def test_gaps_in_text_are_filled_as_at_home(library, rng):
    """Fitted on NaN, asked with polars' nulls: they must not pass for a kind of job of their own."""
    jobs = rng.choice(["cook", "nurse", "nurse"], 60).astype(object)
    y = (jobs == "cook").astype(int)
    jobs[::4] = np.nan
    own = jobs[:, None] if library is None else pd.DataFrame({"job": jobs})
    fill = SimpleImputer(strategy="most_frequent")
    fitted = make_pipeline(fill, OneHotEncoder(handle_unknown="ignore"), LogisticRegression()).fit(own, y)
    x = pl.DataFrame({"job": [job if job == job else None for job in jobs]})
    np.testing.assert_allclose(np.exp(SklearnModel(fitted).predict(x)), fitted.predict_proba(own))


def test_arrays_and_frames_are_given_as_the_model_knows_them(rng):
    columns = {"a": rng.normal(size=40), "b": rng.normal(size=40)}
    x = np.column_stack(list(columns.values()))
    y = (x[:, 0] > 0).astype(int)
    named, nameless = LogisticRegression().fit(pd.DataFrame(columns), y), LogisticRegression().fit(x, y)
    for fitted in (named, nameless):  # warnings about names would be errors here
        np.testing.assert_allclose(
            SklearnModel(fitted).predict(x), SklearnModel(fitted).predict(pl.DataFrame(columns))
        )


def test_refusals(rng):
    x, y = rng.normal(size=(30, 2)), np.arange(30) % 3
    with pytest.raises(ModelError, match=r"LogisticRegression\) is not fitted: fit it"):
        SklearnModel(LogisticRegression())
    with pytest.raises(ModelError, match="StandardScaler is neither a classifier nor a regressor"):
        SklearnModel(StandardScaler().fit(x))
    fitted = DecisionTreeClassifier().fit(x, y)
    with pytest.raises(ModelError, match="knows 3 classes, the labels need 5"):
        SklearnModel(fitted, classes=5)
    with pytest.raises(ModelError, match=r"cannot deal with these records \(ValueError: X has 5 features"):
        SklearnModel(fitted).predict(np.zeros((2, 5)))
    diverged = LinearRegression().fit(x, x[:, 0])
    diverged.coef_ = np.array([np.nan, 0.0])
    with pytest.raises(ModelError, match="30 NaN or infinite answers on 30 of 30 records, first on row 0"):
        SklearnModel(diverged).predict(x)
    several = DecisionTreeClassifier().fit(x, np.column_stack([y, y]))
    with pytest.raises(ModelError, match="several outputs"):
        SklearnModel(several)
