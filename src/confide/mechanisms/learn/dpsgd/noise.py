"""Normal noise for gradients (Box, Muller 1958), vectorised, and added on a grid in whole numbers.

A network has hundreds of thousands of weights, and each step needs a draw for each of them. The exact sampler
(`mechanisms/noise/discrete_gaussian.py`) takes 21 microseconds a draw: right for tables, too slow here. So
noise is made of uniform words by Box and Muller's formula in float64, and rounded to a grid.

*Statement.* Let the sums of neighbours be at most S apart, and g be the grid's step. The rounded sums of p
numbers are at most S + g sqrt(p) apart. With normal noise z, round(s) + round(z / g) is round(s) + z / g
rounded, as the first is a whole number. So what is released is a function of the rounded sum with normal
noise, and keeps its promise. The sum is one of whole numbers: each point of the grid can be released, and no
low bit shows what the sum was (Mironov 2012).

*What remains.* Words have 63 bits and the formula 53, so a draw is within 2^-48 deviations of one of the
normal law, and none is longer than 9.4 deviations (chance 5e-21). A grid of 2^-21 deviations hides this but
for a share of 2^-26 in the chance of each point. It is not charged: over 10^9 draws it moves the privacy loss
by about 2^-26 sqrt(10^9) = 0.0005.
"""

from __future__ import annotations

import math
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Protocol, TypeAlias

import numpy as np
import torch
from torch import Tensor

from confide.core.arrays import Rng
from confide.core.errors import PromiseError
from confide.mechanisms.noise.lattice import step_for
from confide.mechanisms.noise.source import Noise, refuse_unknown

Bits: TypeAlias = Callable[[int], Tensor]
"""n whole numbers, uniform in 0 .. 2^63 - 1: int64[n]."""
BITS = 63
SLACK = 1e-3
"""The share of a vector's length by which rounding in float32 may make a clipped sum wrong; it is charged."""
_MASK = 2**BITS - 1
_AT_ONCE = 1 << 15  # pairs of draws whose working memory fits into a processor's cache


class Source(Protocol):
    """A source of uniform words for each step and purpose of a training run."""

    def at(self, step: int, purpose: int) -> Bits:
        """The words for one purpose within one step."""
        ...


SAMPLE, NOISE = 0, 1
"""Purposes: who is in the sample, and the noise on the sum."""


class SecureSource:
    """Words that nobody can replay: AES-256 in counter mode, with a key from the operating system.

    Without the package `cryptography` all words come from the operating system, which takes four times as
    long.
    """

    def __init__(self) -> None:
        self._bytes: Callable[[int], bytes] = secrets.token_bytes
        if find_spec("cryptography") is not None:
            from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

            # The counter of 128 bits goes on over the whole run, and the key is in no other run.
            stream = Cipher(algorithms.AES(secrets.token_bytes(32)), modes.CTR(bytes(16))).encryptor()
            self._bytes = lambda n: stream.update(bytes(n))

    def at(self, step: int, purpose: int) -> Bits:
        return self._words

    def _words(self, n: int) -> Tensor:
        # A copy, because torch writes into what it is given.
        return torch.frombuffer(bytearray(self._bytes(8 * n)), dtype=torch.int64).bitwise_and_(_MASK)


@dataclass(frozen=True, slots=True)
class RehearsalSource:
    """Words from a seed: anyone who knows it can replay them, and a resumed run draws the same."""

    seed: int

    def at(self, step: int, purpose: int) -> Bits:
        key = np.random.SeedSequence((self.seed, step, purpose)).generate_state(1, np.uint64)[0]
        generator = torch.Generator().manual_seed(int(key) & _MASK)
        return lambda n: torch.empty(n, dtype=torch.int64).random_(generator=generator)


def source_of(noise: Noise, rng: Rng | None, seed: int | None = None) -> SecureSource | RehearsalSource:
    """The source of a run.

    Args:
        noise: "secure" or "rehearsal".
        rng: the generator of a rehearsal.
        seed: of a rehearsal that goes on; `rng` is not used then.

    Raises:
        PromiseError: if there is no such source, or a rehearsal has no generator.
    """
    refuse_unknown(noise)
    if noise == "secure":
        return SecureSource()
    if seed is not None:
        return RehearsalSource(seed)
    if rng is None:
        raise PromiseError("a rehearsal's noise comes from `rng`: give one.")
    return RehearsalSource(int(rng.integers(1 << 62)))


def box_muller(n: int, bits: Bits) -> Tensor:
    """Normal numbers of deviation 1, float64[n], from two words for each two of them."""
    made = torch.empty(n, dtype=torch.float64)
    for start in range(0, n, 2 * _AT_ONCE):
        stop = min(start + 2 * _AT_ONCE, n)
        half = (stop - start + 1) // 2
        words = bits(2 * half)
        # Half a step more: the logarithm of 0 is none. Small ones keep all their 53 digits, and so the tail.
        radius = words[:half].double().add_(0.5).mul_(2.0**-BITS).log_().mul_(-2).sqrt_()
        angle = words[half:].double().mul_(math.tau * 2.0**-BITS)
        made[start : start + half] = radius * angle.cos()
        made[start + half : stop] = (radius * angle.sin_())[: stop - start - half]
    return made


@dataclass(frozen=True, slots=True, kw_only=True)
class GridNoise:
    """Normal noise on a clipped sum of vectors, and the grid of both.

    Args:
        multiplier: the deviation over the sensitivity, from the accountant.
        clip: the longest vector of one person.
        numbers: how many numbers a vector has.

    >>> noise = GridNoise(multiplier=1.0, clip=1.0, numbers=10_000)
    >>> noise.step == 2**-20, round(noise.sigma, 4)
    (True, 1.0011)
    """

    multiplier: float
    clip: float
    numbers: int

    @property
    def step(self) -> float:
        """The grid's step: a power of two that the noise alone fixes."""
        return step_for(self.multiplier * self.clip)

    @property
    def sensitivity(self) -> float:
        """How far apart two neighbours' rounded sums can be."""
        return self.clip * (1 + SLACK) + self.step * math.sqrt(self.numbers)

    @property
    def sigma(self) -> float:
        """The deviation of the noise on each number."""
        return self.multiplier * self.sensitivity

    def added(
        self, total: Tensor, bits: Bits, *, over: float = 1.0, dtype: torch.dtype = torch.float64
    ) -> Tensor:
        """The sum with noise, on the grid, divided afterwards: [p] on the processor, for any device.

        Args:
            total: the clipped sum, float[p].
            bits: the source of uniform words.
            over: what the sum with its noise is divided by.
            dtype: of the answer. In float64 and undivided each number is a point of the grid, exactly.
        """
        made = torch.empty(self.numbers, dtype=dtype)
        total = total.detach().cpu()
        # By pieces that stay in the processor's cache, which takes half the time.
        for start in range(0, self.numbers, 2 * _AT_ONCE):
            here = slice(start, min(start + 2 * _AT_ONCE, self.numbers))
            noise = box_muller(here.stop - here.start, bits).mul_(self.sigma / self.step).round_()
            # Whole numbers below 2^53 are added without any rounding, and a power of two moves the point.
            # Not in place at first: a float64 sum is no copy, and is shown to a tap afterwards.
            sum_ = (total[here].double() * (1 / self.step)).round_().add_(noise)
            made[here] = sum_.mul_(self.step).div_(over)
        return made
