"""First weights of plain networks, drawn as PyTorch draws them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from confide.core.arrays import Rng
from confide.views.shared_gradient import Activation, Layer


def dense_layers(
    sizes: Sequence[int], *, rng: Rng, activation: Activation = "relu", bias: bool = True
) -> tuple[Layer, ...]:
    """Draw the layers of a plain network: uniform numbers up to 1 / sqrt(inputs), as in `nn.Linear`.

    Args:
        sizes: features, hidden units of each layer, classes.
        rng: draws the weights.
        activation: between two layers; the last one answers with logits.
        bias: whether layers have one.

    >>> [layer.weight.shape for layer in dense_layers((64, 200, 10), rng=np.random.default_rng(0))]
    [(200, 64), (10, 200)]
    """
    found = list[Layer]()
    for inputs, units in pairwise(sizes):
        edge = 1 / np.sqrt(inputs)
        weight = rng.uniform(-edge, edge, (units, inputs))
        offset = rng.uniform(-edge, edge, units) if bias else None
        last = len(found) == len(sizes) - 2
        found.append(Layer(weight=weight, bias=offset, activation="identity" if last else activation))
    return tuple(found)
