"""Shokri, Shmatikov: Privacy-Preserving Deep Learning (CCS 2015)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, Literal, TypeAlias

import numpy as np

from confide.account.costs import Cost
from confide.core.arrays import Array, Floats, Ints, Rng
from confide.core.budget import Budget, Unit
from confide.core.errors import PromiseError
from confide.core.transcript import Payload
from confide.learners.local import LocalLearner
from confide.mechanisms.federate.protocol import Done, Job, Plan, Upload
from confide.mechanisms.federate.sparse_upload import SparseUpload
from confide.mechanisms.noise.source import Noise, refuse_unknown, words_of

Order: TypeAlias = Literal["round robin", "random", "asynchronous"]
ORDERS: tuple[Order, ...] = ("round robin", "random", "asynchronous")
Select: TypeAlias = Literal["largest", "random"]
OVERLAP = 0.5
"""The chance that an asynchronous participant begins before the one before it has uploaded."""


@dataclass(frozen=True, slots=True)
class Epsilons:
    """The epsilons of the sparse-vector version, side by side: only the composed ones bound what is learned.

    Args:
        per_parameter: as published: of one uploaded parameter in one round.
        per_round: of all parameters that one participant uploads in a round.
        per_participant: of all rounds together; it bounds what all uploads of a participant give away.
        everybody: for a person whose records every participant holds.

    >>> print(Epsilons(1.0, 481.0, 4_810.0, 144_300.0))
    epsilon 1 a parameter, 481 a round, 4,810 a participant, 144,300 for who is in the data of all
    """

    per_parameter: float
    per_round: float
    per_participant: float
    everybody: float

    def __str__(self) -> str:
        return (
            f"epsilon {self.per_parameter:,g} a parameter, {self.per_round:,g} a round, "
            f"{self.per_participant:,g} a participant, {self.everybody:,g} for who is in the data of all"
        )


@dataclass(frozen=True, slots=True, eq=False)
class Shared:
    """The server's state.

    Args:
        plan: of the run.
        parameters: the shared ones, float64[p].
        updates: how often each was uploaded, int64[p].
        begun: the participants that have the whole untrained model.
    """

    plan: Plan
    parameters: Floats
    updates: Ints
    begun: frozenset[int]


@dataclass(frozen=True, slots=True, kw_only=True)
class SelectiveSGD:
    """Distributed selective SGD: participants share a small part of what their parameters changed by.

    Each participant has a model of its own. When its turn comes, it overwrites the share `download` of its
    parameters that were uploaded most often, trains on its own records, and uploads the share `upload` of
    the changes, which the server adds to the shared parameters. The adversary's story: few numbers are
    shared, and without noise they are exact; with noise, the epsilon that the paper states is of one number.

    Args:
        upload: the share of parameters that a participant uploads in a round: the paper's theta_u.
        download: the share that it overwrites: theta_d.
        select: the largest changes, or random ones among those larger than `above`. When few are uploaded the
            largest are often the same ones, and random ones can learn more.
        order: "round robin" and "random" let participants work one after another, "asynchronous" lets some of
            them begin before others have uploaded.
        clip: the largest change that is uploaded; None for no bound. With `private` its clip holds.
        above: with `select="random"` no smaller change is uploaded.
        private: the sparse-vector version; None uploads changes as they are, and promises nothing.
        budget: what a participant may spend in the whole run, with all its parameters and rounds; None sets
            no limit, and then the composed epsilon may be as large as `epsilons` says.
        noise: "secure", or "rehearsal" from each participant's generator, for audits and tests only.

    Raises:
        PromiseError: if a setting is out of range.

    >>> private = SparseUpload(epsilon=1.0, clip=0.01, threshold=0.001)
    >>> print(SelectiveSGD(upload=0.1, private=private).epsilons(Plan(30, 10, np.zeros(4_810))))
    epsilon 1 a parameter, 481 a round, 4,810 a participant, 144,300 for who is in the data of all
    """

    name: ClassVar[str] = "selective SGD"
    trusted: ClassVar[tuple[str, ...]] = ()
    upload: float = 0.1
    download: float = 1.0
    select: Select = "largest"
    order: Order = "round robin"
    clip: float | None = None
    above: float = 0.0
    private: SparseUpload | None = None
    budget: Budget | None = None
    noise: Noise = "secure"

    def __post_init__(self) -> None:
        refuse_unknown(self.noise)
        for what, share in (("upload", self.upload), ("download", self.download)):
            if not 0 < share <= 1:
                raise PromiseError(f"{what} is {share}: give a share above 0, and 1 at most.")
        if self.select not in ("largest", "random") or self.order not in ORDERS:
            raise PromiseError(
                f"select is {self.select!r:.40} and order {self.order!r:.40}: choose largest or random, and "
                f"{', '.join(ORDERS)}."
            )
        if self.clip is not None and not self.clip > 0:
            raise PromiseError(f"clip is {self.clip}: give a number above 0, or none.")
        if not self.above >= 0:
            raise PromiseError(f"above is {self.above}: give a number of at least 0.")
        if self.budget is not None and self.private is None:
            raise PromiseError("a budget needs noise: give private=SparseUpload(...), or no budget.")

    def uploaded(self, plan: Plan) -> int:
        """How many parameters a participant uploads in a round at most; at least one."""
        return max(1, round(self.upload * plan.size))

    def epsilons(self, plan: Plan) -> Epsilons:
        """Epsilon as published, and composed over parameters, rounds and participants.

        Raises:
            PromiseError: without the sparse-vector version, which alone has one.
        """
        if self.private is None:
            raise PromiseError("without noise no epsilon is finite: give private=SparseUpload(...).")
        one = self.private.epsilon
        a_round = self.private.cost(self.uploaded(plan))
        return Epsilons(one, a_round, a_round * plan.rounds, a_round * plan.rounds * plan.clients)

    @property
    def additive(self) -> bool:
        """Sparse uploads are added one after another."""
        return False

    def spent(self, plan: Plan, rounds: int) -> Budget | None:
        """The promise to each participant, whatever its records are; who takes part is public.

        Epsilons of parameters and rounds add up; each participant has records of its own, so that those of
        several do not, unless a person is in the data of several.
        """
        if self.private is None:
            return None
        return Budget(self.private.cost(self.uploaded(plan)) * rounds, 0.0, Unit.client())

    def cost(self, plan: Plan) -> Cost | None:
        """The composed epsilon of a participant."""
        promise = self.spent(plan, plan.rounds)
        return None if promise is None else Cost.pure(promise.epsilon)

    def begin(self, plan: Plan, *, rng: Rng) -> Shared:
        """The untrained parameters, none of which was uploaded."""
        start: Floats = plan.start.astype(np.float64)
        return Shared(plan, start, np.zeros(plan.size, np.int64), frozenset())

    def turns(self, state: Shared, *, rng: Rng) -> Sequence[Sequence[int]]:
        """One participant a turn; asynchronous ones begin together by chance."""
        everyone: list[int] = list(range(state.plan.clients))
        if self.order != "round robin":
            everyone = rng.permutation(state.plan.clients).tolist()
        turns: list[list[int]] = []
        for participant in everyone:
            if turns and self.order == "asynchronous" and rng.random() < OVERLAP:
                turns[-1].append(participant)
            else:
                turns.append([participant])
        return turns

    def sent(self, state: Shared, client: int) -> Payload:
        """The parameters that were uploaded most often, and where they stand; at first the whole model."""
        p = state.plan.size
        if client not in state.begun or self.download == 1:
            positions = np.arange(p)
        else:
            some = max(1, round(self.download * p))
            positions = np.sort(np.argsort(-state.updates, kind="stable")[:some])
        return {"positions": positions, "values": state.parameters[positions].astype(np.float32)}

    def work(self, jobs: Sequence[Job], learner: LocalLearner) -> list[Done]:
        """The selected changes by local training; a participant keeps its whole model."""
        starts = np.stack([_own(job) for job in jobs])
        ends = learner.train(starts, [job.records for job in jobs], rngs=[job.rng for job in jobs])
        found: list[Done] = []
        for job, start, end in zip(jobs, starts, ends, strict=True):
            change = end.astype(np.float64) - start
            most = max(1, round(self.upload * len(change)))
            positions, values = self._selected(change, most, job.rng)
            upload = {"positions": positions, "values": values.astype(np.float32)}
            found.append(Done(upload, {"parameters": end}))
        return found

    def fault(self, state: Shared, upload: Payload) -> str | None:
        """Another form, more numbers than a round may have, or larger ones."""
        if set(upload) != {"positions", "values"}:
            return "other arrays"
        positions, values = upload["positions"], upload["values"]
        if positions.ndim != 1 or positions.shape != values.shape or positions.dtype.kind not in "iu":
            return "another shape"
        places = np.unique(positions)
        if len(places) != len(positions) or len(positions) > self.uploaded(state.plan):
            return "more parameters than agreed"
        if len(places) and not 0 <= places[0] <= places[-1] < state.plan.size:
            return "parameters that there are not"
        most = self._most
        if most is not None and (np.abs(values) > most * (1 + 1e-6)).any():
            return "larger than the clip"
        return None

    def received(self, state: Shared, uploads: Sequence[Upload], *, rng: Rng) -> Shared:
        """The shared parameters plus what was uploaded."""
        parameters, updates = state.parameters.copy(), state.updates.copy()
        for upload in uploads:
            positions = upload.payload["positions"]
            parameters[positions] += upload.payload["values"]
            updates[positions] += 1
        begun = state.begun.union(*(upload.clients for upload in uploads))
        return replace(state, parameters=parameters, updates=updates, begun=begun)

    def ended(self, state: Shared, *, rng: Rng) -> Shared:
        """The same."""
        return state

    def published(self, state: Shared) -> Payload:
        """The shared parameters, float64[p]."""
        return {"parameters": state.parameters}

    @property
    def _most(self) -> float | None:
        return self.clip if self.private is None else self.private.clip

    def _selected(self, change: Floats, most: int, rng: Rng) -> tuple[Ints, Floats]:
        if self.private is not None:
            return self.private(change, most=most, words=words_of(self.noise, rng), rng=rng)
        positions = largest(change, most)
        if self.select == "random":
            among = np.flatnonzero(np.abs(change) > self.above)
            positions = np.sort(rng.choice(among, size=min(most, len(among)), replace=False))
        values = change[positions]
        return positions, values if self.clip is None else np.clip(values, -self.clip, self.clip)


def largest(change: Floats, most: int) -> Ints:
    """The positions of the largest changes up or down, in order; of equal ones the first.

    >>> largest(np.array([0.1, -3.0, 2.0, 0.0]), 2).tolist()
    [1, 2]
    """
    return np.sort(np.argsort(-np.abs(change), kind="stable")[:most]).astype(np.int64)


def _own(job: Job) -> Array:
    """A participant's parameters after its download, float32[p]."""
    positions, values = job.received["positions"], job.received["values"]
    if not job.memory:
        return values.copy()
    own = job.memory["parameters"].copy()
    own[positions] = values
    return own
