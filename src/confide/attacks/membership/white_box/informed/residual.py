"""Balle, Cherubin, Hayes: Reconstructing Training Data with Informed Adversaries (S&P 2022), as a test."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from confide.attacks.membership.white_box.informed._stationarity import balance
from confide.core.access import WhiteBox
from confide.core.arrays import Rng
from confide.core.language import later
from confide.core.nouns import Case, Guess
from confide.core.paper import Paper
from confide.knowledge.models import Informed
from confide.views.records import Records


@dataclass(frozen=True, slots=True, kw_only=True)
class Residual:
    """Residual attack: claims the record without which the gradients of training do not add up to zero.

    At the end of training the gradients of all training records and of the penalty add up to nothing. The
    adversary of differential privacy knows every record but one. It adds up what it knows, and checks whether
    the target would cancel the sum that is left over. It needs no reference model. If training stopped early
    the sum never vanished; by how much is reported.

    Let s be the sum that is left over. At a stationary point `-<s, g> / |g|^2` is 1 for a member and 0 for
    all others. Elsewhere s has an error. If the error varies equally in all directions, the likelihood ratio
    compares `|s|^2 - |s + g|^2` with 0: the same number less one half, times |g|^2. A record whose gradient
    is small against the error then counts as undecided, which costs nothing at a stationary point and helps
    much elsewhere. Memory: candidates squared.

    Score: |s|^2 - |s + g|^2, over the mean |g|^2; above 0 = in.

    Args:
        penalty: the factor of the penalty's gradient in the sum of losses (1/C of scikit-learn), if it is
            known; None fits it.
    """

    name: ClassVar[str] = "residual"
    title: ClassVar[str] = later("Do the gradients of training only add up to zero with this record?")
    paper: ClassVar[Paper] = Paper(
        authors="Borja Balle and Giovanni Cherubin and Jamie Hayes",
        title="Reconstructing Training Data with Informed Adversaries",
        venue="IEEE Symposium on Security and Privacy",
        year=2022,
        url="https://arxiv.org/abs/2201.04845",
    )

    penalty: float | None = None

    def __call__(self, case: Case[WhiteBox, Informed, Records], *, rng: Rng) -> Guess:
        residual = balance(case, self.name, self.penalty)
        ratio = -2 * residual.left_over(residual.gram, residual.penalty) - residual.own
        # One scale for all targets keeps the order, and makes scores of different models comparable.
        score = ratio / (residual.own.mean() or 1.0)
        return Guess(None, np.where(residual.clear, score, np.nan), residual.diagnostics)
