"""McMahan et al.: Communication-Efficient Learning of Deep Networks from Decentralized Data (2017)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, Literal

import numpy as np

from confide.account.costs import Cost
from confide.core.arrays import Array, Rng
from confide.core.budget import Budget
from confide.core.errors import PromiseError
from confide.core.transcript import Payload
from confide.learners.local import LocalLearner
from confide.mechanisms.federate.protocol import Done, Job, Plan, Upload, fault_of, heard, total_of
from confide.mechanisms.noise.source import Noise


@dataclass(frozen=True, slots=True, eq=False)
class Averaging:
    """The server's state: the plan, and the global parameters float64[p]."""

    plan: Plan
    parameters: Array


@dataclass(frozen=True, slots=True, kw_only=True)
class FedAvg:
    """FedAvg averages models that clients trained from the global one; it promises nothing.

    In a round the server sends the parameters to a share of the clients. Each trains on its own records and
    sends back how its parameters changed, times the number of its records; the server adds the sum of these,
    divided by the number of all their records. The adversary's story: one update shows what a few records
    changed, and the sum shows what all of them changed.

    Args:
        share: of the clients that work in a round, at least one, drawn without replacement.
        weights: "records" weights a client by how many it has, "equal" all in the same way.
        rate: what the mean change is multiplied by; 1 replaces the model by the mean of the clients'.

    Raises:
        PromiseError: if a setting is out of range.

    The paper's FedSGD is `FedSGD` below.
    """

    name: ClassVar[str] = "FedAvg"
    additive: ClassVar[bool] = True
    trusted: ClassVar[tuple[str, ...]] = ()
    share: float = 1.0
    weights: Literal["records", "equal"] = "records"
    rate: float = 1.0

    def __post_init__(self) -> None:
        check_share(self.share)
        check_rate(self.rate)
        if self.weights not in ("records", "equal"):
            raise PromiseError(f"weights are {self.weights!r:.40}: say 'records' or 'equal'.")

    @property
    def budget(self) -> Budget | None:
        """None."""
        return None

    @property
    def noise(self) -> Noise:
        """It has none."""
        return "secure"

    def spent(self, plan: Plan, rounds: int) -> Budget | None:
        """Nothing is promised."""
        return None

    def cost(self, plan: Plan) -> Cost | None:
        """Nothing bounds it."""
        return None

    def begin(self, plan: Plan, *, rng: Rng) -> Averaging:
        """The untrained model."""
        return Averaging(plan, plan.start.astype(np.float64))

    def turns(self, state: Averaging, *, rng: Rng) -> Sequence[Sequence[int]]:
        """One turn of a random share of the clients."""
        return [share_of(state.plan.clients, self.share, rng=rng)]

    def sent(self, state: Averaging, client: int) -> Payload:
        """The global parameters, float32[p]."""
        return model_sent(state.parameters)

    def work(self, jobs: Sequence[Job], learner: LocalLearner) -> list[Done]:
        """The change of the parameters by local training, times the number of records."""
        return [
            Done(weighted("update", change, len(job.records), self.weights), {})
            for job, change in zip(jobs, changes_of(jobs, learner), strict=True)
        ]

    def fault(self, state: Averaging, upload: Payload) -> str | None:
        """Another form, or a weight that is no number of records."""
        return _fault("update", state, upload)

    def received(self, state: Averaging, uploads: Sequence[Upload], *, rng: Rng) -> Averaging:
        """The parameters plus the mean change."""
        if not heard(uploads):
            return state
        mean = total_of(uploads, "update") / total_of(uploads, "records")
        return replace(state, parameters=state.parameters + self.rate * mean)

    def ended(self, state: Averaging, *, rng: Rng) -> Averaging:
        """The same."""
        return state

    def published(self, state: Averaging) -> Payload:
        """The global parameters, float64[p]."""
        return {"parameters": state.parameters}


@dataclass(frozen=True, slots=True, kw_only=True)
class FedSGD(FedAvg):
    """FedSGD sums gradients: each client sends that of its mean loss, times the number of its records.

    Of the learner it uses the loss alone. It is FedAvg with one step on all local records, and the server has
    the learning rate. With all clients it is gradient descent on the pooled records, but for rounding.

    Args:
        share, weights: as of `FedAvg`.
        rate: the learning rate.
    """

    name: ClassVar[str] = "FedSGD"
    rate: float = 0.1

    def work(self, jobs: Sequence[Job], learner: LocalLearner) -> list[Done]:
        """The gradient at the global parameters, times the number of records."""
        starts = np.stack([job.received["parameters"] for job in jobs])
        slopes = learner.gradients(starts, [job.records for job in jobs])
        return [
            Done(weighted("gradient", slope, len(job.records), self.weights), {})
            for job, slope in zip(jobs, slopes, strict=True)
        ]

    def fault(self, state: Averaging, upload: Payload) -> str | None:
        """Another form, or a weight that is no number of records."""
        return _fault("gradient", state, upload)

    def received(self, state: Averaging, uploads: Sequence[Upload], *, rng: Rng) -> Averaging:
        """The parameters after a step against the mean gradient."""
        if not heard(uploads):
            return state
        mean = total_of(uploads, "gradient") / total_of(uploads, "records")
        return replace(state, parameters=state.parameters - self.rate * mean)


def model_sent(parameters: Array) -> Payload:
    """A model as it is sent, float32[p]."""
    return {"parameters": parameters.astype(np.float32)}


def changes_of(jobs: Sequence[Job], learner: LocalLearner) -> Array:
    """How local training changed the parameters that each client received, float64[K, p]."""
    starts = np.stack([job.received["parameters"] for job in jobs])
    ends = learner.train(starts, [job.records for job in jobs], rngs=[job.rng for job in jobs])
    return ends.astype(np.float64) - starts


def weighted(what: str, vector: Array, records: int, weights: Literal["records", "equal"]) -> Payload:
    """A vector times its client's weight, and the weight."""
    weight = float(records) if weights == "records" else 1.0
    return {what: (weight * vector).astype(np.float32), "records": np.array(weight)}


def share_of(clients: int, share: float, *, rng: Rng) -> list[int]:
    """The positions of a random share of the clients, in order; at least one.

    >>> len(share_of(10, 0.25, rng=np.random.default_rng(0)))
    2
    """
    some = max(1, math.floor(share * clients + 1e-9))
    return sorted(int(k) for k in rng.choice(clients, size=some, replace=False))


def check_share(share: float) -> None:
    """Refuse a share that is none.

    Raises:
        PromiseError: if it is not above 0 and at most 1.
    """
    if not 0 < share <= 1:
        raise PromiseError(f"share is {share}: give a number above 0, and 1 at most.")


def check_rate(rate: float) -> None:
    """Refuse a rate that is none.

    Raises:
        PromiseError: if it is not above 0 and finite.
    """
    if not 0 < rate < math.inf:
        raise PromiseError(f"rate is {rate}: give a finite number above 0.")


def _fault(what: str, state: Averaging, upload: Payload) -> str | None:
    found = fault_of(upload, {what: (state.plan.size,), "records": ()})
    if found is None and not float(upload["records"]) > 0:
        return "no weight"
    return found
