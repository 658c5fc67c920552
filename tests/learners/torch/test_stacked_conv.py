"""Convolutional networks trained as one are the networks that would have been trained one by one.

Tolerance: as in `test_stacked`, 1e-4 in float32 where another seed moves weights by more than 1e-2.
"""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose
from torch import nn
from torch.optim import SGD
from torch.optim.lr_scheduler import CosineAnnealingLR

from confide.learners.torch import stacked, stacked_conv
from confide.learners.torch.learner import TorchLearner
from confide.learners.torch.stacked import can_stack, layers_of
from confide.learners.torch.stacked_conv import pays
from confide.learners.torch.training import has_bfloat16
from confide.views.records import Records

TOLERANCE = 1e-4
RNG = np.random.default_rng


def plain() -> nn.Module:
    return nn.Sequential(
        *(nn.Conv2d(2, 4, 3, padding=1), nn.ReLU(inplace=True), nn.MaxPool2d(2)),
        *(nn.Conv2d(4, 6, 3, padding=1), nn.Tanh(), nn.AvgPool2d(2)),
        *(nn.Flatten(), nn.Linear(24, 8), nn.ReLU(), nn.Linear(8, 3)),
    )


def odd() -> nn.Module:
    """Steps, gaps, groups and borders of its own, no biases, two kinds of global pooling."""
    return nn.Sequential(
        nn.Sequential(nn.Conv2d(2, 4, (3, 2), stride=(1, 2), padding=(2, 1), bias=False), nn.ELU()),
        nn.Conv2d(4, 8, 3, padding="same", dilation=2, groups=2),
        *(nn.AdaptiveMaxPool2d(3), nn.GELU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 3)),
    )


def normed() -> nn.Module:
    """No biases before a normalisation: their gradient is 0, and Adam would blow up its rounding."""
    return nn.Sequential(
        *(nn.Conv2d(2, 4, 3, bias=False), nn.BatchNorm2d(4, momentum=0.3), nn.ReLU(), nn.MaxPool2d(2)),
        *(
            nn.Conv2d(4, 4, 3, bias=False),
            nn.BatchNorm2d(4, affine=False),
            nn.BatchNorm2d(4, track_running_stats=False),
        ),
        *(nn.Flatten(), nn.Linear(4, 3)),
    )


CASES = {
    "plain": {"factory": plain},
    "odd": {"factory": odd},
    "normed": {"factory": normed},
    "momentum, decay, schedule": {
        "factory": normed,
        "optimiser": lambda p: SGD(p, lr=0.02, momentum=0.9, weight_decay=5e-3),
        "schedule": lambda o: CosineAnnealingLR(o, 4),
    },
}


def pictures() -> Records:
    rng = RNG(5)
    y = rng.integers(0, 3, 300)
    x = rng.normal(size=(300, 2, 8, 8)).astype(np.float32)
    x[:, 0] += y[:, None, None]
    return Records(x, y)


def state(model: object) -> np.ndarray:
    """All weights and running statistics."""
    return np.concatenate([t.double().numpy().ravel() for t in model.module.state_dict().values()])  # pyright: ignore


@pytest.fixture
def groups(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """As on an accelerator: whatever can be stacked is. Fills with how many models were."""
    trained: list[int] = []
    train = stacked.train_stacked
    monkeypatch.setattr(stacked_conv, "SMALL", 2**60)
    monkeypatch.setattr(stacked, "pays", lambda *_: True)
    monkeypatch.setattr(
        "confide.learners.torch.learner.train_stacked",
        lambda modules, *rest: (trained.append(len(modules)), train(modules, *rest)),
    )
    return trained


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES)
def test_stacked_is_one_by_one(case: str, groups: list[int]) -> None:
    records = pictures()
    learner = TorchLearner(**({"epochs": 4, "batch_size": 32} | CASES[case]))
    # 150 and 141 rows need equally many batches, the last of unequal size.
    subsets = [RNG(k).permutation(300)[:size] for k, size in enumerate([150, 141, 60, 150])]
    together = learner.fit_group(records, subsets, rngs=RNG(9).spawn(4))
    # Where statistics of a batch matter, no model is filled up with records of another.
    assert groups == ([2] if CASES[case]["factory"] is normed else [3])
    alone = [learner.fit(records.take(s), rng=g) for s, g in zip(subsets, RNG(9).spawn(4), strict=True)]
    for one, other in zip(together, alone, strict=True):
        assert_allclose(state(one), state(other), atol=TOLERANCE, rtol=0)
    other_seed = learner.fit(records.take(subsets[0]), rng=RNG(10))
    assert np.abs(state(other_seed) - state(alone[0])).max() > 100 * TOLERANCE


