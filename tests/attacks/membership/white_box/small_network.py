"""A small network, its people, and what an adversary knows of them: for tests of white-box attacks."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn

from confide.core.nouns import Case
from confide.knowledge.models import Background, SupervisedBackground
from confide.models.torch.model import TorchModel
from confide.views.records import Records

CLASSES = 3


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def people(n: int, d: int = 5, seed: int = 1) -> Records:
    draw = rng(seed)
    return Records(draw.standard_normal((n, d)).astype(np.float32), draw.integers(CLASSES, size=n))


def network(d: int = 5, hidden: int = 4, seed: int = 0, bias: bool = True) -> TorchModel:
    """d -> hidden -> 3, in float64, with weights from `seed` alone; torch's own coins are not touched."""
    draw = rng(seed)
    module = nn.Sequential(
        nn.Linear(d, hidden, bias=bias, device="meta"),
        nn.ReLU(),
        nn.Linear(hidden, CLASSES, bias=bias, device="meta"),
    )
    module = module.to_empty(device="cpu").double()
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.copy_(torch.from_numpy(draw.standard_normal(tuple(parameter.shape))))
    return TorchModel(module)


def told_case(view, targets: Records, member: np.ndarray, told: np.ndarray) -> Case:
    """The adversary knows the membership of the targets at the positions `told`."""
    return Case(view, SupervisedBackground(classes=CLASSES, told=told, member=member[told]), targets)


def plain_case(view, targets: Records) -> Case:
    return Case(view, Background(classes=CLASSES), targets)
