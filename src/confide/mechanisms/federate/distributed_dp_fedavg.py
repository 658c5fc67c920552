"""DP-FedAvg without a trusted server: clients add the noise, inside a secure sum.

Kairouz, Liu, Steinke: The Distributed Discrete Gaussian Mechanism for Federated Learning with Secure
Aggregation (ICML 2021). The noise is `mechanisms/share/distributed_gaussian.py`, the sum `secure_rounds`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from confide.account.costs import RHO_UNITS, Cost
from confide.core.arrays import Floats, Ints, Rng
from confide.core.budget import Budget
from confide.core.errors import PromiseError
from confide.core.transcript import Payload
from confide.learners.local import LocalLearner
from confide.mechanisms.federate.clipped_updates import check_client_budget, check_delta
from confide.mechanisms.federate.federated_averaging import changes_of, check_rate, model_sent
from confide.mechanisms.federate.protocol import (
    Done,
    Job,
    Plan,
    SecureSum,
    StatedSum,
    Upload,
    fault_of,
    heard,
    total_of,
)
from confide.mechanisms.noise.source import Noise, refuse_unknown
from confide.mechanisms.share.distributed_gaussian import RING, DistributedGaussian


@dataclass(frozen=True, slots=True, eq=False)
class Public:
    """The server's state; it has nothing that the promise is about.

    Args:
        plan: of the run.
        parameters: the global model, float64[p].
        order: in which clients take turns, positions int64[clients].
        round: how many have ended.
    """

    plan: Plan
    parameters: Floats
    order: Ints
    round: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class DistributedDPFedAvg:
    """DP-FedAvg with distributed noise: each client adds a part of it, and a secure sum adds up.

    A round adds to the parameters the mean of the clipped changes of a cohort, with discrete Gaussian noise
    that the clients added before they masked them. The adversary's story: the server, and `colluding` clients
    that tell it all they know, follow no rule and keep every message; they see noisy sums.

    *Statement.* All sums of a run together are (epsilon, delta)-private for what one honest client holds: its
    changes replaced by zeros, while at least `least` clients remain in each sum and at most `colluding` of
    them collude with the server. Who took part, and that it holds records, is known.

    *Proof.* Cohorts take turns in an order that uses no record, so that a client is in `times` sums at most.
    The others are computed from earlier sums without it. Each of its own has the noise of `least -
    colluding` honest clients or more, scaled for `times` of them, each chosen after the last
    (`DistributedGaussian`). A training that diverged is sent as zeros with noise, so that nobody is left out
    for what it holds. The mean is over the clients in the sum, who are known.

    *Conditions.* Nothing is said of a sum of fewer clients: the secure sum refuses it. A client makes its
    noise from its own settings, and not from what the server sends, and counts its rounds itself. No
    amplification by sampling is claimed: the server knows who takes part.

    Args:
        budget: of the whole run, hiding any one client; delta at most one over the clients.
        clip: the longest update.
        cohort: how many clients work in a round.
        least: how many of them remain in a sum at least: what is noised enough by itself.
        colluding: how many of these may collude with the server.
        times: in how many rounds a client takes part at most.
        rate: of the server.
        noise: "secure", or "rehearsal" from each client's generator, for audits and tests only.

    Raises:
        PromiseError: if a setting breaks the promise, with what to change.

    >>> from confide.core.budget import Unit
    >>> budget = Budget(2.0, 1e-4, Unit.client())
    >>> made = DistributedDPFedAvg(budget=budget, clip=0.5, cohort=100, least=67, colluding=10, times=6)
    >>> print(f"{made.spent(Plan(1_000, 60, np.zeros(10)), 60)}, {made.assumed}")
    epsilon 2, delta 0.0001, hiding everything any one client holds, while at least 67 clients
    remain in each sum and at most 10 of them collude with the server
    """

    name: ClassVar[str] = "DP-FedAvg with distributed noise"
    trusted: ClassVar[tuple[str, ...]] = ()
    budget: Budget
    clip: float
    cohort: int
    least: int
    colluding: int
    times: int
    rate: float = 1.0
    noise: Noise = "secure"

    def __post_init__(self) -> None:
        refuse_unknown(self.noise)
        check_client_budget(self.budget)
        check_rate(self.rate)
        self.noise_of(1)

    def noise_of(self, size: int) -> DistributedGaussian:
        """What each client adds to this number of parameters.

        Raises:
            PromiseError: if no such noise keeps the budget, with what to change.
        """
        return DistributedGaussian(
            budget=self.budget,
            clip=self.clip,
            words=size,
            clients=self.cohort,
            least=self.least,
            colluding=self.colluding,
            rounds=self.times,
        )

    @property
    def assumed(self) -> str:
        """How many clients remain, and how many collude, at which the promise still holds."""
        return (
            f"while at least {self.least:,} clients remain in each sum and at most {self.colluding:,} of "
            "them collude with the server"
        )

    def check_sum(self, secure: SecureSum | None) -> None:
        """Refuse a missing secure sum, or one that may show less noise than the promise needs."""
        if secure is None:
            raise PromiseError(
                f"{self.name} keeps no promise without a secure sum, as each upload has a part of the noise "
                f"alone: give secure=SecureRounds(clients={self.cohort}, how=SecureSum(cohort={self.least}, "
                f"colluding={self.colluding}, fresh_inputs=True))."
            )
        if not isinstance(secure, StatedSum):
            raise PromiseError("the secure sum does not state its terms: give SecureRounds, or add `terms`.")
        terms = secure.terms
        for name, have, wanted in (
            ("a cohort", terms.least, self.least),
            ("colluding clients", terms.colluding, self.colluding),
        ):
            if have < wanted:
                raise PromiseError(
                    f"the secure sum has {name} of {have:,}, and the noise is made for {wanted:,}: give it "
                    f"{wanted:,} or more."
                )
        # Of any number of parameters the noisy numbers of a cohort fit the ring; of larger cohorts fewer do.
        if terms.bound < (RING // 2 - 1) // self.cohort:
            raise PromiseError(
                f"the secure sum has no room for whole numbers of {self.cohort:,} clients: give it "
                f"clients={self.cohort} and no limit."
            )

    @property
    def additive(self) -> bool:
        """The server needs the sum, and nothing else."""
        return True

    def spent(self, plan: Plan, rounds: int) -> Budget | None:
        """The promise of the run; noise is made for all planned rounds, so that fewer cost the same."""
        if not rounds:
            return Budget(0.0, self.budget.delta, self.budget.unit)
        return self.budget if self._turns_of(plan, rounds) <= self.times else None

    def cost(self, plan: Plan) -> Cost | None:
        """Epsilon and delta, or the rho of the rounds of a client, by which of both the ledger adds up."""
        if self.spent(plan, plan.rounds) is None:
            return None
        whole = Cost.pure(self.budget.epsilon, delta=self.budget.delta)
        rho = math.ceil(self.noise_of(plan.size).rho * self.times * RHO_UNITS)
        return Cost(epsilon=whole.epsilon, rho=min(whole.rho, rho), delta=whole.delta)

    def begin(self, plan: Plan, *, rng: Rng) -> Public:
        """The untrained model, and an order of the clients.

        Raises:
            PromiseError: if delta is above one over the clients, there are fewer of them than a cohort, or
                one would take part more often than noise is made for.
        """
        check_delta(self.budget, plan)
        if plan.clients < self.cohort:
            raise PromiseError(f"a cohort of {self.cohort:,} of {plan.clients:,} clients: give at most all.")
        if (needed := self._turns_of(plan, plan.rounds)) > self.times:
            raise PromiseError(
                f"in {plan.rounds:,} rounds a client takes part {needed:,} times, and noise is made for "
                f"{self.times:,}: give times={needed}, fewer rounds, or a smaller cohort."
            )
        self.noise_of(plan.size)
        return Public(plan, plan.start.astype(np.float64), rng.permutation(plan.clients))

    def turns(self, state: Public, *, rng: Rng) -> Sequence[Sequence[int]]:
        """One turn of the next clients in order, the first after the last.

        Raises:
            PromiseError: if all rounds that were planned, and paid for, are over.
        """
        if state.round >= state.plan.rounds:
            raise PromiseError(f"all {state.plan.rounds:,} planned rounds are over: plan more of them.")
        first = state.round * self.cohort
        places = np.arange(first, first + self.cohort) % state.plan.clients
        return [np.sort(state.order[places]).tolist()]

    def sent(self, state: Public, client: int) -> Payload:
        """The global parameters, float32[p]."""
        return model_sent(state.parameters)

    def work(self, jobs: Sequence[Job], learner: LocalLearner) -> list[Done]:
        """The change by local training, clipped, on the noise's grid and with a part of the noise, int64[p].

        Raises:
            PromiseError: if a client would take part more often than its noise is made for.
        """
        changes = changes_of(jobs, learner)
        noise = self.noise_of(changes.shape[1])
        return [self._done(job, change, noise) for job, change in zip(jobs, changes, strict=True)]

    def fault(self, state: Public, upload: Payload) -> str | None:
        """Another form. Behind masks nobody sees it, nor whether a client clipped or added its noise."""
        found = fault_of(upload, {"update": (state.plan.size,)})
        return found or (None if upload["update"].dtype.kind in "iu" else "numbers that are not whole")

    def received(self, state: Public, uploads: Sequence[Upload], *, rng: Rng) -> Public:
        """The parameters plus the mean of the sum.

        Raises:
            PromiseError: if a sum is of fewer clients than have enough noise together.
        """
        for upload in uploads:
            if len(upload.clients) < self.least:
                raise PromiseError(
                    f"a sum of {len(upload.clients):,} clients reached the server, and only {self.least:,} "
                    "or more have enough noise: run it over a secure sum that refuses fewer."
                )
        if not heard(uploads):
            return state
        total = self.noise_of(state.plan.size).decoded(total_of(uploads, "update"))
        return replace(state, parameters=state.parameters + self.rate * total / heard(uploads))

    def ended(self, state: Public, *, rng: Rng) -> Public:
        """The same model; one round more is over."""
        return replace(state, round=state.round + 1)

    def published(self, state: Public) -> Payload:
        """The global parameters, float64[p]."""
        return {"parameters": state.parameters}

    def _done(self, job: Job, change: Floats, noise: DistributedGaussian) -> Done:
        times = int(job.memory["times"]) + 1 if job.memory else 1
        if times > self.times:
            raise PromiseError(
                f"a client is asked for round {times:,} of its own, and its noise is made for {self.times:,}."
            )
        # To leave out a training that diverged would show what the client holds.
        usable = change if np.isfinite(change).all() else np.zeros_like(change)
        encoded = noise.encoded(usable, noise=self.noise, rng=job.rng)
        return Done({"update": encoded}, {"times": np.array(times)})

    def _turns_of(self, plan: Plan, rounds: int) -> int:
        """How often a client takes part in this many rounds, at most."""
        return -(-rounds * self.cohort // plan.clients)
