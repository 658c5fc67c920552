"""The round loop: runs any protocol on simulated clients, and records who sent what to whom."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Protocol

import numpy as np

from confide.core.arrays import Array, Rng
from confide.core.errors import DataError, PromiseError
from confide.core.nouns import Outcome
from confide.core.transcript import SERVER, Message, Payload, Transcript, check_names, sum_known
from confide.learners.local import LocalLearner
from confide.mechanisms.federate.paying import check_plan, pay
from confide.mechanisms.federate.protocol import (
    AnyCollaboration,
    Done,
    Job,
    NeedsSum,
    Plan,
    SecureSum,
    Upload,
)
from confide.mechanisms.noise.source import outcome
from confide.views.records import Records

if TYPE_CHECKING:
    from confide.account.ledger import Ledger

NO_RECORDS, NOT_FINITE, DROPPED = "no records", "numbers that are not finite", "dropped out of the sum"


class Map(Protocol):
    """A map as Python's own, or one of `confide.scale`."""

    def __call__(
        self, function: Callable[[Sequence[Job]], list[Done]], items: Iterable[Sequence[Job]], /
    ) -> Iterable[list[Done]]: ...


class ActiveServer(Protocol):
    """A server that does not follow the protocol: says what it sends to a client in a round.

    It gets what the protocol would send, and all messages so far, each of which passed through it.
    """

    def __call__(self, number: int, client: str, sent: Payload, seen: Sequence[Message], /) -> Payload: ...


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Run:
    """A collaboration that has ended.

    Args:
        released: the published model, with the promise of the rounds that were run.
        transcript: who sent what to whom; None if it was not recorded. It is as secret as the records.
        left_out: how often the uploads of a client were left out, by reason and client. It is as secret.
        trusted: against whom the promise does not hold.
        assumed: what the promise rests on besides its noise, such as how many clients collude; often nothing.
    """

    released: Outcome[Payload]
    transcript: Transcript | None
    left_out: Mapping[str, Mapping[str, int]]
    trusted: tuple[str, ...] = ()
    assumed: str = ""

    @property
    def parameters(self) -> Array:
        """The parameters of the published model, float[p]."""
        return self.released.view["parameters"]

    @property
    def promise(self) -> str | None:
        """The promise in words, with what it rests on; None if there is none."""
        budget = self.released.budget
        return None if budget is None else ", ".join(filter(None, (str(budget), self.assumed)))


def collaborate(
    protocol: AnyCollaboration,
    learner: LocalLearner,
    clients: Mapping[str, Records],
    *,
    rounds: int,
    rng: Rng,
    map: Map = map,  # noqa: A002
    together: int = 32,
    secure: SecureSum | None = None,
    ledger: Ledger | None = None,
    analyst: str | None = None,
    record: bool = True,
    watch: Callable[[int, Payload], None] | None = None,
    active: ActiveServer | None = None,
) -> Run:
    """Run a protocol on simulated clients.

    Before the first message the whole plan is checked against the protocol's budget, and charged to the
    ledger; nothing is given back, not for a lost round either. An upload with numbers that are not finite, or
    of another form, and a client without records, are left out and counted; the run goes on.

    Args:
        protocol: what happens in a round; the loop knows none by name.
        learner: what clients train.
        clients: the records of each, by the name of the client.
        rounds: how many.
        rng: all randomness, but for noise from the system's cryptographic source.
        map: where clients work, such as `confide.scale.processes(2)`.
        together: how many clients' jobs are one item for `map`, and may be trained together.
        secure: adds up uploads so that the server sees their sum alone.
        ledger: pays for the promise.
        analyst: whose part of the ledger pays.
        record: whether to keep the transcript.
        watch: called after each round with its number and the model as the protocol publishes it.
        active: a server that sends clients something else than the protocol says, for audits.

    Raises:
        DataError: if there is no client with records, or a name is unusable.
        PromiseError: if the rounds exceed the protocol's budget, or it needs more than a sum, or another one.
        BudgetError: if the ledger does not pay; no message was sent then.
    """
    seed, server = int(rng.integers(2**63)), rng.spawn(1)[0]
    _check(protocol, clients, rounds=rounds, secure=secure, together=together)
    plan = Plan(len(clients), rounds, learner.start(rng=server))
    promise = check_plan(protocol, plan)
    state = protocol.begin(plan, rng=server)
    if ledger is not None:
        pay(ledger, protocol, plan, promise, analyst=analyst)
    loop = _Loop(protocol, clients, tuple(clients), secure, record, active, time.perf_counter())
    work = partial(worked, protocol, learner)
    for number in range(1, rounds + 1):
        for turn, cohort in enumerate(protocol.turns(state, rng=server)):
            jobs = loop.jobs(state, cohort, number, seeds=(seed, number, turn))
            items = [list(jobs.values())[k : k + together] for k in range(0, len(jobs), together)]
            done = [one for some in map(work, items) for one in some]
            uploads = loop.uploads(state, dict(zip(jobs, done, strict=True)), number, rng=server)
            state = protocol.received(state, uploads, rng=server)
        state = protocol.ended(state, rng=server)
        if watch is not None:
            watch(number, protocol.published(state))
    published = protocol.published(state)
    return Run(
        released=outcome(protocol.noise, published, promise, protocol.name),
        transcript=loop.transcript(published) if record else None,
        left_out={reason: dict(counted) for reason, counted in loop.left_out.items()},
        trusted=protocol.trusted,
        assumed=protocol.assumed if isinstance(protocol, NeedsSum) else "",
    )


@dataclass(slots=True)
class _Loop:
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
            self._note(Message(number, SERVER, name, "model", sent, self._now))
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
        for client, made in done.items():
            message = Message(number, self.names[client], SERVER, "update", made.upload, self._now)
            if self.secure is None:
                self._note(message)
            reason = unusable(self.protocol, state, made.upload)
            if reason is not None:
                self._leave_out(reason, client)
                continue
            usable[client] = message.payload
            self.memories[client] = made.memory
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


def worked(protocol: AnyCollaboration, learner: LocalLearner, jobs: Sequence[Job]) -> list[Done]:
    """What clients make of their jobs; a training that diverges gives numbers that are not finite."""
    # A training that diverged is no error: what is not finite is left out and counted.
    with np.errstate(all="ignore"):
        return protocol.work(jobs, learner)


def unusable(protocol: AnyCollaboration, state: object, upload: Payload) -> str | None:
    """Why an upload is left out, in a few words; None if it can be used."""
    if not all(np.isfinite(array).all() for array in upload.values()):
        return NOT_FINITE
    return protocol.fault(state, upload)


def _input(records: Records) -> Payload:
    """The records as arrays; features in a table of several types have no such form, and are left out."""
    x = records.x
    return {"x": x, "y": records.y} if isinstance(x, np.ndarray) else {"y": records.y}


def _check(
    protocol: AnyCollaboration,
    clients: Mapping[str, Records],
    *,
    rounds: int,
    secure: SecureSum | None,
    together: int,
) -> None:
    check_names((SERVER, *clients))
    for what, number in (("rounds", rounds), ("together", together)):
        if number < 1:
            raise DataError(f"{what} is {number}: give 1 or more.")
    if not any(len(records) for records in clients.values()):
        raise DataError(f"none of the {len(clients)} clients has a record: give some of them records.")
    if secure is not None and not protocol.additive:
        raise PromiseError(
            f"{protocol.name} looks at each upload by itself, and a secure sum shows none: leave `secure` "
            "out, or choose a protocol that needs sums alone."
        )
    if isinstance(protocol, NeedsSum):
        protocol.check_sum(secure)
