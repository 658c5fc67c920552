"""Lassila, Östman, Ngo, Graell i Amat: Practical Bayes-Optimal Membership Inference (NeurIPS 2025)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from confide.attacks.membership.black_box._in_out import Mode, plays_online
from confide.attacks.membership.black_box._mean_likelihood import log_mean
from confide.attacks.membership.black_box._queries import signal_of
from confide.core.access import BlackBox
from confide.core.arrays import Rng
from confide.core.language import later
from confide.core.nouns import Case, Guess
from confide.core.paper import Paper
from confide.knowledge.models import Background
from confide.models.signals import Tempered
from confide.views.records import Records


@dataclass(frozen=True, slots=True, kw_only=True)
class BASE:
    """BASE: the Bayes-optimal membership score, the ratio of RMIA without a population.

    The adversary subtracts from the record's log-likelihood under the release the log of its mean likelihood
    under all references. Online this is log R_x of RMIA, so that both give the same ranking.

    Score: log p(x) - log mean_j p_j(x). Offline the second term counts OUT references only, times `weight`.

    Args:
        mode: use all references ("online"), OUT only ("offline"), or decide by what there is ("auto").
        temperature: of the softmax.
        weight: of the references in the offline score.
    """

    name: ClassVar[str] = "base"
    title: ClassVar[str] = later("Does the release make this record likelier than other models do?")
    paper: ClassVar[Paper] = Paper(
        authors="Marcus Lassila and Johan Östman and Khac-Hoang Ngo and Alexandre {Graell i Amat}",
        title="Practical Bayes-Optimal Membership Inference Attacks",
        venue="Advances in Neural Information Processing Systems (NeurIPS)",
        year=2025,
        url="https://arxiv.org/abs/2505.24089",
    )

    mode: Mode = "auto"
    temperature: float = 2.0
    weight: float = 0.33

    def __call__(self, case: Case[BlackBox, Background, Records], *, rng: Rng) -> Guess:
        references = case.known.need_references(self.name)
        signal = Tempered(self.temperature)
        own, others = signal_of(case.view, case.targets, signal), references.of_targets(signal)
        if plays_online(self.mode, references, self.name):
            # All references, IN and OUT: on random halves their mean is p(x).
            return Guess(None, own - log_mean(others, references.included | ~references.included))
        return Guess(None, own - self.weight * log_mean(others, ~references.included))
