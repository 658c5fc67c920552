"""Generators of masks: a key stream, and the flawed ones of the twins."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np

from confide.audits.protocols.masking import words_in
from confide.core.arrays import Array
from confide.mechanisms.share.masks import keystream

Generator = Callable[[bytes, Sequence[tuple[int, ...]], int | None], Array]
"""The mask of a secret, for tensors of these shapes, in the ring of this size; None is real numbers."""


def per_word(secret: bytes, shapes: Sequence[tuple[int, ...]], modulus: int | None) -> Array:
    """A word of a key stream for each parameter; the ring divides 2^32."""
    words = keystream(secret, words_in(shapes)).astype(np.int64)
    return words if modulus is None else words % modulus


def per_tensor(secret: bytes, shapes: Sequence[tuple[int, ...]], modulus: int | None) -> Array:
    """One number for all of a tensor, from 0 to 1 for real numbers."""
    drawn = keystream(secret, len(shapes))
    scale = drawn / 2**32 if modulus is None else drawn.astype(np.int64) % modulus
    return np.repeat(scale, [math.prod(shape) for shape in shapes])


def normal(secret: bytes, shapes: Sequence[tuple[int, ...]], modulus: int | None) -> Array:
    """Normal noise of deviation 1 on real numbers, from a key stream (Box and Muller)."""
    u, v = (keystream(secret, 2 * words_in(shapes)).reshape(2, -1) + 0.5) / 2**32
    return np.sqrt(-2 * np.log(u)) * np.cos(2 * np.pi * v)


def short_seed(secret: bytes, shapes: Sequence[tuple[int, ...]], modulus: int | None) -> Array:
    """A generator that is not cryptographic, from 32 bits of the secret; it never draws the top word."""
    folded = int(np.bitwise_xor.reduce(np.frombuffer(secret, "<u4")))
    return np.random.RandomState(folded).randint(0, (modulus or 2**32) - 1, words_in(shapes), np.int64)
