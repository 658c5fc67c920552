"""Poisson sampling: each person is taken into a step with one chance, independently of everybody else.

The accountant's theorem is for this sampling and no other. Samples have no fixed size, and an empty one is a
step like any other: it adds noise, and what it is divided by is the expected size. With secure noise the
coins come from the same cryptographic source, since who knows them knows who was taken (the promise rests on
their being secret).
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from confide.core.errors import PromiseError
from confide.mechanisms.learn.dpsgd.noise import BITS, Bits


def poisson_sample(people: int, *, rate: float, bits: Bits) -> Tensor:
    """Draw a Poisson sample: the positions of those taken, in order, int64[b] with b from 0 to `people`.

    Args:
        people: how many there are, persons or records.
        rate: the chance of each, in (0, 1].
        bits: the source of uniform words.

    Raises:
        PromiseError: if the rate is no chance.
    """
    if not 0 < rate <= 1:
        raise PromiseError(f"the sampling rate is {rate}: give a number above 0, and 1 at most.")
    if rate == 1:
        return torch.arange(people)
    # Rounded down to 2^-63: the chance is never above the one that was accounted for.
    return torch.nonzero(bits(people) < math.floor(rate * 2**BITS)).flatten()


def rate_of(batch: int, people: int) -> float:
    """The chance of each person, for samples that hold `batch` of them in expectation.

    Raises:
        PromiseError: if there are fewer people than that.

    >>> rate_of(50, 200)
    0.25
    """
    if batch < 1:
        raise PromiseError(f"batch is {batch}: give 1 or more.")
    if batch > people:
        raise PromiseError(
            f"a step takes {batch:,} in expectation, and there are {people:,}: give a batch of {people:,} "
            "or fewer."
        )
    return batch / people


def steps_of_epochs(epochs: float, rate: float) -> int:
    """The number of steps in which each person is taken `epochs` times in expectation, rounded up.

    Raises:
        PromiseError: if there is none.

    >>> steps_of_epochs(15, 0.25)
    60
    """
    if not 0 < epochs < math.inf:
        raise PromiseError(f"epochs is {epochs}: give a number above 0.")
    return max(1, math.ceil(epochs / rate - 1e-9))
