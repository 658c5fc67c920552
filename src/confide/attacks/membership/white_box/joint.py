"""Carlini et al. (S&P 2022), asked of the logit and of the gradients of Nasr et al. (S&P 2019) together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
from scipy.special import gammaln

from confide.attacks.membership.black_box._in_out import ReferenceFit, plays_online
from confide.attacks.membership.black_box.lira import LiRA
from confide.attacks.membership.white_box._layers import layer_numbers, log_norms, total_norm
from confide.core.access import WhiteBox
from confide.core.arrays import Floats, Rng
from confide.core.errors import KnowledgeError
from confide.core.language import keep, later
from confide.core.nouns import Case, Guess
from confide.core.paper import Paper
from confide.knowledge.models import Background
from confide.models.signals import settle, true_logit
from confide.views.records import Records


@dataclass(frozen=True, slots=True, kw_only=True)
class Joint:
    """Joint likelihood ratio: LiRA for the answer and the gradients of every layer together.

    The adversary trains reference models with and without each target, as in LiRA. It looks at more than the
    answer: at the logit of the true class and the log gradient norm of every layer, together. For each target
    these numbers are about jointly normal among the IN models, and among the OUT models, and the adversary
    asks under which of the two the released model is more likely. Each record is compared with itself, so
    that easy records are not taken for members. On networks trained by plain gradient descent the gradients
    then add little to the logit.

    Score: log density of IN minus log density of OUT, of vectors of d numbers. The covariance S is pooled
    over all targets, with 1 % of it replaced by its diagonal. "student" is that of `student` for vectors:
    with n values on a side and sums of squares SS, a t with nu = prior + n - 1 degrees of freedom and scale
    (prior S + SS) / nu * (1 + 1/n). With the logit alone these are `lira` and `student`. Targets that lack a
    side are left out.

    Args:
        logit: whether the logit of the true class is one of the numbers.
        layers: the names of the layers whose gradient norms are used; None for all, () for none.
        together: one norm over the chosen layers, instead of one for each.
        law: "normal" with one covariance for all targets, or a "student" t that adapts to each.
        prior: how many observations the pooled covariance is worth to "student".
    """

    name: ClassVar[str] = "joint"
    title: ClassVar[str] = later("Are answer and gradients likelier from a model that saw the record?")
    paper: ClassVar[Paper] = LiRA.paper

    logit: bool = True
    layers: tuple[str, ...] | None = None
    together: bool = False
    law: Literal["normal", "student"] = "normal"
    prior: float = 4.0

    def __call__(self, case: Case[WhiteBox, Background, Records], *, rng: Rng) -> Guess:
        if not self.logit and self.layers == ():
            raise KnowledgeError(
                keep("joint has nothing to look at, without logit and layers: give one of them.")
            )
        references = case.known.need_references(self.name, at_least=2)
        plays_online("online", references, self.name)
        models = [case.view, *references.insides(self.name)]
        logits = [true_logit(case.view.predict(case.targets.x), case.targets.y)]
        logits += list(references.of_targets(true_logit))
        seen = self._numbers(models, np.stack(logits), case.targets)
        own, others = seen[0], seen[1:]
        inside = ReferenceFit.of(others, references.included)
        outside = ReferenceFit.of(others, ~references.included)
        return Guess(None, self._log_density(own, inside) - self._log_density(own, outside))

    def _numbers(self, models: list[WhiteBox], logits: Floats, targets: Records) -> Floats:
        """The numbers that are compared, in each of M models: float64[M, n, d]."""
        columns = [settle(logits)[0]] if self.logit else []
        if self.layers != ():
            chosen = layer_numbers(models[0], self.layers, self.name)
            # [M, n, layers]: one pass of gradients for each model, whatever the number of layers.
            norms = np.stack([m.gradient_norms(targets.x, targets.y)[:, chosen] for m in models])
            if self.together:
                columns.append(log_norms(np.stack([total_norm(each) for each in norms])))
            else:
                columns += [log_norms(norms[:, :, k]) for k in range(len(chosen))]
        return np.stack(columns, axis=2)

    def _log_density(self, own: Floats, of: ReferenceFit) -> Floats:
        """Log density of each target's own vector [n, d] under one side: float64[n]."""
        d = own.shape[1]
        gap = (own - of.mean)[:, :, None]
        if self.law == "normal":
            # One Cholesky root serves all targets: the distance by solving, the determinant by its diagonal.
            root = np.linalg.cholesky(of.pooled)
            return (
                -0.5 * (np.linalg.solve(root, gap[:, :, 0].T) ** 2).sum(axis=0) - np.log(np.diag(root)).sum()
            )
        # Without references the mean is NaN, and so is the score.
        count = np.maximum(of.count, 1)
        nu = self.prior + count - 1
        scale = (self.prior * of.pooled + of.squares) * ((1 + 1 / count) / nu)[:, None, None]
        distance = (gap * np.linalg.solve(scale, gap)).sum(axis=(1, 2))
        constant = gammaln((nu + d) / 2) - gammaln(nu / 2) - 0.5 * d * np.log(np.pi * nu)
        return constant - (nu + d) / 2 * np.log1p(distance / nu) - 0.5 * np.linalg.slogdet(scale)[1]
