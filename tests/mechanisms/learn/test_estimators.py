"""Private estimators are scikit-learn's in shape, read nothing public from the data, and charge each fit."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.base import clone
from sklearn.model_selection import cross_val_score
from sklearn.utils.estimator_checks import parametrize_with_checks
from sklearn.utils.validation import column_or_1d

import confide
from confide.account.opening import open_ledger
from confide.core.budget import ANY_NUMBER, Budget, Unit
from confide.core.errors import BudgetError, DataError, LedgerError, PromiseError
from confide.learn import Categories, Number, PrivateLinearRegression, PrivateLogisticRegression
from confide.mechanisms.learn.public_columns import Box, PublicColumns

REHEARSED = {"noise": "rehearsal", "random_state": 0}
LINE = PrivateLinearRegression(epsilon=300, delta=1e-3, bounds=(-4, 4), target=(-5, 5), **REHEARSED)
PUBLIC = PrivateLogisticRegression(
    epsilon=100, delta=1e-3, bounds=(-10, 10), classes=(0, 1, 2), steps=100, **REHEARSED
)
"""Settings of a rehearsal with hardly any noise: the checks are of the shape, not of privacy."""

PUBLIC_CLASSES = (
    "the check's labels are not the public classes that were stated, and none are read from the data"
)
ABSENT_CLASSES = "the check counts the labels that it gave, and a public class can be absent from the data"
FORBIDDEN = {
    "check_classifiers_classes": PUBLIC_CLASSES,
    "check_dtype_object": PUBLIC_CLASSES,
    "check_classifiers_train": ABSENT_CLASSES,
    "check_decision_proba_consistency": ABSENT_CLASSES,
}
"""With its three public classes the estimator fails these checks, and must. Told the labels of each check,
it passes all of them: see `Told`."""


class Told(PrivateLogisticRegression):
    """As if each check had stated the labels that there can be."""

    def _codes(self, y: Any) -> Any:
        given, labels = self.classes, np.unique(column_or_1d(y))
        try:
            # One label alone is no classification: a further one can be, that nobody has.
            self.classes = (
                labels if len(labels) > 1 or labels.dtype.kind not in "if" else [labels[0], labels[0] + 1]
            )
            return super()._codes(y)
        finally:
            self.classes = given


def told() -> Told:
    return Told(**{**PUBLIC.get_params(), "classes": (0, 1)})


@pytest.mark.slow
@parametrize_with_checks(
    [PUBLIC, LINE, told()],
    expected_failed_checks=lambda estimator: (
        FORBIDDEN if type(estimator) is PrivateLogisticRegression else {}
    ),
)
def test_the_checks_of_scikit_learn_pass(estimator, check):
    check(estimator)


def data(n: int = 2_000, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    x = np.random.default_rng(seed).uniform(-1, 1, (n, 3))
    return x, (x[:, 0] > 0).astype(int)


def logistic(**changes: Any) -> PrivateLogisticRegression:
    return PrivateLogisticRegression(**({"bounds": (-1, 1)} | REHEARSED | changes))


def line(**changes: Any) -> PrivateLinearRegression:
    return PrivateLinearRegression(**({"bounds": (-1, 1), "target": (-2, 2)} | REHEARSED | changes))


@pytest.mark.parametrize("method", ["gradient", "objective", "output"])
def test_each_method_learns_and_says_what_it_promises(method: str):
    x, y = data(5_000)
    fitted = logistic(epsilon=2.0, method=method, classes=("no", "yes")).fit(x, np.where(y == 1, "yes", "no"))
    assert fitted.score(x, np.where(y == 1, "yes", "no")) > 0.9
    assert fitted.budget_ == Budget(2.0, 1e-6)
    shares = fitted.predict_proba(x)
    assert shares.shape == (5_000, 2) and shares.sum(axis=1) == pytest.approx(1)
    assert ((shares[:, 1] > 0.5) == (fitted.decision_function(x) > 0)).all()
    assert fitted.get_params()["method"] == method


def test_secure_noise_is_the_default_and_differs_each_time():
    x, y = data()
    first, second = (PrivateLogisticRegression(bounds=(-1, 1), steps=5).fit(x, y) for _ in range(2))
    assert (first.coef_ != second.coef_).all()
    same = [logistic(steps=5).fit(x, y).coef_ for _ in range(2)]
    assert (same[0] == same[1]).all()
    targets = [PrivateLinearRegression(bounds=(-1, 1), target=(0, 1)).fit(x, y).coef_ for _ in range(2)]
    assert (targets[0] != targets[1]).all()


def test_the_encoding_is_that_of_the_bounds_whatever_the_data_are():
    """One person far outside, or of an unknown kind, changes nobody else's row; nothing is fitted."""
    encode = PublicColumns.of(
        {"age": (0, 100), "job": ["cook", "nurse"], "pay": Number(low=0, high=1e6, log=True)}
    )
    people = {"age": [20.0, 50.0, 1e9], "job": ["cook", "nurse", "spy"], "pay": [0.0, None, 5e8]}
    frame = pl.DataFrame(people)
    rows = encode(frame)
    assert rows.shape == (3, 8 + 2 + 8) == (3, len(encode.names))
    assert (encode(frame[:2]) == rows[:2]).all()
    assert (np.linalg.norm(rows, axis=1) <= encode.radius).all()
    assert (encode(frame.to_pandas()) == rows).all()
    assert rows[2, :8].tolist() == [0.0] * 7 + [1.0] and not rows[2, 8:10].any() and not rows[1, 10:].any()
    gaps = pd.DataFrame({"job": pd.array(["cook", pd.NA], dtype="string")})
    assert PublicColumns.of({"job": ["cook"]})(gaps).tolist() == [[1.0], [0.0]]
    assert (Box.of(([0, 0], [1, 2]))(np.array([[0.5, 5.0]])) == [[0.0, 1.0]]).all()


