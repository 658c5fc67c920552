"""Steinke, Nasr, Jagielski: Privacy Auditing with One (1) Training Run (NeurIPS 2023)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from confide.core.access import BlackBox
from confide.core.arrays import Rng
from confide.core.language import later
from confide.core.nouns import Case, Guess
from confide.core.paper import Paper
from confide.knowledge.training import Planned
from confide.models.answers import Answers
from confide.models.signals import log_probability
from confide.views.records import Records


@dataclass(frozen=True, slots=True, kw_only=True)
class CanaryLoss:
    """Mislabelled canary: claims that those canaries were in whose wrong labels the model has learnt.

    The adversary sees the final model alone. Each canary is a record with a wrong label, which no model has a
    reason to predict: if this one does, it was trained on it.

    Score: minus the model's loss on the canary.
    """

    name: ClassVar[str] = "canary-loss"
    title: ClassVar[str] = later("Has the final model learnt the canary's wrong label?")
    paper: ClassVar[Paper] = Paper(
        authors="Thomas Steinke and Milad Nasr and Matthew Jagielski",
        title="Privacy Auditing with One (1) Training Run",
        venue="Advances in Neural Information Processing Systems (NeurIPS)",
        year=2023,
        url="https://arxiv.org/abs/2305.08846",
    )

    def __call__(self, case: Case[BlackBox, Planned, Records], *, rng: Rng) -> Guess:
        return Guess(None, Answers([case.view], case.targets).signal(log_probability, (0,))[0])
