"""Gradients in the input against finite differences."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from torch import nn

from confide.models.input_gradient import HasInputGradient
from confide.models.linear import LinearModel
from confide.models.torch.model import TorchModel

RNG = np.random.default_rng


def network() -> TorchModel:
    return TorchModel(nn.Sequential(nn.Flatten(), nn.Linear(6, 5), nn.Tanh(), nn.Linear(5, 3)).double())


@pytest.mark.parametrize(
    "model",
    [
        LinearModel(RNG(0).standard_normal((3, 7))),
        LinearModel(RNG(0).standard_normal((1, 7))),
        LinearModel(RNG(0).standard_normal((3, 7)), radius=1.0),
        LinearModel(RNG(0).standard_normal((3, 7)), radius=1e3),
        network(),
    ],
    ids=["softmax", "logistic", "shortened", "not shortened", "network"],
)
def test_by_finite_differences(model: Any) -> None:
    x, y = RNG(1).standard_normal((4, 2, 3)).astype(np.float32).astype(np.float64), np.array([0, 1, 1, 0])
    # A module is given float32, where a small step would be lost to rounding.
    step, near = (2.0**-8, 1e-4) if isinstance(model, TorchModel) else (1e-6, 1e-7)
    assert isinstance(model, HasInputGradient)
    loss, slope = model.input_gradient(x, y)
    assert np.allclose(loss, model.loss(x, y)) and slope.shape == x.shape
    for i in range(2):
        for j in range(3):
            up, down = x.copy(), x.copy()
            up[:, i, j] += step
            down[:, i, j] -= step
            both = (model.loss(up, y) - model.loss(down, y)) / (2 * step)
            assert np.allclose(slope[:, i, j], both, atol=near)