@pytest.mark.skipif(not has_bfloat16(torch.device("cpu")), reason="this processor has no bfloat16")
def test_bfloat16_stacked_is_near_bfloat16_one_by_one(groups: list[int]) -> None:
    """Rounding to 8 bits turns a last-bit difference of sums into one of 0.4 %: nearer than to float32."""
    records, subsets = pictures(), [RNG(k).permutation(300)[:150] for k in range(3)]
    kinds = [
        TorchLearner(factory=plain, epochs=4, batch_size=32, precision=p) for p in ("bfloat16", "float32")
    ]  # pyright: ignore
    half, full = (kind.fit_group(records, subsets, rngs=RNG(9).spawn(3)) for kind in kinds)
    alone = kinds[0].fit(records.take(subsets[1]), rng=RNG(9).spawn(3)[1])
    assert groups == [3, 3]
    apart = np.abs(state(half[1]) - state(alone)).mean()
    assert apart < 0.2 * np.abs(state(half[1]) - state(full[1])).mean()


def large() -> nn.Module:
    return nn.Sequential(nn.Conv2d(3, 16, 3, padding=1), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(4096, 10))


@pytest.mark.parametrize(
    ("factory", "batch", "device", "together"),
    [
        (plain, 128, "cpu", True),
        (plain, 2**10, "cpu", False),  # 4 channels of 8 x 8 for 1,024 records: 2^18 numbers
        (large, 128, "cpu", False),
        (large, 128, "cuda", True),
        (odd, 1, "cpu", False),  # global pooling hides the size
        (odd, 1, "cuda", True),
    ],
)
def test_a_processor_trains_one_by_one_unless_layers_are_tiny(factory, batch, device, together) -> None:
    chain = layers_of(factory())
    assert chain is not None
    assert pays(chain, batch, device) is together


def test_the_pools_group_follows_the_rule() -> None:
    assert TorchLearner(factory=plain, epochs=1, batch_size=64).group == 8
    assert TorchLearner(factory=large, epochs=1).group == 1


@pytest.mark.parametrize(
    "layers",
    [
        lambda: [nn.Conv2d(2, 2, 3, padding=1, padding_mode="reflect"), nn.Flatten()],
        lambda: [nn.MaxPool2d(2, return_indices=True), nn.Flatten()],
        lambda: [nn.BatchNorm2d(2, momentum=None), nn.Flatten()],
        lambda: [nn.Conv2d(2, 2, 1), nn.Linear(8, 8), nn.Flatten()],
        lambda: [nn.Conv2d(2, 2, 1), nn.LayerNorm(8), nn.Flatten()],
        lambda: [nn.Conv2d(2, 2, 1), nn.Flatten(), nn.Conv2d(2, 2, 1)],
        lambda: [nn.Conv2d(2, 2, 1), nn.Dropout2d(0.1), nn.Flatten()],
        lambda: [nn.Conv2d(2, 2, 1), nn.Flatten(2)],
        lambda: [nn.Conv2d(2, 2, 1)],
    ],
)
def test_what_is_not_certain_is_not_stacked(layers, groups: list[int]) -> None:
    recipe = TorchLearner(factory=plain, epochs=1)._recipe()
    assert can_stack([plain(), plain()], recipe)
    modules = [nn.Sequential(*layers(), nn.Linear(4, 3)) for _ in range(2)]
    assert not can_stack(modules, recipe)
