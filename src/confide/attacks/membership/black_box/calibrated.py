"""Watson, Guo, Cormode, Sablayrolles: On the Importance of Difficulty Calibration (ICLR 2022)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from confide.attacks.membership.black_box._in_out import ReferenceFit, plays_online
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
class Calibrated:
    """Difficulty calibration: claims records whose loss is small although they are hard for other models.

    The adversary trains reference models without the target and subtracts their loss. What remains of the
    loss, without the record's own difficulty, is what this model learned from it.

    Score: mean loss of the OUT references minus the target model's loss. Targets that all references were
    trained on are left out.
    """

    name: ClassVar[str] = "calibrated"
    title: ClassVar[str] = later("Is the loss small for a record this hard?")
    paper: ClassVar[Paper] = Paper(
        authors="Lauren Watson and Chuan Guo and Graham Cormode and Alexandre Sablayrolles",
        title="On the Importance of Difficulty Calibration in Membership Inference Attacks",
        venue="International Conference on Learning Representations (ICLR)",
        year=2022,
        url="https://arxiv.org/abs/2111.08440",
    )

    def __call__(self, case: Case[BlackBox, Background, Records], *, rng: Rng) -> Guess:
        references = case.known.need_references(self.name)
        # Refuses references that were all trained on every target.
        plays_online("offline", references, self.name)
        outside = ReferenceFit.of(references.of_targets(log_probability), ~references.included)
        return Guess(None, signal_of(case.view, case.targets, log_probability) - outside.mean)
