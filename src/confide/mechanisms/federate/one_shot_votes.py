"""Differentially private votes on public records, in one exchange, with noise on all counts."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from confide.core.access import BlackBox
from confide.core.arrays import Array, Batch, Ints, Rng
from confide.core.budget import Budget, Unit
from confide.core.errors import DataError, PromiseError
from confide.core.nouns import Outcome
from confide.mechanisms.federate.students import SoftLearner, one_hot
from confide.mechanisms.federate.votes import counted
from confide.mechanisms.noise.discrete_gaussian import SPARE, WIDEST, discrete_gaussian, steps_of
from confide.mechanisms.noise.gaussian import gaussian_sigma
from confide.mechanisms.noise.source import Noise, outcome, refuse_unknown, words_of


@dataclass(frozen=True, slots=True, eq=False)
class NoisyVotes:
    """What is published: for each public record how many parties voted for each class, with noise.

    Args:
        counts: int64[m, C]; they can be negative.
        sigma: the deviation of the noise on each.
    """

    counts: Ints
    sigma: int

    def labels(self) -> Ints:
        """The class with the largest noisy count, int64[m]."""
        return self.counts.argmax(axis=1)

    def student(self, learner: SoftLearner, public: Batch, *, rng: Rng) -> BlackBox:
        """Train a model on the public records and the labels that the noisy counts give them.

        That is computed from what is published, and costs nothing more.

        Raises:
            DataError: if these are not the public records that were voted on.
        """
        if len(public) != len(self.counts):
            raise DataError(f"{len(self.counts)} public records were voted on, and {len(public)} are given.")
        return learner.fit(public, one_hot(self.labels(), self.counts.shape[1]), rng=rng)


@dataclass(frozen=True, slots=True, kw_only=True)
class OneShotVotes:
    """Adds up one vote of every client on each public record, and publishes all counts with Gaussian noise.

    Every client trains a model of its own on its own records and votes with it once. There is one exchange,
    so a client spends the whole budget in it, and the noise is known before.

    *Statement.* The noisy counts, and every student trained on them, are (epsilon, delta)-private for
    everything that any one client holds: for its taking part or not.

    *Proof.* A client adds one vote to one count of each of m public records, or none: a vector of length at
    most the root of m. Discrete Gaussian noise on whole numbers keeps what normal noise of this sensitivity
    keeps (`discrete_gaussian`, `gaussian_sigma`). The counts are published as they are; a student is computed
    from them and from public records.

    *Conditions.* The public records, their number and the classes are chosen without the clients' records.
    Each client trains alone. The promise is against those who see the noisy counts; the server that adds
    votes up sees each client's, unless they come by secure aggregation, of which this is the noise. A client
    that replaces another's vote moves the sum by the root of 2 m: nobody is promised that.

    Args:
        budget: what is promised; its unit is a client.
        public: m, how many public records are voted on.
        classes: C.
        noise: "secure" is drawn from the operating system's cryptographic source, for a real release;
            "rehearsal" from `rng`, for audits and tests.

    Raises:
        PromiseError: if the budget cannot be kept.

    >>> made = OneShotVotes(budget=Budget(1.0, 1e-4, Unit.client()), public=1000, classes=10)
    >>> made.sigma, round(made.mu, 3)
    (103, 0.307)
    """

    budget: Budget
    public: int
    classes: int
    noise: Noise = "secure"

    def __post_init__(self) -> None:
        refuse_unknown(self.noise)
        if self.budget.unit != Unit.client():
            raise PromiseError(
                f"votes of clients hide everything that one client holds, not {self.budget.unit}: give "
                "Unit.client()."
            )
        if self.public < 1 or self.classes < 2:
            raise PromiseError(
                f"{self.public} public records in {self.classes} classes: give at least 1, in 2."
            )
        if self.sigma > WIDEST:
            raise PromiseError(
                f"noise of deviation {self.sigma:,} would drown any vote: give a larger budget than "
                f"{self.budget}, or fewer public records."
            )

    @property
    def sigma(self) -> int:
        """The deviation of the noise on each count, a whole number, rounded up."""
        return steps_of(gaussian_sigma(self.budget, sensitivity=math.sqrt(self.public)), 1.0)

    @property
    def mu(self) -> float:
        """The exchange is mu-GDP: `charged` takes its cost from this, before any count leaves."""
        return math.sqrt(self.public / (self.sigma**2 - SPARE**2))

    def __call__(self, data: Sequence[Array], *, rng: Rng) -> Outcome[NoisyVotes]:
        """Count the votes and add the noise.

        Args:
            data: of each client, class codes int64[m]; -1 where it abstains. Ballots of another shape, or of
                classes that there are not, are left out as a whole: that a client is left out is its own
                doing, and is not published.
            rng: of a rehearsal.
        """
        return self.noised(counted(data, self.public, self.classes).counts, rng=rng)

    def noised(self, counts: Ints, *, rng: Rng) -> Outcome[NoisyVotes]:
        """Add the noise to counts that were added up elsewhere, as by secure aggregation.

        Raises:
            DataError: if they are no counts of these public records.
        """
        whole = np.asarray(counts)
        if whole.shape != (self.public, self.classes) or whole.dtype.kind not in "iu":
            raise DataError(
                f"counts are whole numbers of the shape {(self.public, self.classes)}, and got "
                f"{whole.dtype} of {whole.shape}."
            )
        drawn = discrete_gaussian(whole.size, sigma=self.sigma, words=words_of(self.noise, rng))
        view = NoisyVotes(whole.astype(np.int64) + drawn.reshape(whole.shape), self.sigma)
        return outcome(self.noise, view, self.budget, "OneShotVotes")
