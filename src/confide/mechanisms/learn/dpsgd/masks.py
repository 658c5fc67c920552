"""The randomness of dropout and views, which a real run keeps as secret as its noise.

Masks and views are dealt by place in the sample: one record more moves the places of all that follow. So the
promise rests on their being secret.

*Statement.* Let the draws of all places be independent, of one law, and known to nobody. Then a step with
random masks is as private as one without.

*Proof.* Take a sample with and without one record. The others' draws have the same joint law in both,
whatever places they have, and the record's own is independent of them. So let the others have the same draws
in both, m. Given m and the record's own draw, the two clipped sums are one clipped gradient apart, which is a
Gaussian step. What is released is a mixture of such pairs with the same weights on both sides, and the
hockey-stick divergence of mixtures is at most the largest of the parts (joint convexity). Each step draws
its own, so that steps compose as before.

With masks that somebody can replay this is void: who knows the seed can compute everybody's masks with and
without the record, and sees all gradients shift.

Torch seeds its generator for the processor (Mersenne Twister) with 32 bits, however long the seed is, and
these can be tried out. So a real run writes all 19,937 bits of its state, from the operating system, at each
step. The words of one state are not those of a cipher: they are independent for the first 624, and after
these by all that can be seen of weights with noise on them. A GPU's generator (Philox) takes a secret seed of
63 bits.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor

from confide.learners.torch.training import seeded

_WORDS, _FIRST = 624, 24
"""The words of a state, 8 bytes each of which 4 are used, and where they begin."""


@contextmanager
def drawing(key: int | None, device: torch.device) -> Iterator[torch.Generator]:
    """Let torch draw masks inside the block, and give the generator of views.

    Args:
        key: of a rehearsal's step, 63 bits, from which all is drawn again; None for secrets.
        device: where the module runs.
    """
    seed = secrets.randbits(63) if key is None else key
    views = torch.Generator().manual_seed(seed)
    with seeded(seed, device):
        if key is None:
            for generator in (views, torch.default_generator):
                generator.set_state(_secret_state())
        yield views


def _secret_state() -> Tensor:
    state = torch.Generator().manual_seed(0).get_state()
    words = torch.frombuffer(bytearray(secrets.token_bytes(4 * _WORDS)), dtype=torch.uint8).view(-1, 4)
    room = state[_FIRST : _FIRST + 8 * _WORDS].view(-1, 8)
    room[:, :4], room[:, 4:] = words, 0
    return state
