"""Cronus as a protocol of parties: predictions in rounds, a robust mean of them, and a student."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import ClassVar

import numpy as np

from confide.account.costs import Cost
from confide.core.arrays import Array, Floats, Rng
from confide.core.budget import Budget
from confide.core.transcript import Payload
from confide.learners.local import LocalLearner
from confide.mechanisms.federate.cronus import Cronus
from confide.mechanisms.federate.exchange import need_heard, predicted, trained
from confide.mechanisms.federate.federated_averaging import check_mean
from confide.mechanisms.federate.protocol import Done, Job, Plan, Upload, fault_of
from confide.mechanisms.federate.students import one_hot
from confide.mechanisms.noise.source import Noise
from confide.views.records import Records


@dataclass(frozen=True, slots=True, eq=False)
class Combined:
    """The server's state: the mean of what parties said, and the parameters of the student.

    Args:
        clients: how many parties there are.
        left: how many rounds are to come.
        targets: float64[m, C]; zeros before the first round.
        student: none before the last round.
    """

    clients: int
    left: int
    targets: Floats
    student: tuple[Array, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CronusExchange:
    """Exchanges soft predictions on public records in rounds, and trains a student on their last mean.

    It is `Cronus` for the round loop. In the first round a party trains on its own records, in later ones on
    these and on the public records with the mean of the round before; then it says what it predicts. Parties'
    models stay with them. What is published is the last mean, and a student that is trained on it and on the
    public records alone: parties have both already. Nothing is promised.

    Args:
        cronus: the mean, classes and rounds.
        student: what is trained on the last mean.
        public: the public records [m, ...].

    Source: `Cronus`.
    """

    name: ClassVar[str] = "Cronus"
    trusted: ClassVar[tuple[str, ...]] = ()
    kinds: ClassVar[tuple[str, str]] = ("targets", "predictions")
    whole: ClassVar[bool] = False
    cronus: Cronus
    student: LocalLearner = field(repr=False)
    public: Array = field(repr=False)

    @property
    def asked(self) -> int:
        """The number of public records."""
        return len(self.public)

    @property
    def additive(self) -> bool:
        """A robust mean looks at what each party says."""
        return False

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

    def begin(self, plan: Plan, *, rng: Rng) -> Combined:
        """No mean yet.

        Raises:
            DataError: if the mean cannot be taken of so few parties.
        """
        check_mean(self.cronus.mean, plan.clients)
        return Combined(plan.clients, self.cronus.rounds, np.zeros((self.asked, self.cronus.classes)))

    def turns(self, state: Combined, *, rng: Rng) -> Sequence[Sequence[int]]:
        """One turn of all parties."""
        return [range(state.clients)]

    def sent(self, state: Combined, client: int) -> Payload:
        """The mean of the round before; nothing in the first."""
        return {} if state.left == self.cronus.rounds else {"targets": state.targets}

    def work(self, jobs: Sequence[Job], learner: LocalLearner) -> list[Done]:
        """What the party's model predicts, float64[m, C]."""
        return [Done({"predictions": self._said(job, learner)}, {}) for job in jobs]

    def fault(self, state: Combined, upload: Payload) -> str | None:
        """Another form."""
        return fault_of(upload, {"predictions": (self.asked, self.cronus.classes)})

    def received(self, state: Combined, uploads: Sequence[Upload], *, rng: Rng) -> Combined:
        """The mean of what was said of each record."""
        need_heard(len(uploads))
        check_mean(self.cronus.mean, len(uploads))
        said = [one.payload["predictions"] for one in uploads]
        return replace(state, targets=self.cronus.combined(said, self.asked).targets)

    def ended(self, state: Combined, *, rng: Rng) -> Combined:
        """A round less to come; after the last one the student."""
        left = state.left - 1
        if left:
            return replace(state, left=left)
        records = Records(self.public, targets_for(self.student, state.targets))
        return replace(state, left=0, student=(trained(self.student, records, rng=rng),))

    def published(self, state: Combined) -> Payload:
        """The student's parameters, and the last mean."""
        student = {"parameters": state.student[0]} if state.student else {}
        return {**student, "targets": state.targets}

    def remark(self, published: Payload) -> str:
        """Where the parties' own models are."""
        return "The file is a student of the last mean; each party's own model stays with it."

    def unpublished(self, state: object) -> str:
        """Nothing."""
        return ""

    def _said(self, job: Job, learner: LocalLearner) -> Array:
        own = job.records
        if "targets" in job.received:
            soft = job.received["targets"]
            mine = one_hot(own.y, self.cronus.classes)
            both = Records.concat([Records(own.x, mine), Records(self.public, soft)])
            own = Records(both.x, targets_for(learner, both.y))
        return predicted(learner, trained(learner, own, rng=job.rng), self.public)


def targets_for(learner: LocalLearner, targets: Floats) -> Array:
    """Targets as a learner takes them: a number for each class, or the class with the largest one."""
    return targets if getattr(learner, "soft_targets", False) else targets.argmax(axis=1)
