"""Yeom, Giacomelli, Fredrikson, Jha: Privacy Risk in Machine Learning (CSF 2018), on a round's model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from confide.attacks.membership.black_box.loss import Loss
from confide.attacks.membership.updates._steps import steps_seen
from confide.core.arrays import Rng
from confide.core.language import later
from confide.core.nouns import Case, Guess
from confide.core.paper import Paper
from confide.core.transcript import Seen
from confide.knowledge.updates import UpdatesBackground
from confide.models.signals import log_probability
from confide.views.records import Records


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateLoss:
    """Loss attack on updates: claims the records on which the model after a round's change has a small loss.

    The adversary adds the change to the model that was sent, which gives the model that a client trained, or
    the next one of all clients, and asks it about each person. At the last round that is the published model.
    It is the baseline that every attack on updates should beat.

    Score: minus the loss (minus half the squared residual in a regression), the mean over rounds.

    Args:
        rounds: the rounds to look at; none for the last that was seen.
    """

    name: ClassVar[str] = "update-loss"
    title: ClassVar[str] = later("Is the loss on this record small after a round's change?")
    paper: ClassVar[Paper] = Loss.paper

    rounds: tuple[int, ...] = ()

    def __call__(self, case: Case[Seen, UpdatesBackground, Records], *, rng: Rng) -> Guess:
        steps = steps_seen(case.view, case.known.about, self.name, self.rounds)
        people = case.targets
        found = [
            log_probability(case.known.shown(step.start + step.change, self.name).predict(people.x), people.y)
            for step in (steps if self.rounds else steps[-1:])
        ]
        return Guess(None, np.mean(found, axis=0))
