"""Training a PyTorch module: its own coins only, the usual loop, a name that follows the recipe."""

import subprocess
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal
from torch import nn
from torch.nn import functional
from torch.optim import SGD, Adam
from torch.optim.lr_scheduler import StepLR

from confide.core.errors import ModelError
from confide.learners.learner import GroupLearner, Keepable
from confide.learners.torch.learner import TorchLearner
from confide.learners.torch.training import Seeds, has_bfloat16, one_thread, without_compiler
from confide.views.records import Records

RNG = np.random.default_rng


def mlp(hidden: int = 16) -> nn.Module:
    return nn.Sequential(nn.Linear(8, hidden), nn.ReLU(), nn.Dropout(0.2), nn.Linear(hidden, 3))


def cnn() -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(36, 2)
    )


def people(n: int = 300) -> Records:
    x = RNG(1).normal(size=(n, 8)).astype(np.float32)
    return Records(x, np.digitize(x[:, 0] + x[:, 1], [-0.6, 0.6]))


def pictures(n: int = 60) -> Records:
    x = RNG(1).integers(0, 255, (n, 1, 8, 8)).astype(np.uint8)
    return Records(x, (x.mean(axis=(1, 2, 3)) > 127).astype(np.int64))


def state(model: object) -> list[np.ndarray]:
    return [t.numpy() for t in model.module.state_dict().values()]  # pyright: ignore


LEARNER = TorchLearner(factory=mlp, epochs=4, batch_size=32)


def test_it_is_a_group_learner_whose_models_can_be_kept() -> None:
    assert isinstance(LEARNER, GroupLearner)
    assert isinstance(LEARNER, Keepable)


def test_it_learns() -> None:
    records = people(2000)
    learner = TorchLearner(factory=mlp, epochs=40, batch_size=32)
    model = learner.fit(records.take(range(1000)), rng=RNG(0))
    assert (model.labels(records.x[1000:]) == records.y[1000:]).mean() > 0.9


def test_the_loop_is_the_loop_one_would_write_by_hand() -> None:
    records = people()
    learner = TorchLearner(
        factory=partial(nn.Linear, 8, 3),
        epochs=3,
        batch_size=64,
        optimiser=lambda p: SGD(p, lr=0.5, momentum=0.9),
        schedule=lambda o: StepLR(o, 1, gamma=0.5),
    )
    seeds = Seeds.draw(RNG(4))
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seeds.weights)
        module = nn.Linear(8, 3)
    optimiser = SGD(module.parameters(), lr=0.5, momentum=0.9, foreach=False)
    generator = torch.Generator().manual_seed(seeds.batches)
    for epoch in range(3):
        optimiser.param_groups[0]["lr"] = 0.5 * 0.5**epoch
        order = torch.randperm(300, generator=generator).numpy()
        for start in range(0, 300, 64):
            batch = order[start : start + 64]
            optimiser.zero_grad()
            out = module(torch.tensor(records.x[batch]))
            functional.cross_entropy(out, torch.tensor(records.y[batch])).backward()
            optimiser.step()
    ours = learner.fit(records, rng=RNG(4))
    assert_allclose(state(ours)[0], module.weight.detach().numpy(), atol=1e-6)
    assert_allclose(state(ours)[1], module.bias.detach().numpy(), atol=1e-6)


def plain() -> nn.Module:
    # No batch norm: a bias before it has no gradient but rounding, which Adam blows up to full steps.
    return nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(36, 2))


def test_channels_last_and_fused_steps_change_nothing_but_rounding() -> None:
    records = pictures(200)
    seeds = Seeds.draw(RNG(4))
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seeds.weights)
        module = plain()
    optimiser = Adam(module.parameters(), lr=1e-3, foreach=False)
    generator = torch.Generator().manual_seed(seeds.batches)
    for _ in range(3):
        for batch in torch.randperm(200, generator=generator).split(32):
            optimiser.zero_grad()
            out = module(torch.tensor(records.x[batch.numpy()], dtype=torch.float32))
            functional.cross_entropy(out, torch.tensor(records.y[batch.numpy()])).backward()
            optimiser.step()
    ours = TorchLearner(factory=plain, epochs=3, batch_size=32).fit(records, rng=RNG(4))
    for a, b in zip(state(ours), module.state_dict().values(), strict=True):
        assert_allclose(a, b.numpy(), atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("learner", [LEARNER, replace(LEARNER, factory=partial(nn.Linear, 8, 3))])
def test_the_global_coins_are_neither_used_nor_moved(learner: TorchLearner) -> None:
    torch.manual_seed(1)
    before = torch.get_rng_state()
    first = learner.fit_group(people(), [np.arange(200), np.arange(100, 300)], rngs=RNG(2).spawn(2))
    assert torch.equal(torch.get_rng_state(), before)
    torch.manual_seed(99)
    again = learner.fit_group(people(), [np.arange(200), np.arange(100, 300)], rngs=RNG(2).spawn(2))
    for one, other in zip(first, again, strict=True):
        for a, b in zip(state(one), state(other), strict=True):
            assert_array_equal(a, b)


def test_the_number_of_threads_is_as_it_was() -> None:
    before = torch.get_num_threads()
    with one_thread(), one_thread():
        assert torch.get_num_threads() == 1
    assert torch.get_num_threads() == before


@pytest.mark.parametrize("factory", [mlp, cnn])
def test_models_are_kept_and_found_with_the_same_bits(factory, tmp_path: Path) -> None:
    records = people() if factory is mlp else pictures()
    learner = replace(LEARNER, factory=factory)
    models = learner.fit_group(records, [np.arange(50), np.arange(10, 60)], rngs=RNG(0).spawn(2))
    learner.save(models, tmp_path / "two")
    found = learner.load(tmp_path / "two")
    for one, other in zip(models, found, strict=True):
        assert_array_equal(one.predict(records.x), other.predict(records.x))


def test_tied_weights_are_kept(tmp_path: Path) -> None:
    def tied() -> nn.Module:
        module = nn.Sequential(nn.Linear(8, 8), nn.ReLU(), nn.Linear(8, 8))
        module[2].weight = module[0].weight
        return module

    learner = replace(LEARNER, factory=tied)
    model = learner.fit(people(), rng=RNG(0))
    learner.save([model], tmp_path / "one")
    assert_array_equal(learner.load(tmp_path / "one")[0].predict(people().x), model.predict(people().x))


def test_a_foreign_or_damaged_file_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "junk").write_bytes(b"junk")
    LEARNER.save([LEARNER.fit(people(), rng=RNG(0))], tmp_path / "one")
    with pytest.raises(ModelError, match="delete it"):
        LEARNER.load(tmp_path / "junk")
    with pytest.raises(ModelError, match="delete it"):
        replace(LEARNER, factory=cnn).load(tmp_path / "one")


