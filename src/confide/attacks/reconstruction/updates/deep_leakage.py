"""Zhu, Liu, Han: Deep Leakage from Gradients (NeurIPS 2019); labels by Zhao, Mopuri, Bilen (iDLG, 2020)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np

from confide.attacks.reconstruction.updates._claims import matched_guess, need_numbers
from confide.attacks.reconstruction.updates._labels import label_counts, labels_of
from confide.core.arrays import Ints, Rng
from confide.core.language import later
from confide.core.nouns import Case, Guess
from confide.core.paper import Paper
from confide.knowledge.updates import KnownInputs
from confide.views.shared_gradient import SharedGradient


@dataclass(frozen=True, slots=True, kw_only=True)
class DeepLeakage:
    """Deep leakage from gradients: looks for records whose gradient is the shared one, by L-BFGS.

    The adversary computes the gradient of records that it made up, and moves them until it is the one that
    was sent: it minimises the squared distance in the records, and in their labels if it does not read those
    from the last layer. It needs no special layer, only a network that can be differentiated twice. Units
    that are smooth (logistic, tanh) give it slopes to follow. With ReLU units slopes are 0 almost everywhere
    and descents end in the wrong place; SPEAR reads those.

    The score is minus the logarithm of the distance that is left: near 0 the adversary has not come nearer
    than a gradient of nothing. Ends that are far off say nothing about safety.

    Args:
        labels: read from the last layer (iDLG), or looked for together with the records, as first published.
        starts: how many random beginnings are tried at most.
        steps: of L-BFGS, for each.
    """

    name: ClassVar[str] = "deep-leakage"
    title: ClassVar[str] = later("Which made-up records would have sent the same gradient?")
    paper: ClassVar[Paper] = Paper(
        authors="Ligeng Zhu and Zhijian Liu and Song Han",
        title="Deep Leakage from Gradients",
        venue="Advances in Neural Information Processing Systems (NeurIPS)",
        year=2019,
        url="https://arxiv.org/abs/1906.08935",
    )

    labels: Literal["last-layer", "joint"] = "last-layer"
    starts: int = 3
    steps: int = 300

    def __call__(self, case: Case[SharedGradient, KnownInputs, Ints], *, rng: Rng) -> Guess:
        # Here and not above: torch takes seconds to import, and a list of attacks needs none.
        from confide.attacks.reconstruction.updates._gradient_matching import by_lbfgs

        need_numbers(case.view, self.name)
        told = None if self.labels == "joint" else labels_of(label_counts(case.view, case.known))
        found = by_lbfgs(case.view, case.known, told, starts=self.starts, steps=self.steps, rng=rng)
        return matched_guess(found.x, found.labels, float(np.sqrt(found.left)), len(case.targets))
