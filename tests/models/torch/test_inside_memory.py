"""Gradients in bounded memory: chunks change nothing, and fitted records keep their digits."""

import copy
from dataclasses import replace

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose
from tests.models.torch.modules import RNG, case, flat_head, net
from torch import Tensor, nn
from torch.nn import functional
from torch.utils._python_dispatch import TorchDispatchMode

from confide.models.torch.model import TorchModel


@pytest.mark.parametrize("name", ["mlp", "conv2d", "embedding", "transformer", "own parameter"])
def test_chunks_and_memory_change_nothing(name: str) -> None:
    model, x, y = case(name)
    for other in (replace(model, chunk=2), replace(model, gradient_bytes=2000)):
        assert_allclose(other.gradient_norms(x, y), model.gradient_norms(x, y), rtol=1e-4, atol=1e-7)
        assert_allclose(other.gradient_gram(x, y), model.gradient_gram(x, y), rtol=1e-4, atol=1e-7)


class Largest(TorchDispatchMode):
    """The largest tensor that is made while it is on, in bytes."""

    bytes = 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):  # type: ignore[no-untyped-def]
        out = func(*args, **(kwargs or {}))
        for one in out if isinstance(out, tuple | list) else (out,):
            if isinstance(one, Tensor):
                self.bytes = max(self.bytes, one.numel() * one.element_size())
        return out


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["mlp", "cnn"])
def test_memory_stays_within_the_bound(kind: str) -> None:
    n, bound = 300, 200_000
    rng = RNG(0)
    if kind == "mlp":  # 300 x 4,803 gradients would take 5.8 MB
        module, x = net(nn.Linear(40, 100), nn.ReLU(), nn.Linear(100, 7)), rng.normal(size=(n, 40))
    else:  # 300 x 1,615 gradients would take 1.9 MB, and all patches 6 MB
        module, x = (
            net(nn.Conv2d(3, 8, 3), nn.ReLU(), nn.Conv2d(8, 8, 3), *flat_head(128)),
            rng.normal(size=(n, 3, 8, 8)),
        )
    model, y = TorchModel(module, gradient_bytes=bound), rng.integers(0, 3, n)
    x = x.astype(np.float32)
    with Largest() as seen:
        model.gradient_norms(x, y)
    assert seen.bytes <= max(bound, x.nbytes)
    with Largest() as seen:
        gram = model.gradient_gram(x, y)
    assert seen.bytes <= max(bound, x.nbytes, gram.nbytes)
    assert_allclose(gram, TorchModel(module).gradient_gram(x, y), rtol=1e-3, atol=1e-6)
    with Largest() as seen:
        TorchModel(module, gradient_bytes=2**28).gradient(x, y)
    assert seen.bytes > bound  # the meter does see gradients


@pytest.mark.parametrize("kind", ["mlp", "cnn"])
def test_gradients_of_fitted_records_keep_their_digits(kind: str) -> None:
    """A Gram whose entries range over eight decades, against the same module in float64."""
    rng = RNG(0)
    x = rng.normal(size=(40, 3, 8, 8)).astype(np.float32)
    y = rng.integers(0, 3, 40)
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(0)
        body = (
            [nn.Flatten(), nn.Linear(192, 30)]
            if kind == "mlp"
            else [nn.Conv2d(3, 8, 3), nn.ReLU(), nn.Flatten()]
        )
        module = net(*body, nn.ReLU(), nn.Linear(30 if kind == "mlp" else 288, 3))
    optimiser = torch.optim.Adam(module.parameters(), lr=1e-2)
    for _ in range(60):  # the first half is fitted
        optimiser.zero_grad()
        functional.cross_entropy(module(torch.from_numpy(x[:20])), torch.from_numpy(y[:20])).backward()
        optimiser.step()
    optimiser.zero_grad()
    found = TorchModel(module).gradient_gram(x, y)
    exact = TorchModel(copy.deepcopy(module).double()).gradient_gram(x, y)
    size = np.sqrt(np.diag(exact))
    assert size.min() < 1e-3 * size.max()
    error = np.abs(found - exact) / np.outer(size, size)
    assert error.max() < 1e-4
