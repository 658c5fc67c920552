"""Nasr, Shokri, Houmansadr: Comprehensive Privacy Analysis of Deep Learning (S&P 2019), gradient norm."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from confide.attacks.membership.white_box._layers import layer_numbers, log_norms, total_norm
from confide.core.access import WhiteBox
from confide.core.arrays import Rng
from confide.core.language import later
from confide.core.nouns import Case, Guess
from confide.core.paper import Paper
from confide.knowledge.models import Background
from confide.views.records import Records

COMPREHENSIVE = Paper(
    authors="Milad Nasr and Reza Shokri and Amir Houmansadr",
    title="Comprehensive Privacy Analysis of Deep Learning: Passive and Active White-box Inference Attacks "
    "against Centralized and Federated Learning",
    venue="IEEE Symposium on Security and Privacy",
    year=2019,
    url="https://arxiv.org/abs/1812.00910",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class GradientNorm:
    """Gradient norm: claims records from which one more training step would change the model little.

    Training pushes the gradient of the loss on its members towards zero. The adversary holds the parameters,
    computes the gradient for each person, and claims those for whom it is small. It needs no other models and
    nobody's membership. Like the loss attack it takes easy records for members.

    Score: -log of the Euclidean norm of the loss's gradient in the chosen layers together.

    Args:
        layers: the names of the layers whose parameters count; None for all.
    """

    name: ClassVar[str] = "gradient-norm"
    title: ClassVar[str] = later("Would the model hardly change if it were trained on this record?")
    paper: ClassVar[Paper] = COMPREHENSIVE

    layers: tuple[str, ...] | None = None

    def __call__(self, case: Case[WhiteBox, Background, Records], *, rng: Rng) -> Guess:
        chosen = layer_numbers(case.view, self.layers, self.name)
        norms = case.view.gradient_norms(case.targets.x, case.targets.y)
        return Guess(None, -log_norms(total_norm(norms[:, chosen])))