class Doubled(nn.Linear):
    def reset_parameters(self) -> None:
        super().reset_parameters()
        with torch.no_grad():
            self.weight.mul_(2)


CHANGES = [
    {"epochs": 5},
    {"batch_size": 33},
    {"task": "regression"},
    # Elsewhere it is computed in float32, and its text says so.
    *([{"precision": "bfloat16"}] if has_bfloat16(torch.device("cpu")) else []),
    {"loss": nn.CrossEntropyLoss(label_smoothing=0.1)},
    {"loss": nn.CrossEntropyLoss(label_smoothing=0.2)},
    {"loss": nn.CrossEntropyLoss(weight=torch.tensor([1.0, 2.0, 3.0]))},
    {"optimiser": partial(Adam, lr=1e-2)},
    {"optimiser": partial(Adam, lr=1e-3, weight_decay=0.1)},
    {"schedule": partial(StepLR, step_size=1)},
    {"schedule": partial(StepLR, step_size=2)},
    {"factory": partial(mlp, 17)},
    {"factory": partial(nn.Linear, 8, 3)},
    {"factory": partial(Doubled, 8, 3)},
]


def test_every_change_of_the_recipe_changes_its_text() -> None:
    texts = [LEARNER.recipe(), *(replace(LEARNER, **change).recipe() for change in CHANGES)]
    assert len(set(texts)) == len(texts)
    assert texts == [LEARNER.recipe(), *(replace(LEARNER, **change).recipe() for change in CHANGES)]
    assert " at 0x" not in "".join(texts)


def test_only_what_can_be_trained_as_one_is_grouped() -> None:
    line = replace(LEARNER, factory=partial(nn.Linear, 8, 3))
    assert (LEARNER.group, replace(LEARNER, factory=cnn).group, line.group) == (1, 8, 8)
    assert replace(line, together=4).group == 4
    assert replace(line, together=4).recipe() != line.recipe()


def test_what_cannot_be_trained_is_said() -> None:
    records = people()
    with pytest.raises(ModelError, match=r"class code 2, but the module has only 2 outputs: build it"):
        replace(LEARNER, factory=partial(nn.Linear, 8, 1)).fit(records, rng=RNG(0))
    with pytest.raises(ModelError, match="give features of the shape"):
        replace(LEARNER, factory=partial(nn.Linear, 9, 3)).fit(records, rng=RNG(0))
    with pytest.raises(ModelError, match="epochs is 0: give 1 or more"):
        replace(LEARNER, epochs=0)


@pytest.mark.slow
def test_an_optimiser_is_made_without_torchs_compiler_and_works_as_any_other() -> None:
    """In a process of its own: once loaded, the compiler stays."""
    program = """
import sys, torch
from confide.learners.torch.training import adam, without_compiler
weight = torch.nn.Parameter(torch.ones(3))
with without_compiler():
    optimiser = adam([weight])
print("torch._dynamo" in sys.modules)
weight.grad = torch.ones(3)
optimiser.step()
another = adam([weight])  # outside the block all is as ever
print("torch._dynamo" in sys.modules, weight.detach().tolist())
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    first, second = done.stdout.splitlines()
    assert first == "False"
    assert second.startswith("True [0.99")


def test_nothing_of_torch_is_left_changed_by_that() -> None:
    made = torch.optim.Optimizer.add_param_group.__wrapped__
    before = dict(vars(made))
    with pytest.raises(ZeroDivisionError), without_compiler():
        raise ZeroDivisionError
    assert vars(made) == before
