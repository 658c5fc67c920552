"""The client of a secure sum: five messages in, five out, and its keys gone afterwards."""

from __future__ import annotations

import secrets
from dataclasses import replace

import numpy as np
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from confide.core.arrays import Array
from confide.mechanisms.share.client_state import ClientState, Saved
from confide.mechanisms.share.cohorts import Past
from confide.mechanisms.share.keys import (
    KEY_BYTES,
    SEALED_BYTES,
    Between,
    Envelopes,
    commitment,
    opened_shares,
)
from confide.mechanisms.share.masks import add_mask, checked_words
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
from confide.mechanisms.share.refusals import RefusedError
from confide.mechanisms.share.rosters import Roster, named, relayed, story
from confide.mechanisms.share.secret_shares import SHARE_BYTES, shares_of


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
        self._state = ClientState()

    @classmethod
    def restored(cls, plan: SumPlan, identity: Identity, saved: Saved) -> Client:
        """A client as it was saved, for engines that start a process for each message.

        Restore each saved state once: of two copies that go on, each would give a share, and a server that
        has both kinds sees a vector.

        Raises:
            RefusedError: if it was saved under another plan, or the identity is not the plan's.
        """
        state, number, past = ClientState.restored(saved, plan)
        client = cls(plan, identity, round=number, past=Past())
        client.past, client._state = past, state
        return client

    def saved(self) -> Saved:
        """The client between two steps, secrets included, as arrays of bytes."""
        return self._state.saved(self.plan, number=self.round, past=self.past)

    def keys(self) -> Message:
        """Fresh public keys for this round, and a commitment to the self mask."""
        if self._state.step != "keys":
            raise RefusedError(f"{self.name!r} has sent its keys: a new round takes a new client.")
        sealing, masking = (X25519PrivateKey.generate().private_bytes_raw() for _ in range(2))
        seed = secrets.token_bytes(KEY_BYTES)
        self._state = ClientState(step="roster", seed=seed, sealing=sealing, masking=masking)
        return self._message("keys", {"keys": np.frombuffer(self._public(), np.uint8)})

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
        private = X25519PrivateKey.from_private_bytes(self._state.sealing)
        envelopes = {
            other: Envelopes.of(self._between(other), private, found.public(other)[0]) for other in neighbours
        }
        points = [self.plan.points[holder] for holder in found.holders(self.name)]
        # The last holder is this client itself.
        (*seeds, my_seed), (*keys, my_key) = (
            shares_of(secret, threshold=self.plan.holding, points=points)
            for secret in (self._state.seed, self._state.masking)
        )
        sealed = [
            envelopes[other].seal(seed + key, about=found.digest)
            for other, seed, key in zip(neighbours, seeds, keys, strict=True)
        ]
        self._state = replace(
            self._state,
            step="sealed",
            sealing=b"",
            roster=found,
            opening={other: both.theirs for other, both in envelopes.items()},
            held={self.name: (my_seed, my_key)},
        )
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
        roster.refuse_few(self.name, sharers, within=roster.members, verb="shared secrets")
        mine = [other for other in roster.neighbours[self.name] if other in set(sharers)]
        rows = field(sealed, "sealed", "u1", (len(mine), SEALED_BYTES))
        held = dict(self._state.held)
        for other, row in zip(mine, rows, strict=True):
            opened = opened_shares(
                self._state.opening[other], row.tobytes(), about=roster.digest, sender=other
            )
            held[other] = (opened[:SHARE_BYTES], opened[SHARE_BYTES:])
        add_mask(words, self._state.seed, sign=1)
        private = X25519PrivateKey.from_private_bytes(self._state.masking)
        for other in mine:
            between = self._between(other)
            key = between.key(private, roster.public(other)[1], "mask", length=KEY_BYTES)
            add_mask(words, key, sign=between.sign)
        # What is left to do needs shares alone.
        self._state = ClientState(step="survivors", roster=roster, sharers=sharers, held=held)
        return self._message("masked", {"masked": words})

    def agree(self, survivors: Message) -> Message:
        """A signature on the round as this client knows it; it signs once.

        Raises:
            RefusedError: if too few remain, or if the sum would show the values of a few.
        """
        self._check(survivors, "survivors")
        found = named(survivors, "survivors", self.plan)
        self._known_roster().refuse_few(self.name, found, within=self._state.sharers, verb="remain")
        self.past.refuse_difference(found, self.plan)
        self._state = replace(self._state, survivors=found, step="signatures")
        self.past = self.past.after(self.round, found)
        told = story(self._known_roster(), self._state.sharers, found)
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
        remaining, held = set(self._state.survivors), self._state.held
        given = [held[name][0 if name in remaining else 1] for name in self.plan.names if name in held]
        message = self._message("unmask", {"shares": _rows(given, SHARE_BYTES)})
        self.erase()
        return message

    @property
    def secrets(self) -> tuple[object, ...]:
        """All secrets of the round that this client holds; none before it and after it."""
        return self._state.secrets

    def erase(self) -> None:
        """Drop all keys and shares; the client takes no further step."""
        self._state = ClientState(step="over")

    def _verify_agreement(self, message: Message) -> None:
        signers = named(message, "signers", self.plan)
        if len(signers) < self.plan.threshold or not set(signers) <= set(self._state.survivors):
            raise RefusedError(
                f"{len(signers)} clients signed who dropped out, and {self.plan.threshold} of those that "
                "remain must: no share is given.",
                parties=[message.sender],
            )
        rows = field(message, "signatures", "u1", (len(signers), SIGNATURE_BYTES))
        state = self._state
        told = np.frombuffer(story(self._known_roster(), state.sharers, state.survivors), np.uint8)
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
        step = self._state.step
        if step != kind:
            raise RefusedError(
                f"the server's message {kind!r} is out of order for {self.name!r}: "
                + ("its round is over" if step == "over" else f"{step!r} is next")
                + ". No share or signature is given twice.",
                parties=[SERVER],
            )

    def _refuse_stranger(self, roster: Roster) -> None:
        """Refuse a roster with other keys for this client than it sent."""
        if self.name not in roster.members or b"".join(roster.public(self.name)) != self._public():
            raise RefusedError(
                f"the list of keys has others for {self.name!r} than it sent: somebody takes its place.",
                parties=[SERVER],
            )

    def _between(self, other: str) -> Between:
        return Between(self.plan, self.round, self.name, other)

    def _known_roster(self) -> Roster:
        assert self._state.roster is not None  # every step but the first has one
        return self._state.roster

    def _public(self) -> bytes:
        """What this client sends of its keys: two public ones, and the commitment."""
        state = self._state
        private = [X25519PrivateKey.from_private_bytes(key) for key in (state.sealing, state.masking)]
        return b"".join([*(key.public_key().public_bytes_raw() for key in private), commitment(state.seed)])

    def _message(self, kind: Kind, payload: Payload) -> Message:
        return self._identity.message(self.plan, kind, payload, round=self.round, receiver=SERVER)


def _rows(parts: list[bytes], size: int) -> np.ndarray:
    return np.frombuffer(b"".join(parts), np.uint8).reshape(len(parts), size)
