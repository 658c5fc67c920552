"""Our own secure sum for the auditor: its real clients, with messages that a server signs."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from confide.audits.protocols.masking import (
    SERVER,
    Heard,
    Kind,
    Kit,
    MaskingProtocol,
    Sealed,
    Shares,
    Terms,
    words_in,
)
from confide.core.arrays import Array
from confide.core.errors import PromiseError
from confide.mechanisms.share.client import Client
from confide.mechanisms.share.cohorts import Past
from confide.mechanisms.share.keys import KEY_BYTES, SEALED_BYTES, Between
from confide.mechanisms.share.masks import centred, keystream
from confide.mechanisms.share.messages import SIGNATURE_BYTES, Identity, Message, Payload, unpacked
from confide.mechanisms.share.plan import SumPlan
from confide.mechanisms.share.refusals import RefusedError
from confide.mechanisms.share.rosters import Roster, flags
from confide.mechanisms.share.unmasking import take_off


@dataclass(frozen=True, slots=True, kw_only=True)
class SecureSumProtocol:
    """The clients of `mechanisms/share`, whose server the auditor plays.

    Args:
        name: for the report.
        servers: the server's identity for each plan, to sign what it says.
    """

    name: str = "SecureSum"
    modulus: int | None = 2**32
    refusals: tuple[type[Exception], ...] = (RefusedError, PromiseError)
    servers: dict[bytes, tuple[SumPlan, Identity]] = field(default_factory=dict, repr=False)

    def smaller(self) -> MaskingProtocol | None:
        """None: the ring is part of the protocol."""
        return None

    def kits(self, terms: Terms) -> Mapping[str, Kit]:
        """A plan that pins new identities of all."""
        own = {name: Identity.new(name) for name in terms.names}
        server = Identity.new(SERVER)
        plan = SumPlan(
            run="audit",
            parties={name: identity.public for name, identity in own.items()},
            server=server.public,
            words=terms.words,
            bound=terms.bound,
            threshold=terms.threshold,
            fresh_inputs=True,
        )
        self.servers[plan.digest] = plan, server
        return {
            name: {"plan": plan, "identity": identity} for name, identity in [*own.items(), (SERVER, server)]
        }

    def forged(self, kits: Mapping[str, Kit], *, victim: str) -> Mapping[str, Kit]:
        """The plan as it is, and identities that it does not pin."""
        names = [name for name in kits if name not in (victim, SERVER)]
        return {name: {"plan": kits[name]["plan"], "identity": Identity.new(name)} for name in names}

    def client(self, name: str, kit: Kit, *, round: int, told: Terms) -> SecureSumClient:  # noqa: A002
        """A real client: its terms are the plan's, whatever the server says."""
        plan, identity = kit["plan"], kit["identity"]
        assert isinstance(plan, SumPlan)
        assert isinstance(identity, Identity)
        return SecureSumClient(plan, identity, self.servers[plan.digest][1], round)

    def secret(
        self,
        private: object,
        keys: Mapping[str, bytes],
        *,
        mine: str,
        theirs: str,
        round: int,  # noqa: A002
    ) -> object:
        """The key of a pair, from an X25519 private key as bytes."""
        if not isinstance(private, bytes) or len(private) != KEY_BYTES:
            raise PromiseError("no X25519 private key.")
        message = unpacked(keys[theirs])
        plan = self.servers[message.plan][0]
        public = message.payload["keys"].tobytes()[KEY_BYTES : 2 * KEY_BYTES]
        between = Between(plan, round, mine, theirs)
        return between.key(X25519PrivateKey.from_private_bytes(private), public, "mask", length=KEY_BYTES)

    def stream(self, secret: object, shapes: Sequence[tuple[int, ...]]) -> Array:
        """AES-256 in counter mode."""
        assert isinstance(secret, bytes)
        return keystream(secret, words_in(shapes))

    def total(self, heard: Heard) -> Array:
        """As the real server does it, of the vectors and shares that it has."""
        plan = heard.kit["plan"]
        assert isinstance(plan, SumPlan)
        roster = _roster(plan, heard.round, heard.keys)
        found = sum(heard.masked.values(), np.zeros(plan.words, np.uint32))
        for name in (*heard.survivors, *heard.dropped):
            kind: Kind = "self" if name in heard.survivors else "pair"
            parts = {by: given[name, kind] for by, given in heard.shares.items() if (name, kind) in given}
            if len(parts) < plan.holding:
                raise RefusedError(f"{len(parts)} shares of the {kind} secret of {name!r}: too few.")
            used = dict(list(parts.items())[: plan.holding])
            take_off(found, name, used, roster=roster, survivors=heard.survivors)
        return centred(found)


