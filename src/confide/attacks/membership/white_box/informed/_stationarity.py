"""The informed adversary: the stationarity condition of training, with all records known but one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from confide.core.access import WhiteBox
from confide.core.arrays import Bools, Floats
from confide.core.diagnostics import Diagnostics
from confide.core.errors import KnowledgeError
from confide.core.language import keep
from confide.core.nouns import Case
from confide.knowledge.models import Background, Informed, LeaveOneOutSums
from confide.views.records import Records

# Training stopped early if the gradient of the whole objective is longer than this share of a record's.
FAR = 0.1


@dataclass(frozen=True, slots=True)
class StationarityResidual:
    """The first-order condition of training, as far as the adversary can add it up without the target.

    At the end of training, `sum of g_i over D + kappa r = 0`, where r is the gradient of the penalty. For
    each target z the adversary knows R, the sum over the others. It knows kappa, or fits it to make `R +
    kappa r` small. What is left over should be -g_z if z was in, and 0 if not.

    Args:
        rest: the referee's sums over all other records.
        gram: the inner products of the gradients of the n targets and then the b base records, [n+b, n+b].
        penalty: of those gradients and r, float64[n + b].
        kappa: known, or fitted for each target, float64[n].
        own: |g_z|^2, without the part along r where a fitted kappa would take it up, float64[n].
        residue: the length of R + kappa r, or of what fits better with g_z added, float64[n].
        clear: bool[n], has this target a finite gradient? Other gradients count as 0.
    """

    rest: LeaveOneOutSums
    gram: Floats
    penalty: Floats
    kappa: Floats
    own: Floats
    residue: Floats
    clear: Bools

    def left_over(self, gram: Floats, penalty: Floats) -> Floats:
        """<R + kappa r, g_z> for each target in some metric, whose products are given: float64[n]."""
        return self.rest.products(gram)[0] + self.kappa * penalty[: len(self.kappa)]

    @property
    def diagnostics(self) -> Diagnostics:
        """How far the model is from stationary, and whether that is too far."""
        length = float(np.sqrt(np.diagonal(self.gram)[: len(self.kappa)]).mean())
        share = float(np.median(self.residue)) / length if length else 0.0
        if share > FAR:
            remark = keep(
                "The gradient of the whole training objective is {share:.2g} of one record's mean gradient: "
                "training stopped early.",
                share=share,
            )
        else:
            remark = keep(
                "The gradient of the whole training objective is {share:.2g} of one record's mean gradient: "
                "the model is stationary.",
                share=share,
            )
        return Diagnostics(remarks=(remark,), conclusive=share <= FAR)


def balance(
    case: Case[WhiteBox, Background, Records], attack: str, penalty: float | None
) -> StationarityResidual:
    """The residual that the informed adversary can add up; `penalty` is kappa if it is known, else fitted.

    Raises:
        KnowledgeError: if the adversary does not know the other records.
    """
    known, view = case.known, case.view
    if not isinstance(known, Informed):
        raise KnowledgeError(
            keep(
                "{attack} needs to know all other records that trained the model, and here not all are "
                "known: list every one of them among the members (in a game of your own: `informed=True`).",
                attack=attack,
            )
        )
    base = known.rest.base
    everybody = case.targets if base is None else Records.concat([case.targets, base])
    direction = view.penalty_gradient()
    gram = view.gradient_gram(everybody.x, everybody.y)
    along = view.gradient_along(everybody.x, everybody.y, direction).sum(axis=1)
    clear: Bools = np.isfinite(np.diagonal(gram)) & np.isfinite(along)
    # A gradient that is not finite would spoil every sum; the target itself gets no score.
    gram, along = np.where(clear[:, None] & clear, gram, 0.0), np.where(clear, along, 0.0)

    n, rest = len(case.targets), known.rest
    square = float(sum(part @ part for part in direction))
    of_rest = rest.total(along[:n], None if base is None else along[n:])
    fitted = penalty is None and square > 0
    # Least squares for each target: the factor that makes R + kappa r shortest.
    kappa = -of_rest / square if fitted else np.full(n, penalty or 0.0)
    own = np.diagonal(gram)[:n] - (along[:n] ** 2 / square if fitted else 0.0)
    with_own, with_itself = rest.products(gram)
    without = with_itself + 2 * kappa * of_rest + kappa**2 * square
    # Members balance with their own gradient, non-members without it; the smaller residue is the right one.
    added = without + 2 * (with_own + kappa * along[:n]) + own
    residue = np.sqrt(np.maximum(np.minimum(without, added), 0.0))  # rounding may leave a square below 0
    return StationarityResidual(rest, gram, along, kappa, own, residue, clear[:n])
