"""Kairouz et al.: Practical and Private (Deep) Learning without Sampling or Shuffling (ICML 2021)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from confide.account.costs import Cost
from confide.core.arrays import Floats, Ints, Rng
from confide.core.budget import Budget
from confide.core.errors import PromiseError
from confide.core.transcript import Payload
from confide.learners.local import LocalLearner
from confide.mechanisms.federate.clipped_updates import (
    check_client_budget,
    check_delta,
    clipped,
    length_fault,
    noised,
)
from confide.mechanisms.federate.federated_averaging import changes_of, check_rate, model_sent
from confide.mechanisms.federate.prefix_sums import Memory, Participation, PrefixSums, Tree
from confide.mechanisms.federate.protocol import Done, Job, Plan, Upload, fault_of, heard, total_of
from confide.mechanisms.learn.dpsgd.accounting import epsilon_of, noise_multiplier
from confide.mechanisms.learn.dpsgd.moments import cost_of_run
from confide.mechanisms.noise.source import Noise, refuse_unknown

if TYPE_CHECKING:
    from confide.mechanisms.learn.dpsgd.noise import Source


@dataclass(frozen=True, slots=True, eq=False)
class Led:
    """The server's state, which nobody else sees.

    Args:
        plan: of the run.
        parameters: the global model, float64[p].
        multiplier: the noise's deviation over the sensitivity.
        memory: of earlier rounds.
        last: the round in which each client took part last; absent if in none.
        times: how often each took part.
        groups: of each client the cohort that it is in, where cohorts take turns.
        source: of noise.
        uploads: of the round that is going on.
    """

    plan: Plan
    parameters: Floats
    multiplier: float
    memory: Memory
    last: Mapping[int, int]
    times: Mapping[int, int]
    groups: Ints
    source: Source
    uploads: tuple[Upload, ...] = ()

    @property
    def round(self) -> int:
        """The number of the round that goes on, or begins, from 1."""
        return self.memory.rounds + 1


@dataclass(frozen=True, slots=True, kw_only=True)
class DPFTRL:
    """DP-FTRL adds correlated noise to prefix sums of clipped updates; its promise rests on no sampling.

    *Statement.* Let clients take part by a rule: again after `separation` rounds at the earliest. With S the
    clip and D the sensitivity of the noised sums under that rule, each of these has normal noise of deviation
    z S D. All published models together are one Gaussian mechanism of multiplier z, for one client more or
    less with all its records, also though updates depend on models before (Denisov et al. 2022, theorem 2.1).

    *Conditions.* The rule is checked for every round; a client that would break it is refused before the
    round. The denominator is the planned size of a cohort, and not the number that came. The server sees
    updates without noise, and is trusted. Who takes part may be known to all.

    Args:
        budget: of the whole run, hiding any one client; delta at most one over the clients.
        clip: S, the longest update.
        separation: rounds from one participation of a client to its next, at least.
        sums: how prefix sums are noised: `Tree()` or `Banded(bands)`.
        cohorts: who takes part in each round, by position; None for groups of one size that take turns.
        multiplier: z; None for the least with which the budget is kept.
        rate: of the server.
        noise: "secure", or "rehearsal" from `rng`, for audits and tests only.

    Raises:
        PromiseError: if a setting breaks the promise, with what to change.
    """

    name: ClassVar[str] = "DP-FTRL"
    trusted: ClassVar[tuple[str, ...]] = ("server",)
    budget: Budget
    clip: float
    separation: int
    sums: PrefixSums = field(default_factory=Tree)
    cohorts: tuple[tuple[int, ...], ...] | None = None
    multiplier: float | None = None
    rate: float = 1.0
    noise: Noise = "secure"

    def __post_init__(self) -> None:
        refuse_unknown(self.noise)
        check_client_budget(self.budget)
        check_rate(self.rate)
        for what, value in (("clip", self.clip), ("multiplier", self.multiplier)):
            if value is not None and not 0 < value < math.inf:
                raise PromiseError(f"{what} is {value}: give a finite number above 0.")
        self.sums.check(Participation(self.separation, 1))

    @property
    def additive(self) -> bool:
        """It adds noise to sums alone."""
        return True

    def spent(self, plan: Plan, rounds: int) -> Budget | None:
        """The promise of the run; all rounds are one mechanism, so that fewer cost the same."""
        delta, unit = self.budget.delta, self.budget.unit
        if not rounds:
            return Budget(0.0, delta, unit)
        # Planned noise is of the sensitivity of all planned rounds; more rounds than planned have no promise.
        if rounds > plan.rounds:
            return None
        epsilon = epsilon_of(multiplier=self._multiplier, delta=delta, rate=1.0, steps=1)
        return Budget(epsilon, delta, unit)

    def cost(self, plan: Plan) -> Cost | None:
        """Epsilon and delta, or the rho of one Gaussian mechanism, by which of both the ledger adds up."""
        promise = self.spent(plan, plan.rounds)
        if promise is None:
            return None
        return cost_of_run(promise, multiplier=self._multiplier, rate=1.0, steps=1)

    def begin(self, plan: Plan, *, rng: Rng) -> Led:
        """The untrained model.

        Raises:
            PromiseError: if delta is above one over the clients, or given cohorts break the rule.
        """
        from confide.mechanisms.learn.dpsgd.noise import source_of

        check_delta(self.budget, plan)
        if self.cohorts is not None:
            check_cohorts(self.cohorts, plan, self._rule(plan))
        groups = rng.permutation(plan.clients) % self.separation
        start: Floats = plan.start.astype(np.float64)
        source, memory = source_of(self.noise, rng), self.sums.begin(plan.size)
        return Led(plan, start, self._multiplier, memory, {}, {}, groups, source)

    def turns(self, state: Led, *, rng: Rng) -> Sequence[Sequence[int]]:
        """One turn of the round's cohort.

        Raises:
            PromiseError: if a client of it would break the rule.
        """
        number, rule = state.round, self._rule(state.plan)
        if number > state.plan.rounds:
            raise PromiseError(f"round {number:,} is beyond the {state.plan.rounds:,} that were planned.")
        if self.cohorts is not None:
            cohort = list(self.cohorts[number - 1])
        else:
            cohort = np.flatnonzero(state.groups == (number - 1) % self.separation).tolist()
        for client in cohort:
            check_client(client, number, state.last.get(client), state.times.get(client, 0), rule)
        return [cohort]

    def sent(self, state: Led, client: int) -> Payload:
        """The global parameters, float32[p]."""
        return model_sent(state.parameters)

    def work(self, jobs: Sequence[Job], learner: LocalLearner) -> list[Done]:
        """The change by local training, clipped as one vector."""
        changes = changes_of(jobs, learner)
        return [Done({"update": clipped(c, self.clip).astype(np.float32)}, {}) for c in changes]

    def fault(self, state: Led, upload: Payload) -> str | None:
        """Another form, or an update that is longer than the clip."""
        form = {"update": (state.plan.size,)}
        return fault_of(upload, form) or length_fault(upload["update"], self.clip)

    def received(self, state: Led, uploads: Sequence[Upload], *, rng: Rng) -> Led:
        """The same model, with the uploads for the end of the round, and who has taken part."""
        came = [client for upload in uploads for client in upload.clients]
        last = {**state.last, **dict.fromkeys(came, state.round)}
        times = {**state.times, **{client: state.times.get(client, 0) + 1 for client in came}}
        return replace(state, uploads=(*state.uploads, *uploads), last=last, times=times)

    def ended(self, state: Led, *, rng: Rng) -> Led:
        """The model plus what the noisy prefix sum grew by, over the planned size of a cohort."""
        from confide.mechanisms.learn.dpsgd.noise import NOISE

        plan, rule = state.plan, self._rule(state.plan)
        bits = state.source.at(state.memory.rounds, NOISE)
        reach = self.clip * self.sums.sensitivity(plan.rounds, rule)
        parts = self.sums.noised_sums(plan.rounds, rule)

        def add(vector: Floats) -> Floats:
            return noised(vector, clip=reach, multiplier=state.multiplier, bits=bits, parts=parts)

        total = total_of(state.uploads, "update") if heard(state.uploads) else np.zeros(plan.size)
        grown, memory = self.sums.next(state.memory, total, add)
        parameters = state.parameters + self.rate * grown / self._expected(plan)
        return replace(state, parameters=parameters, memory=memory, uploads=())

    def published(self, state: Led) -> Payload:
        """The global parameters, float64[p]."""
        return {"parameters": state.parameters}

    @property
    def _multiplier(self) -> float:
        if self.multiplier is not None:
            return self.multiplier
        return noise_multiplier(epsilon=self.budget.epsilon, delta=self.budget.delta, rate=1.0, steps=1)

    def _rule(self, plan: Plan) -> Participation:
        return Participation.of(plan.rounds, separation=self.separation)

    def _expected(self, plan: Plan) -> float:
        """The planned size of a cohort, which no client changes."""
        if self.cohorts is not None:
            return sum(map(len, self.cohorts)) / len(self.cohorts)
        return plan.clients / self.separation


def check_cohorts(cohorts: Sequence[Sequence[int]], plan: Plan, rule: Participation) -> None:
    """Check given cohorts before the first round.

    Raises:
        PromiseError: if a client is in two of them that are too close, or in too many, or there is none such.
    """
    if len(cohorts) != plan.rounds:
        raise PromiseError(f"{len(cohorts):,} cohorts for {plan.rounds:,} rounds: give one for each round.")
    last, times = dict[int, int](), dict[int, int]()
    for number, cohort in enumerate(cohorts, 1):
        if len(set(cohort)) != len(cohort) or not all(0 <= c < plan.clients for c in cohort):
            raise PromiseError(
                f"the cohort of round {number:,} names a client twice, or one that there is not: give "
                f"positions from 0 to {plan.clients - 1:,}, each once."
            )
        for client in cohort:
            check_client(client, number, last.get(client), times.get(client, 0), rule)
            last[client], times[client] = number, times.get(client, 0) + 1


def check_client(client: int, number: int, last: int | None, times: int, rule: Participation) -> None:
    """Check that a client may take part in a round.

    Raises:
        PromiseError: if it took part too short a time ago, or too often.
    """
    if last is not None and number - last < rule.separation:
        raise PromiseError(
            f"client {client} took part in round {last:,} and would again in {number:,}, and noise is "
            f"planned for {rule.separation:,} rounds between: choose others, or plan a smaller separation."
        )
    if times >= rule.most:
        raise PromiseError(
            f"client {client} took part {times:,} times, for which noise is planned: choose others."
        )
