"""The server of a secure sum: it routes, adds up, and takes the masks off with shares of the clients."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from confide.core.arrays import Ints
from confide.mechanisms.share.cohorts import Past
from confide.mechanisms.share.keys import KEY_BYTES, SEALED_BYTES, refuse_unusable
from confide.mechanisms.share.masks import Ring, centred
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
from confide.mechanisms.share.rosters import ROUND_KEYS, Roster, flags, story
from confide.mechanisms.share.secret_shares import SHARE_BYTES
from confide.mechanisms.share.unmasking import take_off


@dataclass(frozen=True, slots=True)
class Summed:
    """The outcome of a round.

    Args:
        total: int64[words], the sum over the survivors.
        survivors: whose vectors are in it.
        dropped: whose are not.
    """

    total: Ints
    survivors: tuple[str, ...]
    dropped: tuple[str, ...]


class Server:
    """The server in one round of a secure sum.

    Give each client's message to `take`, in any order; when all that are asked have answered, or at the
    deadline, `close` ends the step and gives what to send. After the last step it gives nothing, and `summed`
    is there. A message that is refused changes nothing.

    Args:
        plan: the same for all parties.
        identity: of the server, pinned in the plan.
        round: a number that no earlier round of this run has.
        past: the rounds of the run.

    Raises:
        RefusedError: if the round took place already, or the identity is not the plan's.
    """

    def __init__(self, plan: SumPlan, identity: Identity, *, round: int, past: Past) -> None:  # noqa: A002 - the word of the protocol
        past.refuse_repeated(round)
        if identity.name != SERVER or identity.public != plan.server:
            raise RefusedError("the plan pins another key of the server than this one.", parties=[SERVER])
        self.plan, self.round, self.past = plan, round, past
        self.step: Kind | Literal["over"] = "keys"
        self.summed: Summed | None = None
        self._identity = identity
        self._asked: tuple[str, ...] = plan.names
        self._answers: dict[str, Message] = {}
        self._roster: Roster | None = None
        self._sharers: tuple[str, ...] = ()
        self._survivors: tuple[str, ...] = ()
        self._total: Ring = np.zeros(plan.words, np.uint32)

    @property
    def missing(self) -> tuple[str, ...]:
        """Who was asked and has not answered."""
        return tuple(name for name in self._asked if name not in self._answers)

    def take(self, message: Message) -> None:
        """Keep a client's answer.

        Raises:
            RefusedError: with the sender, if it is not signed, not for here and now, or malformed.
        """
        if self.step == "over":
            raise RefusedError(
                f"round {self.round} is over: the message of {message.sender!r} comes too late."
            )
        check_signature(message, self.plan)
        check_place(message, self.plan, kind=self.step, round=self.round, receiver=SERVER)
        if message.sender not in self._asked or message.sender in self._answers:
            twice = "has answered already" if message.sender in self._answers else "dropped out before"
            raise RefusedError(
                f"{message.sender!r} {twice}: its message {message.kind!r} is not used.",
                parties=[message.sender],
            )
        self._refuse_malformed(message)
        if message.kind == "masked":
            # Added at once: the server keeps one vector, not one of each client.
            np.add(self._total, message.payload["masked"], out=self._total)
            message = replace(message, payload={})
        self._answers[message.sender] = message

    def close(self) -> dict[str, Message]:
        """End the step; the next messages, by receiver, or none after the last step.

        Raises:
            RefusedError: if too few answered, with the names. The round is over, and a new one can begin.
        """
        steps = {
            "keys": self._hand_out_keys,
            "shares": self._route_shares,
            "masked": self._name_survivors,
            "agreed": self._pass_signatures,
            "unmask": self._finish,
        }
        if self.step not in steps:
            raise RefusedError(f"round {self.round} is over: begin round {self.round + 1}.")
        try:
            return steps[self.step]()
        except BaseException:
            self.step = "over"
            raise

    def _hand_out_keys(self) -> dict[str, Message]:
        members = self._enough(self.plan.least, "sent keys")
        keys = np.stack([self._answers[name].payload["keys"] for name in members])
        signatures = _stacked([self._answers[name].signature for name in members])
        self._roster = Roster(self.plan, self.round, members, keys, signatures)
        payload = self._roster.payload
        return self._next("shares", members, dict.fromkeys(members, payload), kind="roster")

    def _route_shares(self) -> dict[str, Message]:
        sharers = self._enough(self.plan.least, "shared secrets")
        roster, among = self._known_roster(), set(sharers)
        # Of each sharer: where in its message the shares for each neighbour are.
        rows = {name: {other: i for i, other in enumerate(roster.neighbours[name])} for name in sharers}
        payloads: dict[str, Payload] = {}
        for name in sharers:
            parts = [
                self._answers[other].payload["sealed"][rows[other][name]]
                for other in roster.neighbours[name]
                if other in among
            ]
            sealed = np.stack(parts) if parts else np.empty((0, SEALED_BYTES), np.uint8)
            payloads[name] = {"sharers": flags(sharers, self.plan), "sealed": sealed}
        self._sharers = sharers
        return self._next("masked", sharers, payloads, kind="sealed")

    def _name_survivors(self) -> dict[str, Message]:
        survivors = self._enough(self.plan.least, "sent masked vectors")
        for name in self._sharers:
            self._refuse_lost(name, set(survivors))
        self.past.refuse_difference(survivors, self.plan)
        self._survivors = survivors
        payload = {"survivors": flags(survivors, self.plan)}
        return self._next("agreed", survivors, dict.fromkeys(survivors, payload), kind="survivors")

    def _pass_signatures(self) -> dict[str, Message]:
        signers = self._enough(self.plan.threshold, "signed who dropped out")
        chosen = signers[: self.plan.threshold]  # each client verifies them all, so no more than are needed
        payload = {
            "signers": flags(chosen, self.plan),
            "signatures": _stacked([self._answers[name].signature for name in chosen]),
        }
        # Clients have agreed to this sum: whatever happens now, the round took place.
        self.past = self.past.after(self.round, self._survivors)
        return self._next("unmask", signers, dict.fromkeys(signers, payload), kind="signatures")

    def _finish(self) -> dict[str, Message]:
        answered = self._enough(self.plan.threshold, "gave shares")
        roster, remaining = self._known_roster(), set(self._survivors)
        shares = {name: self._shares_of(name) for name in answered}
        for name in self._sharers:
            self._refuse_lost(name, set(answered))
            holders = [holder for holder in roster.holders(name) if holder in shares]
            used = sorted(holders, key=self.plan.points.__getitem__)[: self.plan.holding]
            parts = {holder: shares[holder][name] for holder in used}
            take_off(self._total, name, parts, roster=roster, survivors=remaining)
        total = centred(self._total)
        most = len(self._survivors) * self.plan.bound
        if np.abs(total).max(initial=0) > most:
            raise RefusedError(
                f"the sum has a value beyond {most:,}, which {len(self._survivors)} clients within the bound "
                "cannot give: one of them broke the bound, or used other masks. The sum is not used."
            )
        dropped = tuple(name for name in self.plan.names if name not in remaining)
        self.summed, self.step = Summed(total, self._survivors, dropped), "over"
        return {}

    def _shares_of(self, holder: str) -> dict[str, bytes]:
        """The shares that a party returned, by whose they are."""
        rows = self._answers[holder].payload["shares"]
        return dict(zip(self._held_by(holder), (row.tobytes() for row in rows), strict=True))

    def _held_by(self, holder: str) -> list[str]:
        of = set(self._known_roster().holders(holder))
        return [name for name in self._sharers if name in of]

    def _refuse_malformed(self, message: Message) -> None:
        match message.kind:
            case "keys":
                sent = field(message, "keys", "u1", (ROUND_KEYS,)).tobytes()
                # Its neighbours would refuse it too, and drop out of the round because of it.
                for start in (0, KEY_BYTES):
                    refuse_unusable(sent[start : start + KEY_BYTES], name=message.sender)
            case "shares":
                degree = len(self._known_roster().neighbours[message.sender])
                field(message, "sealed", "u1", (degree, SEALED_BYTES))
            case "masked":
                field(message, "masked", "u4", (self.plan.words,))
            case "agreed":
                told = field(message, "agreed", "u1", (KEY_BYTES,))
                if told.tobytes() != story(self._known_roster(), self._sharers, self._survivors):
                    raise RefusedError(
                        f"{message.sender!r} signed another list of who dropped out than it was sent.",
                        parties=[message.sender],
                    )
            case _:
                field(message, "shares", "u1", (len(self._held_by(message.sender)), SHARE_BYTES))

    def _enough(self, least: int, verb: str) -> tuple[str, ...]:
        answered = tuple(name for name in self._asked if name in self._answers)
        if len(answered) < least:
            raise RefusedError(
                f"only {len(answered)} of {len(self.plan.names)} clients {verb}, and {least} are needed: "
                f"missing are {listed(set(self.plan.names) - set(answered))}. There is no sum of round "
                f"{self.round}.",
                parties=sorted(set(self.plan.names) - set(answered)),
            )
        return answered

    def _refuse_lost(self, name: str, alive: set[str]) -> None:
        """Refuse to go on where too few hold shares of a client's secret: nobody could take its mask off."""
        holders = self._known_roster().holders(name)
        left = [holder for holder in holders if holder in alive]
        if len(left) < self.plan.holding:
            raise RefusedError(
                f"only {len(left)} of {len(holders)} holders of shares of {name!r} are left, and "
                f"{self.plan.holding} are needed: missing are {listed(set(holders) - alive)}. Begin a new "
                "round, with more neighbours if this is not rare.",
                parties=sorted(set(holders) - alive),
            )

    def _next(
        self, step: Kind, asked: tuple[str, ...], payloads: Mapping[str, Payload], *, kind: Kind
    ) -> dict[str, Message]:
        self.step, self._asked, self._answers = step, asked, {}
        return {
            name: self._identity.message(self.plan, kind, payload, round=self.round, receiver=name)
            for name, payload in payloads.items()
        }

    def _known_roster(self) -> Roster:
        assert self._roster is not None  # every step but the first has one
        return self._roster


def _stacked(signatures: list[bytes]) -> np.ndarray:
    return np.frombuffer(b"".join(signatures), np.uint8).reshape(len(signatures), SIGNATURE_BYTES)
