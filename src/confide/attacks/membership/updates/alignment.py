"""Li, Li, Ribeiro: Effective Passive Membership Inference Attacks in Federated Learning (ICLR 2023)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np

from confide.attacks.membership.updates._steps import steps_seen
from confide.attacks.membership.white_box._layers import total_norm
from confide.attacks.membership.white_box.decoder._linear_inverse import TINY
from confide.core.arrays import Rng
from confide.core.errors import DataError
from confide.core.language import later
from confide.core.nouns import Case, Guess
from confide.core.paper import Paper
from confide.core.transcript import Seen
from confide.knowledge.updates import UpdatesBackground
from confide.views.records import Records


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateAlignment:
    """Gradient alignment: claims the records whose own gradient points against a round's change.

    In a network with far more parameters than records the gradients of two records are nearly at right
    angles. A change that a record's gradient is part of then has an inner product with it, and another one
    has none. The adversary looks at each record by itself, so that records with similar gradients are taken
    for one another; `update-decoder` solves for all together.

    Score: minus the cosine, or the inner product, of the record's gradient at the model that was sent and the
    change. The sum over rounds, in each of which scores are divided by their standard deviation. The paper's
    other score needs the learning rate, and is left out.

    Args:
        by: "cosine" or "product".
        rounds: the rounds to look at; none for all that were seen.
    """

    name: ClassVar[str] = "update-alignment"
    title: ClassVar[str] = later("Does the record's gradient point against a round's change?")
    paper: ClassVar[Paper] = Paper(
        authors="Jiacheng Li and Ninghui Li and Bruno Ribeiro",
        title="Effective Passive Membership Inference Attacks in Federated Learning against "
        "Overparameterized Models",
        venue="International Conference on Learning Representations (ICLR)",
        year=2023,
        url="https://openreview.net/forum?id=QsCSLPP55Ku",
    )

    by: Literal["cosine", "product"] = "cosine"
    rounds: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        if self.by not in ("cosine", "product"):
            raise DataError(f"by is {self.by!r:.40}: choose from cosine, product.")

    def __call__(self, case: Case[Seen, UpdatesBackground, Records], *, rng: Rng) -> Guess:
        x, y = case.targets.x, case.targets.y
        total = np.zeros(len(case.targets))
        for step in steps_seen(case.view, case.known.about, self.name, self.rounds):
            model = case.known.shown(step.start, self.name)
            # In the order of layers, which need not be that of the vector.
            change = case.known.shown(step.change, self.name).weights()
            score = -model.gradient_along(x, y, change).sum(axis=1)
            if self.by == "cosine":
                score = score / np.maximum(total_norm(model.gradient_norms(x, y)), TINY)
            spread = float(np.nanstd(score))
            total += score / spread if spread > 0 else score
        return Guess(None, total)
