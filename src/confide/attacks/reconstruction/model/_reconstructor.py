"""Reconstructor networks: from the principal components of weights to a record."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn

from confide.core.arrays import Floats
from confide.learners.torch.training import one_thread, seeded


def reconstructed(
    given: Floats, wanted: Floats, asked: Floats, *, hidden: int, epochs: int, noise: float, seed: int
) -> Floats:
    """Train one network on shadow models, and ask it about others: float64[t, d].

    Args:
        given: float64[n, k], the components of the shadows' weights.
        wanted: float64[n, d], the records that the shadows were trained on.
        asked: float64[t, k].
        hidden, epochs: of the network, with one hidden layer.
        noise: the deviation of normal noise on the components in training, which are of deviation 1.
        seed: of first weights, batches and noise.
    """
    x, y = torch.from_numpy(given).float(), torch.from_numpy(wanted).float()
    with one_thread(), seeded(seed, torch.device("cpu")):
        net = nn.Sequential(nn.Linear(x.shape[1], hidden), nn.ReLU(), nn.Linear(hidden, y.shape[1]))
        optimiser = torch.optim.AdamW(net.parameters(), 1e-3, weight_decay=1e-3)
        for _ in range(epochs):
            for rows in torch.randperm(len(x)).split(64):
                optimiser.zero_grad()
                made = net(x[rows] + noise * torch.randn(len(rows), x.shape[1]))
                (made - y[rows]).square().mean().backward()
                optimiser.step()
        with torch.inference_mode():
            return net(torch.from_numpy(asked).float()).double().numpy()


def components(weights: Floats, others: Floats, *, most: int) -> tuple[Floats, Floats]:
    """The principal components of the weights of shadows, of deviation 1, and those of other models.

    Weights that are the same in all shadows say nothing; what they have in common is taken away.
    """
    centre = weights.mean(axis=0)
    _, size, ways = np.linalg.svd(weights - centre, full_matrices=False)
    kept = ways[: min(most, int((size > 1e-9 * max(float(size[0]), 1e-300)).sum()))]
    own, theirs = (weights - centre) @ kept.T, (others - centre) @ kept.T
    scale = np.maximum(own.std(axis=0), 1e-300)
    # Far beyond all shadows a network knows nothing: a model without a further record is such a one.
    return own / scale, np.clip(theirs / scale, -10, 10)
