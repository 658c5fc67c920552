"""What the auditor runs of a masking protocol: the functions of its clients, and of its server."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, TypeAlias

from confide.core.arrays import Array

NAMES = ("a", "b", "c", "d", "e", "f")
"""The clients of the auditor."""
SERVER = "server"
"""The name of the server among the kits."""
Kit: TypeAlias = Mapping[str, object]
"""What a party is given before the first round, by name: identities, pinned keys, provisioned secrets."""
Kind: TypeAlias = Literal["self", "pair"]
"""Which secret a share is of: the one behind a client's own mask, or the one behind those of its pairs."""
Shares: TypeAlias = Mapping[tuple[str, Kind], bytes]
"""Shares that one client gives, by whose secret they are of, and which."""
Sealed: TypeAlias = Mapping[str, bytes]
"""Messages between clients by the other's name; the server carries them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """The terms of a round.

    Args:
        names: the clients.
        threshold: how many must remain.
        shapes: of the tensors that a vector consists of, in order.
        bound: the largest absolute value in a vector.
    """

    names: tuple[str, ...]
    threshold: int
    shapes: tuple[tuple[int, ...], ...]
    bound: int

    @property
    def words(self) -> int:
        """The length of a vector."""
        return words_in(self.shapes)


def words_in(shapes: Sequence[tuple[int, ...]]) -> int:
    """How many numbers tensors of these shapes have.

    >>> words_in([(2, 3), (), (4,)])
    11
    """
    return sum(math.prod(shape) for shape in shapes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What a server has at the end of a round, and what it makes of it: whose vectors are to be added.

    Args:
        kit: the server's own.
        terms, round: of the round.
        keys: what each client sent first.
        masked: the masked vector of each client that sent one.
        survivors: whose vectors are added.
        dropped: whose pairs' masks are taken off instead.
        shares: what each client gave, by who gave it.
    """

    kit: Kit
    terms: Terms
    round: int
    keys: Mapping[str, bytes]
    masked: Mapping[str, Array]
    survivors: tuple[str, ...]
    dropped: tuple[str, ...]
    shares: Mapping[str, Shares]


class MaskingClient(Protocol):
    """One client in one round, with what the server says as the arguments. A client may refuse each step."""

    def keys(self) -> bytes:
        """What it sends first: public keys, signed if the protocol does so; empty if it has none."""
        ...

    def share(self, keys: Mapping[str, bytes]) -> Sealed:
        """Take the keys that the server hands out, its own among them; shares for the others, sealed."""
        ...

    def mask(self, sealed: Sealed, vector: Array) -> Array:
        """Take the others' sealed shares; the masked vector."""
        ...

    def agree(self, survivors: Collection[str]) -> bytes:
        """A signature on who remains; empty if the protocol has no such step."""
        ...

    def unmask(
        self, survivors: Collection[str], dropped: Collection[str], agreed: Mapping[str, bytes]
    ) -> Shares:
        """The shares that the server asks for, with the others' signatures on who remains."""
        ...

    def mask_secrets(self) -> Mapping[str, object]:
        """The secrets behind the masks that it added, by the other of the pair; its own by its own name.

        Each is what goes into the generator (`MaskingProtocol.stream`). The auditor recomputes the masked
        vector from them, and refuses an adapter that hands out others.
        """
        ...

    def private(self) -> Sequence[object]:
        """All that this client keeps secret in this round, once it has masked."""
        ...


class MaskingProtocol(Protocol):
    """A protocol that adds up masked vectors, by its functions. It refuses by raising one of `refusals`."""

    @property
    def name(self) -> str:
        """For the report."""
        ...

    @property
    def modulus(self) -> int | None:
        """The size of the ring that masked words are in; None for real numbers."""
        ...

    @property
    def refusals(self) -> tuple[type[Exception], ...]:
        """The errors by which a party refuses; any other is a fault of the adapter, never a refusal."""
        ...

    def smaller(self) -> MaskingProtocol | None:
        """The same over a ring of 256 words, where the ring is a setting; None where it is fixed."""
        ...

    def kits(self, terms: Terms) -> Mapping[str, Kit]:
        """New kits of all clients and of the server, as those who set up a run hand them out."""
        ...

    def forged(self, kits: Mapping[str, Kit], *, victim: str) -> Mapping[str, Kit]:
        """Kits that a server makes up for all clients but one, of what is public and secrets of its own."""
        ...

    def client(self, name: str, kit: Kit, *, round: int, told: Terms) -> MaskingClient:  # noqa: A002
        """A client that enters a round; `told` is what the server says of its terms."""
        ...

    def secret(
        self,
        private: object,
        keys: Mapping[str, bytes],
        *,
        mine: str,
        theirs: str,
        round: int,  # noqa: A002
    ) -> object:
        """What a pair agrees on, from one private thing and the public keys of the round.

        Outsiders try it with what they hold: any error means that it is no such thing.
        """
        ...

    def stream(self, secret: object, shapes: Sequence[tuple[int, ...]]) -> Array:
        """The mask that the protocol's generator makes of a secret, flat."""
        ...

    def total(self, heard: Heard) -> Array:
        """The sum that the server works out, as whole numbers from minus half the ring on, or real ones."""
        ...
