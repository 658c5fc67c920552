"""Yeom, Giacomelli, Fredrikson, Jha: Privacy Risk in Machine Learning (CSF 2018)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from confide.attacks.membership.black_box._queries import signal_of
from confide.core.access import BlackBox
from confide.core.arrays import Rng
from confide.core.language import later
from confide.core.nouns import Case, Guess
from confide.core.paper import Paper
from confide.knowledge.models import Background
from confide.models.signals import log_probability
from confide.views.records import Records


@dataclass(frozen=True, slots=True, kw_only=True)
class Loss:
    """Loss attack: claims the records on which the model's loss is small.

    The adversary asks the model once about each person and compares the loss with one threshold for all. It
    cannot tell a record that is easy to predict from one that the model has memorised. So its average success
    may look good, while its surest claims are no better than chance.

    Score: minus the loss (minus half the squared residual in a regression).
    """

    name: ClassVar[str] = "loss"
    title: ClassVar[str] = later("Is the model's loss on this record small?")
    paper: ClassVar[Paper] = Paper(
        authors="Samuel Yeom and Irene Giacomelli and Matt Fredrikson and Somesh Jha",
        title="Privacy Risk in Machine Learning: Analyzing the Connection to Overfitting",
        venue="IEEE Computer Security Foundations Symposium (CSF)",
        year=2018,
        url="https://arxiv.org/abs/1709.01604",
    )

    def __call__(self, case: Case[BlackBox, Background, Records], *, rng: Rng) -> Guess:
        return Guess(None, signal_of(case.view, case.targets, log_probability))
