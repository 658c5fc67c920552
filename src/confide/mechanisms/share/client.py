"""The client of a secure sum: five messages in, five out, and its keys gone afterwards."""

from __future__ import annotations

import secrets
from typing import Literal

import numpy as np
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from confide.core.arrays import Array
from confide.core.errors import DataError
from confide.mechanisms.share.cohorts import Past
from confide.mechanisms.share.keys import KEY_BYTES, SEALED_BYTES, Between, Envelopes, commitment
from confide.mechanisms.share.masks import Ring, add_mask
from confide.mechanisms.share.messages import (
    SIGNATURE_BYTES,
    Identity,
    Kind,
    Message,
    Payload,
    check_place,
    check_signature,
    field,
)
from confide.mechanisms.share.plan import SERVER, SumPlan
from confide.mechanisms.share.refusals import RefusedError, listed
from confide.mechanisms.share.rosters import Roster, named, relayed, story
from confide.mechanisms.share.secret_shares import SHARE_BYTES, shares_of

Held = dict[str, tuple[bytes, bytes]]
"""Of each party whose shares this one holds: that of its self mask, and that of its mask key."""


class Client:
    """One client in one round of a secure sum.

    Call `keys`, `share`, `mask`, `agree` and `unmask` in this order; each but the first takes the server's
    message and gives the answer. A message that is refused changes nothing, and the right one may still come.
    After the last step, or `erase`, the client has no key any more. Python may have copied keys in memory
    before: erased means that no object holds them, not that the memory was overwritten.

    Args:
        plan: the same for all parties.
        identity: of this client, pinned in the plan.
        round: a number that no earlier round of this run has.
        past: in which rounds this client took part.

    Raises:
        RefusedError: if the round took place already, or the identity is not the plan's.
    """

    def __init__(self, plan: SumPlan, identity: Identity, *, round: int, past: Past) -> None:  # noqa: A002 - the word of the protocol
        past.refuse_repeated(round)
        if plan.parties.get(identity.name) != identity.public:
            raise RefusedError(
                f"the plan does not pin this key for {identity.name!r}: compare its fingerprint with the "
                "plan's.",
                parties=[identity.name],
            )
        self.plan, self.round, self.past, self.name = plan, round, past, identity.name
        self._identity = identity
        self._expected: Kind | Literal["keys", "over"] = "keys"
        self._seed: bytes = b""
        self._sealing: X25519PrivateKey | None = None
        self._masking: X25519PrivateKey | None = None
        self._roster: Roster | None = None
        self._sharers: tuple[str, ...] = ()
        self._survivors: tuple[str, ...] = ()
        self._envelopes: dict[str, Envelopes] = {}
        self._held: Held = {}

    def keys(self) -> Message:
        """Fresh public keys for this round, and a commitment to the self mask."""
        if self._expected != "keys":
            raise RefusedError(f"{self.name!r} has sent its keys: a new round takes a new client.")
        self._seed = secrets.token_bytes(KEY_BYTES)
        self._sealing, self._masking = X25519PrivateKey.generate(), X25519PrivateKey.generate()
        public = [key.public_key().public_bytes_raw() for key in (self._sealing, self._masking)]
        sent = b"".join([*public, commitment(self._seed)])
        self._expected = "roster"
        return self._message("keys", {"keys": np.frombuffer(sent, np.uint8)})

    def share(self, roster: Message) -> Message:
        """Shares of both secrets for each neighbour, sealed, after the neighbours' keys were verified.

        Raises:
            RefusedError: if the roster is not signed, lacks this client's keys, or holds others'.
        """
        self._check(roster, "roster")
        found = Roster.read(roster, self.plan)
        self._refuse_stranger(found)
        neighbours = found.neighbours[self.name]
        found.check(neighbours)
        envelopes = {
            other: Envelopes.of(self._between(other), self._private("shares"), found.public(other)[0])
            for other in neighbours
        }
        points = [self.plan.points[holder] for holder in found.holders(self.name)]
        parts = [
            shares_of(secret, threshold=self.plan.holding, points=points)
            for secret in (self._seed, self._private("mask").private_bytes_raw())
        ]
        sealed = [
            envelopes[other].seal(seed + key, about=found.digest)
            for other, seed, key in zip(neighbours, *(part[:-1] for part in parts), strict=True)
        ]
        self._roster, self._envelopes, self._sealing = found, envelopes, None
        self._held = {self.name: (parts[0][-1], parts[1][-1])}
        self._expected = "sealed"
        return self._message("shares", {"sealed": _rows(sealed, SEALED_BYTES)})

    def mask(self, sealed: Message, values: Array) -> Message:
        """The vector with all masks, after the others' shares were opened.

        Args:
            sealed: from the server.
            values: int[words], whole numbers within the plan's bound.

        Raises:
            DataError: if the vector is not what the plan says; nothing was sent, and the round can go on.
            RefusedError: if shares do not open, or too few clients shared.
        """
        self._check(sealed, "sealed")
        roster = self._known_roster()
        words = checked_words(values, self.plan)
        sharers = named(sealed, "sharers", self.plan)
        self._refuse_few(sharers, within=roster.members, verb="shared secrets")
        mine = [other for other in roster.neighbours[self.name] if other in set(sharers)]
        rows = field(sealed, "sealed", "u1", (len(mine), SEALED_BYTES))
        held: Held = {}
        for other, row in zip(mine, rows, strict=True):
            opened = self._envelopes[other].open(row.tobytes(), about=roster.digest, sender=other)
            held[other] = (opened[:SHARE_BYTES], opened[SHARE_BYTES:])
        add_mask(words, self._seed, sign=1)
        for other in mine:
            between = self._between(other)
            key = between.key(self._private("mask"), roster.public(other)[1], "mask", length=KEY_BYTES)
            add_mask(words, key, sign=between.sign)
        self._held |= held
        self._sharers, self._expected = sharers, "survivors"
        # What is left to do needs shares alone.
        self._seed, self._masking, self._envelopes = b"", None, {}
        return self._message("masked", {"masked": words})

    def agree(self, survivors: Message) -> Message:
        """A signature on the round as this client knows it; it signs once.

        Raises:
            RefusedError: if too few remain, or if the sum would show the values of a few.
        """
        self._check(survivors, "survivors")
        found = named(survivors, "survivors", self.plan)
        self._refuse_few(found, within=self._sharers, verb="remain")
        self.past.refuse_difference(found, self.plan)
        self._survivors, self._expected = found, "signatures"
        self.past = self.past.after(self.round, found)
        told = story(self._known_roster(), self._sharers, found)
        return self._message("agreed", {"agreed": np.frombuffer(told, np.uint8)})

    def unmask(self, signatures: Message) -> Message:
        """One share of each party, after more than two thirds signed the same round; then keys are erased.

        Of a survivor it is the share of the self mask, of a party that dropped out that of its mask key:
        never both, as the step is taken once and the list was signed.

        Raises:
            RefusedError: if too few signed, or one of them another story.
        """
        self._check(signatures, "signatures")
        self._verify_agreement(signatures)
        remaining = set(self._survivors)
        order = [name for name in self.plan.names if name in self._held]
        given = [self._held[name][0 if name in remaining else 1] for name in order]
        message = self._message("unmask", {"shares": _rows(given, SHARE_BYTES)})
        self.erase()
        return message

    @property
    def secrets(self) -> tuple[object, ...]:
        """All secrets of the round that this client holds; none before it and after it."""
        found = (self._seed, self._sealing, self._masking, *self._envelopes.values(), *self._held.values())
        return tuple(secret for secret in found if secret)

    def erase(self) -> None:
        """Drop all keys and shares; the client takes no further step."""
        self._seed, self._sealing, self._masking = b"", None, None
        self._envelopes, self._held = {}, {}
        self._expected = "over"

    def _verify_agreement(self, message: Message) -> None:
        signers = named(message, "signers", self.plan)
        if len(signers) < self.plan.threshold or not set(signers) <= set(self._survivors):
            raise RefusedError(
                f"{len(signers)} clients signed who dropped out, and {self.plan.threshold} of those that "
                "remain must: no share is given.",
                parties=[message.sender],
            )
        rows = field(message, "signatures", "u1", (len(signers), SIGNATURE_BYTES))
        told = np.frombuffer(story(self._known_roster(), self._sharers, self._survivors), np.uint8)
        for name, row in zip(signers, rows, strict=True):
            try:
                check_signature(relayed(self.plan, self.round, name, "agreed", told, row), self.plan)
            except RefusedError:
                raise RefusedError(
                    f"{name!r} did not sign the same list of who dropped out: the server may have told two "
                    "stories, to see single values. No share is given; leave this run and ask the others.",
                    parties=[message.sender, name],
                ) from None

    def _check(self, message: Message, kind: Kind) -> None:
        """Refuse what is not from the server, for here and now, or asks for a step a second time."""
        check_signature(message, self.plan)
        if message.sender != SERVER:
            raise RefusedError(
                f"the message {message.kind!r} is from {message.sender!r}, not from the server.",
                parties=[message.sender],
            )
        check_place(message, self.plan, kind=kind, round=self.round, receiver=self.name)
        if self._expected != kind:
            raise RefusedError(
                f"the server's message {kind!r} is out of order for {self.name!r}: "
                + ("its round is over" if self._expected == "over" else f"{self._expected!r} is next")
                + ". No share or signature is given twice.",
                parties=[SERVER],
            )

    def _refuse_stranger(self, roster: Roster) -> None:
        """Refuse a roster with other keys for this client than it sent."""
        mine = [self._private("shares"), self._private("mask")]
        sent = (*(key.public_key().public_bytes_raw() for key in mine), commitment(self._seed))
        if self.name not in roster.members or roster.public(self.name) != sent:
            raise RefusedError(
                f"the list of keys has others for {self.name!r} than it sent: somebody takes its place.",
                parties=[SERVER],
            )

    def _refuse_few(self, names: tuple[str, ...], *, within: tuple[str, ...], verb: str) -> None:
        """Refuse a list that is too short, not part of the list before, or without this client."""
        roster, chosen = self._known_roster(), set(names)
        if not chosen <= set(within) or self.name not in chosen:
            raise RefusedError(
                f"the server's list of those who {verb} names {listed(chosen - set(within)) or 'others'} and "
                f"{'not ' if self.name not in chosen else ''}{self.name!r}: it does not fit this round.",
                parties=[SERVER],
            )
        if len(chosen) < self.plan.least:
            raise RefusedError(
                f"only {len(chosen)} clients {verb}, and the plan adds up {self.plan.least} at least: "
                f"missing are {listed(set(within) - chosen)}.",
                parties=sorted(set(within) - chosen),
            )
        holders = set(roster.holders(self.name))
        if len(holders & chosen) < self.plan.holding:
            raise RefusedError(
                f"only {len(holders & chosen)} of the holders of shares of {self.name!r} {verb}, and "
                f"{self.plan.holding} are needed: missing are {listed(holders - chosen)}.",
                parties=sorted(holders - chosen),
            )

    def _between(self, other: str) -> Between:
        return Between(self.plan, self.round, self.name, other)

    def _known_roster(self) -> Roster:
        assert self._roster is not None  # every step but the first has one
        return self._roster

    def _private(self, purpose: Literal["shares", "mask"]) -> X25519PrivateKey:
        key = self._sealing if purpose == "shares" else self._masking
        assert key is not None  # until `mask`
        return key

    def _message(self, kind: Kind, payload: Payload) -> Message:
        return self._identity.message(self.plan, kind, payload, round=self.round, receiver=SERVER)


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


def _rows(parts: list[bytes], size: int) -> np.ndarray:
    return np.frombuffer(b"".join(parts), np.uint8).reshape(len(parts), size)
