"""The linear model's inside, against numerical derivatives and its own gradients."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from confide.core.access import WhiteBox
from confide.core.errors import KnowledgeError
from confide.models.linear import LinearModel


def model_of(classes: int, *, radius: float | None = None):
    rng = np.random.default_rng(classes)
    rows = rng.standard_normal((classes if classes > 2 else 1, 5))
    return LinearModel(rows, radius=radius), rng.standard_normal((7, 4)), rng.integers(classes, size=7)


@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize("radius", [None, 0.5])
def test_gradients_are_the_derivatives_of_the_loss(classes, radius):
    model, x, y = model_of(classes, radius=radius)
    flat, step = model.weights()[0], 1e-6
    for j in range(len(flat)):
        up, down = (
            LinearModel((flat + sign * step * np.eye(len(flat))[j]).reshape(model.rows.shape), radius=radius)
            for sign in (1, -1)
        )
        slope = (up.loss(x, y) - down.loss(x, y)) / (2 * step)
        assert model.gradient(x, y)[:, j] == pytest.approx(slope, abs=1e-8)


@pytest.mark.parametrize("classes", [2, 3])
def test_the_parts_agree(classes):
    model, x, y = model_of(classes, radius=0.5)
    g, direction = model.gradient(x, y), np.arange(model.rows.size, dtype=float)
    assert isinstance(model, WhiteBox) and model.predict(x).shape == (7, classes)
    assert model.gradient_gram(x, y) == pytest.approx(g @ g.T)
    assert model.gradient_norms(x, y)[:, 0] == pytest.approx(np.linalg.norm(g, axis=1))
    assert model.gradient_along(x, y, [direction])[:, 0] == pytest.approx(g @ direction)
    assert model.layer_outputs(x)[0].shape == (7, len(model.rows))
    assert model.gradient(x, y, layers=[]).shape == (7, 0)
    frame = pl.DataFrame(x, schema=list("abcd"))
    assert model.predict(frame) == pytest.approx(model.predict(x))
    with pytest.raises(KnowledgeError, match="linear"):
        model.gradient_gram(x, y, layers=["lienar"])
