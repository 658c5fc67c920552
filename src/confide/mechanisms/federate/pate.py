"""Papernot et al.: Scalable Private Learning with PATE (ICLR 2018)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from confide.core.access import BlackBox
from confide.core.arrays import Array, Batch, Ints, Rng
from confide.core.budget import Budget
from confide.core.errors import DataError, PromiseError
from confide.core.nouns import Outcome
from confide.mechanisms.federate.gnmax_cost import DataDependent, unpublishable_epsilon
from confide.mechanisms.federate.students import SoftLearner, one_hot
from confide.mechanisms.federate.votes import ABSTAINS, counted
from confide.mechanisms.noise.discrete_gaussian import SPARE, WIDEST, discrete_gaussian, steps_of
from confide.mechanisms.noise.gaussian import gaussian_sigma
from confide.mechanisms.noise.source import Noise, outcome, refuse_unknown, words_of
from confide.mechanisms.noise.words import below

HIDDEN = ("record", "person", "client")
"""Units that are wholly in one teacher's part."""


@dataclass(frozen=True, slots=True, eq=False)
class Labelled:
    """What is published: labels of some of the public records, by noisy votes of the teachers.

    Args:
        answered: which public records have one, positions int64[k], rising.
        labels: class codes int64[k].
        asked: how many of the public records were looked at; the last answer that was left ended it.
        classes: C.
    """

    answered: Ints
    labels: Ints
    asked: int
    classes: int

    def student(self, learner: SoftLearner, public: Batch, *, rng: Rng) -> BlackBox:
        """Train a model on the labelled public records. It costs nothing more.

        Raises:
            DataError: if no record has a label.
        """
        if not len(self.answered):
            raise DataError(
                "the teachers agreed on no public record: lower the threshold, or give more budget."
            )
        return learner.fit(public[self.answered], one_hot(self.labels, self.classes), rng=rng)


