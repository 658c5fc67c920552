"""Pairwise masking in four functions, ours and with the flaws of released libraries, as twins of our own.

Each twin differs from ours in one function. An auditor that runs the functions must pass ours and name the
flaw of each twin.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from confide.mechanisms.share.keys import KEY_BYTES, Between
from confide.mechanisms.share.masks import Ring, keystream
from confide.mechanisms.share.plan import SumPlan

Agree = Callable[[Between, Any, bytes], bytes]


@dataclass(frozen=True, kw_only=True)
class Masking:
    """Keys, agreement and masks of a protocol.

    Args:
        name: for messages.
        flaw: what is wrong with it; None for ours.
        keys: a private and a public key.
        agree: the secret of a pair, from what it is bound to, a private key and the other's public one.
        stream: the mask of a secret, uint32[words].
    """

    name: str
    flaw: str | None
    keys: Callable[[], tuple[Any, bytes]]
    agree: Agree
    stream: Callable[[bytes, int], Ring]

    def masked(self, plan: SumPlan, vectors: dict[str, Ring]) -> Masked:
        """One round among all parties of the plan, without dropouts and self masks."""
        pairs = {name: self.keys() for name in plan.names}
        words = {name: vector.copy() for name, vector in vectors.items()}
        for mine, total in words.items():
            for theirs in words:
                if mine != theirs:
                    between = Between(plan, 1, mine, theirs)
                    mask = self.stream(self.agree(between, pairs[mine][0], pairs[theirs][1]), len(total))
                    (np.add if between.sign > 0 else np.subtract)(total, mask, out=total)
        return Masked(words, pairs)


@dataclass(frozen=True)
class Masked:
    """What the server gets, and the key pairs behind it."""

    words: dict[str, Ring]
    pairs: dict[str, tuple[Any, bytes]]


def _pair() -> tuple[X25519PrivateKey, bytes]:
    private = X25519PrivateKey.generate()
    return private, private.public_key().public_bytes_raw()


def _agreed(between: Between, private: X25519PrivateKey, public: bytes) -> bytes:
    return between.key(private, public, "mask", length=KEY_BYTES)


def _scalar(secret: bytes, words: int) -> Ring:
    return np.full(words, keystream(secret, 1)[0], np.uint32)


def _shared(between: Between, private: X25519PrivateKey, public: bytes) -> bytes:
    names = " ".join(sorted((between.mine, between.theirs)))
    return hashlib.sha256(b"the secret in every client's kit" + names.encode()).digest()


def folded(secret: bytes, bits: int) -> int:
    """A secret cut down to a seed of this many bits."""
    return int.from_bytes(secret, "big") % 2**bits


def short_stream(bits: int) -> Callable[[bytes, int], Ring]:
    """A generator that is not cryptographic, from a short seed, and never draws the top word."""

    def stream(secret: bytes, words: int) -> Ring:
        generator = np.random.RandomState(folded(secret, bits))
        return generator.randint(0, 2**32 - 1, words, np.int64).astype(np.uint32)

    return stream


OURS = Masking(name="ours", flaw=None, keys=_pair, agree=_agreed, stream=keystream)
SCALAR_MASK = replace(OURS, name="scalar", flaw="one word masks a whole tensor", stream=_scalar)
SHARED_SECRET = replace(OURS, name="shared secret", flaw="every client can compute all masks", agree=_shared)
SHORT_SEED = replace(OURS, name="32 bits", flaw="the mask has a seed of 32 bits", stream=short_stream(32))
FLAWED = (SCALAR_MASK, SHARED_SECRET, SHORT_SEED)
