"""Arrays, tensors and sparse matrices as records, and labels of every kind."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
import scipy.sparse as sp
import torch

from confide.core.errors import DataError
from confide.inputs.arrays_given import MOST, as_features, as_labels
from confide.inputs.tables import read_table

X = np.array([[1.0, 2.5], [3.0, 4.0]])


@pytest.mark.parametrize(
    "given",
    [
        X,
        X.tolist(),
        X.astype(object),
        sp.csr_matrix(X),
        sp.coo_array(X),
        torch.tensor(X),
        torch.tensor(X, requires_grad=True),
        torch.tensor(X).bfloat16(),
        torch.tensor(X).to_sparse(),
        np.ma.array(X),
    ],
    ids=lambda given: f"{type(given).__name__}",
)
def test_features_are_the_same_in_every_form(given: Any) -> None:
    assert as_features(given, name="x").tolist() == X.tolist()


def test_what_is_hidden_or_missing_is_nan() -> None:
    for given in (
        np.ma.array(X, mask=[[False, True], [False, False]]),
        np.array([[1, None], [3, 4]], dtype=object),
        torch.tensor([[1, float("nan")], [3, 4]]),
    ):
        assert np.isnan(as_features(given, name="x")).tolist() == [[False, True], [False, False]]


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (np.array([[1, "a"], [3, 4]], dtype=object), "holds text in row 1, column 2: give a frame"),
        (np.array([["007"]], dtype=object), "holds text in row 1, column 1"),
        ([[1, 2], [3]], "x is no array"),
        (X.astype(complex), "of type complex128: give numbers"),
        (np.array([["2010-01-01"]], dtype="M8[D]"), "of type datetime64"),
        (np.array([[{}]], dtype=object), "holds no numbers"),
        (3.0, "are a single float: give one row a record"),
        (
            sp.csr_matrix((10**6, MOST // 10**6)),
            r"sparse matrix of 1,000,000 x 8,000 takes 64 GB as an array",
        ),
    ],
    ids=str,
)
def test_what_cannot_be_features_gets_one_sentence(given: Any, says: str) -> None:
    with pytest.raises(DataError, match=says):
        as_features(given, name="x")


@pytest.mark.parametrize(
    "given",
    [
        ["n", "p"],
        np.array(["n", "p"]),
        np.array(["n", "p"], dtype=object),
        np.array([["n"], ["p"]]),
        pl.Series(["n", "p"]),
        pl.Series(["n", "p"], dtype=pl.Categorical),
        pl.DataFrame({"y": ["n", "p"]}),
        pd.Series(["n", "p"]),
        pd.Series(["n", "p"], dtype="category"),
        pd.Series(["n", "p"], dtype="string"),
    ],
    ids=lambda given: f"{type(given).__module__}.{type(given).__name__}",
)
def test_labels_are_the_same_in_every_form(given: Any) -> None:
    assert as_labels(given, name="x").tolist() == ["n", "p"]


def test_labels_that_are_numbers_stay_numbers() -> None:
    for given in ([0, 1], torch.tensor([0, 1]), pd.Series([0, 1], dtype="Int64"), [Decimal(0), Decimal(1)]):
        assert as_labels(given, name="x").tolist() == [0, 1]
    assert as_labels(torch.tensor([0.5], requires_grad=True), name="x").tolist() == [0.5]


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (np.array(["n", None, "p"]), r"1 labels are missing .*, in row 2: drop"),
        (["n", "NA", "?", " "], r"3 labels are missing \(empty, NA, nan or \?\), in rows 2, 3, 4"),
        ([1.0, float("nan")], "1 labels are missing .*in row 2"),
        (pd.Series([1, None], dtype="Int64"), "1 labels are missing .*in row 2"),
        (np.array([1, "a"], dtype=object), "labels are of type int, str: give numbers, or texts"),
        (np.array([b"a"]), r"labels are of type \|S1: give numbers or text"),
        (np.array(["2010-01-01"], dtype="M8[D]"), "labels are of type datetime64"),
        (pl.Series([[1], [2]]), r"the labels are of type List"),
        (pl.Series([{"a": 1}]), r"the labels are of type Struct"),
    ],
    ids=str,
)
def test_what_cannot_be_labels_gets_one_sentence(given: Any, says: str) -> None:
    with pytest.raises(DataError, match=says):
        as_labels(given, name="x")


HALF = "\ud800"
"""Half a character: Python holds it in a text, UTF-8 does not."""


@pytest.mark.parametrize("number", [0xD800, 0x110000, 2**32 - 1])
@pytest.mark.parametrize("order", "<>")
def test_numbers_in_the_place_of_characters_are_refused(number: int, order: str) -> None:
    text = np.array([65, number], f"{order}u4").view(f"{order}U1")
    for read in (as_labels, as_features):
        with pytest.raises(DataError, match=f"x: a text holds the number {number:#x}, which is no character"):
            read(text, name="x")


def test_half_a_character_is_refused_in_every_form() -> None:
    forms = (
        ["a", HALF],
        np.array(["a", HALF], object),
        # As objects: where pandas keeps text in Arrow, it refuses such text itself.
        pd.Series(["a", HALF], dtype=object),
        pd.Series(pd.Categorical.from_codes([0], categories=pd.Index([HALF], dtype=object))),
    )
    for given in forms:
        with pytest.raises(DataError, match=r"a text holds|cannot be read .*surrogates not allowed"):
            as_labels(given, name="x")
    with pytest.raises(DataError, match=r"column 'a' cannot be read .*surrogates not allowed"):
        read_table(pd.DataFrame({"a": ["b", HALF]}, dtype=object), name="x")
