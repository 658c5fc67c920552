"""Yeom, Giacomelli, Fredrikson, Jha: Privacy Risk in Machine Learning (CSF 2018), on a round's model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from confide.attacks.membership.black_box.loss import Loss
from confide.attacks.membership.updates._steps import steps_seen
from confide.core.access import BlackBox
from confide.core.arrays import Rng
from confide.core.errors import KnowledgeError
from confide.core.language import keep, later
from confide.core.nouns import Case, Guess
from confide.core.paper import Paper
from confide.core.transcript import EXCHANGED, Seen
from confide.knowledge.updates import UpdatesBackground
from confide.models.signals import log_probability
from confide.views.records import Records


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateLoss:
    """Loss attack on updates: claims the records on which the model after a round's change has a small loss.

    The adversary adds the change to the model that was sent, which gives the model that a client trained, or
    the next one of all clients, and asks it about each person. At the last round that is the published model;
    where parties exchanged predictions and no models, it is the only one that there is to ask.
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
        people = case.targets
        alone = None if self.rounds else published_alone(case.view, case.known, self.name)
        if alone is not None:
            return Guess(None, log_probability(alone.predict(people.x), people.y))
        steps = steps_seen(case.view, case.known.about, self.name, self.rounds)
        found = [
            log_probability(case.known.shown(step.start + step.change, self.name).predict(people.x), people.y)
            for step in (steps if self.rounds else steps[-1:])
        ]
        return Guess(None, np.mean(found, axis=0))


def published_alone(seen: Seen, known: UpdatesBackground, attack: str) -> BlackBox | None:
    """The published model, where parties exchanged predictions and nothing else shows a model.

    Raises:
        KnowledgeError: if the form of the model is not known.
    """
    if "parameters" not in seen.published or not any(m.kind in EXCHANGED for m in seen.messages):
        return None
    model = None if known.model is None else known.model(seen.published["parameters"])
    if not isinstance(model, BlackBox):
        raise KnowledgeError(
            keep("{attack} needs the form of the published model: give `model`.", attack=attack)
        )
    return model
