"""Autoencoder that compresses each row of a table to one number: the embedding of Nasr et al."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from confide.attacks.membership.white_box.nasr._network import dense
from confide.core.arrays import Floats, Rng
from confide.learners.torch.training import one_thread

# The most rows to train on; all rows are embedded. More would not change one number a row.
MOST = 20_000


def embedded(seen: Floats, restored: Floats, *, width: int, steps: int, rng: Rng) -> Floats:
    """The one number from which a small network restores a row best, in mean squared error: float64[n].

    Args:
        seen: standardised numbers for the encoder, float64[n, f].
        restored: those that the decoder must restore, float64[n, g].
        width: of the hidden layer on either side.
        steps: of Adam, each on all rows.
        rng: for the first weights, and the rows to train on.
    """
    seed, choosing = rng.spawn(2)
    # A generator of its own: torch's global one belongs to the user.
    coins = torch.Generator().manual_seed(int(seed.integers(2**63)))
    given, wanted = (torch.from_numpy(table.astype(np.float32)) for table in (seen, restored))
    with one_thread():
        encoder = nn.Sequential(dense(seen.shape[1], width, coins), nn.Tanh(), dense(width, 1, coins))
        decoder = nn.Sequential(dense(1, width, coins), nn.Tanh(), dense(width, restored.shape[1], coins))
        chosen = torch.from_numpy(choosing.permutation(len(seen))[:MOST])
        _restore(encoder, decoder, given[chosen], wanted[chosen], steps)
        with torch.inference_mode():
            return encoder(given)[:, 0].double().numpy()


def _restore(encoder: nn.Module, decoder: nn.Module, given: Tensor, wanted: Tensor, steps: int) -> None:
    parameters = [*encoder.parameters(), *decoder.parameters()]
    # A large step: there are a few weights, and about a hundred steps.
    optimiser = torch.optim.Adam(parameters, lr=1e-2, fused=True)
    for _ in range(steps):
        optimiser.zero_grad()
        (decoder(encoder(given)) - wanted).square().mean().backward()
        optimiser.step()
