"""The round loop: runs any protocol on simulated clients, and records who sent what to whom."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Protocol

import numpy as np

from confide.core.arrays import Array, Rng
from confide.core.errors import BudgetError, DataError, PromiseError
from confide.core.nouns import Outcome
from confide.core.transcript import SERVER, Payload, Transcript, check_names
from confide.learners.local import LocalLearner
from confide.mechanisms.federate.exchange import Exchange
from confide.mechanisms.federate.gathered import ActiveServer, Gathered
from confide.mechanisms.federate.paying import check_plan, pay
from confide.mechanisms.federate.protocol import (
    AnyCollaboration,
    Done,
    Job,
    NeedsSum,
    Plan,
    SecureSum,
)
from confide.mechanisms.federate.standing import Keeping
from confide.mechanisms.noise.source import outcome
from confide.views.records import Records

if TYPE_CHECKING:
    from confide.account.ledger import Ledger


class Map(Protocol):
    """A map as Python's own, or one of `confide.scale`."""

    def __call__(
        self, function: Callable[[Sequence[Job]], list[Done]], items: Iterable[Sequence[Job]], /
    ) -> Iterable[list[Done]]: ...


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Run:
    """A collaboration that has ended.

    Args:
        released: the published model, with the promise of the rounds that were run.
        transcript: who sent what to whom; None if it was not recorded. It is as secret as the records.
        left_out: how often the uploads of a client were left out, by reason and client. It is as secret.
        trusted: against whom the promise does not hold.
        assumed: what the promise rests on besides its noise, such as how many clients collude; often nothing.
        colluding: how many clients together it holds against at most; None for any number.
        unpublished: what is said to the holder of the records alone, not for publication; often nothing.
    """

    released: Outcome[Payload]
    transcript: Transcript | None
    left_out: Mapping[str, Mapping[str, int]]
    trusted: tuple[str, ...] = ()
    assumed: str = ""
    colluding: int | None = None
    unpublished: str = ""

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
    keep: Keeping | None = None,
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
        keep: keeps where the run stands after each round, and goes on from there; such a run is charged once.

    Raises:
        DataError: if there is no client with records, or a name is unusable; or if no client of a round has
            finite numbers.
        PromiseError: if the rounds exceed the protocol's budget, or it needs more than a sum, or another one.
        BudgetError: if the ledger does not pay; no message was sent then.
    """
    seed, server = int(rng.integers(2**63)), rng.spawn(1)[0]
    _check(protocol, clients, rounds=rounds, secure=secure, together=together)
    plan = Plan(len(clients), rounds, learner.start(rng=server))
    promise = check_plan(protocol, plan)
    state = protocol.begin(plan, rng=server)
    loop = Gathered(protocol, clients, tuple(clients), secure, record, active, time.perf_counter())
    ended = 0
    if keep is not None:
        old = keep.found(state)
        if old is None:
            keep.keep(loop.standing(0, seed, server, state))  # before the charge, which knows its token then
        else:
            ended, seed, server, state = old.round, old.seed, old.rng, loop.restored(old)
    if ledger is not None:
        try:
            run = None if keep is None else keep.token
            pay(ledger, protocol, plan, promise, analyst=analyst, run=run)
        except (BudgetError, PromiseError):
            if keep is not None and not ended:  # nothing was charged: there is nothing to go on with
                keep.drop()
            raise
    work = partial(worked, protocol, learner)
    for number in range(ended + 1, rounds + 1):
        for turn, cohort in enumerate(protocol.turns(state, rng=server)):
            jobs = loop.jobs(state, cohort, number, seeds=(seed, number, turn))
            items = [list(jobs.values())[k : k + together] for k in range(0, len(jobs), together)]
            done = [one for some in map(work, items) for one in some]
            try:
                uploads = loop.uploads(state, dict(zip(jobs, done, strict=True)), number, rng=server)
                state = protocol.received(state, uploads, rng=server)
            except DataError:
                if keep is not None and ledger is None:  # nothing was charged: there is nothing to go on with
                    keep.drop()
                raise
        state = protocol.ended(state, rng=server)
        if keep is not None:
            keep.keep(loop.standing(number, seed, server, state))
        if watch is not None:
            watch(number, protocol.published(state))
    published = protocol.published(state)
    return Run(
        released=outcome(protocol.noise, published, promise, protocol.name),
        transcript=loop.transcript(published) if record else None,
        left_out={reason: dict(counted) for reason, counted in loop.left_out.items()},
        trusted=protocol.trusted,
        assumed=protocol.assumed if isinstance(protocol, NeedsSum) else "",
        colluding=protocol.colluding if isinstance(protocol, NeedsSum) else None,
        unpublished=protocol.unpublished(state) if isinstance(protocol, Exchange) else "",
    )


def worked(protocol: AnyCollaboration, learner: LocalLearner, jobs: Sequence[Job]) -> list[Done]:
    """What clients make of their jobs; a training that diverges gives numbers that are not finite."""
    # A training that diverged is no error: what is not finite is left out and counted.
    with np.errstate(all="ignore"):
        return protocol.work(jobs, learner)


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
