"""Several networks trained as one are the networks that would have been trained one by one.

Tolerance: with float32 the weights differ by at most 1e-4 (rounding, carried through some hundred steps);
another seed moves them by more than 1e-2.
"""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose
from torch import nn
from torch.optim import SGD, Adam, AdamW, NAdam, RMSprop
from torch.optim.lr_scheduler import CosineAnnealingLR, StepLR

from confide.learners.torch import stacked
from confide.learners.torch.learner import TorchLearner
from confide.learners.torch.stacked import _EachByOneDnn, can_stack, layers_of
from confide.learners.torch.training import has_bfloat16
from confide.views.records import Records

TOLERANCE = 1e-4
RNG = np.random.default_rng


def mlp() -> nn.Module:
    return nn.Sequential(nn.Linear(12, 16), nn.Tanh(), nn.Linear(16, 3))


def deep() -> nn.Module:
    head = nn.Sequential(nn.LayerNorm(8), nn.GELU(), nn.Linear(8, 3))
    return nn.Sequential(
        nn.Flatten(), nn.Linear(12, 8, bias=False), nn.ReLU(inplace=True), nn.LayerNorm(8), head
    )


def wide() -> nn.Module:
    return nn.Sequential(nn.Linear(12, 3000), nn.ReLU(), nn.Linear(3000, 3))


CASES = {
    "mlp": {"factory": mlp},
    "linear": {"factory": lambda: nn.Linear(12, 3)},
    "deep": {"factory": deep},
    "wide, by oneDNN": {"factory": wide, "epochs": 2},
    "momentum, decay, schedule": {
        "factory": mlp,
        "optimiser": lambda p: SGD(p, lr=0.1, momentum=0.9, nesterov=True, weight_decay=5e-3),
        "schedule": lambda o: CosineAnnealingLR(o, 6),
    },
    "AdamW": {"factory": mlp, "optimiser": AdamW, "schedule": lambda o: StepLR(o, 2)},
    "NAdam": {"factory": mlp, "optimiser": NAdam},
    "RMSprop": {"factory": mlp, "optimiser": RMSprop},
    "own loss": {"factory": mlp, "loss": nn.CrossEntropyLoss(label_smoothing=0.1)},
    "binary": {"factory": lambda: nn.Linear(12, 1), "classes": 2},
    "regression": {
        "factory": lambda: nn.Sequential(nn.Linear(12, 8), nn.SiLU(), nn.Linear(8, 1)),
        "task": "regression",
    },
}


def people(classes: int = 3) -> Records:
    rng = RNG(5)
    x = rng.integers(0, 2, (400, 12)).astype(np.uint8)
    return Records(x, (x[:, :4].sum(1) + rng.integers(0, 2, 400)) % classes)


