"""Evaluation is the plain model, on numbers in the clear: every shape, every polynomial, exact scales."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from tests.mechanisms.encrypt.plain import Plain, Slots

from confide.core.errors import ModelError
from confide.mechanisms.encrypt.approximation import approximated, sigmoid
from confide.mechanisms.encrypt.arithmetic import (
    Affine,
    Arithmetic,
    Polynomial,
    Square,
    read_model,
    with_server_link,
)
from confide.mechanisms.encrypt.evaluating import activated, column_scores, period, rotations, row_scores

SLOTS, SCALE = 64, 900.0


def affine(inputs: int, outputs: int, rng: np.random.Generator) -> Affine:
    return Affine(rng.normal(size=(outputs, inputs)), rng.normal(size=outputs))


@pytest.mark.parametrize("inputs, hidden", [*product((1, 2, 3, 5, 8, 17, 32), (1, 2, 4, 7, 9, 32))])
def test_both_layouts_are_the_model_and_turn_by_the_steps_of_the_kit_alone(inputs: int, hidden: int) -> None:
    rng = np.random.default_rng(100 * inputs + hidden)
    model = Arithmetic((affine(inputs, hidden, rng), Square(), affine(hidden, 3, rng)))
    x = rng.normal(size=inputs)
    ops, width = Plain(), period(inputs)
    row = np.tile(np.pad(x, (0, width - inputs)), SLOTS // width)
    found = row_scores(ops, model, Slots(row, 3, SCALE), SCALE, SLOTS, {})
    np.testing.assert_allclose(found.values.reshape(-1, 4)[:, :3], np.tile(model.scores(x[None]), (16, 1)))
    assert ops.turned == set(rotations(model))
    assert (found.level, found.scale) == (0, SCALE)
    columns = column_scores(Plain(), model, [Slots(np.array([v]), 3, SCALE) for v in x], SCALE)
    np.testing.assert_allclose([c.values[0] for c in columns], model.scores(x[None])[0])


@pytest.mark.parametrize("degree", range(1, 8))
@pytest.mark.parametrize("zeros", [(), (2,), (1, 2), (0, 1, 3), (4, 5, 6)])
def test_a_polynomial_of_the_server_is_the_polynomial_in_as_many_levels(
    degree: int, zeros: tuple[int, ...]
) -> None:
    rng = np.random.default_rng(degree)
    coefficients = rng.normal(size=degree + 1)
    coefficients[[z for z in zeros if z < degree]] = 0
    layer, x = Polynomial(tuple(coefficients)), rng.normal(size=20)
    found = activated(Plain(), layer, Slots(x, layer.depth, 1.1 * SCALE), SCALE)
    naive = sum(c * x**k for k, c in enumerate(coefficients))
    np.testing.assert_allclose(found.values, naive, atol=1e-12)
    np.testing.assert_allclose(layer.plain(x), naive, atol=1e-12)
    assert (found.level, found.scale) == (0, SCALE)
    assert (np.abs(naive) <= layer.largest(np.abs(x)) + 1e-12).all()


def test_polynomials_that_are_none_are_refused() -> None:
    for wrong in ((1.0,), (1.0, 0.0), (0.0,) * 8 + (1.0,), (0.0, np.nan)):
        with pytest.raises(ModelError, match="degree must be 1 to 7"):
            Polynomial(wrong)


@pytest.mark.parametrize("reach", [1.0, 5.0])
def test_a_fit_is_within_a_factor_two_of_the_best_polynomial(reach: float) -> None:
    """The best of degree 2 for |x| on [-1, 1] is off by 1/8, so the best for ReLU = (x + |x|) / 2 by 1/16."""
    coefficients, error = approximated("ReLU", degree=2, reach=reach)
    x = np.linspace(-reach, reach, 999)
    off = np.abs(Polynomial(coefficients).plain(x) - np.maximum(x, 0)).max()
    assert reach / 16 <= off <= error < reach / 8


def test_a_sigmoid_of_the_server_is_off_by_what_is_said_and_by_less_at_a_higher_degree() -> None:
    model = Arithmetic((Affine(np.array([[1.0]]), np.zeros(1)),), "sigmoid")
    x, before = np.linspace(-6, 6, 2001)[:, None], 1.0
    for degree in (3, 5, 7):
        served, error = with_server_link(model, degree=degree, reach=6.0)
        off = np.abs(served.scores(x) - sigmoid(x)).max()
        assert 0.99 * error < off <= error < before
        assert (served.link, served.depth) == ("identity", 1 + Polynomial((1.0,) * (degree + 1)).depth)
        before = error
    with pytest.raises(ModelError, match="leave it to the client"):
        with_server_link(Arithmetic(model.layers, "softmax"), degree=3, reach=6.0)


def test_convolutions_and_mean_pooling_are_matrices_and_linear_steps_become_one() -> None:
    torch = pytest.importorskip("torch")
    nn = torch.nn

    class Square(nn.Module):
        def forward(self, x):
            return x * x

    torch.manual_seed(1)
    net = nn.Sequential(
        nn.Conv2d(2, 3, 3, stride=2, padding=1, bias=True), Square(), nn.AvgPool2d(2), nn.Flatten(),
        nn.Linear(3 * 2 * 2, 4), nn.Dropout(), nn.Linear(4, 2),
    ).eval()  # fmt: skip
    read = read_model(net, shape=(2, 8, 8))
    assert [type(layer).__name__ for layer in read.layers] == ["Affine", "Square", "Affine"]
    x = torch.randn(5, 2, 8, 8)
    plain = net.double()(x.double()).detach().numpy()
    np.testing.assert_allclose(read.scores(x.reshape(5, -1).double().numpy()), plain, atol=1e-12)
    with pytest.raises(ModelError, match="shape of one input"):
        read_model(net)
    with pytest.raises(ModelError, match="does not take inputs of shape"):
        read_model(net, shape=(5, 8, 8))
    with pytest.raises(ModelError, match=r"Tanh .* off by 0.0?\d+ at degree 3"):
        read_model(nn.Sequential(nn.Linear(2, 2), nn.Tanh()))
    with pytest.raises(ModelError, match="train with AvgPool"):
        read_model(nn.Sequential(nn.MaxPool2d(2)), shape=(1, 4, 4))