@pytest.mark.parametrize("frame", [pl.DataFrame, pd.DataFrame])
def test_frames_are_taken_by_the_names_of_their_columns(frame):
    rng = np.random.default_rng(1)
    age, job = rng.uniform(0, 100, 4_000), rng.choice(["cook", "nurse"], 4_000)
    y = ((age > 50) & (job == "nurse")).astype(int)
    table = frame({"id": np.arange(4_000), "age": age, "job": job})
    bounds = {"age": (0, 100), "job": ["cook", "nurse"]}
    fitted = logistic(epsilon=4.0, bounds=bounds).fit(table, y)
    assert fitted.score(table, y) > 0.9 and fitted.n_features_in_ == 3
    numbers = line(epsilon=4.0, bounds=bounds, target=(0, 1)).fit(table, y)
    assert (
        numbers.score(table, y) > 0.3
        and 0 <= numbers.predict(table).min() <= numbers.predict(table).max() <= 1
    )
    with pytest.raises(ValueError, match="job"):
        fitted.predict(table[["age"]])
    with pytest.raises(DataError, match="no column 'job'"):
        PublicColumns.of(bounds)(table[["age"]])
    by_place = {0: (0, 100), 1: Categories((0.0, 1.0))}
    array = np.column_stack([age, job == "nurse"])
    assert logistic(epsilon=4.0, bounds=by_place).fit(array, y).score(array, y) > 0.9


def test_people_are_hidden_whole_and_ten_records_of_one_move_no_more_than_one():
    x, y = data(4_000)
    owner = [f"p{i // 2}" for i in range(4_000)]
    fitted = logistic(epsilon=4.0).fit(x, y, person=owner)
    assert fitted.budget_.unit == Unit.person("person", at_most=ANY_NUMBER) and fitted.score(x, y) > 0.9
    assert line(epsilon=4.0).fit(x, y, person=owner).score(x, y) > 0.5
    for method in ("objective", "output"):
        with pytest.raises(PromiseError, match="hides any one record"):
            logistic(method=method).fit(x, y, person=owner)


@pytest.mark.parametrize(
    ("changes", "cost"),
    [({}, "rho"), ({"method": "output"}, "rho"), ({"method": "objective"}, "epsilon")],
)
def test_each_fit_is_charged_before_it_begins_and_a_second_one_again(tmp_path, changes, cost):
    x, y = data(300)
    address, digest = f"sqlite:///{tmp_path}/l", sha256(b"data").hexdigest()
    ledger = open_ledger(address, data=digest, budget=Budget(3.0, 1e-5))
    model = logistic(epsilon=1.0, delta=1e-6, steps=5, ledger=ledger, **changes).fit(x, y)
    first = ledger.spent
    assert first.rho > 0 and (first.epsilon is None) == (cost == "rho")
    # Of normal noise of (1, 1e-6): rho = mu^2 / 2, known from the analytic Gaussian mechanism.
    if cost == "rho":
        assert first.rho == pytest.approx(0.5 * 10**12 / 4.2247**2, rel=1e-3) and first.delta == 0
    clone(model).fit(x, y)
    assert ledger.spent == first + first, "equal data and settings: charged again"
    kinds = [e.kind for e in ledger.history()]
    assert kinds.count("charged") == kinds.count("answered") == 2
    ledger.close()


def test_what_the_ledger_does_not_pay_for_is_not_trained(tmp_path):
    x, y = data(300)
    digest = sha256(b"data").hexdigest()
    ledger = open_ledger(f"sqlite:///{tmp_path}/l", data=digest, budget=Budget(0.5, 1e-6))
    model = logistic(epsilon=1.0, delta=1e-7, ledger=ledger)
    with pytest.raises(BudgetError):
        model.fit(x, y)
    assert not hasattr(model, "coef_") and ledger.spent.rho == 0
    with pytest.raises(LedgerError, match="give `person`"):
        logistic(ledger=ledger).fit(x, y, person=np.arange(300))
    ledger.close()
    basic = open_ledger(f"sqlite:///{tmp_path}/b", data=digest, budget=Budget(1.0, 1e-6), composition="basic")
    line(epsilon=1.0, delta=1e-6, ledger=basic).fit(x, y)
    assert basic.spent.epsilon == 10**6 and basic.spent.delta == 10**9, (
        "one training at the whole budget fits"
    )
    basic.close()


