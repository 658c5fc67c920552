"""Phong, Aono, Hayashi, Wang, Moriai: Privacy-Preserving Deep Learning (2018), section III."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from confide.attacks.reconstruction.updates._claims import claimed, sureness
from confide.attacks.reconstruction.updates._first_layer import FirstLayer, first_layer, lone_records
from confide.attacks.reconstruction.updates._labels import label_counts, labels_of
from confide.core.arrays import Floats, Ints, Rng
from confide.core.diagnostics import Diagnostics
from confide.core.language import keep, later
from confide.core.nouns import Case, Guess
from confide.core.paper import Paper
from confide.knowledge.updates import KnownInputs
from confide.views.shared_gradient import SharedGradient


@dataclass(frozen=True, slots=True, kw_only=True)
class AnalyticInversion:
    """Analytic gradient inversion: divides the gradients of a first linear layer, and reads the record.

    A unit z = w x + b of the first layer gets the gradient e x in its weights and e in its bias, where e is
    what the loss says of z. So a server that sees the gradient of one record divides the two and holds the
    record, exactly, whatever the rest of the network is. All units are used, weighted by e^2, so that the
    error is that of rounding.

    In a batch a unit adds up the records that open it. A unit that one record opens alone still shows it:
    where several units agree on the same ratio, that is the case. So in wide ReLU layers batches give their
    records away one by one; those that share all their units stay mixed.

    Args:
        tolerance: by how much the cosine of two units' gradients may miss 1 if one record opened both.
    """

    name: ClassVar[str] = "analytic-inversion"
    title: ClassVar[str] = later("Does the first layer's gradient spell out its record?")
    paper: ClassVar[Paper] = Paper(
        authors="Le Trieu Phong and Yoshinori Aono and Takuya Hayashi and Lihua Wang and Shiho Moriai",
        title="Privacy-Preserving Deep Learning via Additively Homomorphic Encryption",
        venue="IEEE Transactions on Information Forensics and Security",
        year=2018,
        url="https://doi.org/10.1109/TIFS.2017.2787987",
    )

    tolerance: float = 1e-9

    def __call__(self, case: Case[SharedGradient, KnownInputs, Ints], *, rng: Rng) -> Guess:
        layer = first_layer(case.view, self.name)
        labels = labels_of(label_counts(case.view, case.known))
        rows, misfit = self._records(layer, case.view.records, case.known)
        remark = keep(
            "The gradient of the first layer leaves {share:.2g} of its length unexplained by one record.",
            share=misfit,
        )
        # One record explains the whole gradient; of more, only units that agree say so.
        score = sureness(misfit, len(case.targets))
        value = claimed(rows, np.resize(labels, len(rows)), len(case.targets))
        return Guess(value, score, Diagnostics((remark,)))

    def _records(self, layer: FirstLayer, records: int, known: KnownInputs) -> tuple[Floats, float]:
        """The records, and the share of the gradient that the best single one leaves unexplained."""
        square = float((layer.biases**2).sum())
        whole = layer.biases @ layer.weights / max(square, 1e-300)
        size = max(float(np.linalg.norm(layer.weights)), 1e-300)
        misfit = float(np.linalg.norm(layer.weights - np.outer(layer.biases, whole))) / size
        if records == 1:
            return whole[None], misfit
        return lone_records(layer, known, most=records, tolerance=self.tolerance), misfit
