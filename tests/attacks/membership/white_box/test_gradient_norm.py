"""The gradient norm against the closed form of a softmax regression, and of a network by autograd."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from tests.attacks.membership.white_box.small_network import network, people, plain_case, rng
from torch import nn

from confide.attacks.membership import GradientNorm
from confide.attacks.membership.white_box._layers import answer_numbers, layer_numbers, log_norms
from confide.core.errors import KnowledgeError
from confide.models.torch.model import TorchModel


def test_softmax_regression_in_closed_form():
    """d loss / d W = (p - onehot) x^T and d loss / d b = p - onehot, of norm |p - onehot| sqrt(|x|^2 + 1)."""
    module = nn.Linear(2, 2).double()
    with torch.no_grad():
        module.weight[:] = torch.tensor([[1.0, 0.0], [0.0, 1.0]])
        module.bias[:] = torch.tensor([0.0, 0.0])
    records = people(1, d=2).take([0])
    records.x[0], records.y[0] = (3.0, 4.0), 0
    p1 = math.e**4 / (math.e**3 + math.e**4)  # of class 1; the error is (-p1, p1)
    score = GradientNorm()(plain_case(TorchModel(module), records), rng=rng()).score
    assert score[0] == pytest.approx(-math.log(p1 * math.sqrt(2) * math.sqrt(26)))


@pytest.mark.parametrize("layers", [None, ("0",), ("2",), ("2", "0")])
def test_is_the_norm_of_the_whole_gradient_of_these_layers(layers):
    view, records = network(), people(20)
    naive = -np.log(np.linalg.norm(view.gradient(records.x, records.y, layers=layers), axis=1))
    assert GradientNorm(layers=layers)(plain_case(view, records), rng=rng()).score == pytest.approx(naive)


def test_a_layer_that_does_not_exist():
    with pytest.raises(KnowledgeError, match=r"no layer 'fc'; choose from 0, 2"):
        GradientNorm(layers=("fc",))(plain_case(network(), people(3)), rng=rng())
    with pytest.raises(KnowledgeError, match="no layer is left"):
        layer_numbers(network(), (), "gradient-norm")


def test_a_gradient_of_exactly_nothing_is_half_of_the_smallest_and_not_infinite():
    assert log_norms(np.array([0.0, 4.0, 1.0])).tolist() == [math.log(0.5), math.log(4), 0.0]
    assert log_norms(np.zeros(2)).tolist() == [0.0, 0.0]


def test_an_answer_in_numbers():
    """p = (.5, .25, .25), truth 0: logit 0, entropy 1.5 log 2."""
    (row,) = answer_numbers(np.log([[0.5, 0.25, 0.25]]), np.array([0]), top=9)
    assert row == pytest.approx([0.0, -math.log(2), 1.5 * math.log(2), *np.log([0.5, 0.25, 0.25])], abs=1e-12)
    (value,) = answer_numbers(np.array([[3.0]]), np.array([1.0]), top=3)
    assert value == pytest.approx([-math.log(4 + 1e-12), -2.0, 3.0])
