"""Networks that go by a name: multinomial logistic regression, and perceptrons with ReLU."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from torch import nn


def logistic(features: int, classes: int) -> nn.Module:
    """Multinomial logistic regression: one linear layer."""
    return nn.Linear(features, classes)


def perceptron(features: int, classes: int, *, hidden: Sequence[int]) -> nn.Module:
    """A multilayer perceptron with ReLU between its layers.

    Args:
        features, classes: the widths of input and output.
        hidden: the widths of the layers between.

    >>> [tuple(p.shape) for p in perceptron(4, 2, hidden=[3]).parameters()]
    [(3, 4), (3,), (2, 3), (2,)]
    """
    layers: list[nn.Module] = []
    for before, after in pairwise((features, *hidden)):
        layers += [nn.Linear(before, after), nn.ReLU()]
    return nn.Sequential(*layers, nn.Linear((features, *hidden)[-1], classes))
