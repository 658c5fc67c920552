"""Small networks trained by plain descent, whose updates the benchmarks attack."""

from __future__ import annotations

import numpy as np

from confide.learners.first_weights import dense_layers
from confide.views.records import Records
from confide.views.shared_gradient import Layer

RATE, BATCH = 0.1, 32


def trained(
    sizes: tuple[int, ...], some: Records, steps: int, *, rng: np.random.Generator
) -> tuple[Layer, ...]:
    """A network with ReLU units and PyTorch's first weights, after this many steps on random batches."""
    import torch

    from confide.models.torch.plain_network import gradient_of_batch

    layers = dense_layers(sizes, rng=rng)
    for _ in range(steps):
        rows = some.take(rng.integers(0, len(some), BATCH))
        step = gradient_of_batch(layers, rows.x, rows.y, kind=torch.float64)
        layers = tuple(
            Layer(weight=one.weight - RATE * w, bias=one.bias - RATE * b, activation=one.activation)
            for one, (w, b) in zip(layers, step, strict=True)
        )
    return layers
