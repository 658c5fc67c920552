"""Keys of one round: X25519 (RFC 7748), HKDF-SHA256 (RFC 5869), shares in AES-256-GCM.

Every key is derived for one purpose, one plan, one round and one pair of names, so it is never used twice: a
fixed nonce is then safe, and a message that is replayed from elsewhere does not open.
"""

from __future__ import annotations

import hashlib
import struct
from dataclasses import dataclass
from typing import Literal

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from confide.mechanisms.share.plan import SumPlan
from confide.mechanisms.share.refusals import RefusedError
from confide.mechanisms.share.secret_shares import SHARE_BYTES

KEY_BYTES = 32
TAG_BYTES = 16
SEALED_BYTES = 2 * SHARE_BYTES + TAG_BYTES
"""Two shares, and the tag that says that they were not changed."""
_NONCE = bytes(12)
Purpose = Literal["shares", "mask"]


@dataclass(frozen=True, slots=True)
class Between:
    """What a key is bound to: the plan, the round and two parties.

    Args:
        plan: with the run's name, all identities and all terms in its digest.
        round: of the run.
        mine, theirs: names.
    """

    plan: SumPlan
    round: int
    mine: str
    theirs: str

    def key(self, private: X25519PrivateKey, public: bytes, purpose: Purpose, *, length: int) -> bytes:
        """The key that both parties derive, and nobody else.

        Raises:
            RefusedError: if the other's public key is one of the few that give the same key to everyone.
        """
        try:
            agreed = private.exchange(X25519PublicKey.from_public_bytes(public))
        except ValueError:
            refuse_unusable(public, name=self.theirs)
            raise
        info = b"confide secure sum " + purpose.encode() + self.plan.digest + struct.pack(">Q", self.round)
        for name in sorted((self.mine, self.theirs)):
            info += struct.pack(">Q", len(name.encode())) + name.encode()
        return HKDF(hashes.SHA256(), length, None, info).derive(agreed)

    @property
    def sign(self) -> int:
        """Whether the party adds the mask or takes it away: the other does the opposite."""
        return 1 if self.mine < self.theirs else -1


@dataclass(frozen=True, slots=True)
class Envelopes:
    """The two keys of a pair for shares, one for each direction.

    Args:
        mine: seals what this party sends.
        theirs: opens what the other one sent (`opened_shares`).
    """

    mine: bytes
    theirs: bytes

    @classmethod
    def of(cls, between: Between, private: X25519PrivateKey, public: bytes) -> Envelopes:
        """Of one pair in one round."""
        both = between.key(private, public, "shares", length=2 * KEY_BYTES)
        first, second = both[:KEY_BYTES], both[KEY_BYTES:]
        return cls(first, second) if between.sign > 0 else cls(second, first)

    def seal(self, shares: bytes, *, about: bytes) -> bytes:
        """AES-GCM over two shares; `about` (the roster's digest) must be the same when it is opened."""
        return AESGCM(self.mine).encrypt(_NONCE, shares, about)


def refuse_unusable(public: bytes, *, name: str) -> None:
    """Refuse a public key with which any private key gives the same secret: anybody would know it.

    Raises:
        RefusedError: with the party whose key it is.
    """
    try:
        X25519PrivateKey.generate().exchange(X25519PublicKey.from_public_bytes(public))
    except ValueError:
        raise RefusedError(
            f"a round key of {name!r} is no usable X25519 key: everybody would know the masks that come of "
            "it.",
            parties=[name],
        ) from None


def opened_shares(key: bytes, sealed: bytes, *, about: bytes, sender: str) -> bytes:
    """The shares that another party sealed, with `Envelopes.theirs`.

    Raises:
        RefusedError: if they were changed, or are of another run, round, roster or pair.
    """
    try:
        return AESGCM(key).decrypt(_NONCE, sealed, about)
    except InvalidTag:
        raise RefusedError(
            f"the shares from {sender!r} do not open: they were changed on the way, or are of another run, "
            "round or list of keys.",
            parties=[sender],
        ) from None


def commitment(seed: bytes) -> bytes:
    """SHA-256 of a self mask's seed: the server notices a seed that was rebuilt wrongly.

    The seed has 256 random bits, so nobody finds it from this.
    """
    return hashlib.sha256(b"confide secure sum self mask" + seed).digest()
