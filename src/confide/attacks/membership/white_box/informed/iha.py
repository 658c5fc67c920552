"""Suri, Zhang, Evans: Do Parameters Reveal More than Loss for Membership Inference? (TMLR 2024)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from scipy.linalg import cho_factor, cho_solve

from confide.attacks.membership.white_box.informed._stationarity import balance
from confide.core.access import WhiteBox
from confide.core.arrays import Floats, Rng
from confide.core.language import later
from confide.core.nouns import Case, Guess
from confide.core.paper import Paper
from confide.knowledge.models import Informed
from confide.views.records import Records


@dataclass(frozen=True, slots=True, kw_only=True)
class IHA:
    """Inverse-Hessian attack: compares the parameters with the minima with and without the record.

    Stochastic gradient descent moves about the minimum of its training objective, and one record moves that
    minimum by H^-1 g / n. The adversary of differential privacy knows every other training record. So it
    knows both minima, and compares their distances to the parameters that were published.

    With H the curvature, g the target's gradient, l its loss, and g0 the mean gradient of the others with the
    penalty,

        score = -( l + ( |H^-1 g|^2 / n + 2 <H^-1 g0, H^-1 g> ) / eta ),

    where the bracket is n times |H^-1 (g0 + g/n)|^2 - |H^-1 g0|^2: how much farther the minimum with the
    record is than the one without. Three choices are ours. (1) The signs follow from that; with the bracket's
    other sign members rank last, as a test on a convex model shows. (2) g0 comes from the referee's sums
    (`LeaveOneOutSums`), and its penalty's factor, if unknown, is fitted to each target's rest. (3) H is
    `damping I` plus the mean of g g^T over the candidates, the empirical Fisher matrix: no model need give a
    Hessian, and inner products are all that it takes, `H^-1 G^T = G^T (damping I + K/m)^-1`. On convex models
    that costs less than .02 of AUC against the exact Hessian. Memory: candidates squared.

    Args:
        learning_rate: eta, of training; the smaller it is, the less the loss counts.
        damping: added to the curvature.
        training_size: n; None takes it from the game.
        penalty: the factor of the penalty's gradient in the sum of losses (1/C of scikit-learn), if it is
            known; None fits it.
    """

    name: ClassVar[str] = "iha"
    title: ClassVar[str] = later("Are the parameters where training with this record would have led?")
    paper: ClassVar[Paper] = Paper(
        authors="Anshuman Suri and Xiao Zhang and David Evans",
        title="Do Parameters Reveal More than Loss for Membership Inference?",
        venue="Transactions on Machine Learning Research",
        year=2024,
        url="https://arxiv.org/abs/2406.11544",
    )

    learning_rate: float = 0.01
    damping: float = 0.2
    training_size: int | None = None
    penalty: float | None = None

    def __call__(self, case: Case[WhiteBox, Informed, Records], *, rng: Rng) -> Guess:
        residual = balance(case, self.name, self.penalty)
        # The public size: the actual number of members would say how many targets are in.
        n = self.training_size or max(residual.rest.size, 1)
        gram, penalty = self._bent(residual.gram, residual.penalty)
        own = np.diagonal(gram)[: len(case.targets)]
        bracket = (own + 2 * residual.left_over(gram, penalty)) / n
        loss = case.view.loss(case.targets.x, case.targets.y)
        score = -(loss + bracket / self.learning_rate)
        return Guess(None, np.where(residual.clear & np.isfinite(loss), score, np.nan), residual.diagnostics)

    def _bent(self, gram: Floats, penalty: Floats) -> tuple[Floats, Floats]:
        """The inner products <H^-1 g_i, H^-1 g_j>, and <H^-1 r, H^-1 g_j>."""
        # By Woodbury: only a matrix of candidates x candidates is ever solved, whatever the number of
        # parameters.
        factor = cho_factor(self.damping * np.eye(len(gram)) + gram / len(gram))
        once: Floats = cho_solve(factor, gram)
        return cho_solve(factor, once.T), cho_solve(factor, cho_solve(factor, penalty))
