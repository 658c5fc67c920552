"""One-shot votes as a protocol of parties: trained alone, one ballot each, noise once, and a student."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import ClassVar

import numpy as np

from confide.account.costs import Cost
from confide.core.arrays import Array, Ints, Rng
from confide.core.budget import Budget
from confide.core.transcript import Payload
from confide.learners.local import LocalLearner
from confide.mechanisms.federate.clipped_updates import check_delta
from confide.mechanisms.federate.exchange import counts_fault, need_heard, trained, votes_of
from confide.mechanisms.federate.one_shot_votes import NoisyVotes, OneShotVotes
from confide.mechanisms.federate.protocol import Done, Job, Plan, Upload, heard, total_of
from confide.mechanisms.federate.votes import ballot
from confide.mechanisms.noise.source import Noise
from confide.views.records import Records


@dataclass(frozen=True, slots=True, eq=False)
class Counted:
    """The server's state: counts with noise int64[m, C], and the parameters of the student, one array.

    Args:
        clients: how many parties there are.
        counts: zeros before the exchange.
        student: none before the exchange.
    """

    clients: int
    counts: Ints
    student: tuple[Array, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class VoteExchange:
    """Exchanges one vote of every party on each public record, and trains a student on the noisy counts.

    It is `OneShotVotes` for the round loop, in one round. The server asks; each party trains a model on its
    own records and sends its ballot; the server adds ballots up, publishes all counts with noise, and trains
    a student on the public records with the labels that these give. The statement is that of `OneShotVotes`:
    it is about the counts, and so about every student. The server sees each ballot, or under a secure sum
    their sum.

    Args:
        votes: budget, number of public records, and classes.
        student: what is trained on the result.
        public: the public records, m of them.

    Source: `OneShotVotes`.
    """

    name: ClassVar[str] = "one-shot votes"
    trusted: ClassVar[tuple[str, ...]] = ("server",)
    kinds: ClassVar[tuple[str, str]] = ("question", "votes")
    whole: ClassVar[bool] = True
    votes: OneShotVotes
    student: LocalLearner = field(repr=False)
    public: Array = field(repr=False)

    @property
    def asked(self) -> int:
        """The number of public records."""
        return len(self.public)

    @property
    def additive(self) -> bool:
        """Counts are sums of ballots."""
        return True

    @property
    def budget(self) -> Budget | None:
        """Of the one exchange."""
        return self.votes.budget

    @property
    def noise(self) -> Noise:
        """Of the counts."""
        return self.votes.noise

    def spent(self, plan: Plan, rounds: int) -> Budget | None:
        """The budget of one exchange; more than one have no promise."""
        if not rounds:
            return Budget(0.0, self.votes.budget.delta, self.votes.budget.unit)
        return self.votes.budget if rounds == 1 else None

    def cost(self, plan: Plan) -> Cost | None:
        """Epsilon and delta, or the rho of the noise, by which of both the ledger adds up."""
        return gaussian_cost(self.votes.budget, self.votes.mu)

    def begin(self, plan: Plan, *, rng: Rng) -> Counted:
        """No counts yet.

        Raises:
            PromiseError: if delta is above one over the clients.
        """
        check_delta(self.votes.budget, plan)
        return Counted(plan.clients, np.zeros((self.votes.public, self.votes.classes), np.int64))

    def turns(self, state: Counted, *, rng: Rng) -> Sequence[Sequence[int]]:
        """One turn of all parties."""
        return [range(state.clients)]

    def sent(self, state: Counted, client: int) -> Payload:
        """Nothing: the public records stand in the plan."""
        return {}

    def work(self, jobs: Sequence[Job], learner: LocalLearner) -> list[Done]:
        """The party's ballot, int8[m, C]."""
        records, rngs = [job.records for job in jobs], [job.rng for job in jobs]
        found = votes_of(learner, records, self.public, rngs=rngs)
        return [Done({"votes": ballot(one, self.votes.classes).astype(np.int8)}, {}) for one in found]

    def fault(self, state: Counted, upload: Payload) -> str | None:
        """No ballot on these records."""
        return counts_fault(upload, (self.votes.public, self.votes.classes), 1)

    def received(self, state: Counted, uploads: Sequence[Upload], *, rng: Rng) -> Counted:
        """All counts with noise."""
        need_heard(heard(uploads))
        counts = np.rint(total_of(uploads, "votes")).astype(np.int64)
        return replace(state, counts=self.votes.noised(counts, rng=rng).view.counts)

    def ended(self, state: Counted, *, rng: Rng) -> Counted:
        """The student, trained on public records and published counts: it costs nothing more."""
        labels = NoisyVotes(state.counts, self.votes.sigma).labels()
        student = trained(self.student, Records(self.public, labels), rng=rng)
        return replace(state, student=(student,))

    def published(self, state: Counted) -> Payload:
        """The student's parameters, and the noisy counts."""
        student = {"parameters": state.student[0]} if state.student else {}
        return {**student, "counts": state.counts}

    def remark(self, published: Payload) -> str:
        """The noise that each count has."""
        return f"Each count has noise of deviation {self.votes.sigma:,}."

    def unpublished(self, state: object) -> str:
        """Nothing."""
        return ""


def gaussian_cost(budget: Budget, mu: float) -> Cost:
    """What normal noise costs that keeps a budget and is mu-GDP: epsilon and delta, or rho."""
    whole = Cost.pure(budget.epsilon, delta=budget.delta)
    rho = Cost.concentrated(np.nextafter(mu**2 / 2, np.inf)).rho
    return Cost(epsilon=whole.epsilon, rho=min(whole.rho, rho), delta=whole.delta)
