"""Rounds of an audited protocol: the auditor holds all parties, and its server tells each what it likes."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product

import numpy as np

from confide.audits.protocols.masking import (
    NAMES,
    SERVER,
    Heard,
    Kit,
    MaskingClient,
    MaskingProtocol,
    Sealed,
    Shares,
    Terms,
)
from confide.core.arrays import Array
from confide.core.errors import DataError

VICTIM, OUTSIDER = "a", "f"
NEAR = 1e-9
"""Sums of real numbers are equal up to it: rounding leaves about 1e-15."""


@dataclass(kw_only=True)
class Round:
    """One round that goes on step by step.

    Args:
        protocol: whose functions are run.
        terms: as the server tells them.
        kits: of those who take part, and of the server.
        number: of the round.
    """

    protocol: MaskingProtocol
    terms: Terms
    kits: Mapping[str, Kit]
    number: int = 1
    clients: dict[str, MaskingClient] = field(default_factory=dict)
    keys: dict[str, bytes] = field(default_factory=dict)
    sealed: dict[str, Sealed] = field(default_factory=dict)
    masked: dict[str, Array] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in self.terms.names:
            self.clients[name] = self.protocol.client(
                name, self.kits[name], round=self.number, told=self.terms
            )

    def send_keys(self) -> Round:
        """All clients send their keys."""
        self.keys = {name: client.keys() for name, client in self.clients.items()}
        return self

    def send_shares(self, *, of: Collection[str] | None = None) -> Round:
        """The clients take the keys of those named, and send sealed shares."""
        known = {name: key for name, key in self.keys.items() if of is None or name in of}
        for name in known:
            self.sealed[name] = self.clients[name].share(known)
        return self

    def send_masked(self, vectors: Mapping[str, Array], *, of: Collection[str] | None = None) -> Round:
        """The clients named take shares of each other, and send masked vectors."""
        who = [name for name in self.sealed if of is None or name in of]
        for name in who:
            carried = {other: self.sealed[other][name] for other in who if name in self.sealed[other]}
            self.masked[name] = self.clients[name].mask(carried, vectors[name])
        return self

    def ask(
        self,
        survivors: Collection[str],
        *,
        of: Collection[str] | None = None,
        dropped: Collection[str] | None = None,
        patient: bool = False,
    ) -> dict[str, Shares]:
        """Ask clients for shares, with this list of who remains.

        Args:
            survivors: who remains, says the server.
            of: who is asked; None is all that sent a masked vector.
            dropped: who dropped out, says the server; None is all others.
            patient: go on with the others where one refuses.
        """
        asked = list(self.masked if of is None else of)
        gone = [name for name in self.sealed if name not in survivors] if dropped is None else dropped
        agreed: dict[str, bytes] = {}
        shares: dict[str, Shares] = {}
        for name in asked:
            try:
                agreed[name] = self.clients[name].agree(survivors)
            except self.protocol.refusals:
                if not patient:
                    raise
        for name in asked:
            try:
                shares[name] = self.clients[name].unmask(survivors, gone, agreed)
            except self.protocol.refusals:
                if not patient:
                    raise
        return shares

    def total(
        self,
        survivors: Collection[str],
        shares: Mapping[str, Shares],
        *,
        dropped: Collection[str] | None = None,
    ) -> Array:
        """What the server makes of the masked vectors of the survivors."""
        gone = [name for name in self.sealed if name not in survivors] if dropped is None else dropped
        heard = Heard(
            kit=self.kits[SERVER],
            terms=self.terms,
            round=self.number,
            keys=self.keys,
            masked={name: self.masked[name] for name in survivors},
            survivors=tuple(survivors),
            dropped=tuple(gone),
            shares=shares,
        )
        return self.protocol.total(heard)


def terms_of(
    protocol: MaskingProtocol,
    threshold: int,
    *,
    names: tuple[str, ...] = NAMES,
    shapes: tuple[tuple[int, ...], ...] = ((8,),),
) -> Terms:
    """Terms with a bound that no sum of the clients overflows: 1 for real numbers, as updates have it."""
    bound = 1 if protocol.modulus is None else min(1000, protocol.modulus // (4 * len(NAMES)))
    return Terms(names=names, threshold=threshold, shapes=shapes, bound=bound)


def vectors_of(protocol: MaskingProtocol, terms: Terms, *, seed: int = 0) -> dict[str, Array]:
    """A vector within the bound for each client, different for each seed: whole or real numbers[words].

    They are nobody's secret: the auditor's own parties hold them.
    """
    drawn = np.random.default_rng(seed)
    if protocol.modulus is None:
        return {name: drawn.uniform(-terms.bound, terms.bound, terms.words) for name in terms.names}
    return {name: drawn.integers(-terms.bound, terms.bound + 1, terms.words) for name in terms.names}


def same(found: Array, expected: Array) -> bool:
    """Whether two vectors are equal, real numbers up to rounding."""
    return found.shape == expected.shape and bool(np.abs(found - expected).max(initial=0) <= NEAR)


def honest(
    protocol: MaskingProtocol,
    terms: Terms,
    kits: Mapping[str, Kit],
    vectors: Mapping[str, Array],
    *,
    number: int = 1,
) -> Round:
    """A round up to the masked vectors, in which everyone follows the protocol."""
    begun = Round(protocol=protocol, terms=terms, kits=kits, number=number)
    return begun.send_keys().send_shares().send_masked(vectors)


def least_threshold(protocol: MaskingProtocol) -> int:
    """The least threshold, from 2 on, with which the protocol adds up the vectors of all clients.

    With 1 each share is the secret itself, which nobody sets up; what a server does that tells a client so is
    tried by a check.

    Raises:
        DataError: if there is none: then the functions are not those of a sum, and no check means anything.
    """
    why: list[str] = []
    for threshold in (*range(2, len(NAMES) + 1), 1):
        terms = terms_of(protocol, threshold)
        vectors = vectors_of(protocol, terms)
        try:
            begun = honest(protocol, terms, protocol.kits(terms), vectors)
            found = begun.total(NAMES, begun.ask(NAMES))
        except protocol.refusals as error:
            why.append(f"{threshold}: {error}")
            continue
        if same(found, np.sum(list(vectors.values()), axis=0)):
            return threshold
        why.append(f"{threshold}: another sum than that of the vectors")
    raise DataError(
        f"{protocol.name!r} gives no sum of {len(NAMES)} clients at any threshold, so nothing can be said of "
        f"it: look at the adapter. By threshold: {'; '.join(why)}"
    )


def centred(protocol: MaskingProtocol, words: Array) -> Array:
    """Words of the ring as whole numbers around zero; real numbers as they are."""
    if protocol.modulus is None:
        return np.asarray(words, np.float64)
    half = protocol.modulus // 2
    return (np.asarray(words).astype(np.int64) + half) % protocol.modulus - half


def without_masks(
    protocol: MaskingProtocol, masked: Array, masks: Sequence[Array], expected: Array
) -> Array | None:
    """The vector behind these masks, each added or taken away as the protocol has it; None if it is another.

    The auditor knows the vector, and looks for the signs with it: an adversary reads them in the protocol.
    """
    given = [centred(protocol, mask) for mask in masks]
    start = centred(protocol, np.zeros_like(masked))
    for signs in product((1, -1), repeat=len(given)):
        taken = sum((sign * mask for sign, mask in zip(signs, given, strict=True)), start)
        found = centred(protocol, centred(protocol, masked) - taken)
        if same(found, expected):
            return found
    return None


def need_explained(begun: Round, vectors: Mapping[str, Array]) -> None:
    """Refuse an adapter whose secrets are not those behind the masks that a client sent.

    Raises:
        DataError: as a check of other secrets would say nothing, and read as a pass.
    """
    masks = [
        begun.protocol.stream(secret, begun.terms.shapes)
        for secret in begun.clients[VICTIM].mask_secrets().values()
    ]
    if without_masks(begun.protocol, begun.masked[VICTIM], masks, vectors[VICTIM]) is None:
        raise DataError(
            f"the secrets that the adapter of {begun.protocol.name!r} names do not give the masks that a "
            "client sent: hand out from `mask_secrets` what goes into `stream`, for each mask."
        )
