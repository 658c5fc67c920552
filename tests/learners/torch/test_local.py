"""Local training from flat parameters is the plain loop of torch, with or without others beside."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
import torch
from torch import nn

from confide.core.arrays import Array
from confide.core.errors import DataError, ModelError
from confide.learners.torch.learner import TorchLearner
from confide.learners.torch.local import TorchLocal
from confide.learners.torch.training import Seeds
from confide.scale import threads
from confide.views.records import Records


def mlp() -> nn.Module:
    return nn.Sequential(nn.Linear(5, 7), nn.Tanh(), nn.Linear(7, 3))


def local(factory=mlp, *, batch_size: int = 4, epochs: int = 3) -> TorchLocal:
    optimiser = partial(torch.optim.SGD, lr=0.2)
    return TorchLocal(
        TorchLearner(factory=factory, epochs=epochs, batch_size=batch_size, optimiser=optimiser)
    )


def parties(sizes: tuple[int, ...], seed: int = 0) -> list[Records]:
    rng = np.random.default_rng(seed)
    return [Records(rng.normal(size=(n, 5)).astype(np.float32), rng.integers(3, size=n)) for n in sizes]


def naive(start: Array, records: Records, rng: np.random.Generator, *, batch: int, epochs: int) -> Array:
    """The loop that every tutorial has."""
    module = mlp()
    nn.utils.vector_to_parameters(torch.from_numpy(start.copy()), module.parameters())
    optimiser = torch.optim.SGD(module.parameters(), lr=0.2)
    x, y = torch.from_numpy(np.asarray(records.x)), torch.from_numpy(records.y)
    orders = Seeds.draw(rng).orders(torch.arange(len(y)))
    for _ in range(epochs):
        for rows in next(orders).split(batch):
            optimiser.zero_grad()
            nn.functional.cross_entropy(module(x[rows]), y[rows]).backward()
            optimiser.step()
    return nn.utils.parameters_to_vector(module.parameters()).detach().numpy()


def test_training_is_the_plain_loop_for_each_party() -> None:
    made, own = local(), parties((8, 9, 3, 12))
    starts = np.stack([made.start(rng=np.random.default_rng(k)) for k in range(4)])
    for _ in range(2):  # the second time with modules that were used before
        ends = made.train(starts, own, rngs=[np.random.default_rng(10 + k) for k in range(4)])
        for k in range(4):
            wanted = naive(starts[k], own[k], np.random.default_rng(10 + k), batch=4, epochs=3)
            assert np.abs(ends[k] - wanted).max() < 1e-5
    assert not np.shares_memory(starts, ends)


def test_a_partys_model_does_not_depend_on_who_trains_beside_it() -> None:
    made, own = local(), parties((8, 9, 3))
    start = made.start(rng=np.random.default_rng(0))
    together = made.train(np.stack([start] * 3), own, rngs=[np.random.default_rng(k) for k in range(3)])
    for k in range(3):
        alone = made.train(start[None], [own[k]], rngs=[np.random.default_rng(k)])[0]
        assert np.abs(alone - together[k]).max() < 1e-5


def test_threads_do_not_share_modules() -> None:
    made, own = local(epochs=20), parties((30,) * 6)
    start = made.start(rng=np.random.default_rng(0))

    def one(k: int) -> Array:
        return made.train(start[None], [own[k]], rngs=[np.random.default_rng(k)])[0]

    for both in zip(threads(4)(one, range(6)), map(one, range(6)), strict=True):
        assert np.abs(both[0] - both[1]).max() < 1e-6


def test_gradients_are_those_of_the_mean_loss() -> None:
    made, own = local(), parties((6, 11))
    starts = np.stack([made.start(rng=np.random.default_rng(k)) for k in range(2)])
    slopes = made.gradients(starts, own)
    for start, records, slope in zip(starts, own, slopes, strict=True):
        y = records.y

        def loss(parameters: Array, records: Records = records, y: Array = y) -> float:
            logits = made.model(parameters).predict(records.x)
            top = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
            return -float(top[np.arange(len(y)), y].mean())

        for j in range(0, made.size, 9):
            moved = np.eye(made.size)[j] * 1e-2
            slope_there = (loss(start + moved) - loss(start - moved)) / 2e-2
            assert abs(slope[j] - slope_there) < 1e-3


def test_parameters_go_in_and_come_out_in_torch_order() -> None:
    made = local()
    start = made.start(rng=np.random.default_rng(3))
    assert made.shapes == ((7, 5), (7,), (3, 7), (3,)) and made.size == len(start) == 66
    model = made.model(np.arange(66.0))
    assert [w.tolist() for w in model.weights()] == [list(range(42)), list(range(42, 66))]  # pyright: ignore


def test_what_cannot_be_exchanged_is_refused() -> None:
    with pytest.raises(ModelError, match="running_mean, which is no parameter"):
        local(lambda: nn.Sequential(nn.Linear(5, 7), nn.BatchNorm1d(7), nn.Linear(7, 3)))
    with pytest.raises(DataError, match="takes"):
        local().model(np.zeros(65))
