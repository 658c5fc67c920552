"""Explicit gradients are those of autograd, and networks that need more are trained another way."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose
from torch import nn
from torch.optim import Adam

from confide.learners.torch import explicit as module_under_test
from confide.learners.torch.explicit import _gradients, _steps, explicit, flat, has_onednn, train_explicitly
from confide.learners.torch.learner import TorchLearner
from confide.learners.torch.stacked import layers_of
from confide.learners.torch.training import Recipe, Seeds, adam, train
from confide.models.torch.losses import cross_entropy

pytestmark = pytest.mark.skipif(not has_onednn("cpu"), reason="this processor has no AVX-512")

CHAINS = {
    "tanh": lambda: nn.Sequential(nn.Linear(6, 5), nn.Tanh(), nn.Linear(5, 3)),
    "relu, no bias": lambda: nn.Sequential(nn.Linear(6, 5, bias=False), nn.ReLU(), nn.Linear(5, 3)),
    "sigmoid, deep": lambda: nn.Sequential(
        nn.Flatten(), nn.Linear(6, 4), nn.Sigmoid(), nn.Linear(4, 4), nn.Linear(4, 2)
    ),
    "linear": lambda: nn.Sequential(nn.Linear(6, 3)),
}


@pytest.mark.parametrize("name", CHAINS)
def test_gradients_are_those_of_autograd(name: str) -> None:
    torch.manual_seed(3)
    net = CHAINS[name]()
    x, y = torch.randn(11, 6), torch.randint(0, 2, (11,))
    exact = CHAINS[name]().double()
    exact.load_state_dict(net.state_dict())
    nn.functional.cross_entropy(exact(x.double()), y).backward()
    with torch.no_grad():
        _gradients(list(_steps(flat(layers_of(net) or []))), x, y)
    for ours, theirs in zip(net.parameters(), exact.parameters(), strict=True):
        assert ours.grad is not None and theirs.grad is not None
        assert_allclose(ours.grad, theirs.grad, rtol=1e-4, atol=1e-6)


def test_trained_so_is_trained_by_the_usual_loop() -> None:
    """Two networks, whose last batches differ in size, against one at a time by autograd."""
    rng = np.random.default_rng(4)
    x = torch.from_numpy(rng.normal(size=(300, 6)).astype("float32"))
    y = torch.from_numpy(rng.integers(0, 3, 300))
    recipe = Recipe(4, 32, adam, None, cross_entropy, bfloat16=False)
    rows = [torch.arange(0, 150), torch.arange(150, 295)]
    seeds = [Seeds(1, k, 3) for k in range(2)]
    nets, others = ([CHAINS["tanh"]() for _ in range(2)] for _ in range(2))
    for net, other in zip(nets, others, strict=True):
        other.load_state_dict(net.state_dict())
    train_explicitly(nets, [layers_of(net) or [] for net in nets], x, y, rows, seeds, recipe)
    for net, other, mine, seed in zip(nets, others, rows, seeds, strict=True):
        before = other[0].weight.detach().clone()
        train(other, x, y, mine, seed, recipe)
        assert_allclose(net[0].weight.detach(), other[0].weight.detach(), atol=1e-5)
        assert (other[0].weight - before).abs().max() > 1e-2, "the loop moved the weights"
        assert net[0].weight.grad is None


def by_place(parameters):
    first, *rest = parameters
    return Adam([{"params": [first], "lr": 0.1}, {"params": rest}])


@pytest.mark.parametrize(
    ("net", "settings"),
    [
        (lambda: nn.Sequential(nn.Linear(6, 5), nn.GELU(), nn.Linear(5, 3)), {}),
        (lambda: nn.Sequential(nn.Linear(6, 5), nn.Tanh(), nn.Tanh(), nn.Linear(5, 3)), {}),
        (lambda: nn.Sequential(nn.Linear(6, 5), nn.LayerNorm(5), nn.Linear(5, 3)), {}),
        (lambda: nn.Sequential(nn.Linear(6, 3), nn.Tanh()), {}),
        (lambda: nn.Sequential(nn.Linear(6, 1)), {}),
        (CHAINS["tanh"], {"optimiser": by_place}),
        (CHAINS["tanh"], {"loss": nn.CrossEntropyLoss(label_smoothing=0.1)}),
        (CHAINS["tanh"], {"task": "regression"}),
    ],
)
def test_what_needs_more_is_trained_another_way(net, settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module_under_test, "LARGE", 0)
    x = torch.zeros(4, 6)
    plain = TorchLearner(factory=CHAINS["tanh"], epochs=1)._recipe()
    assert explicit(layers_of(CHAINS["tanh"]()) or [], plain, x)
    recipe = TorchLearner(factory=net, epochs=1, **settings)._recipe()
    assert not explicit(layers_of(net()) or [], recipe, x)


def test_small_products_are_stacked() -> None:
    recipe = TorchLearner(factory=CHAINS["tanh"], epochs=1)._recipe()
    assert not explicit(layers_of(CHAINS["tanh"]()) or [], recipe, torch.zeros(4, 6))