def test_cross_validation_pays_for_every_fold(tmp_path):
    x, y = data(300)
    digest = sha256(b"data").hexdigest()
    ledger = open_ledger(f"sqlite:///{tmp_path}/l", data=digest, budget=Budget(10.0, 1e-5))
    cross_val_score(logistic(epsilon=0.5, steps=3, ledger=ledger), x, y, cv=3, error_score="raise")
    assert [e.kind for e in ledger.history()].count("charged") == 3
    ledger.close()


@pytest.mark.parametrize(
    ("made", "says"),
    [
        (logistic(bounds=None), "bounds is missing"),
        (logistic(bounds=(1, -1)), "lower bound is not below"),
        (logistic(bounds=(0, np.inf)), "finite"),
        (logistic(bounds=3.0), "give \\(low, high\\)"),
        (logistic(bounds={}), "names no column"),
        (logistic(bounds={0: [1, 1]}), "not all different"),
        (logistic(bounds={0: 5}), "give a tuple"),
        (logistic(noise="secure"), "who knows a seed"),
        (logistic(noise="none"), "'secure' or 'rehearsal'"),
        (logistic(method="magic"), "method is 'magic'"),
        (logistic(classes=(0,)), "two or more different"),
        (logistic(classes=(0, 1, 1)), "two or more different"),
        (logistic(epsilon=-1.0), "epsilon is -1"),
        (logistic(epsilon=1e-3), "Some [\\d,]+ records would do in place of 200"),
        (logistic(delta=1e-2), "a delta of 1/n"),
        (logistic(steps=0), "steps 0"),
        (logistic(steps=2.5), "steps 2.5"),
        (logistic(epsilon="1"), "epsilon is '1'"),
        (logistic(delta=None), "delta is None"),
        (logistic(classes=None), "classes is None"),
        (logistic(classes="ny"), "classes is 'ny'"),
        (logistic(ledger="sqlite:///x"), "open it first"),
        (line(target=5), "target is 5"),
        (line(target=None), "target is None"),
        (line(target=(1, 0)), "bounds of the target"),
    ],
)
def test_what_cannot_be_kept_is_refused_before_anything_is_read(made, says):
    x, y = data(200)
    with pytest.raises(PromiseError, match=says):
        made.fit(x, y)


def test_labels_columns_and_bounds_that_do_not_fit_are_refused():
    x, y = data(200)
    with pytest.raises(DataError, match="not among the classes"):
        logistic(classes=(1, 2)).fit(x, y)
    with pytest.raises(DataError, match="bounds of 2"):
        logistic(bounds=([0, 0], [1, 1])).fit(x, y)
    with pytest.raises(DataError, match="no column 5"):
        logistic(bounds={5: (0, 1)}).fit(x, y)
    with pytest.raises(DataError, match="no record has any of the categories of 'a', such as 1"):
        logistic(bounds={"a": [1, 2]}).fit(pl.DataFrame({"a": ["1", "2"] * 100}), y)
    with pytest.raises(DataError, match="give plain values"):
        logistic(bounds={"a": [1, 2]}).fit(pl.DataFrame({"a": [[1], [2]] * 100}), y)
    with pytest.raises(DataError, match="holds no numbers"):
        logistic(bounds={"a": (0, 1)}).fit(pl.DataFrame({"a": ["x", "y"] * 100}), y)


@pytest.mark.parametrize("gone", [None, float("nan"), pd.NA])
def test_records_of_nobody_are_refused_where_people_are_hidden(gone):
    """Taken for one person, or for one each, they would be hidden without the rest of whom they belong to."""
    x, y = data(200)
    owner = np.array([gone, *range(199)], object)
    for made in (logistic(epsilon=9.0), line()):
        with pytest.raises(DataError, match="no name of a person"):
            made.fit(x, y, person=owner)
        with pytest.raises(DataError, match="one name for each"):
            made.fit(x, y, person=np.arange(7))


def test_labels_that_are_missing_and_frames_without_records_are_refused():
    x, y = data(40)
    frame, bounds = pl.DataFrame({"a": x[:, 0]}), {"a": (-1, 1)}
    with pytest.raises(DataError, match="20 labels are not among"):
        logistic(epsilon=9.0, bounds=bounds, classes=("n", "y")).fit(frame, pl.Series(["n", None] * 20))
    with pytest.raises(DataError, match="no records"):
        line(bounds=bounds).fit(frame[:0], y[:0])


def test_the_public_face_names_them():
    assert confide.learn.PrivateLogisticRegression is PrivateLogisticRegression
    with pytest.raises(AttributeError, match=r"it has .*Categories"):
        confide.learn.Nothing  # noqa: B018
