"""Ye, Maddi, Murakonda, Bindschaedler, Shokri: Enhanced Membership Inference Attacks (CCS 2022), attack P."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from confide.attacks.membership.black_box._queries import need_classes, signal_of
from confide.attacks.membership.black_box._ranks import share_at_most
from confide.core.access import BlackBox
from confide.core.arrays import Rng
from confide.core.language import later
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


# A class with fewer records resolves no false-positive rate worth having; all classes serve it together.
FEWEST = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Population:
    """Population attack (attack P): claims records that the model predicts better than the population's.

    The adversary holds records of other people, asks the model about them too, and claims a target whose loss
    is smaller than nearly all of theirs. The share of the population with a smaller loss is the
    false-positive rate, known before any claim. Easy and hard records are still treated in the same way.

    Score: the share of the population whose loss is at least the target's; ties in the order of the loss.

    Args:
        per_class: compare with the population of the target's own class, where it has 20 records or more.
    """

    name: ClassVar[str] = "population"
    title: ClassVar[str] = later("Does the model know this record better than it knows strangers?")
    paper: ClassVar[Paper] = ENHANCED

    per_class: bool = False

    def __call__(self, case: Case[BlackBox, Background, Records], *, rng: Rng) -> Guess:
        others = case.known.need_population(self.name)
        among = signal_of(case.view, others, log_probability)
        own = signal_of(case.view, case.targets, log_probability)
        score = share_at_most(own, among)
        if self.per_class:
            need_classes(case, self.name)
            for c in np.unique(case.targets.y):
                here, same = case.targets.y == c, others.y == c
                if same.sum() >= FEWEST:
                    # A class with enough records replaces the score of all classes together.
                    score[here] = share_at_most(own[here], among[same])
        return Guess(None, score)