@dataclass(frozen=True, slots=True, kw_only=True)
class PATE:
    """Labels public records by teachers' votes, where noise says that they agree (Confident-GNMax).

    The private records are dealt to teachers, each of which trains on its part alone. For each public record
    the largest count of votes, with noise, is held to a threshold; if it is above, the class with the largest
    count under fresh noise is published, and otherwise nothing but that. A student learns from the labels.

    *Statement.* Labels, and which records have none, are (epsilon, delta)-private for anything that is in one
    teacher's part: for its being there or not. This holds for any votes whatever; it is the promise.

    *Proof.* One part changes one teacher, who moves at most one vote of each public record from a class to
    another. The largest count then moves by 1 at most, and all counts by the root of 2 together. So with
    deviations s1 and s2 a check is Gaussian with mu = 1 / s1 and an answer with mu = sqrt(2) / s2. There are
    at most `queries` checks and `answers` answers, in an order that earlier ones decide: the squares of their
    mu add up in this case too (Smith, Thakurta 2022), to at most mu^2, and mu-GDP is (epsilon, delta) by
    `gaussian_sigma`. Discrete noise on whole numbers keeps what normal noise keeps (`discrete_gaussian`).

    *Conditions.* Parts are dealt so that one record more moves no other (`parts`). Teachers train each by
    itself. Settings are chosen without the private records. Votes are never published.

    How much smaller the loss is for the votes that were cast, where teachers agree, says `data_dependent`:
    a number that is computed from the votes, and so is not for publication. `PublishLoss` releases one that
    may be published.

    Args:
        budget: what is promised; its unit is wholly in one part: a record, or a person or client whose
            records all went to one teacher.
        classes: C.
        threshold: which the largest noisy count has to reach.
        queries: the largest number of public records that are looked at.
        answers: the largest number that get a label.
        check: the share of mu^2 that is spent on the checks.
        noise: "secure" or "rehearsal".

    Raises:
        PromiseError: if the budget cannot be kept.

    >>> made = PATE(budget=Budget(4.0, 1e-5), classes=10, threshold=200, queries=500, answers=300)
    >>> made.check_sigma, made.answer_sigma
    (79, 30)
    """

    budget: Budget
    classes: int
    threshold: int
    queries: int
    answers: int
    check: float = 0.1
    noise: Noise = "secure"

    def __post_init__(self) -> None:
        refuse_unknown(self.noise)
        if self.budget.unit.kind not in HIDDEN:
            raise PromiseError(
                f"teachers' votes hide a record, a person or a client, not {self.budget.unit}."
            )
        if not 0 < self.check < 1:
            raise PromiseError(f"check is {self.check}: give the share that checks spend, above 0, below 1.")
        if not (self.classes >= 2 and 1 <= self.answers <= self.queries):
            raise PromiseError(
                f"{self.answers} answers of {self.queries} queries in {self.classes} classes: give at least "
                "one answer, no more of them than queries, and 2 classes."
            )
        if max(self.check_sigma, self.answer_sigma) > WIDEST:
            raise PromiseError(
                f"noise of deviation {self.answer_sigma:,} would drown any vote: give a larger budget than "
                f"{self.budget}, or fewer answers."
            )

    @property
    def check_sigma(self) -> int:
        """s1, the deviation of the noise on the largest count, a whole number."""
        return self._sigma(self.queries / self.check)

    @property
    def answer_sigma(self) -> int:
        """s2, the deviation of the noise on each count of an answer, a whole number."""
        return self._sigma(2 * self.answers / (1 - self.check))

    def _sigma(self, squares: float) -> int:
        return steps_of(gaussian_sigma(self.budget, sensitivity=math.sqrt(squares)), 1.0)

    @property
    def mu(self) -> float:
        """All checks and answers are mu-GDP: `charged` takes the cost from this, before a label leaves."""
        checks = self.queries / (self.check_sigma**2 - SPARE**2)
        return math.sqrt(checks + 2 * self.answers / (self.answer_sigma**2 - SPARE**2))

    def parts(self, records: int, teachers: int, *, rng: Rng) -> tuple[Ints, ...]:
        """Deal records to teachers: rows of each one's part.

        Each record draws its teacher by itself, so that one record more changes one part alone. Dealing
        shuffled records into parts of equal size would move others.

        Args:
            records: how many there are; people, where a person's records stay together.
            teachers: how many.
            rng: of a rehearsal; a release draws from the operating system's source.
        """
        if teachers < 1:
            raise DataError(f"{teachers} teachers: give at least 1.")
        drawn = below(teachers, records, words_of(self.noise, rng))
        return tuple(np.flatnonzero(drawn == i) for i in range(teachers))

    def __call__(self, data: Sequence[Array], *, rng: Rng) -> Outcome[Labelled]:
        """Label public records.

        Args:
            data: of each teacher, class codes int64[m] for the same public records; -1 where it abstains.
            rng: of a rehearsal.

        Raises:
            DataError: if a teacher's votes cannot be read. None is left out: they are the holder's own.
        """
        return self.labelled(self.counts(data), rng=rng)

    def labelled(self, counts: Ints, *, rng: Rng) -> Outcome[Labelled]:
        """Label public records by counts that were added up elsewhere, as by secure aggregation.

        Args:
            counts: votes without noise, int64[m, C] for at most `queries` public records.
            rng: of a rehearsal.

        Raises:
            DataError: if they are no such counts.
        """
        whole = np.asarray(counts)
        fits = whole.ndim == 2 and len(whole) <= self.queries and whole.shape[1] == self.classes
        if not fits or whole.dtype.kind not in "iu":
            raise DataError(
                f"counts are whole numbers of {self.classes} classes for {self.queries:,} public records at "
                f"most, and got {whole.dtype} of {whole.shape}."
            )
        return outcome(self.noise, self._labelled(whole.astype(np.int64), rng), self.budget, "PATE")

    def counts(self, data: Sequence[Array]) -> Ints:
        """The votes of each public record that may be looked at, int64[m, C]: never to be published.

        Raises:
            DataError: if a teacher's votes cannot be read.
        """
        if not len(data):
            raise DataError("there are no teachers: give the votes of at least one.")
        public = len(data[0])
        found = counted(data, public, self.classes)
        if found.left_out:
            raise DataError(
                f"the votes of teacher {found.left_out[0]} are not {public} class codes from {ABSTAINS} "
                f"(none) to {self.classes - 1}."
            )
        return found.counts[: self.queries]

    def data_dependent(self, counts: Ints) -> DataDependent:
        """The loss for the votes that were cast: not for publication, as it is computed from them.

        Args:
            counts: from `counts`, of all public records that may be looked at.
        """
        epsilon = unpublishable_epsilon(
            counts,
            threshold=self.threshold,
            check=self.check_sigma,
            answer=self.answer_sigma,
            delta=self.budget.delta,
        )
        return DataDependent(min(epsilon, self.budget.epsilon), self.budget)

    def _labelled(self, counts: Ints, rng: Rng) -> Labelled:
        words = words_of(self.noise, rng)
        m = len(counts)
        # Noise of all is drawn at once; what is not looked at is thrown away.
        checks = counts.max(axis=1) + discrete_gaussian(m, sigma=self.check_sigma, words=words)
        agreed = np.flatnonzero(checks >= self.threshold)[: self.answers]
        drawn = discrete_gaussian(len(agreed) * self.classes, sigma=self.answer_sigma, words=words)
        labels = (counts[agreed] + drawn.reshape(-1, self.classes)).argmax(axis=1)
        ended = len(agreed) == self.answers
        return Labelled(agreed, labels, int(agreed[-1]) + 1 if ended else m, self.classes)
