"""PATE as a protocol of parties: each deals its records to teachers, and all teachers vote together."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import ClassVar

import numpy as np

from confide.account.costs import Cost
from confide.core.arrays import Array, Ints, Rng
from confide.core.budget import Budget
from confide.core.transcript import Payload
from confide.learners.local import LocalLearner
from confide.mechanisms.federate.exchange import counts_fault, need_heard, trained, votes_of
from confide.mechanisms.federate.pate import PATE
from confide.mechanisms.federate.protocol import Done, Job, Plan, Upload, heard, total_of
from confide.mechanisms.federate.published_gnmax_cost import PublishedLoss, PublishLoss
from confide.mechanisms.federate.vote_exchange import gaussian_cost
from confide.mechanisms.federate.votes import counted
from confide.mechanisms.noise.source import Noise
from confide.views.records import Records


@dataclass(frozen=True, slots=True, eq=False)
class Labelling:
    """The server's state: the votes, which are never published, and what is.

    Args:
        clients: how many parties there are.
        counts: all teachers' votes without noise, int64[m, C]; zeros before the exchange.
        labels: positions of records that have a label, their labels, and how many were looked at.
        loss: the epsilon of these votes, with noise; none where it is not published.
        student: its parameters; none before the exchange, and where no record has a label.
    """

    clients: int
    counts: Ints
    labels: tuple[Array, ...] = ()
    loss: tuple[Array, ...] = ()
    student: tuple[Array, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PateExchange:
    """Labels public records by votes of all parties' teachers, and trains a student on the labels.

    It is `PATE` for the round loop, in one round. Each party deals its records to teachers, each of which is
    trained on its part alone, and sends how many of them vote for which class; the server adds counts up and
    publishes labels where noise says that teachers agree (Confident-GNMax). Each record is in one part of
    one party, so that the statement of `PATE` holds for a record; where a party has one teacher, also for
    everything that it holds. The server sees each party's counts, or under a secure sum their sum.

    Args:
        budget: of the run: labels, and the number of `publish`.
        pate: how votes become labels.
        teachers: of each party.
        publish: releases the loss of the votes that were cast; None to publish none.
        student: what is trained on the labels.
        public: the public records, m of them; those up to `pate.queries` are asked about.

    Source: `PATE`, `PublishLoss`.
    """

    name: ClassVar[str] = "PATE"
    trusted: ClassVar[tuple[str, ...]] = ("server",)
    kinds: ClassVar[tuple[str, str]] = ("question", "votes")
    whole: ClassVar[bool] = True
    budget: Budget
    pate: PATE
    teachers: int = 1
    publish: PublishLoss | None = None
    student: LocalLearner = field(repr=False)
    public: Array = field(repr=False)

    @property
    def asked(self) -> int:
        """How many public records may be looked at."""
        return min(len(self.public), self.pate.queries)

    @property
    def additive(self) -> bool:
        """Counts are sums of ballots."""
        return True

    @property
    def noise(self) -> Noise:
        """Of checks, answers and the number."""
        return self.pate.noise

    @property
    def promise(self) -> Budget:
        """What labels and number keep together, for any votes."""
        return self.pate.budget if self.publish is None else self.publish.promise

    def spent(self, plan: Plan, rounds: int) -> Budget | None:
        """The promise of one exchange; more than one have none."""
        if not rounds:
            return Budget(0.0, self.budget.delta, self.budget.unit)
        return self.promise if rounds == 1 else None

    def cost(self, plan: Plan) -> Cost | None:
        """Epsilon and delta, or the rho of all noise, by which of both the ledger adds up."""
        number = 0.0 if self.publish is None else self.publish.mu
        return gaussian_cost(self.promise, math.hypot(self.pate.mu, number))

    def begin(self, plan: Plan, *, rng: Rng) -> Labelling:
        """No votes yet."""
        return Labelling(plan.clients, np.zeros((self.asked, self.pate.classes), np.int64))

    def turns(self, state: Labelling, *, rng: Rng) -> Sequence[Sequence[int]]:
        """One turn of all parties."""
        return [range(state.clients)]

    def sent(self, state: Labelling, client: int) -> Payload:
        """Nothing: the public records stand in the plan."""
        return {}

    def work(self, jobs: Sequence[Job], learner: LocalLearner) -> list[Done]:
        """How many of the party's teachers vote for each class, int32[m, C]."""
        return [Done({"votes": self._cast(job, learner).astype(np.int32)}, {}) for job in jobs]

    def fault(self, state: Labelling, upload: Payload) -> str | None:
        """No counts of the party's teachers."""
        return counts_fault(upload, (self.asked, self.pate.classes), self.teachers)

    def received(self, state: Labelling, uploads: Sequence[Upload], *, rng: Rng) -> Labelling:
        """Labels by noisy votes, and the loss of the votes under noise of its own."""
        need_heard(heard(uploads))
        counts = np.rint(total_of(uploads, "votes")).astype(np.int64)
        made = self.pate.labelled(counts, rng=rng).view
        loss: tuple[Array, ...] = ()
        if self.publish is not None:
            loss = (np.array(self.publish(counts, rng=rng).view.epsilon),)
        labels = (made.answered, made.labels, np.array(made.asked))
        return replace(state, counts=counts, labels=labels, loss=loss)

    def ended(self, state: Labelling, *, rng: Rng) -> Labelling:
        """The student, trained on the labels; none where there are none.

        That is no error here: the run has ended then, and another one is charged by itself. An error would
        let the same run begin again until noise makes a label, which nobody promised.
        """
        if not state.labels or not len(state.labels[0]):
            return state
        answered, labels = state.labels[:2]
        student = trained(self.student, Records(self.public[answered], labels), rng=rng)
        return replace(state, student=(student,))

    def published(self, state: Labelling) -> Payload:
        """The student's parameters, the labels, and the loss if it is published; never the votes."""
        found: dict[str, Array] = dict(zip(("answered", "labels", "asked"), state.labels, strict=False))
        if state.loss:
            found["epsilon"] = state.loss[0]
        if state.student:
            found["parameters"] = state.student[0]
        return found

    def remark(self, published: Payload) -> str:
        """How many labels there are, and the loss if it was published."""
        answered, asked = len(published["answered"]), int(published["asked"])
        said = f"{answered:,} of {asked:,} public records that were looked at have a label."
        if self.publish is None:
            return said
        epsilon, miss = float(published["epsilon"]), self.publish.miss
        return f"{said} Labels and number: {PublishedLoss(epsilon, miss, self.promise, self.publish.budget)}."

    def unpublished(self, state: object) -> str:
        """The loss of the votes that were cast, for the holder of the records alone."""
        assert isinstance(state, Labelling)
        epsilon = self.pate.data_dependent(state.counts).unpublishable_epsilon
        return f"For you alone: labels cost epsilon {epsilon:.3g} for the votes cast, NOT FOR PUBLICATION."

    def _cast(self, job: Job, learner: LocalLearner) -> Ints:
        parts = self.pate.parts(len(job.records), self.teachers, rng=job.rng)
        mine, public = [job.records.take(part) for part in parts], self.public[: self.asked]
        # By its number alone: how a teacher trains must not depend on records of other parts.
        votes = votes_of(learner, mine, public, rngs=job.rng.spawn(self.teachers))
        return counted(votes, self.asked, self.pate.classes).counts
