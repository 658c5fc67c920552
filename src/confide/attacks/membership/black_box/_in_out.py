"""IN and OUT: the reference models that were trained on a target, and those that were not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np

from confide.attacks.membership.black_box._queries import signal_of
from confide.core.access import BlackBox
from confide.core.arrays import Bools, Floats
from confide.core.errors import KnowledgeError
from confide.core.language import keep
from confide.core.nouns import Case
from confide.knowledge.models import Background, References
from confide.models.signals import settle, true_logit
from confide.views.records import Records

Mode: TypeAlias = Literal["auto", "online", "offline"]

# Two references may give the same value by chance. Without a floor their density would be infinite.
FLOOR = 1e-6
# The floor of a target's own deviation, as a share of the pooled one: logits have no natural unit.
RELATIVE_FLOOR = 1e-3
# The share of a pooled covariance that gives way to its diagonal. Numbers that are nearly copies of each
# other would make it singular.
SHRUNK = 0.01
# "auto" compares IN with OUT where at least this share of the targets has both; the rest gets no score.
BOTH_SIDES = 0.9


@dataclass(frozen=True, slots=True)
class ReferenceFit:
    """Moments of the reference models' values on each of n targets, of IN or of OUT.

    A reference gives one number for each target, or a vector of d numbers.

    Args:
        count: how many references there are, float64[n].
        mean: of their values, float64[n] or [n, d]; NaN where there are none.
        squares: sum of the squared distances to that mean, float64[n], or of their outer products,
            float64[n, d, d].
        pooled: one variance float64[] or covariance float64[d, d] for all targets, from the residuals. Where
            no target has two references it is the spread of all values around their common mean, which is an
            upper bound. A covariance is shrunk towards its diagonal.
    """

    count: Floats
    mean: Floats
    squares: Floats
    pooled: Floats

    @classmethod
    def of(cls, values: Floats, here: Bools) -> ReferenceFit:
        """Summarise `values` [M, n] or [M, n, d] where `here` [M, n]; what is not finite counts as absent."""
        vectors = values.ndim == 3
        finite = np.isfinite(values)
        here = here & (finite.all(axis=2) if vectors else finite)
        kept = here[..., None] if vectors else here
        held = np.where(kept, values, 0.0)
        count = here.sum(axis=0).astype(np.float64)
        with np.errstate(invalid="ignore"):
            mean = held.sum(axis=0) / (count[:, None] if vectors else count)
        gaps = np.where(kept, values - mean, 0.0)
        squares = np.einsum("mni,mnj->nij", gaps, gaps) if vectors else (gaps**2).sum(axis=0)
        spare = np.maximum(count - 1, 0).sum()
        # Each target's mean costs one degree of freedom.
        pooled = squares.sum(axis=0) / spare if spare else _spread(values[here])
        return cls(count, mean, squares, _floored(np.asarray(pooled, np.float64)))

    def variance(self, *, per_target: bool) -> Floats:
        """The variance of each target, float64[n]: pooled, or its own where it has two references or more."""
        pooled = np.full(len(self.count), self.pooled)
        if not per_target:
            return pooled
        own = self.squares / np.maximum(self.count - 1, 1)
        return np.where(self.count >= 2, np.maximum(own, RELATIVE_FLOOR**2 * self.pooled), pooled)


def _spread(values: Floats) -> Floats:
    """The variance of all numbers [k] together, or the covariance of all vectors [k, d]."""
    if values.ndim == 2:
        return np.atleast_2d(np.cov(values.T, bias=True))
    return np.asarray(values.var() if len(values) else 0.0)


def _floored(pooled: Floats) -> Floats:
    """A variance above 0, or a covariance that can be inverted."""
    if not pooled.ndim:
        return np.maximum(pooled, FLOOR**2)
    shrunk = (1 - SHRUNK) * pooled
    np.fill_diagonal(shrunk, np.maximum(np.diag(pooled), FLOOR**2))
    return shrunk


def logits_in_and_out(
    case: Case[BlackBox, Background, Records], references: References
) -> tuple[Floats, ReferenceFit, ReferenceFit]:
    """The release's logit of the true class float64[n], and the references' logits, IN and OUT."""
    phi, others = settle(signal_of(case.view, case.targets, true_logit), references.of_targets(true_logit))
    included = references.included
    return phi, ReferenceFit.of(others, included), ReferenceFit.of(others, ~included)


def plays_online(mode: Mode, references: References, attack: str) -> bool:
    """Whether to compare IN with OUT ("online"), or to look at OUT alone ("offline").

    "auto" compares where nine in ten targets have references on both sides.

    Raises:
        KnowledgeError: if that is asked for and no target has both, or if every reference saw every target.
    """
    inside, outside = references.included.any(axis=0), (~references.included).any(axis=0)
    if not outside.any():
        raise KnowledgeError(
            keep(
                "{attack} needs reference models that were not trained on the targets, and every one was: "
                "train them on random halves.",
                attack=attack,
            )
        )
    if mode == "online" and not (inside & outside).any():
        raise KnowledgeError(
            keep(
                "{attack} in mode 'online' needs reference models trained on the targets, and there are "
                "none: use mode 'offline', or train them on random halves of the targets.",
                attack=attack,
            )
        )
    return mode == "online" or (mode == "auto" and bool((inside & outside).mean() >= BOTH_SIDES))
