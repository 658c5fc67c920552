"""Who takes part in a round, with which keys: the server's list, and what follows from it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from confide.mechanisms.share.graph import neighbours_of
from confide.mechanisms.share.keys import KEY_BYTES
from confide.mechanisms.share.messages import SIGNATURE_BYTES, Message, check_signature, field
from confide.mechanisms.share.plan import SERVER, SumPlan
from confide.mechanisms.share.refusals import RefusedError, listed

Bytes = NDArray[np.uint8]
ROUND_KEYS = 3 * KEY_BYTES
"""The public keys for shares and for masks, and the commitment to the self mask."""


# No slots: the digest and the graph are worked out once, and kept.
@dataclass(frozen=True)
class Roster:
    """The clients of a round, with the keys and signatures that they sent.

    Args:
        plan: of the run.
        round: its number.
        members: names, in the plan's order.
        keys: uint8[m, 96].
        signatures: uint8[m, 64], each over the message `keys` of its member.
    """

    plan: SumPlan
    round: int
    members: tuple[str, ...]
    keys: Bytes
    signatures: Bytes

    @classmethod
    def read(cls, message: Message, plan: SumPlan) -> Roster:
        """The roster in the server's message; whose signatures matter to a client, `check` verifies.

        Raises:
            RefusedError: if it is malformed, or has too few clients.
        """
        members = named(message, "members", plan)
        if len(members) < plan.least:
            raise RefusedError(
                f"the list of keys has {len(members)} clients, and the plan adds up {plan.least} at least.",
                parties=[message.sender],
            )
        keys = field(message, "keys", "u1", (len(members), ROUND_KEYS))
        signatures = field(message, "signatures", "u1", (len(members), SIGNATURE_BYTES))
        return cls(plan, message.round, members, keys, signatures)

    @property
    def payload(self) -> dict[str, Bytes]:
        """What travels to each client."""
        members = flags(self.members, self.plan)
        return {"members": members, "keys": self.keys, "signatures": self.signatures}

    @cached_property
    def digest(self) -> bytes:
        """SHA-256 of all keys and signatures, and of the plan and round: no two rosters share it."""
        start = hashlib.sha256(b"confide secure sum roster" + self.plan.digest)
        start.update(self.round.to_bytes(8, "big") + flags(self.members, self.plan).tobytes())
        start.update(
            np.ascontiguousarray(self.keys).tobytes() + np.ascontiguousarray(self.signatures).tobytes()
        )
        return start.digest()

    @cached_property
    def neighbours(self) -> dict[str, tuple[str, ...]]:
        """With whom each member shares masks; nobody could choose the graph, as all keys decide it.

        A server that colludes with clients may try many of their keys. What the plan promises for certain
        holds for any graph.
        """
        degree = None if self.plan.full else self.plan.neighbours
        return neighbours_of(self.members, degree=degree, seed=self.digest)

    def holders(self, name: str) -> tuple[str, ...]:
        """Who holds shares of a member's secrets: its neighbours and itself."""
        return (*self.neighbours[name], name)

    def public(self, name: str) -> tuple[bytes, bytes, bytes]:
        """A member's public key for shares, that for masks, and its commitment."""
        row = self.keys[self._place[name]].tobytes()
        return row[:KEY_BYTES], row[KEY_BYTES : 2 * KEY_BYTES], row[2 * KEY_BYTES :]

    def check(self, names: Iterable[str]) -> None:
        """Verify that these members signed their keys for this plan and round.

        Raises:
            RefusedError: with the member whose signature is wrong.
        """
        for name in names:
            i = self._place[name]
            sent = relayed(self.plan, self.round, name, "keys", self.keys[i], self.signatures[i])
            check_signature(sent, self.plan)

    def refuse_few(self, name: str, chosen: Sequence[str], *, within: Sequence[str], verb: str) -> None:
        """Refuse a list of the server with which a client would be exposed, or the sum fail.

        Args:
            name: of the client that was sent the list.
            chosen: who is on it.
            within: who was on the list before.
            verb: what those on the list did, for messages.

        Raises:
            RefusedError: if the list is too short, not part of the one before, or without this client; or if
                too few on it hold shares of this client's secrets.
        """
        left, holders = set(chosen), set(self.holders(name))
        if not left <= set(within) or name not in left:
            strangers = listed(left - set(within))
            raise RefusedError(
                f"the server's list of those who {verb} "
                + (f"names {strangers}, who cannot be on it." if strangers else f"lacks {name!r} itself."),
                parties=[SERVER],
            )
        if len(left) < self.plan.least:
            raise RefusedError(
                f"only {len(left)} clients {verb}, and the plan adds up {self.plan.least} at least: missing "
                f"are {listed(set(within) - left)}.",
                parties=sorted(set(within) - left),
            )
        if len(holders & left) < self.plan.holding:
            raise RefusedError(
                f"only {len(holders & left)} of the holders of shares of {name!r} {verb}, and "
                f"{self.plan.holding} are needed: missing are {listed(holders - left)}.",
                parties=sorted(holders - left),
            )

    @cached_property
    def _place(self) -> dict[str, int]:
        return {name: i for i, name in enumerate(self.members)}


def relayed(
    plan: SumPlan,
    round: int,  # noqa: A002 - the word of the protocol
    sender: str,
    kind: str,
    array: Bytes,
    signature: Bytes,
) -> Message:
    """The message that a client sent to the server, put together again to verify its signature."""
    return Message(
        run=plan.run,
        plan=plan.digest,
        round=round,
        sender=sender,
        receiver=SERVER,
        kind=kind,  # pyright: ignore[reportArgumentType]
        payload={kind: array},
        signature=signature.tobytes(),
    )


def story(roster: Roster, sharers: Sequence[str], survivors: Sequence[str]) -> bytes:
    """SHA-256 of a round as one party knows it: who sent keys, who shared, who remained."""
    found = hashlib.sha256(b"confide secure sum story" + roster.digest)
    found.update(flags(sharers, roster.plan).tobytes() + flags(survivors, roster.plan).tobytes())
    return found.digest()


def flags(names: Iterable[str], plan: SumPlan) -> Bytes:
    """Which of the plan's clients are named: uint8[clients], 0 or 1."""
    chosen = set(names)
    return np.array([name in chosen for name in plan.names], np.uint8)


def named(message: Message, name: str, plan: SumPlan) -> tuple[str, ...]:
    """The clients that an array of flags names.

    Raises:
        RefusedError: if it is no such array.
    """
    found = field(message, name, "u1", (len(plan.names),))
    if found.max(initial=0) > 1:
        raise RefusedError(
            f"{name!r} of {message.sender!r} has other numbers than 0 and 1.", parties=[message.sender]
        )
    return tuple(party for party, flag in zip(plan.names, found, strict=True) if flag)