def weights(model: object) -> np.ndarray:
    return np.concatenate([p.detach().numpy().ravel() for p in model.module.parameters()])  # pyright: ignore


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES)
def test_stacked_is_one_by_one(case: str, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = dict(CASES[case])
    records = people(settings.pop("classes", 3))
    learner = TorchLearner(**({"epochs": 6, "batch_size": 32} | settings))
    # 200 and 193 rows need equally many batches, the last of unequal size; 90 rows are alone.
    subsets = [RNG(k).permutation(400)[:size] for k, size in enumerate([200, 193, 90, 200])]
    trained: list[int] = []
    train = stacked.train_stacked
    monkeypatch.setattr(
        "confide.learners.torch.learner.train_stacked",
        lambda modules, *rest: (trained.append(len(modules)), train(modules, *rest)),
    )
    together = learner.fit_group(records, subsets, rngs=RNG(9).spawn(4))
    assert trained == [3]
    alone = [learner.fit(records.take(s), rng=g) for s, g in zip(subsets, RNG(9).spawn(4), strict=True)]
    for one, other in zip(together, alone, strict=True):
        assert_allclose(weights(one), weights(other), atol=TOLERANCE, rtol=0)
        if learner.task == "classification":
            assert (one.labels(records.x) == other.labels(records.x)).all()
    other_seed = learner.fit(records.take(subsets[0]), rng=RNG(10))
    assert np.abs(weights(other_seed) - weights(alone[0])).max() > 100 * TOLERANCE


@pytest.mark.skipif(not has_bfloat16(torch.device("cpu")), reason="this processor has no bfloat16")
def test_bfloat16_stacked_is_bfloat16_one_by_one_and_near_float32() -> None:
    records = people()
    subsets = [RNG(k).permutation(400)[:200] for k in range(3)]
    half = TorchLearner(factory=mlp, epochs=6, batch_size=32, precision="bfloat16")
    together = half.fit_group(records, subsets, rngs=RNG(9).spawn(3))
    alone = half.fit(records.take(subsets[0]), rng=RNG(9).spawn(1)[0])
    full = TorchLearner(factory=mlp, epochs=6, batch_size=32).fit(
        records.take(subsets[0]), rng=RNG(9).spawn(1)[0]
    )
    assert_allclose(weights(together[0]), weights(alone), atol=TOLERANCE, rtol=0)
    assert 0 < np.abs(weights(alone) - weights(full)).max() < 0.02


class Own(nn.Sequential):
    pass


def tied() -> nn.Module:
    module = nn.Sequential(nn.Linear(4, 4), nn.ReLU(), nn.Linear(4, 4))
    module[2].weight = module[0].weight
    return module


def hooked() -> nn.Module:
    module = mlp()
    module[1].register_forward_hook(lambda *_: None)
    return module


def frozen() -> nn.Module:
    module = mlp()
    module[0].requires_grad_(False)
    return module


@pytest.mark.parametrize(
    "factory",
    [
        lambda: nn.Sequential(nn.Linear(4, 4), nn.Dropout(0.1)),
        lambda: nn.Sequential(nn.Linear(4, 4), nn.BatchNorm1d(4)),
        lambda: nn.Sequential(nn.Conv2d(1, 1, 3), nn.Flatten()),
        lambda: nn.Sequential(nn.utils.parametrizations.weight_norm(nn.Linear(4, 4))),
        lambda: nn.Sequential(nn.Linear(4, 4), nn.Softmax(dim=0)),
        lambda: nn.Linear(4, 4).double(),
        lambda: Own(nn.Linear(4, 4)),
        lambda: nn.Sequential(nn.Flatten(0), nn.Linear(4, 4)),
        nn.Tanh,
        tied,
        hooked,
        frozen,
    ],
)
def test_what_is_not_certain_is_not_stacked(factory) -> None:
    recipe = TorchLearner(factory=factory, epochs=1)._recipe()
    assert not can_stack([factory(), factory()], recipe)


def by_shape(parameters):
    """The usual way to spare biases from decay: stacked, a bias has the shape of a matrix."""
    listed = list(parameters)
    matrices, rest = [p for p in listed if p.ndim == 2], [p for p in listed if p.ndim != 2]
    return AdamW([{"params": matrices}, {"params": rest, "weight_decay": 0}])


@pytest.mark.parametrize("optimiser", [torch.optim.LBFGS, by_shape, torch.optim.Adafactor])
def test_an_optimiser_that_sees_more_than_single_weights_is_not_stacked(optimiser) -> None:
    assert can_stack([nn.Linear(2, 2), nn.Linear(2, 2)], TorchLearner(factory=mlp, epochs=1)._recipe())
    recipe = TorchLearner(factory=mlp, epochs=1, optimiser=optimiser)._recipe()
    assert not can_stack([nn.Linear(2, 2), nn.Linear(2, 2)], recipe)


def test_an_optimiser_that_treats_places_apart_is_stacked() -> None:
    def by_place(parameters):
        first, *rest = parameters
        return Adam([{"params": [first], "lr": 0.1}, {"params": rest}])

    recipe = TorchLearner(factory=mlp, epochs=1, optimiser=by_place)._recipe()
    assert can_stack([mlp(), mlp()], recipe)


def test_modules_of_different_shapes_are_not_stacked() -> None:
    recipe = TorchLearner(factory=mlp, epochs=1)._recipe()
    assert not can_stack([nn.Linear(2, 3), nn.Linear(2, 4)], recipe)
    assert not can_stack([nn.Linear(2, 3)], recipe)
    assert layers_of(nn.Sequential(nn.Sequential(nn.Linear(2, 2)), nn.Sigmoid())) is not None


@pytest.mark.skipif(not torch.backends.mkldnn.is_available(), reason="torch was built without oneDNN")
def test_products_by_onednn_are_products() -> None:
    x, weight, bias = (
        torch.tensor(RNG(k).normal(size=s)) for k, s in enumerate([(3, 7, 5), (3, 4, 5), (3, 4)])
    )
    exact = [t.clone().requires_grad_() for t in (x, weight, bias)]
    ours = [t.float().requires_grad_() for t in (x, weight, bias)]
    (torch.baddbmm(exact[2].unsqueeze(1), exact[0], exact[1].transpose(1, 2)).tanh().sum()).backward()
    (_EachByOneDnn.apply(*ours).tanh().sum()).backward()  # pyright: ignore
    for a, b in zip(exact, ours, strict=True):
        assert_allclose(b.grad, a.grad, rtol=1e-4, atol=1e-5)
