"""Mixed records as numbers: hand-computed."""

from datetime import date

import numpy as np
import polars as pl
import pytest

from confide.core.errors import DataError
from confide.learners.encoded import encoded_learner
from confide.learners.encoding import fit_encoding
from confide.learners.estimator import sklearn_learner


def test_numbers_levels_truth_and_dates_by_hand():
    frame = pl.DataFrame(
        {
            "n": [1, 3, None, 5],
            "c": ["a", "b", "a", None],
            "t": [True, False, True, True],
            "d": [date(2020, 1, 1), date(2020, 1, 3), date(2020, 1, 1), date(2020, 1, 3)],
            "k": [2.0, 2.0, 2.0, 2.0],
        }
    )
    encode = fit_encoding(frame, rare=1)
    assert encode.names == (
        "n", "n missing", "c=(missing)", "c=a", "c=b", "t=false", "t=true", "d", "k",
    )  # fmt: skip
    r = np.sqrt(1.5)  # (5 - 3) / sqrt(8 / 3)
    expected = [
        [-r, 0, 0, 1, 0, 0, 1, -1, 0],
        [0, 0, 0, 0, 1, 1, 0, 1, 0],
        [0, 1, 0, 1, 0, 0, 1, -1, 0],
        [r, 0, 1, 0, 0, 0, 1, 1, 0],
    ]
    assert encode(frame).dtype == np.float32
    np.testing.assert_allclose(encode(frame), expected, atol=1e-6)


def test_rare_levels_are_pooled_and_unseen_ones_are_zeros():
    encode = fit_encoding(pl.DataFrame({"c": list("aaabbcd")}), rare=2)
    assert encode.names == ("c=a", "c=b", "c=(rare)")
    answer = encode(pl.DataFrame({"c": ["d", "a", "never"]}))
    np.testing.assert_array_equal(answer, [[0, 0, 1], [1, 0, 0], [0, 0, 0]])
    few = fit_encoding(pl.DataFrame({"c": list("aaabbbccd")}), rare=1, most=2)
    assert few.names == ("c=a", "c=b", "c=(rare)")


def test_what_was_never_missing_gets_the_mean():
    encode = fit_encoding(pl.DataFrame({"n": [0.0, 4.0]}))
    np.testing.assert_allclose(encode(pl.DataFrame({"n": [None, 4.0]})), [[0.0], [1.0]])


def test_categories_are_levels_whatever_their_type():
    text = pl.DataFrame({"c": ["x", "y", "x"]})
    codes = text.select(pl.col("c").cast(pl.Categorical))
    closed = text.select(pl.col("c").cast(pl.Enum(["y", "x"])))
    for frame in (codes, closed):
        np.testing.assert_array_equal(fit_encoding(frame, rare=1)(frame), fit_encoding(text, rare=1)(text))


def test_arrays_stay_or_are_standardised():
    small = np.array([[[0.0, 1.0]], [[1.0, -1.0]]])
    np.testing.assert_array_equal(fit_encoding(small)(small), [[0, 1], [1, -1]])
    np.testing.assert_allclose(fit_encoding(small, standardise=True)(small), [[-1, 1], [1, -1]])
    large = np.array([[0, 7], [10, 7]])
    np.testing.assert_allclose(fit_encoding(large)(large), [[-1, 0], [1, 0]])


def test_an_encoding_looks_at_features_only_and_is_a_value():
    frame = pl.DataFrame({"n": [1.0, 2.0], "c": ["a", "b"]})
    assert fit_encoding(frame) == fit_encoding(frame)
    assert hash(fit_encoding(frame)) == hash(fit_encoding(frame))


@pytest.mark.parametrize(
    ("fitted", "asked", "words"),
    [
        ({"a": [1.0], "b": [2.0]}, pl.DataFrame({"b": [1.0]}), "no column a: give the same columns"),
        (
            {"a": [1.0]},
            pl.DataFrame({"a": [float("inf")]}),
            "column a has 1 infinite numbers, first in row 0",
        ),
        ({"a": [1.0]}, np.zeros((1, 1)), "fitted on a frame, not on an array"),
        ({"a": [[1.0]]}, None, "column a is List.*no default encoding: turn it into"),
    ],
)
def test_refusals_of_frames(fitted, asked, words):
    with pytest.raises(DataError, match=words):
        fit_encoding(pl.DataFrame(fitted))(asked)


def test_refusals_of_arrays():
    with pytest.raises(DataError, match="1 infinite numbers, first in row 2: fill"):
        fit_encoding(np.array([[0.0, 1.0], [np.nan, np.inf]]))
    with pytest.raises(DataError, match="have 3 features, but the encoding was fitted on 2"):
        fit_encoding(np.zeros((2, 2)))(np.zeros((2, 3)))
    with pytest.raises(DataError, match="cannot be encoded"):
        fit_encoding(np.array([["a"]]))


def test_an_encoded_regression_answers_in_its_own_units():
    from sklearn.linear_model import LinearRegression

    from confide.views.records import Records

    frame = pl.DataFrame({"size": [1.0, 2.0, 3.0, 4.0], "kind": ["a", "b", "a", "b"]})
    prices = np.array([1000.0, 2500.0, 3000.0, 4500.0])  # 1000 a unit, and 500 for b
    records = Records(frame, prices)
    learner = encoded_learner(sklearn_learner(LinearRegression()), fit_encoding(frame, rare=1), records)
    model = learner.fit(records, rng=np.random.default_rng(7))
    np.testing.assert_allclose(model.predict(frame)[:, 0], prices, rtol=1e-5)
    np.testing.assert_allclose(model.labels(frame), prices, rtol=1e-5)


def test_what_is_missing_in_an_array_gets_the_mean_and_a_flag():
    x = np.array([[10.0, np.nan, 5.0], [30.0, 2.0, 5.0], [20.0, 6.0, 5.0]])
    encode = fit_encoding(x)
    # By hand: the means are 20, 4 and 5, the deviations sqrt(200/3), 2 and 0.
    z = 10 / np.sqrt(200 / 3)
    assert np.allclose(encode(x), [[-z, 0, 0, 1], [z, -1, 0, 0], [0, 1, 0, 0]])
    assert np.allclose(encode(np.array([[np.nan, 4.0, 5.0]])), [[0, 0, 0, 0]]), "never missing when fitted"
    assert fit_encoding(np.full((3, 1), np.nan))(np.full((1, 1), np.nan)).tolist() == [[0.0, 1.0]]
