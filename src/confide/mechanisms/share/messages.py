"""Signed messages of secure sums and matches (Ed25519, RFC 8032): one form of bytes, so one thing to sign."""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol, TypeAlias, get_args

import numpy as np
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from numpy.typing import NDArray

from confide.mechanisms.share.framed import joined, parted
from confide.mechanisms.share.refusals import RefusedError

Kind: TypeAlias = Literal[
    "keys", "roster", "shares", "sealed", "masked", "survivors", "agreed", "signatures", "unmask"
]
"""In the order of a round; a client sends the first, and each side answers in turn."""
SIGNATURE_BYTES = 64
_DOMAIN = b"confide secure sum message 1"
_FORMS: dict[str, Any] = {"u1": np.dtype(np.uint8), "u4": np.dtype("<u4")}
Payload: TypeAlias = Mapping[str, NDArray[Any]]
"""Arrays of bytes or of words of 32 bits, by name."""


class Terms(Protocol):
    """What messages are bound to: the plan of a secure sum, or a run of a match."""

    @property
    def run(self) -> str: ...

    @property
    def digest(self) -> bytes: ...

    def identity(self, name: str) -> bytes | None:
        """The pinned key of a party, or None if there is no such party."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message of one round, signed by its sender.

    Args:
        run: the name of the run.
        plan: the digest of the plan.
        round: the number of the round.
        sender, receiver: names of parties.
        kind: what it is.
        payload: arrays of bytes or of words of 32 bits, by name.
        signature: by the sender, over everything else.
    """

    run: str
    plan: bytes
    round: int
    sender: str
    receiver: str
    kind: str
    payload: Payload
    signature: bytes = b""

    @property
    def signed(self) -> bytes:
        """What the signature is over; two messages give the same bytes only if SHA-256 collides.

        Of arrays it is the digest, because Ed25519 reads its message twice, with a slower hash.
        """
        return joined([*self._head(), *self._arrays(lambda data: hashlib.sha256(data).digest())])

    @property
    def size(self) -> int:
        """How many bytes travel."""
        return len(self.packed())

    def packed(self) -> bytes:
        """The message as bytes, for an engine that carries bytes."""
        return self.signature + joined([*self._head(), *self._arrays(bytes)])

    def _head(self) -> list[bytes]:
        count = struct.pack(">Q", self.round)
        texts = [text.encode() for text in (self.sender, self.receiver, self.kind)]
        return [_DOMAIN, self.run.encode(), self.plan, count, *texts]

    def _arrays(self, form: Callable[[memoryview], bytes]) -> Iterator[bytes]:
        for name in sorted(self.payload):
            array = np.ascontiguousarray(self.payload[name])
            yield f"{name} {array.dtype.str[1:]} {','.join(map(str, array.shape))}".encode()
            yield form(array.reshape(-1).view(np.uint8).data)


@dataclass(frozen=True, slots=True)
class Identity:
    """A party's name and its Ed25519 private key: kept by that party alone.

    >>> mine = Identity.new("a")
    >>> mine.name, len(mine.public)
    ('a', 32)
    """

    name: str
    key: Ed25519PrivateKey

    @classmethod
    def new(cls, name: str) -> Identity:
        """An identity with a new key from the operating system's source."""
        return cls(name, Ed25519PrivateKey.generate())

    @property
    def public(self) -> bytes:
        """The key that the others pin in the plan."""
        return self.key.public_key().public_bytes_raw()

    def message(
        self,
        plan: Terms,
        kind: str,
        payload: Payload,
        *,
        round: int,  # noqa: A002 - the word of the protocol
        receiver: str,
    ) -> Message:
        """A signed message to another party."""
        terms = {"run": plan.run, "plan": plan.digest, "round": round, "kind": kind, "payload": payload}
        bare = Message(sender=self.name, receiver=receiver, **terms)
        return Message(sender=self.name, receiver=receiver, **terms, signature=self.key.sign(bare.signed))


def unpacked(data: bytes, *, kinds: Collection[str] = get_args(Kind)) -> Message:
    """A message from its bytes; its signature is not looked at yet.

    Args:
        data: the bytes.
        kinds: of message that there are; those of a secure sum by themselves.

    Raises:
        RefusedError: if the bytes are no message.
    """
    try:
        parts = parted(data[SIGNATURE_BYTES:])
        domain, run, plan, number, sender, receiver, kind, *rest = parts
        if domain != _DOMAIN or kind.decode() not in kinds or len(rest) % 2:
            raise ValueError
        payload = dict(_array(rest[i], rest[i + 1]) for i in range(0, len(rest), 2))
        (count,) = struct.unpack(">Q", number)
        return Message(
            run=run.decode(),
            plan=plan,
            round=count,
            sender=sender.decode(),
            receiver=receiver.decode(),
            kind=kind.decode(),
            payload=payload,
            signature=data[:SIGNATURE_BYTES],
        )
    except (ValueError, KeyError, struct.error):
        raise RefusedError(
            f"{len(data):,} bytes came that are no message of this version's protocol."
        ) from None


def check_signature(message: Message, plan: Terms) -> None:
    """Refuse a message that its sender did not sign.

    Raises:
        RefusedError: if the plan has no such party, or another key signed.
    """
    key = plan.identity(message.sender)
    if key is None:
        raise RefusedError(
            f"a message came from {message.sender!r}, who is no party of run {plan.run!r}.",
            parties=[message.sender],
        )
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(message.signature, message.signed)
    except InvalidSignature:
        raise RefusedError(
            f"the signature of {message.sender!r} on its message {message.kind!r} is wrong: it was changed "
            "on the way, or signed with another key than the plan's. Compare the fingerprints of the key.",
            parties=[message.sender],
        ) from None


def check_place(message: Message, plan: Terms, *, kind: str, round: int, receiver: str) -> None:  # noqa: A002 - the word of the protocol
    """Refuse a message of another run, plan or round, to another party, or out of order.

    Raises:
        RefusedError: with the sender, and what was expected.
    """
    wrong = None
    if message.run != plan.run:
        wrong = f"is of run {message.run!r}, and this is {plan.run!r}"
    elif message.plan != plan.digest:
        wrong = "follows another plan or version: give all parties the same plan"
    elif message.round != round:
        wrong = f"is of round {message.round}, and this is round {round}: an old message sent again?"
    elif message.receiver != receiver:
        wrong = f"is for {message.receiver!r}, not for {receiver!r}"
    elif message.kind != kind:
        wrong = f"is out of order: {kind!r} is expected now, or nothing if that came already"
    if wrong:
        text = f"the message {message.kind!r} of {message.sender!r} {wrong}. It is not used."
        raise RefusedError(text, parties=[message.sender])


def field(message: Message, name: str, form: str, shape: tuple[int, ...]) -> NDArray[Any]:
    """An array of the payload, of this type and shape.

    Raises:
        RefusedError: if it is not there, or is another.
    """
    found = message.payload.get(name)
    if found is None or found.dtype != _FORMS[form] or found.shape != shape:
        have = "is missing" if found is None else f"has shape {found.shape} of {found.dtype}"
        raise RefusedError(
            f"{name!r} in the message {message.kind!r} of {message.sender!r} {have}: it must have shape "
            f"{shape} of {_FORMS[form]}.",
            parties=[message.sender],
        )
    return found


def _array(form: bytes, data: bytes) -> tuple[str, NDArray[Any]]:
    name, kind, shape = form.decode().split(" ")
    sizes = [int(size) for size in shape.split(",") if size]
    return name, np.frombuffer(data, _FORMS[kind]).reshape(sizes)
