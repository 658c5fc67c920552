"""A small masking protocol of our own, whose choices are settings: a flaw is one other choice."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from confide.audits.protocols.masking import (
    SERVER,
    Heard,
    Kind,
    Kit,
    MaskingProtocol,
    Sealed,
    Shares,
    Terms,
)
from confide.audits.protocols.twins.streams import Generator, per_word
from confide.core.arrays import Array
from confide.core.errors import PromiseError
from confide.mechanisms.share.plan import two_thirds
from confide.mechanisms.share.secret_shares import SHARE_BYTES, secret_from, shares_of

KEY = 32
Secret = Literal["pair", "one for all", "in every kit"]


@dataclass(frozen=True, slots=True, kw_only=True)
class TwinProtocol:
    """Pairwise and own masks, shares of both secrets, signed keys and a signed list of who remains.

    Args:
        name: for the report.
        flaw: what is wrong with it; empty for the one without.
        modulus: of the ring; None for real numbers.
        generator: the mask of a secret.
        pairs: where the secret of a pair comes from.
        signed: whether keys are signed by pinned identities.
        fresh: whether mask keys are new in each round.
        bound_to_round: whether the secret of a pair is.
        least: the lowest threshold, of n clients.
        cohort: whether clients refuse to add up fewer than the threshold.
        consistent: whether clients sign who remains, and give shares once.
    """

    name: str
    flaw: str = ""
    modulus: int | None = 2**32
    generator: Generator = per_word
    pairs: Secret = "pair"
    signed: bool = True
    fresh: bool = True
    bound_to_round: bool = True
    least: Callable[[int], int] = two_thirds
    cohort: bool = True
    consistent: bool = True
    refusals: tuple[type[Exception], ...] = (PromiseError, InvalidSignature, InvalidTag)

    def smaller(self) -> MaskingProtocol | None:
        """The same modulo 256; None for real numbers."""
        return None if self.modulus is None else replace(self, modulus=256)

    def kits(self, terms: Terms) -> Mapping[str, Kit]:
        """Identities with the others' pinned, and what the flaw puts beside them."""
        if terms.threshold < self.least(len(terms.names)):
            raise PromiseError(f"a threshold of {terms.threshold}: too low.")
        own = {name: Ed25519PrivateKey.generate() for name in terms.names}
        pinned = {name: key.public_key().public_bytes_raw() for name, key in own.items()}
        common: Kit = {"threshold": terms.threshold, "pinned": pinned}
        held: Kit = {} if self.pairs == "pair" else {"held by all": secrets.token_bytes(KEY)}
        kits = {name: {**common, **held, "identity": key} for name, key in own.items()}
        if not self.fresh:
            kits = {name: {**kit, "mask key": secrets.token_bytes(KEY)} for name, kit in kits.items()}
        return {**kits, SERVER: common}

    def forged(self, kits: Mapping[str, Kit], *, victim: str) -> Mapping[str, Kit]:
        """With identities and other secrets of the server's making, which its own clients accept."""
        names = [name for name in kits if name not in (victim, SERVER)]
        own = {name: Ed25519PrivateKey.generate() for name in names}
        pinned = kits[victim]["pinned"]
        assert isinstance(pinned, Mapping)
        pins = {**pinned, **{name: key.public_key().public_bytes_raw() for name, key in own.items()}}
        made = {key: secrets.token_bytes(KEY) for key in ("held by all", "mask key") if key in kits[victim]}
        return {name: {**kits[name], **made, "pinned": pins, "identity": key} for name, key in own.items()}

    def client(self, name: str, kit: Kit, *, round: int, told: Terms) -> TwinClient:  # noqa: A002
        """A client; it goes by the terms in its kit."""
        return TwinClient(self, name, kit, round, told.shapes)

    def secret(
        self,
        private: object,
        keys: Mapping[str, bytes],
        *,
        mine: str,
        theirs: str,
        round: int,  # noqa: A002
    ) -> object:
        """What a pair agrees on."""
        if not isinstance(private, bytes) or len(private) != KEY:
            raise PromiseError("no secret of 32 bytes.")
        if self.pairs == "one for all":
            agreed = private
        elif self.pairs == "in every kit":
            agreed = b"".join(_agreed(private, keys[name]) for name in sorted((mine, theirs)))
        else:
            agreed = _agreed(private, keys[theirs])
        about = f"{min(mine, theirs)} {max(mine, theirs)} {round if self.bound_to_round else ''}"
        return HKDF(hashes.SHA256(), KEY, None, about.encode()).derive(agreed)

    def stream(self, secret: object, shapes: Sequence[tuple[int, ...]]) -> Array:
        """The mask of a secret."""
        assert isinstance(secret, bytes)
        return self.generator(secret, shapes, self.modulus)

    def reduced(self, numbers: Array) -> Array:
        """Within the ring; real numbers as they are."""
        return numbers if self.modulus is None else numbers % self.modulus

    def total(self, heard: Heard) -> Array:
        """The masked vectors without the masks whose secrets the shares give."""
        found = sum(heard.masked.values(), np.zeros(heard.terms.words, np.int64))
        for name in heard.survivors:
            secret = _rebuilt(heard, name, "self")
            found = found - self.stream(secret, heard.terms.shapes)
        for name in heard.dropped:
            private = _rebuilt(heard, name, "pair")
            for other in heard.survivors:
                agreed = self.secret(private, heard.keys, mine=name, theirs=other, round=heard.round)
                found = found + _sign(name, other) * self.stream(agreed, heard.terms.shapes)
        if self.modulus is None:
            return found
        return (found + self.modulus // 2) % self.modulus - self.modulus // 2


class TwinClient:
    """One client in one round of a twin."""

    def __init__(
        self,
        protocol: TwinProtocol,
        name: str,
        kit: Kit,
        round: int,  # noqa: A002
        shapes: Sequence[tuple[int, ...]],
    ) -> None:
        self._protocol, self._name, self._kit, self._round, self._shapes = protocol, name, kit, round, shapes
        kept = kit.get("mask key")
        self._mask_key = kept if isinstance(kept, bytes) else secrets.token_bytes(KEY)
        self._sealing_key, self._seed = secrets.token_bytes(KEY), secrets.token_bytes(KEY)
        self._held: dict[str, bytes] = {}
        self._keys: Mapping[str, bytes] = {}
        self._told: bytes | None = None
        self._gave = False

    def keys(self) -> bytes:
        public = b"".join(_public(key) for key in (self._mask_key, self._sealing_key))
        return public + self._signed(b"keys" + public)

    def share(self, keys: Mapping[str, bytes]) -> Sealed:
        self._refuse_few(keys)
        if self._protocol.signed:
            for name, sent in keys.items():
                self._verify(name, sent[2 * KEY :], b"keys" + sent[: 2 * KEY])
        self._keys, order = keys, sorted(keys)
        parts = [
            shares_of(secret, threshold=self._threshold, points=range(1, len(order) + 1))
            for secret in (self._seed, self._pair_secret())
        ]
        dealt = {name: parts[0][i] + parts[1][i] for i, name in enumerate(order)}
        self._held = {self._name: dealt.pop(self._name)}
        return {
            name: self._envelope(name, self._name).encrypt(bytes(12), pair, None)
            for name, pair in dealt.items()
        }

    def mask(self, sealed: Sealed, vector: Array) -> Array:
        self._refuse_few([*sealed, self._name])
        for name, box in sealed.items():
            self._held[name] = self._envelope(name, name).decrypt(bytes(12), box, None)
        found = vector
        for other, secret in self.mask_secrets().items():
            sign = 1 if other == self._name else _sign(self._name, other)
            found = found + sign * self._protocol.stream(secret, self._shapes)
        return self._protocol.reduced(found)

    def agree(self, survivors: Collection[str]) -> bytes:
        if not self._protocol.consistent:
            return b""
        self._refuse_small(survivors)
        if self._told is not None:
            raise PromiseError("a second list of who remains.")
        self._told = self._story(survivors)
        return self._signed(self._told)

    def unmask(
        self, survivors: Collection[str], dropped: Collection[str], agreed: Mapping[str, bytes]
    ) -> Shares:
        self._refuse_small(survivors)
        if self._protocol.consistent:
            story = self._story(survivors)
            if self._gave or self._told != story or set(survivors) & set(dropped):
                raise PromiseError("another list of who remains than was signed, or shares asked for twice.")
            self._refuse_few(agreed)
            for name, signature in agreed.items():
                self._verify(name, signature, story)
            self._gave = True
        given: dict[tuple[str, Kind], bytes] = {
            (name, "self"): self._held[name][:SHARE_BYTES] for name in survivors
        }
        for name in dropped:
            if name in self._held:
                given[name, "pair"] = self._held[name][SHARE_BYTES:]
        return given

    def mask_secrets(self) -> Mapping[str, object]:
        agree = self._protocol.secret
        pairs = {
            name: agree(self._pair_secret(), self._keys, mine=self._name, theirs=name, round=self._round)
            for name in self._held
            if name != self._name
        }
        return {**pairs, self._name: self._seed}

    def private(self) -> Sequence[object]:
        return [self._mask_key, self._sealing_key, self._seed, *self._held.values(), *self._kit.values()]

    def _pair_secret(self) -> bytes:
        """Behind the masks of its pairs: its own key, or what all hold."""
        held = self._kit.get("held by all")
        return held if isinstance(held, bytes) else self._mask_key

    @property
    def _threshold(self) -> int:
        threshold = self._kit["threshold"]
        assert isinstance(threshold, int)
        return threshold

    def _refuse_few(self, names: Collection[str]) -> None:
        if len(names) < self._threshold:
            raise PromiseError(f"{len(names)} clients, and {self._threshold} are needed.")

    def _refuse_small(self, survivors: Collection[str]) -> None:
        if self._protocol.cohort:
            self._refuse_few(survivors)

    def _story(self, survivors: Collection[str]) -> bytes:
        told = " ".join([str(self._round), *sorted(survivors)]).encode()
        return hashlib.sha256(told + b"".join(self._keys[name] for name in sorted(self._keys))).digest()

    def _signed(self, text: bytes) -> bytes:
        identity = self._kit["identity"]
        assert isinstance(identity, Ed25519PrivateKey)
        return identity.sign(text + self._round.to_bytes(8, "big"))

    def _verify(self, name: str, signature: bytes, text: bytes) -> None:
        pinned = self._kit["pinned"]
        assert isinstance(pinned, Mapping)
        key = Ed25519PublicKey.from_public_bytes(pinned[name])
        key.verify(signature, text + self._round.to_bytes(8, "big"))

    def _envelope(self, other: str, sender: str) -> AESGCM:
        agreed = _agreed(self._sealing_key, self._keys[other][KEY : 2 * KEY])
        about = f"shares by {sender} in {self._round}".encode()
        return AESGCM(HKDF(hashes.SHA256(), KEY, None, about).derive(agreed))


def _public(private: bytes) -> bytes:
    return X25519PrivateKey.from_private_bytes(private).public_key().public_bytes_raw()


def _agreed(private: bytes, public: bytes) -> bytes:
    key = X25519PrivateKey.from_private_bytes(private)
    return key.exchange(X25519PublicKey.from_public_bytes(public[:KEY]))


def _sign(mine: str, theirs: str) -> int:
    return 1 if mine < theirs else -1


def _rebuilt(heard: Heard, name: str, kind: Kind) -> bytes:
    """A secret from shares; a holder's point is its place among all that sent keys."""
    threshold = heard.kit["threshold"]
    assert isinstance(threshold, int)
    points = {holder: i for i, holder in enumerate(sorted(heard.keys), 1)}
    parts = {points[by]: given[name, kind] for by, given in heard.shares.items() if (name, kind) in given}
    if len(parts) < threshold:
        raise PromiseError(f"{len(parts)} shares of the {kind} secret of {name!r}: too few.")
    return secret_from(dict(list(parts.items())[:threshold]))
