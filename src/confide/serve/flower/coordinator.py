"""The server of a deployed collaboration: it counts answers, stops below the cohort, and can go on."""

from __future__ import annotations

import secrets
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from confide.core.arrays import Rng
from confide.core.budget import Budget
from confide.core.errors import BudgetError, DataError, PromiseError
from confide.core.nouns import Outcome
from confide.core.paths import is_there
from confide.core.transcript import SERVER, Payload
from confide.learners.local import LocalLearner
from confide.mechanisms.federate.gathered import unusable
from confide.mechanisms.federate.paying import check_plan, pay
from confide.mechanisms.federate.protocol import AnyCollaboration, Plan, Upload
from confide.mechanisms.federate.states import arrays_of, with_arrays
from confide.mechanisms.noise.source import outcome
from confide.mechanisms.share.messages import Identity
from confide.mechanisms.share.refusals import RefusedError, listed
from confide.serve.flower.checkpoints import Checkpoint, read_checkpoint, write_checkpoint
from confide.serve.flower.deployment import Deployment
from confide.serve.flower.keys import raw_identity
from confide.serve.flower.messages import Action, Exchange, Reply, Request
from confide.serve.flower.summing import Asking, secure_total
from confide.serve.flower.sums import refuse_unprotected

if TYPE_CHECKING:
    from confide.account.ledger import Ledger

SILENT = "no answer within the deadline"


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Finished:
    """A deployed run that has ended.

    Args:
        released: the model, with the promise of all rounds; a rehearsal where the plan has a seed.
        digest: of the plan that was followed.
        left_out: how often the uploads of a party were left out, by reason and party; as secret as a
            transcript.
    """

    released: Outcome[Payload]
    digest: str
    left_out: Mapping[str, Mapping[str, int]]