class SecureSumClient:
    """A real client, spoken to by the auditor's server."""

    def __init__(self, plan: SumPlan, identity: Identity, server: Identity, round: int) -> None:  # noqa: A002
        self._plan, self._identity, self._server, self._round = plan, identity, server, round
        # One with an identity of its own making pins it in its own copy of the plan.
        own = replace(plan, parties={**plan.parties, identity.name: identity.public})
        self._client = Client(own, identity, round=round, past=Past())
        self._private: tuple[bytes, ...] = ()
        self._roster: Roster | None = None
        self._survivors: frozenset[str] = frozenset()

    def keys(self) -> bytes:
        payload = self._client.keys().payload
        state = self._client._state  # the auditor looks inside its own parties
        self._private = state.masking, state.sealing, state.seed
        sent = self._identity.message(self._plan, "keys", payload, round=self._round, receiver=SERVER)
        return sent.packed()

    def share(self, keys: Mapping[str, bytes]) -> Sealed:
        self._roster = _roster(self._plan, self._round, keys)
        answer = self._client.share(self._said("roster", self._roster.payload))
        rows = answer.payload["sealed"]
        neighbours = self._roster.neighbours[self._identity.name]
        return dict(zip(neighbours, (row.tobytes() for row in rows), strict=True))

    def mask(self, sealed: Sealed, vector: Array) -> Array:
        assert self._roster is not None
        order = [name for name in self._roster.neighbours[self._identity.name] if name in sealed]
        rows = np.frombuffer(b"".join(sealed[name] for name in order), np.uint8)
        payload = {
            "sharers": flags([*order, self._identity.name], self._plan),
            "sealed": rows.reshape(len(order), SEALED_BYTES),
        }
        self._masked_with = order
        return self._client.mask(self._said("sealed", payload), vector).payload["masked"]

    def agree(self, survivors: Collection[str]) -> bytes:
        signed = self._client.agree(self._said("survivors", {"survivors": flags(survivors, self._plan)}))
        self._survivors = frozenset(survivors)
        return signed.signature

    def unmask(
        self, survivors: Collection[str], dropped: Collection[str], agreed: Mapping[str, bytes]
    ) -> Shares:
        # Which shares it gives follows from the list that it signed: the server cannot ask for others.
        rows = [np.frombuffer(agreed[name], np.uint8) for name in self._plan.names if name in agreed]
        payload = {
            "signers": flags(agreed, self._plan),
            "signatures": np.concatenate(rows or [np.empty(0, np.uint8)]).reshape(-1, SIGNATURE_BYTES),
        }
        held = [name for name in self._plan.names if name in {*self._masked_with, self._identity.name}]
        answer = self._client.unmask(self._said("signatures", payload))
        kinds: list[Kind] = ["self" if name in self._survivors else "pair" for name in held]
        given = (row.tobytes() for row in answer.payload["shares"])
        return dict(zip(zip(held, kinds, strict=True), given, strict=True))

    def mask_secrets(self) -> Mapping[str, object]:
        assert self._roster is not None
        name, private = self._identity.name, X25519PrivateKey.from_private_bytes(self._private[0])
        found: dict[str, object] = {
            other: Between(self._plan, self._round, name, other).key(
                private, self._roster.public(other)[1], "mask", length=KEY_BYTES
            )
            for other in self._masked_with
        }
        return {**found, name: self._private[2]}

    def private(self) -> Sequence[object]:
        return [*self._private, self._identity]

    def _said(self, kind: str, payload: Payload) -> Message:
        return self._server.message(
            self._plan,
            kind,  # pyright: ignore[reportArgumentType]
            payload,
            round=self._round,
            receiver=self._identity.name,
        )


def _roster(plan: SumPlan, round: int, keys: Mapping[str, bytes]) -> Roster:  # noqa: A002
    members = tuple(name for name in plan.names if name in keys)
    sent = [unpacked(keys[name]) for name in members]
    rows = np.stack([message.payload["keys"] for message in sent])
    signatures = np.stack([np.frombuffer(message.signature, np.uint8) for message in sent])
    return Roster(plan, round, members, rows, signatures)
