"""Chang, Shejwalkar, Shokri, Houmansadr: Cronus: Robust and Heterogeneous Collaborative Learning (2019)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from confide.core.access import BlackBox
from confide.core.arrays import Array, Batch, Floats, Rng
from confide.core.errors import DataError
from confide.core.nouns import Release
from confide.mechanisms.federate.means.mean import Mean, usable
from confide.mechanisms.federate.students import SoftLearner, one_hot, probabilities
from confide.views.records import Records


class Party(Protocol):
    """A party of the exchange: it says what it predicts for public records, and learns from what all say."""

    def says(self, public: Batch) -> Array:
        """The party's message: a probability of each class for each public record, float64[m, C]."""
        ...

    def taught(self, public: Batch, targets: Floats, *, rng: Rng) -> Party:
        """The party after it learned from the combined predictions, float64[m, C]."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Trainee:
    """A party that trains on its own records, and then on them together with the public ones.

    Args:
        learner: the party's own; parties may have different ones.
        records: the party's own; their labels are codes 0..C-1.
        classes: C, from the plan.
        model: the latest one; None before the first training.
    """

    learner: SoftLearner
    records: Records
    classes: int
    model: BlackBox | None = None

    def alone(self, *, rng: Rng) -> Trainee:
        """The party after it trained on its own records."""
        own = one_hot(self.records.y, self.classes)
        return replace(self, model=self.learner.fit(self.records.x, own, rng=rng))

    def says(self, public: Batch) -> Floats:
        if self.model is None:
            raise DataError("a party has no model yet: train it on its own records first (`alone`).")
        return probabilities(self.model, public)

    def taught(self, public: Batch, targets: Floats, *, rng: Rng) -> Trainee:
        own = one_hot(self.records.y, self.classes)
        both = Records.concat([Records(self.records.x, own), Records(public, targets)])
        return replace(self, model=self.learner.fit(both.x, both.y, rng=rng))


@dataclass(frozen=True, slots=True, eq=False)
class Round:
    """What one round published.

    Args:
        targets: the combined predictions, float64[m, C], each row adding up to 1.
        left_out: positions of parties whose predictions could not be used.
    """

    targets: Floats
    left_out: tuple[int, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Exchange:
    """An exchange of predictions: the parties with their last models, and what each round published.

    Args:
        parties: after the last round.
        rounds: one for each round.
    """

    parties: tuple[Party, ...]
    rounds: tuple[Round, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cronus:
    """Exchanges soft predictions on public records in place of parameters, and distils a robust mean of them.

    In each round every party sends its model's probabilities for the public records. The server combines
    those of each record by a robust mean, and publishes the result; each party trains on it and on its own
    records. A message has m C numbers however large the models are, and models may differ. With C numbers
    for each record a robust mean withstands poisoned parties that one over all parameters does not.

    No differential privacy is promised: predictions are functions of a party's records, and the server sees
    each party's. `OneShotVotes` and `PATE` promise it.

    Args:
        mean: the rule that combines C numbers of each party.
        classes: C.
        rounds: how often predictions are exchanged.

    Raises:
        DataError: if a number is out of range.
    """

    mean: Mean
    classes: int
    rounds: int = 3

    def __post_init__(self) -> None:
        if self.classes < 2 or self.rounds < 1:
            raise DataError(
                f"{self.classes} classes in {self.rounds} rounds: give 2 classes and 1 round at the least."
            )

    @property
    def budget(self) -> None:
        return None

    def combined(self, said: Sequence[Array], public: int) -> Round:
        """The server's part of a round: combine what the parties said about the public records.

        Args:
            said: float64[m, C] of each party; other shapes and infinite numbers are left out and counted.
            public: m.

        Raises:
            DataError: if too few parties are left.
        """
        kept = usable(said, (public, self.classes))
        combined = np.stack([self.mean(kept.vectors[:, i]) for i in range(public)])
        # Medians of probabilities need not add up to 1. Poisoned numbers can be anything.
        cut = np.maximum(combined, 0.0)
        whole = cut.sum(axis=1, keepdims=True)
        targets = np.where(whole > 0, cut / np.where(whole > 0, whole, 1.0), 1 / self.classes)
        return Round(targets, kept.left_out)

    def __call__(self, data: Sequence[Party], public: Batch, *, rng: Rng) -> Release[Exchange]:
        """Run all rounds.

        Args:
            data: the parties, trained on their own records.
            public: the public records [m, ...], without labels.
            rng: of the parties' trainings.
        """
        parties, rounds = tuple(data), list[Round]()
        for _ in range(self.rounds):
            done = self.combined([party.says(public) for party in parties], len(public))
            rngs = rng.spawn(len(parties))
            parties = tuple(
                party.taught(public, done.targets, rng=own) for party, own in zip(parties, rngs, strict=True)
            )
            rounds.append(done)
        return Release(Exchange(parties, tuple(rounds)), None, "Cronus")
