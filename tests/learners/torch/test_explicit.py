"""Explicit gradients are those of autograd, and networks that need more are trained another way."""

from functools import partial

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose
from torch import nn
from torch.optim import SGD, Adam, AdamW
from torch.optim.lr_scheduler import StepLR

from confide.learners.torch import explicit as module_under_test
from confide.learners.torch.direct_adam import direct_steps
from confide.learners.torch.explicit import (
    _gradients,
    _narrowed,
    _steps,
    explicit,
    flat,
    has_onednn,
    train_explicitly,
)
from confide.learners.torch.learner import TorchLearner
from confide.learners.torch.stacked import layers_of
from confide.learners.torch.training import Recipe, Seeds, adam, fused, train
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
        gradients = _gradients(list(_steps(flat(layers_of(net) or []))), x, y)
    for ours, theirs in zip(gradients, exact.parameters(), strict=True):
        assert theirs.grad is not None
        assert_allclose(ours, theirs.grad, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("name", CHAINS)
def test_gradients_are_the_same_by_large_and_small_products(name: str, monkeypatch) -> None:
    torch.manual_seed(3)
    steps = list(_steps(flat(layers_of(CHAINS[name]()) or [])))
    x, y = torch.randn(11, 6), torch.randint(0, 2, (11,))
    with torch.no_grad():
        small = _gradients(steps, x, y)
        monkeypatch.setattr(module_under_test, "LARGER", 0)
        large = _gradients(steps, x, y)
    for one, other in zip(small, large, strict=True):
        assert_allclose(one, other, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([0.0, 1.0, 255.0], torch.uint8),
        ([0.0, 0.5, 1.0], torch.float32),
        ([0.0, -1.0, 1.0], torch.float32),
        ([0.0, 256.0, 1.0], torch.float32),
        ([0.0, float("nan"), 1.0], torch.float32),
        ([0.0, float("inf"), 1.0], torch.float32),
    ],
)
def test_only_whole_numbers_are_kept_in_bytes(values: list[float], kind: torch.dtype) -> None:
    """The odd value stands in the last of many rows too, which a look at the first rows does not meet."""
    x = torch.tensor(values).repeat(200, 1)
    late = torch.cat([torch.zeros(200, 3), x[:1]])
    for records in (x, late):
        kept = _narrowed(records)
        assert kept.dtype == kind
        assert_allclose(kept.float(), records)


def hooked(parameters):
    optimiser = adam(parameters)
    optimiser.register_step_post_hook(lambda *_: None)
    return optimiser


OPTIMISERS = {
    "adam": adam,
    "adamw": partial(AdamW, lr=0.01, weight_decay=0.3, betas=(0.8, 0.9)),
    "adam with decay, upwards": partial(Adam, lr=0.01, weight_decay=0.3, maximize=True, eps=1e-3),
    "amsgrad": partial(Adam, amsgrad=True),
    "not fused": partial(Adam, foreach=True),
    "sgd": partial(SGD, lr=0.3, momentum=0.9),
    "hooked": hooked,
}


@pytest.mark.parametrize("halving", [False, True])
@pytest.mark.parametrize("name", OPTIMISERS)
@pytest.mark.parametrize("whole", [False, True])
def test_trained_so_is_trained_by_the_usual_loop(name: str, halving: bool, whole: bool) -> None:
    """Two networks, whose last batches differ in size, against one at a time by autograd."""
    rng = np.random.default_rng(4)
    x = torch.from_numpy(rng.normal(size=(300, 6)).astype("float32"))
    x = x.round().clamp(0, 3) if whole else x
    y = torch.from_numpy(rng.integers(0, 3, 300))
    schedule = partial(StepLR, step_size=1, gamma=0.5) if halving else None
    recipe = Recipe(4, 32, OPTIMISERS[name], schedule, cross_entropy, bfloat16=False)
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
        assert (other[0].weight - before).abs().max() > 5e-3, "the loop moved the weights"
        assert net[0].weight.grad is None


@pytest.mark.parametrize("name", OPTIMISERS)
def test_adam_steps_directly_where_nothing_else_happens_in_a_step(name: str) -> None:
    weights = [nn.Parameter(torch.ones(2))]
    steps = direct_steps(fused(OPTIMISERS[name](weights)), [weights])
    assert (steps is not None) == (name in ("adam", "adamw", "adam with decay, upwards"))


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
