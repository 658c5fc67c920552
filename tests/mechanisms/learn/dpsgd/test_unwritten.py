"""A module that writes to its own parameters or buffers would publish what it saw without noise."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from tests.mechanisms.learn.dpsgd.test_runs import crowd
from torch import Tensor, nn

from confide.core.budget import Budget
from confide.core.errors import ModelError
from confide.mechanisms.learn.dpsgd.dpsgd import DPSGD
from confide.views.records import Records


def train(net: nn.Module, records: Records | None = None, **changes) -> None:
    settings = {"budget": Budget(3.0, 1e-4), "epochs": 2, "batch": 60} | changes
    DPSGD(net, **settings)(records or crowd(300), rng=np.random.default_rng(0))


class Writing(nn.Module):
    """Writes to a frozen parameter, or to another tensor of its own, when it sees this many rows or more."""

    mean: Tensor

    def __init__(self, write: Callable[[Writing, Tensor], object], rows: int = 1) -> None:
        super().__init__()
        self.layer = nn.Linear(6, 2)
        self.kept = nn.Parameter(torch.zeros(6), requires_grad=False)
        self.register_buffer("mean", torch.zeros(6))
        self.write, self.rows = write, rows

    def forward(self, x: Tensor) -> Tensor:
        if len(x) >= self.rows:
            with torch.no_grad():
                self.write(self, x)
        return self.layer(x) + 0 * self.kept.sum()


WRITES: dict[str, tuple[str, Callable[[Writing, Tensor], object]]] = {
    "a row": ("parameter 'kept'", lambda own, x: own.kept.copy_(x[0])),
    "a running mean": ("parameter 'kept'", lambda own, x: own.kept.lerp_(x.mean(0), 0.1)),
    "by data": ("parameter 'kept'", lambda own, x: own.kept.data.add_(x[0])),
    "another tensor": ("parameter 'kept'", lambda own, x: setattr(own.kept, "data", x[0].clone())),
    "trainable weights": ("parameter 'layer.weight'", lambda own, x: own.layer.weight.clamp_(-0.01, 0.01)),
    "a buffer": ("buffer 'mean'", lambda own, x: own.mean.copy_(x[0])),
    "a new buffer": ("buffer 'mean'", lambda own, x: setattr(own, "mean", x[0].clone())),
}


@pytest.mark.parametrize("rows", [1, 33], ids=["at once", "only in steps"])
@pytest.mark.parametrize("name", WRITES)
def test_a_module_that_writes_to_its_tensors_is_refused_and_is_as_before(name: str, rows: int) -> None:
    what, write = WRITES[name]
    net = Writing(write, rows)
    before = {key: t.clone() for key, t in net.state_dict().items()}
    with pytest.raises(ModelError, match=f"{what} changes while the module is used"):
        train(net)
    for key, t in net.state_dict().items():
        assert torch.equal(t, before[key]), key


def test_a_process_that_writes_to_its_copy_ends_the_run() -> None:
    with pytest.raises(ModelError, match="parameter 'kept' changes"):
        train(Writing(lambda own, x: own.kept.copy_(x[0]), 20), processes=2)


@pytest.mark.parametrize("kind", [nn.Embedding, nn.EmbeddingBag])
def test_an_embedding_that_shortens_its_weights_is_refused_by_name(kind: type) -> None:
    words = np.random.default_rng(0).integers(0, 8, (300, 5))
    net = nn.Sequential(kind(8, 4, max_norm=1.0), nn.Flatten(), nn.LazyLinear(2))
    net(torch.from_numpy(words[:2]))
    with pytest.raises(ModelError, match=r"layer '0' .* has max_norm=1, which rewrites the weights"):
        train(net, Records(words, (words[:, 0] > 3).astype(np.int64)))


def test_frozen_tensors_that_are_no_numbers_are_no_writes() -> None:
    net = Writing(lambda own, x: None)
    net.mean.fill_(torch.nan)
    train(net)
