"""McMahan et al.: Learning Differentially Private Recurrent Language Models (ICLR 2018)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from confide.account.costs import Cost
from confide.core.arrays import Array, Rng
from confide.core.budget import Budget
from confide.core.errors import PromiseError
from confide.core.transcript import Payload
from confide.learners.local import LocalLearner
from confide.mechanisms.federate.adaptive_clipping import AdaptiveClip, within
from confide.mechanisms.federate.clipped_updates import (
    check_client_budget,
    check_delta,
    clipped,
    length_fault,
    noised,
)
from confide.mechanisms.federate.federated_averaging import changes_of, check_rate, model_sent
from confide.mechanisms.federate.protocol import Done, Job, Plan, Upload, fault_of, heard, total_of
from confide.mechanisms.learn.dpsgd.accounting import epsilon_of, noise_multiplier
from confide.mechanisms.learn.dpsgd.moments import cost_of_run
from confide.mechanisms.noise.source import Noise, refuse_unknown

if TYPE_CHECKING:
    from confide.mechanisms.learn.dpsgd.noise import Source

LONGEST = 1e30
"""Of a clip: noise of a longer one is no number of a model's."""


@dataclass(frozen=True, slots=True, eq=False)
class Noised:
    """The server's state, which nobody else sees.

    Args:
        plan: of the run.
        parameters: the global model, float64[p].
        clip: the longest update of this round.
        multiplier: of the noise on updates.
        round: how many have begun.
        source: of coins and noise.
        uploads: of the round that is going on.
    """

    plan: Plan
    parameters: Array
    clip: float
    multiplier: float
    round: int
    source: Source
    uploads: tuple[Upload, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DPFedAvg:
    """DP-FedAvg adds up clipped updates of a Poisson sample of clients, with noise that hides any one client.

    *Statement.* With q the sampling rate, W the number of clients, S the clip and z the noise multiplier, a
    round adds

        (sum over sampled clients of clip(change, S) + N(0, (z S)^2)) / (q W)

    to the parameters. All published models together keep the epsilon of `rounds` Gaussian steps of multiplier
    z on Poisson samples of rate q, by privacy loss distributions (`learn.dpsgd.accounting`), for one client
    more or less with all its records.

    *Conditions.* The length that is clipped is that of the whole update. All clients have one weight: by
    the number of records, a client's influence would be its secret. The denominator is fixed: the number of
    those that came would be one too, and an empty round adds noise like any other. Coins and noise come from
    a cryptographic source, and nobody learns who was sampled. So the promise holds against all who see the
    models; the server sees updates without noise, and who listens on the network sees who takes part: both
    are trusted (`trusted`).

    Args:
        budget: of the whole run, hiding any one client; delta at most 1 / W.
        clip: S, the longest update; or `AdaptiveClip`, which follows the lengths of updates with noise of its
            own.
        sample: q, the chance of each client in each round.
        multiplier: z; None for the least with which the planned rounds keep the budget.
        rate: of the server; the sum is multiplied by it.
        weights: "equal"; weights by records are refused.
        noise: "secure", or "rehearsal" from `rng`, for audits and tests only.

    Raises:
        PromiseError: if a setting breaks the promise, with what to change.

    >>> from confide.core.budget import Unit
    >>> budget = Budget(2.0, 1e-4, Unit.client())
    >>> protocol = DPFedAvg(budget=budget, clip=0.5, sample=0.1, multiplier=1.75)
    >>> print(protocol.spent(Plan(1_000, 60, np.zeros(1)), 60))
    epsilon 1.8..., delta 0.0001, hiding everything any one client holds
    """

    name: ClassVar[str] = "DP-FedAvg"
    trusted: ClassVar[tuple[str, ...]] = ("server", "eavesdropper")
    budget: Budget
    clip: float | AdaptiveClip
    sample: float
    multiplier: float | None = None
    rate: float = 1.0
    weights: str = "equal"
    noise: Noise = "secure"

    def __post_init__(self) -> None:
        refuse_unknown(self.noise)
        check_client_budget(self.budget)
        check_rate(self.rate)
        if self.weights != "equal":
            raise PromiseError(
                f"weights are {self.weights!r:.40}: by its number of records one client could move the sum "
                "further than its clip, and the number is its secret. Say 'equal'."
            )
        if isinstance(self.clip, float | int) and not 0 < self.clip < LONGEST:
            raise PromiseError(f"clip is {self.clip}: give a length above 0 and below {LONGEST:g}.")
        if not 0 < self.sample <= 1:
            raise PromiseError(f"sample is {self.sample}: give a chance above 0, and 1 at most.")
        if self.multiplier is not None and not 0 < self.multiplier < math.inf:
            raise PromiseError(f"multiplier is {self.multiplier}: give a finite number above 0.")

    @property
    def additive(self) -> bool:
        """It adds noise to the sum alone."""
        return True

    def spent(self, plan: Plan, rounds: int) -> Budget | None:
        """The promise of this many rounds, whichever clip they have."""
        delta, unit = self.budget.delta, self.budget.unit
        if not rounds:
            return Budget(0.0, delta, unit)
        epsilon = epsilon_of(multiplier=self._whole(plan), delta=delta, rate=self.sample, steps=rounds)
        return Budget(epsilon, delta, unit) if epsilon < math.inf else None

    def cost(self, plan: Plan) -> Cost | None:
        """Epsilon and delta, or the rho of all rounds, by which of both the ledger adds up."""
        promise = self.spent(plan, plan.rounds)
        if promise is None:
            return None
        return cost_of_run(promise, multiplier=self._whole(plan), rate=self.sample, steps=plan.rounds)

    def begin(self, plan: Plan, *, rng: Rng) -> Noised:
        """The untrained model.

        Raises:
            PromiseError: if delta is above one over the clients, or no noise is left for updates.
        """
        from confide.mechanisms.learn.dpsgd.noise import source_of

        check_delta(self.budget, plan)
        z, first = self._whole(plan), self.clip
        if isinstance(first, AdaptiveClip):
            z, first = first.of_updates(z, clients=plan.clients, rate=self.sample), first.start
        source = source_of(self.noise, rng)
        return Noised(plan, plan.start.astype(np.float64), first, z, 0, source)

    def turns(self, state: Noised, *, rng: Rng) -> Sequence[Sequence[int]]:
        """One turn of a Poisson sample; it may be empty.

        Raises:
            PromiseError: if all rounds that were planned, and paid for, are over.
        """
        from confide.mechanisms.learn.dpsgd.noise import SAMPLE
        from confide.mechanisms.learn.dpsgd.sampling import poisson_sample

        if state.round >= state.plan.rounds:
            raise PromiseError(f"all {state.plan.rounds:,} planned rounds are over: plan more of them.")
        bits = state.source.at(state.round, SAMPLE)
        return [poisson_sample(state.plan.clients, rate=self.sample, bits=bits).tolist()]

    def sent(self, state: Noised, client: int) -> Payload:
        """The global parameters float32[p], and how long an update may be."""
        return {**model_sent(state.parameters), "clip": np.array(state.clip)}

    def work(self, jobs: Sequence[Job], learner: LocalLearner) -> list[Done]:
        """The change by local training, clipped; with an adaptive clip whether it was short enough before."""
        found: list[Done] = []
        for job, change in zip(jobs, changes_of(jobs, learner), strict=True):
            clip = float(job.received["clip"])
            upload = {"update": clipped(change, clip).astype(np.float32)}
            if isinstance(self.clip, AdaptiveClip):
                upload["within"] = within(change, clip)
            found.append(Done(upload, {}))
        return found

    def fault(self, state: Noised, upload: Payload) -> str | None:
        """Another form, or an update that is longer than the clip: a client may not be trusted to clip."""
        form: dict[str, tuple[int, ...]] = {"update": (state.plan.size,)}
        if isinstance(self.clip, AdaptiveClip):
            form["within"] = ()
        found = fault_of(upload, form) or length_fault(upload["update"], state.clip)
        if found is None and "within" in form and abs(float(upload["within"])) != 0.5:
            return "neither within the clip nor beyond"
        return found

    def received(self, state: Noised, uploads: Sequence[Upload], *, rng: Rng) -> Noised:
        """The same model, with the uploads for the end of the round."""
        return replace(state, uploads=(*state.uploads, *uploads))

    def ended(self, state: Noised, *, rng: Rng) -> Noised:
        """The model plus the noisy sum over q W; noise is added in a round without uploads too."""
        from confide.mechanisms.learn.dpsgd.noise import NOISE

        clip, expected = state.clip, self.sample * state.plan.clients
        total = total_of(state.uploads, "update") if heard(state.uploads) else np.zeros(state.plan.size)
        bits = state.source.at(state.round, NOISE)
        step = noised(total, clip=clip, multiplier=state.multiplier, bits=bits) / expected
        if isinstance(self.clip, AdaptiveClip):
            above = float(total_of(state.uploads, "within")) if heard(state.uploads) else 0.0
            clip = self.clip.following(clip, above, clients=state.plan.clients, rate=self.sample, bits=bits)
        return replace(
            state,
            parameters=state.parameters + self.rate * step,
            clip=clip,
            round=state.round + 1,
            uploads=(),
        )

    def published(self, state: Noised) -> Payload:
        """The global parameters, float64[p], and the length that updates may have."""
        return {"parameters": state.parameters, "clip": np.array(state.clip)}

    def _whole(self, plan: Plan) -> float:
        """The multiplier of a round as a whole."""
        if self.multiplier is not None:
            return self.multiplier
        budget = self.budget
        return noise_multiplier(
            epsilon=budget.epsilon, delta=budget.delta, rate=self.sample, steps=plan.rounds
        )
