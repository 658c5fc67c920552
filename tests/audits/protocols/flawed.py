"""Which checks each twin must fail, and protocols with flaws too small for the list of twins."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from confide.audits.protocols.masking import words_in
from confide.audits.protocols.twins import SOUND, TwinProtocol
from confide.audits.protocols.twins.streams import per_word
from confide.core.arrays import Array

EXPECTED = {
    "no flaw": (),
    "one scalar a tensor": ("mask per word", "whole ring"),
    "normal noise": ("whole ring",),
    # A secret that stays in a kit is also given away by the first client that drops out.
    "one secret for all": ("third client", "keys fresh"),
    "secret key in every kit": ("third client", "keys fresh"),
    "32-bit seed": ("whole ring", "key bits"),
    "unsigned keys": ("keys authenticated",),
    "keys reused": ("keys fresh",),
    "keys kept": ("keys fresh",),
    "cohort of one": ("cohort of one",),
    "two stories": ("two stories",),
}


def short_key(secret: bytes, shapes: Sequence[tuple[int, ...]], modulus: int | None) -> Array:
    """A good key stream from 12 bits of a hash: no flip and no call shows it, only collisions."""
    few = int.from_bytes(hashlib.sha256(secret).digest()[:2], "big") % 2**12
    return per_word(few.to_bytes(32, "big"), shapes, modulus)


def one_bit_short(secret: bytes, shapes: Sequence[tuple[int, ...]], modulus: int | None) -> Array:
    """The highest bit of each word is never set."""
    return per_word(secret, shapes, modulus) % ((modulus or 2**32) // 2)


def counting(secret: bytes, shapes: Sequence[tuple[int, ...]], modulus: int | None) -> Array:
    """One secret word, and from it on in steps of a secret size: all words differ."""
    first, step = (int(word) for word in per_word(secret, ((2,),), None))
    return (first + (step | 1) * np.arange(words_in(shapes))) % (modulus or 2**32)


SHORT_KEY: TwinProtocol = replace(SOUND, name="12-bit key", generator=short_key)
ONE_BIT_SHORT: TwinProtocol = replace(SOUND, name="31-bit words", generator=one_bit_short)
COUNTING: TwinProtocol = replace(SOUND, name="counting", generator=counting)
