"""scikit-learn estimators as learners: trained again by rng alone, kept without pickling."""

import json
import subprocess
import sys
import textwrap

import numpy as np
import pytest
from sklearn.ensemble import BaggingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from confide.core.errors import ModelError
from confide.learners.estimator import SklearnLearner, sklearn_learner
from confide.learners.learner import Keepable
from confide.views.records import Records


@pytest.fixture
def rng():
    return np.random.default_rng(7)


def test_learning_again_is_decided_by_rng_alone(rng):
    records = Records(rng.normal(size=(100, 4)), rng.integers(2, size=100))
    nested = BaggingClassifier(make_pipeline(StandardScaler(), DecisionTreeClassifier(max_features=1)), 3)
    learner = SklearnLearner(estimator=nested)
    np.random.seed(1)  # noqa: NPY002 - the global state must not matter
    first = learner.fit(records, rng=np.random.default_rng(3)).predict(records.x)
    np.random.seed(2)  # noqa: NPY002
    again = learner.fit(records, rng=np.random.default_rng(3)).predict(records.x)
    other = learner.fit(records, rng=np.random.default_rng(4)).predict(records.x)
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()
    assert not hasattr(nested, "estimators_")


def test_a_class_that_a_subset_lacks_gets_probability_zero(rng):
    x = rng.normal(size=(60, 2))
    y = np.arange(60) % 4
    lacking = Records(x, y).take(np.flatnonzero(y != 1))
    for estimator in (LogisticRegression(), LinearSVC()):
        model = sklearn_learner(estimator, classes=["d", "c", "b", "a"]).fit(lacking, rng=rng)
        answer = model.predict(x)
        assert answer.shape == (60, 4)
        assert (answer[:, 1] == np.log(1e-45)).all()
        assert (answer[:, [0, 2, 3]] > -100).all()
        assert set(model.labels(x)) <= {0, 2, 3}
    # a fitted estimator tells its classes; codes stand for them
    fitted = LogisticRegression(class_weight={"u": 1, "v": 2}).fit(x, np.where(y % 2, "u", "v"))
    model = sklearn_learner(fitted).fit(Records(x[:, :1], y % 2), rng=rng)
    assert model.predict(x[:, :1]).shape == (60, 2)
    with pytest.raises(ModelError, match="class code 3, but there are only 2 classes"):
        sklearn_learner(fitted).fit(Records(x, y), rng=rng)


def test_a_failing_fit_tells_why(rng):
    one = Records(rng.normal(size=(9, 2)), np.zeros(9, np.int64))
    with pytest.raises(ModelError, match=r"fitting LogisticRegression cannot deal .*at least 2 classes"):
        sklearn_learner(LogisticRegression(), classes=2).fit(one, rng=rng)


def test_an_early_stop_does_not_warn(rng):
    records = Records(rng.normal(size=(40, 2)), rng.integers(2, size=40))
    sklearn_learner(MLPClassifier((4,), max_iter=2), classes=2).fit(records, rng=rng)


@pytest.mark.parametrize("estimator", [RandomForestClassifier(5), DecisionTreeRegressor(max_depth=3)])
def test_models_are_kept_without_pickling(estimator, tmp_path, rng):
    records = Records(rng.normal(size=(60, 3)), rng.integers(3, size=60))
    learner = sklearn_learner(estimator, classes=["x", "y", "z"])
    assert isinstance(learner, Keepable)
    models = [learner.fit(records, rng=child) for child in rng.spawn(2)]
    learner.save(models, tmp_path / "models.skops")
    again = learner.load(tmp_path / "models.skops")
    for old, new in zip(models, again, strict=True):
        np.testing.assert_array_equal(old.predict(records.x), new.predict(records.x))
    (tmp_path / "models.skops").write_bytes(b"PK half a file")
    with pytest.raises(ModelError, match="not a readable skops file"):
        learner.load(tmp_path / "models.skops")


def test_without_skops_a_learner_is_simply_not_keepable(monkeypatch):
    monkeypatch.setattr("confide.learners.estimator.find_spec", lambda name: None)
    assert not isinstance(sklearn_learner(LogisticRegression()), Keepable)


def test_the_recipe_changes_with_what_it_would_train():
    def recipe(estimator, classes=2):
        return sklearn_learner(estimator, classes=classes).recipe()

    base = recipe(make_pipeline(StandardScaler(), LogisticRegression(C=2.0)))
    assert base == recipe(make_pipeline(StandardScaler(), LogisticRegression(C=2.0, random_state=5)))
    for other in (
        recipe(make_pipeline(StandardScaler(), LogisticRegression(C=3.0))),
        recipe(make_pipeline(StandardScaler(with_mean=False), LogisticRegression(C=2.0))),
        recipe(make_pipeline(StandardScaler(), LogisticRegression(C=2.0)), classes=3),
        recipe(LogisticRegression(C=2.0)),
    ):
        assert other != base


@pytest.mark.slow
def test_a_recipe_is_the_same_in_another_process():
    program = """
    import json
    from sklearn.linear_model import LogisticRegression
    from confide.learners.estimator import sklearn_learner
    print(json.dumps(sklearn_learner(LogisticRegression(C=0.5), classes=["a", "b"]).recipe()))
    """
    run = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)], capture_output=True, text=True, check=True
    )
    here = sklearn_learner(LogisticRegression(C=0.5), classes=["a", "b"]).recipe()
    assert json.loads(run.stdout) == here
