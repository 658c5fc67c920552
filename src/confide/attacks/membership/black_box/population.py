"""Ye, Maddi, Murakonda, Bindschaedler, Shokri: Enhanced Membership Inference Attacks (CCS 2022), attack P."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from confide.attacks.membership.black_box._queries import need_classes, signal_of
from confide.attacks.membership.black_box._ranks import share_at_most
from confide.core.access import BlackBox
from confide.core.arrays import Rng
from confide.core.nouns import Case, Guess
from confide.core.paper import Paper
from confide.knowledge.models import Background
from confide.models.signals import log_probability
from confide.views.records import Records

ENHANCED = Paper(
    authors="Jiayuan Ye and Aadyaa Maddi and Sasi Kumar Murakonda and Vincent Bindschaedler and Reza Shokri",
    title="Enhanced Membership Inference Attacks against Machine Learning Models",
    venue="ACM Conference on Computer and Communications Security (CCS)",
    year=2022,
    url="https://arxiv.org/abs/2111.09679",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Population:
    """Whoever the model predicts better than it predicts strangers, it has seen.

    The adversary holds records of other people, asks the model about them too, and claims a target whose
    loss is smaller than nearly all of theirs. The share of strangers with a smaller loss is his false-
    positive rate, known before he claims anything; he still treats easy and hard people alike.

    Score: the share of the population whose loss is at least the target's; ties in the order of the loss.

    Args:
        per_class: compare with the strangers of the target's own class, where there are 20 of them or more.
    """

    name: ClassVar[str] = "population"
    title: ClassVar[str] = "Does the model know this record better than it knows strangers?"
    paper: ClassVar[Paper] = ENHANCED

    per_class: bool = False

    def __call__(self, case: Case[BlackBox, Background, Records], *, rng: Rng) -> Guess:
        strangers = case.known.need_population(self.name)
        among = signal_of(case.view, strangers, log_probability)
        own = signal_of(case.view, case.targets, log_probability)
        score = share_at_most(own, among)
        if self.per_class:
            need_classes(case, self.name)
            for c in np.unique(case.targets.y):
                here, same = case.targets.y == c, strangers.y == c
                if same.sum() >= 20:
                    score[here] = share_at_most(own[here], among[same])
        return Guess(None, score)
