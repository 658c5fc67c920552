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
from confide.core.errors import DataError, PromiseError
from confide.core.transcript import Payload
from confide.learners.local import LocalLearner
from confide.mechanisms.federate.means.mean import Mean
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
        mean: a robust mean of the changes, which a few clients that lie cannot move far, such as
            `CoordinateMedian()`; None for the plain one. The server has to see each upload then, and every
            client counts once: weights are equal.

    Raises:
        PromiseError: if a setting is out of range.

    The paper's FedSGD is `FedSGD` below.
    """

    name: ClassVar[str] = "FedAvg"
    trusted: ClassVar[tuple[str, ...]] = ()
    share: float = 1.0
    weights: Literal["records", "equal"] = "records"
    rate: float = 1.0
    mean: Mean | None = None

    def __post_init__(self) -> None:
        check_share(self.share)
        check_rate(self.rate)
        if self.weights not in ("records", "equal"):
            raise PromiseError(f"weights are {self.weights!r:.40}: say 'records' or 'equal'.")
        if self.mean is not None and self.weights == "records":
            raise PromiseError(
                "weights by records let one client count for as many as it claims to have, and a robust mean "
                "counts each once: give weights of 'equal'."
            )

    @property
    def additive(self) -> bool:
        """Unless a robust mean looks at each upload by itself."""
        return self.mean is None

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
        """The untrained model.

        Raises:
            DataError: if the mean cannot be taken of as many uploads as a round has.
        """
        if self.mean is not None:
            check_mean(self.mean, some_of(plan.clients, self.share))
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
        return self._fault("update", state, upload)

    def received(self, state: Averaging, uploads: Sequence[Upload], *, rng: Rng) -> Averaging:
        """The parameters plus the mean change."""
        if not heard(uploads):
            return state
        mean = self._mean_of(uploads, "update")
        return replace(state, parameters=state.parameters + self.rate * mean)

    def ended(self, state: Averaging, *, rng: Rng) -> Averaging:
        """The same."""
        return state

    def published(self, state: Averaging) -> Payload:
        """The global parameters, float64[p]."""
        return {"parameters": state.parameters}

    def _mean_of(self, uploads: Sequence[Upload], what: str) -> Array:
        if self.mean is None:
            return total_of(uploads, what) / total_of(uploads, "records")
        check_mean(self.mean, len(uploads))
        return self.mean(np.stack([one.payload[what].astype(np.float64) for one in uploads]))

    def _fault(self, what: str, state: Averaging, upload: Payload) -> str | None:
        found = fault_of(upload, {what: (state.plan.size,), "records": ()})
        if found is not None:
            return found
        weight = float(upload["records"])
        if self.mean is not None and weight != 1:
            return "a weight of its own"
        return None if weight > 0 else "no weight"


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
        return self._fault("gradient", state, upload)

    def received(self, state: Averaging, uploads: Sequence[Upload], *, rng: Rng) -> Averaging:
        """The parameters after a step against the mean gradient."""
        if not heard(uploads):
            return state
        mean = self._mean_of(uploads, "gradient")
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
    return sorted(int(k) for k in rng.choice(clients, size=some_of(clients, share), replace=False))


def some_of(clients: int, share: float) -> int:
    """How many a share of the clients is, at least one."""
    return max(1, math.floor(share * clients + 1e-9))


def check_mean(mean: Mean, uploads: int) -> None:
    """Refuse a robust mean of fewer uploads than it needs to withstand what it is for.

    Raises:
        DataError: how many there are.

    >>> check_mean(lambda vectors: vectors[0], 3)
    """
    try:
        _ = mean(np.zeros((uploads, 1)))
    except DataError as error:
        raise DataError(
            f"{mean} cannot be taken of {uploads:,} uploads of a round: let more clients work in it, or "
            "withstand fewer that lie."
        ) from error


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
