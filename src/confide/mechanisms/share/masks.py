"""Masks over Z_2^32: key streams of AES-256 in counter mode (NIST SP 800-38A), one word for each number."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from numpy.typing import NDArray

from confide.core.arrays import Array
from confide.core.errors import DataError
from confide.mechanisms.share.plan import SumPlan

Ring: TypeAlias = NDArray[np.uint32]
"""Whole numbers modulo 2^32: uint32[words], whose sums wrap around."""
_BLOCK = 16


def keystream(key: bytes, words: int) -> Ring:
    """A vector of uniform words from a key that is used once.

    *Statement.* To those without the key it cannot be told from a uniform vector, while AES is a
    pseudorandom permutation: a counter never repeats, and 2^32 words are 2^30 blocks, so the chance of
    noticing that no two blocks are equal is below 2^-69.

    Args:
        key: 32 bytes, in no other use.
        words: how many.

    >>> first, second = keystream(bytes(32), 4), keystream(bytes(31) + b"x", 4)
    >>> first.dtype.name, bool((first != second).all())
    ('uint32', True)
    """
    made = np.empty(4 * words + _BLOCK - 1, np.uint8)  # room that the cipher asks for
    stream = Cipher(algorithms.AES(key), modes.CTR(bytes(_BLOCK))).encryptor()
    stream.update_into(np.zeros(4 * words, np.uint8).data, made.data)
    return made[: 4 * words].view(np.uint32)


def add_mask(total: Ring, key: bytes, *, sign: int) -> None:
    """Add the mask of this key to a vector, in place, or take it away where the sign is negative."""
    mask = keystream(key, len(total))
    (np.add if sign > 0 else np.subtract)(total, mask, out=total)


def centred(words: Ring) -> NDArray[np.int64]:
    """Words modulo 2^32 as whole numbers from -2^31 on.

    >>> centred(np.array([1, 2**32 - 1], np.uint32))
    array([ 1, -1])
    """
    return words.view(np.int32).astype(np.int64)


def checked_words(values: Array, plan: SumPlan) -> Ring:
    """A vector as new words modulo 2^32.

    Raises:
        DataError: if it has another shape, is not of whole numbers, or has some beyond the bound.
    """
    given = np.asarray(values)
    if given.shape != (plan.words,) or given.dtype.kind not in "iu":
        raise DataError(
            f"a vector of shape {given.shape} of {given.dtype}: the plan adds up {plan.words:,} whole "
            "numbers. Round floats first (`FixedPoint`)."
        )
    low, high = int(given.min()), int(given.max())
    if max(high, -low) > plan.bound:
        raise DataError(
            f"a value is {high if high > plan.bound else low:,}, beyond the plan's bound of {plan.bound:,}: "
            "clip it, or give the plan a larger bound."
        )
    return given.astype(np.int64).astype(np.uint32)
