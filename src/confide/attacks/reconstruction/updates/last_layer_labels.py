"""Zhao, Mopuri, Bilen: iDLG: Improved Deep Leakage from Gradients (2020); counts for batches."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from confide.attacks.reconstruction.updates._labels import label_counts
from confide.core.arrays import Ints, Rng
from confide.core.language import later
from confide.core.nouns import Case, Guess
from confide.core.paper import Paper
from confide.knowledge.updates import KnownInputs
from confide.views.shared_gradient import SharedGradient


@dataclass(frozen=True, slots=True, kw_only=True)
class LastLayerLabels:
    """Label recovery: reads the labels of a batch from the signs and sizes in the last layer's gradient.

    The derivative of a record's loss in logit c is the probability of c, less 1 if c is its label. Of one
    record the label is the only class whose derivative is negative: that is exact, whatever the network. For
    a batch the share of a class is what the model gives it on average less the derivative; the adversary does
    not know that average, and asks the model about inputs of its own. In a fresh network the average hardly
    depends on the inputs, so that counts are nearly exact; trained ones are read less well.
    """

    name: ClassVar[str] = "last-layer-labels"
    title: ClassVar[str] = later("Which labels does the last layer's gradient count?")
    paper: ClassVar[Paper] = Paper(
        authors="Bo Zhao and Konda Reddy Mopuri and Hakan Bilen",
        title="iDLG: Improved Deep Leakage from Gradients",
        venue="arXiv:2001.02610",
        year=2020,
        url="https://arxiv.org/abs/2001.02610",
    )

    def __call__(self, case: Case[SharedGradient, KnownInputs, Ints], *, rng: Rng) -> Guess:
        counts = label_counts(case.view, case.known).astype(np.float64)
        # The same counts about everybody: a view, no copies.
        value = np.broadcast_to(counts, (len(case.targets), len(counts)))
        return Guess(value, np.zeros(len(case.targets)))
