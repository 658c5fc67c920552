"""What a simulated run gathers: messages, uploads, what clients remember, and who was left out."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from confide.core.arrays import Array, Rng
from confide.core.errors import DataError
from confide.core.transcript import SERVER, Message, Payload, Transcript, sum_known
from confide.mechanisms.federate.exchange import kinds_of
from confide.mechanisms.federate.protocol import AnyCollaboration, Done, Job, SecureSum, Upload
from confide.mechanisms.federate.standing import Standing
from confide.views.records import Records

NO_RECORDS, NOT_FINITE, DROPPED = "no records", "numbers that are not finite", "dropped out of the sum"


class ActiveServer(Protocol):
    """A server that does not follow the protocol: says what it sends to a client in a round.

    It gets what the protocol would send, and all messages so far, each of which passed through it.
    """

    def __call__(self, number: int, client: str, sent: Payload, seen: Sequence[Message], /) -> Payload: ...


@dataclass(slots=True)
class Gathered:
    """What a run has gathered so far: messages, what clients remember, and who was left out."""

    protocol: AnyCollaboration
    clients: Mapping[str, Records]
    names: tuple[str, ...]
    secure: SecureSum | None
    record: bool
    active: ActiveServer | None
    began: float
    messages: list[Message] = field(default_factory=list)
    memories: dict[int, Payload] = field(default_factory=dict)
    left_out: dict[str, Counter[str]] = field(default_factory=dict)
    sums: dict[str, Array] = field(default_factory=dict)
    kept: int = 0

    def standing(self, number: int, seed: int, rng: Rng, state: object) -> Standing:
        """Where the run stands after a round."""
        new, self.kept = self.messages[self.kept :], len(self.messages)
        return Standing(
            round=number, seed=seed, rng=rng, state=state, memories=self.memories, left_out=self.left_out,
            sums=self.sums, messages=new, seconds=self._now,
        )  # fmt: skip

    def restored(self, old: Standing) -> Any:
        """Go on from there; the state of the protocol."""
        self.messages, self.kept = list(old.messages), len(old.messages)
        self.memories, self.sums = dict(old.memories), dict(old.sums)
        self.left_out = {reason: Counter(counted) for reason, counted in old.left_out.items()}
        self.began -= old.seconds
        return old.state

    def jobs(
        self, state: object, cohort: Sequence[int], number: int, *, seeds: tuple[int, ...]
    ) -> dict[int, Job]:
        """The jobs of a turn by client, after the server has sent the model to each."""
        found: dict[int, Job] = {}
        for client in cohort:
            name, own = self.names[client], self.clients[self.names[client]]
            sent = self.protocol.sent(state, client)
            if self.active is not None:
                sent = self.active(number, name, sent, self.messages)
            self._note(Message(number, SERVER, name, kinds_of(self.protocol)[0], sent, self._now))
            if not len(own):
                self._leave_out(NO_RECORDS, client)
                continue
            # By position alone, so that no client's randomness depends on who else works, or where.
            rng = np.random.default_rng((*seeds, client))
            found[client] = Job(sent, self.memories.get(client, {}), own, rng)
        return found

    def uploads(self, state: object, done: Mapping[int, Done], number: int, *, rng: Rng) -> list[Upload]:
        """What reaches the server of a turn, each by itself or as a secure sum."""
        usable: dict[int, Payload] = {}
        reasons: list[str] = []
        for client, made in done.items():
            kind = kinds_of(self.protocol)[1]
            message = Message(number, self.names[client], SERVER, kind, made.upload, self._now)
            if self.secure is None:
                self._note(message)
            reason = unusable(self.protocol, state, made.upload)
            if reason is not None:
                reasons.append(reason)
                self._leave_out(reason, client)
                continue
            usable[client] = message.payload
            self.memories[client] = made.memory
        if len(reasons) > 1 and reasons == [NOT_FINITE] * len(done):
            raise DataError(
                f"in round {number:,} the numbers of none of {len(done):,} clients are finite, and there "
                "is no update to go on from: lower the rate of local training."
            )
        if self.secure is None:
            return [Upload((client,), payload) for client, payload in usable.items()]
        if not usable:
            return []
        return self._summed(usable, number, rng)

    def _summed(self, usable: Mapping[int, Payload], number: int, rng: Rng) -> list[Upload]:
        assert self.secure is not None
        by_name = {self.names[client]: payload for client, payload in usable.items()}
        summed = self.secure(by_name, number=number, rng=rng)
        for message in summed.messages:
            self._note(message)
        counted = tuple(client for client in usable if self.names[client] in summed.clients)
        for client in set(usable) - set(counted):
            self._leave_out(DROPPED, client)
        if not counted:
            return []
        if self.record:
            # No message has the sum, and a server that adds noise to it knows it without.
            self.sums |= sum_known(number, summed.total, clients=len(counted))
        return [Upload(counted, summed.total)]

    def transcript(self, published: Payload) -> Transcript:
        """The transcript of all that was sent."""
        inputs = {name: _input(own) for name, own in self.clients.items()}
        if self.sums:
            inputs[SERVER] = self.sums
        return Transcript(
            parties=(SERVER, *self.names), messages=self.messages, inputs=inputs, published=published
        )

    @property
    def _now(self) -> float:
        return time.perf_counter() - self.began

    def _note(self, message: Message) -> None:
        # An active server remembers all that passes through it.
        if self.record or self.active is not None:
            self.messages.append(message)

    def _leave_out(self, reason: str, client: int) -> None:
        self.left_out.setdefault(reason, Counter())[self.names[client]] += 1


def unusable(protocol: AnyCollaboration, state: object, upload: Payload) -> str | None:
    """Why an upload is left out, in a few words; None if it can be used."""
    if not all(np.isfinite(array).all() for array in upload.values()):
        return NOT_FINITE
    return protocol.fault(state, upload)


def _input(records: Records) -> Payload:
    """The records as arrays; features in a table of several types have no such form, and are left out."""
    x = records.x
    return {"x": x, "y": records.y} if isinstance(x, np.ndarray) else {"y": records.y}