@dataclass(slots=True, kw_only=True)
class Coordinator:
    """Runs the rounds of a plan with parties that an exchange reaches.

    Args:
        deployment: the plan.
        exchange: carries requests and answers.
        run: the engine's name of this run; a run that goes on has a new one.
        checkpoint: the file that is replaced after each round.
        identity: the server's key for secure sums.
        ledger: pays before the first message.
        analyst: whose part of the ledger pays.
        summed: hears the round of a secure sum, what came out of it, and of how many parties; that is what
            the server sees besides messages.
        said: hears in a sentence what happens, without any value.
    """

    deployment: Deployment
    exchange: Exchange
    run: str
    checkpoint: Path
    identity: Identity | None = None
    ledger: Ledger | None = None
    analyst: str | None = None
    summed: Callable[[int, Payload, int], None] | None = None
    said: Callable[[str], None] = print
    _left_out: dict[str, Counter[str]] = field(default_factory=dict, init=False)
    _sums: int = field(default=0, init=False)
    _digest: str = field(default="", init=False)

    def conduct(self, *, resume: bool = False) -> Finished:
        """Run all rounds, or those that a run before this one did not end.

        Raises:
            DataError: if a checkpoint is there and the run is new, or none is there to go on with.
            PromiseError: if the rounds exceed the protocol's budget.
            BudgetError: if the ledger does not pay; no message was sent then.
            RefusedError: if fewer parties than the cohort answered, with the names. The checkpoint is that of
                the round before; nothing of this round is kept, and nothing is given back.
        """
        protocol, learner = self.deployment.made_protocol(), self.deployment.made_learner()
        self._digest = self.deployment.digest(protocol)
        began = time.monotonic()
        # Before anything else: a plan that has changed is refused.
        old = read_checkpoint(self.checkpoint, digest=self._digest) if resume else None
        if old is None and is_there(self.checkpoint):
            raise DataError(
                f"{self.checkpoint} is of a run that was begun: go on with it, or name a new folder."
            )
        self._check(protocol)
        plan, promise, state, rng = self._begun(protocol, learner)
        if old is not None:
            state, rng, done, token = self._restored(state, old)
        else:
            done, token = 0, secrets.token_hex(16)
            # Before the charge: a run that is killed while it pays goes on without paying twice.
            self._keep(state, rng, 0, token)
        self._pay(protocol, plan, promise, token, new=old is None)
        for number in range(done + 1, self.deployment.rounds + 1):
            for turn, cohort in enumerate(protocol.turns(state, rng=rng)):
                uploads = self._uploads(protocol, state, cohort, number=number, turn=turn)
                state = protocol.received(state, uploads, rng=rng)
            state = protocol.ended(state, rng=rng)
            self._keep(state, rng, number, token)
            self.said(f"round {number} of {self.deployment.rounds} has ended and is kept.")
            self._watch(number, time.monotonic() - began)
        noise = protocol.noise if self.deployment.seed is None else "rehearsal"
        released = outcome(noise, protocol.published(state), promise, protocol.name)
        return Finished(released=released, digest=self._digest, left_out=self._counted())

    def check(self) -> None:
        """Refuse what could not be carried out, before any machine is asked.

        Raises:
            ConfideError: as `conduct` does before its first message.
        """
        protocol = self.deployment.made_protocol()
        self._check(protocol)
        arrays_of(self._begun(protocol, self.deployment.made_learner())[2])

    def _begun(
        self, protocol: AnyCollaboration, learner: LocalLearner
    ) -> tuple[Plan, Budget | None, Any, Rng]:
        """The plan as the protocol sees it, its promise, and the state before the first round."""
        first = np.random.default_rng(_entropy(self.deployment.seed))
        rng = first.spawn(1)[0]
        plan = Plan(len(self.deployment.parties), self.deployment.rounds, learner.start(rng=rng))
        promise = check_plan(protocol, plan)
        return plan, promise, protocol.begin(plan, rng=rng), rng

    def _watch(self, number: int, took: float) -> None:
        """Stop a run that takes longer than the plan allows; what was reached is kept."""
        most = self.deployment.end
        if most is not None and took > most and number < self.deployment.rounds:
            raise DataError(
                f"the run, up to round {number:,}, took {took:.1f} s, and the plan allows {most:g} s: no "
                "model was written. It can go on from there, for as long again."
            )

    def _pay(
        self, protocol: AnyCollaboration, plan: Plan, promise: Budget | None, token: str, *, new: bool
    ) -> None:
        if self.ledger is None:
            return
        try:
            pay(self.ledger, protocol, plan, promise, analyst=self.analyst, run=token)
        except (BudgetError, PromiseError):
            if new:  # nothing was charged, so that there is nothing to go on with
                self.checkpoint.unlink()
            raise

    def _check(self, protocol: AnyCollaboration) -> None:
        """Refuse what could not be carried out, before anything is charged, kept or sent."""
        refuse_unprotected(self.deployment)
        if self.deployment.secure is None:
            return
        if not protocol.additive:
            raise PromiseError(
                f"{protocol.name} looks at each upload by itself, and a secure sum shows none: leave it out "
                "of the plan, or choose a protocol that needs sums alone."
            )
        if self._identity.public != raw_identity(self.deployment.server, SERVER):
            raise DataError(
                "the server's key for secure sums is not the one that the plan pins, and every party would "
                "refuse it: take the right folder of keys, or agree on a new plan."
            )

    def _uploads(
        self, protocol: AnyCollaboration, state: object, cohort: Sequence[int], *, number: int, turn: int
    ) -> list[Upload]:
        """What reached the server of a turn, each by itself or as a secure sum."""
        names = self.deployment.names
        members = tuple(names[client] for client in cohort)
        if not members:
            return []
        sent = {names[client]: protocol.sent(state, client) for client in cohort}
        if self.deployment.secure is None:
            return self._plain(protocol, state, self._asking("update", members, number, turn), sent)
        self._sums += 1
        asking = self._asking("keys", members, number, turn)
        try:
            total, survivors, out = secure_total(self.deployment, self._identity, asking, sent)
        except RefusedError as error:
            raise RefusedError(f"{error} {self._slow}", parties=error.parties) from None
        for name, reason in out.items():
            self._leave_out(reason, name)
        if self.summed is not None:
            self.summed(number, total, len(survivors))
        return [Upload(tuple(names.index(name) for name in survivors), total)]

    def _plain(
        self, protocol: AnyCollaboration, state: object, asking: Asking, sent: Mapping[str, Payload]
    ) -> list[Upload]:
        replies = asking.replies(sent)
        found: list[Upload] = []
        for name in asking.members:
            reply = replies.get(name, Reply(fault=SILENT))
            reason = reply.fault or unusable(protocol, state, reply.arrays)
            if reason:
                self._leave_out(reason, name)
            else:
                found.append(Upload((self.deployment.names.index(name),), reply.arrays))
        if len(found) < asking.fewest:
            there = {self.deployment.names[upload.clients[0]] for upload in found}
            missing = sorted(set(asking.members) - there)
            raise RefusedError(
                f"only {len(found)} of {len(asking.members)} parties gave an upload in round {asking.round}, "
                f"and the cohort is {asking.fewest}: missing are {listed(missing)}. The run stops; the model "
                f"of round {asking.round - 1} is kept, and the run can go on from it. {self._slow}",
                parties=missing,
            )
        return found

    @property
    def _slow(self) -> str:
        """What to do about a party that is there, and too slow."""
        return (
            f"One that takes longer than {self.deployment.deadline:g} s for a step counts as missing: give "
            "round in [deadlines] more time, and go on by confide collaborate resume."
        )

    def _asking(self, action: Action, members: tuple[str, ...], number: int, turn: int) -> Asking:
        first = Request(
            action=action, digest=self._digest, run=self.run, round=number, turn=turn, members=members,
            sum=self._sums,
        )  # fmt: skip
        fewest = min(self.deployment.cohort, len(members))
        return Asking(first, self.exchange, self.deployment.deadline, fewest, self.said)

    def _keep(self, state: object, rng: Rng, number: int, token: str) -> None:
        write_checkpoint(self.checkpoint, Checkpoint(
            digest=self._digest, token=token, round=number, sums=self._sums,
            rng=rng.bit_generator.state, left_out=self._counted(), arrays=arrays_of(state),
        ))  # fmt: skip

    def _restored(self, first: Any, old: Checkpoint) -> tuple[Any, Rng, int, str]:
        self._sums = old.sums
        self._left_out = {reason: Counter(counted) for reason, counted in old.left_out.items()}
        self.said(f"the run goes on after round {old.round}.")
        return with_arrays(first, old.arrays), old.generator(), old.round, old.token

    def _leave_out(self, reason: str, name: str) -> None:
        self.said(f"left out: {name} ({reason}).")
        self._left_out.setdefault(reason, Counter())[name] += 1

    def _counted(self) -> dict[str, dict[str, int]]:
        return {reason: dict(counted) for reason, counted in self._left_out.items()}

    @property
    def _identity(self) -> Identity:
        if self.identity is None:
            raise DataError("the server has no key for secure sums: give the folder of its keys.")
        return self.identity


def _entropy(seed: int | None) -> int:
    return secrets.randbits(128) if seed is None else seed
