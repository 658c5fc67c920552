"""Replies as frames, mappings, tensors and lists; columns are matched by name, never by position alone."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
import torch

from confide.core.errors import ModelError
from confide.models.loading import as_view
from confide.models.named import reply_of
from confide.models.remote import Line, remote

X = np.random.default_rng(3).normal(size=(50, 2))
P = np.column_stack([1 / (1 + np.exp(X[:, 0])), 1 / (1 + np.exp(-X[:, 0]))])


def chance(x: np.ndarray) -> np.ndarray:
    up = 1 / (1 + np.exp(-x[:, 0]))
    return np.column_stack([1 - up, up])


REPLIES = {
    "pandas": lambda x: pd.DataFrame(chance(x)[:, ::-1], columns=["up", "down"]),
    "polars": lambda x: pl.DataFrame(chance(x)[:, ::-1], schema=["up", "down"]),
    "mapping": lambda x: {"up": chance(x)[:, 1], "down": list(chance(x)[:, 0])},
    "rows": lambda x: [{"up": b, "down": a} for a, b in chance(x)],
    "scored": lambda x: [
        sorted([{"label": "up", "score": b}, {"label": "down", "score": a}], key=lambda e: -e["score"])
        for a, b in chance(x)
    ],
}


@pytest.mark.parametrize("form", REPLIES)
@pytest.mark.parametrize("batch", [7, 1000])
def test_named_columns_are_matched_by_name(form: str, batch: int) -> None:
    view = remote(Line(REPLIES[form], batch_size=batch), classes=["down", "up"], probe=X)
    np.testing.assert_allclose(np.exp(view.predict(X)), P, atol=1e-12)  # pyright: ignore


def test_names_that_are_no_labels_are_refused() -> None:
    with pytest.raises(ModelError, match=r"does not know down, up .it knows p0, p1"):
        remote(Line(lambda x: pd.DataFrame(chance(x), columns=["p0", "p1"])), classes=["down", "up"], probe=X)


def test_one_named_number_is_about_the_class_of_its_name() -> None:
    about_down = remote(
        Line(lambda x: pd.DataFrame({"down": chance(x)[:, 0]})),
        classes=["down", "up"],
        task="classification",
        probe=X,
    )
    np.testing.assert_allclose(np.exp(about_down.predict(X)), P, atol=1e-12)  # pyright: ignore


def test_an_object_with_predict_proba_is_asked_for_it_and_its_classes_name_the_columns() -> None:
    class Served:
        def __init__(self, classes: list[str] | None) -> None:
            if classes:
                self.classes_ = np.array(classes)

        def predict(self, x: np.ndarray) -> np.ndarray:
            raise AssertionError("scores say more than labels")

        def predict_proba(self, x: np.ndarray) -> np.ndarray:
            return chance(x)[:, ::-1] if hasattr(self, "classes_") else chance(x)

    for served in (Served(None), Served(["up", "down"])):
        view = as_view(served, classes=["down", "up"], probe=X)
        np.testing.assert_allclose(np.exp(view.predict(X)), P, atol=1e-12)  # pyright: ignore


def test_tensors_of_any_kind_are_read() -> None:
    grown = torch.tensor(P, requires_grad=True)
    np.testing.assert_allclose(reply_of(grown, name="m").table, P)
    half = reply_of(torch.tensor(P).to(torch.bfloat16), name="m").table
    np.testing.assert_allclose(half, P, atol=0.01)


@pytest.mark.parametrize("said", [np.array([1j]), [[1, 2], [3]], pd.DataFrame(P, columns=["a", "a"])])
def test_what_is_no_table_is_refused(said: object) -> None:
    with pytest.raises(ModelError, match="cannot be read as a table"):
        reply_of(said, name="m")
