"""Local training from flat parameters is the plain loop of torch, with or without others beside."""

from __future__ import annotations

import subprocess
import sys
from functools import partial

import numpy as np
import pytest
import torch
from torch import nn

from confide.core.arrays import Array
from confide.core.errors import DataError, ModelError
from confide.learners.torch.direct_sgd import stepper
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


def test_plain_descent_is_torchs_own_step_and_everything_else_is_left_to_it() -> None:
    def moved(make, direct: bool) -> Array:
        module = mlp()
        nn.utils.vector_to_parameters(torch.linspace(-1, 1, 66), module.parameters())
        optimiser = make(module.parameters())
        step = stepper(optimiser)
        assert (step.__name__ == "direct") == direct
        for k in range(5):
            (module(torch.ones(2, 5) * k) ** 2).sum().backward()
            step()
        assert all(p.grad is None for p in module.parameters())
        return nn.utils.parameters_to_vector(module.parameters()).detach().numpy()

    def own(make) -> Array:
        module = mlp()
        nn.utils.vector_to_parameters(torch.linspace(-1, 1, 66), module.parameters())
        optimiser = make(module.parameters())
        for k in range(5):
            optimiser.zero_grad()
            (module(torch.ones(2, 5) * k) ** 2).sum().backward()
            optimiser.step()
        return nn.utils.parameters_to_vector(module.parameters()).detach().numpy()

    sgd = partial(torch.optim.SGD, lr=0.01)
    for make, direct in (
        (sgd, True),
        (partial(sgd, momentum=0.9), False),
        (partial(sgd, weight_decay=0.1), False),
        (partial(sgd, maximize=True), False),
        (torch.optim.Adam, False),
    ):
        assert np.abs(moved(make, direct) - own(make)).max() < 1e-6
    optimiser = sgd(mlp().parameters())
    torch.optim.lr_scheduler.StepLR(optimiser, 1)
    assert stepper(optimiser).__name__ == "step", "a schedule counts the optimiser's steps"


@pytest.mark.slow
def test_first_steps_do_not_load_torchs_compiler() -> None:
    """Which takes longer than the first round of a thousand clients."""
    code = (
        "import sys, numpy as np, torch\n"
        "from functools import partial\n"
        "from torch import nn\n"
        "from confide.learners.torch.learner import TorchLearner\n"
        "from confide.learners.torch.local import TorchLocal\n"
        "from confide.views.records import Records\n"
        "sgd = partial(torch.optim.SGD, lr=0.1)\n"
        "local = TorchLocal(TorchLearner(factory=partial(nn.Linear, 2, 3), epochs=1, optimiser=sgd))\n"
        "records = [Records(np.eye(2, dtype=np.float32), np.array([0, 2]))] * 2\n"
        "rngs = np.random.default_rng(0).spawn(2)\n"
        "start = local.start(rng=np.random.default_rng(0))\n"
        "local.train(np.stack([start] * 2), records, rngs=rngs)\n"
        "local.train(np.stack([start]), records[:1], rngs=rngs[:1])\n"
        "local.gradients(np.stack([start]), records[:1])\n"
        "assert 'torch._dynamo' not in sys.modules, 'the compiler was loaded'\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
