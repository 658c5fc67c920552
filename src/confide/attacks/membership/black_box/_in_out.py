"""In and out: what the references say of each target, by whether they were trained on it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np

from confide.attacks.membership.black_box._queries import signal_of
from confide.core.access import BlackBox
from confide.core.arrays import Bools, Floats
from confide.core.errors import KnowledgeError
from confide.core.nouns import Case
from confide.knowledge.models import Background, References
from confide.models.signals import settle, true_logit
from confide.views.records import Records

Mode: TypeAlias = Literal["auto", "online", "offline"]
FLOOR = 1e-6
"""No fitted standard deviation is smaller."""
RELATIVE_FLOOR = 1e-3
"""... nor smaller than this share of the pooled one."""


@dataclass(frozen=True, slots=True)
class ReferenceFit:
    """The references that were (or were not) trained on each of n targets.

    Args:
        count: how many there are, float64[n].
        mean: of their values, float64[n]; NaN where there are none.
        squares: sum of squared distances to that mean, float64[n].
        pooled: one variance for all targets, from the residuals; where no target has two references, the
            spread of all values around their common mean, an upper bound of it.
    """

    count: Floats
    mean: Floats
    squares: Floats
    pooled: float

    def variance(self, *, per_target: bool) -> Floats:
        """The variance of each target, float64[n]: pooled, or its own where it has two references or more."""
        pooled = np.full(len(self.count), self.pooled)
        if not per_target:
            return pooled
        own = self.squares / np.maximum(self.count - 1, 1)
        return np.where(self.count >= 2, np.maximum(own, RELATIVE_FLOOR**2 * self.pooled), pooled)


def side(values: Floats, here: Bools) -> ReferenceFit:
    """Summarise `values` [M, n] where `here` [M, n]; a value that is not finite counts as absent."""
    here = here & np.isfinite(values)
    held = np.where(here, values, 0.0)
    count = here.sum(axis=0).astype(np.float64)
    with np.errstate(invalid="ignore"):
        mean = held.sum(axis=0) / count
    squares = (np.where(here, values - mean, 0.0) ** 2).sum(axis=0)
    spare = np.maximum(count - 1, 0).sum()
    alone = float(values[here].var()) if here.any() else 0.0
    pooled = float(squares.sum() / spare) if spare else alone
    return ReferenceFit(count, mean, squares, max(pooled, FLOOR**2))


def logits_and_sides(
    case: Case[BlackBox, Background, Records], references: References
) -> tuple[Floats, ReferenceFit, ReferenceFit]:
    """The release's logit of the true class float64[n], and the references' logits, in and out."""
    phi, others = settle(signal_of(case.view, case.targets, true_logit), references.of_targets(true_logit))
    return phi, side(others, references.included), side(others, ~references.included)


def plays_online(mode: Mode, references: References, attack: str) -> bool:
    """Whether to compare in with out, or to look at out alone.

    "auto" compares where nine in ten targets have references on both sides.

    Raises:
        KnowledgeError: if that is asked for and no target has both, or if every reference saw every target.
    """
    inside, outside = references.included.any(axis=0), (~references.included).any(axis=0)
    if not outside.any():
        raise KnowledgeError(
            f"{attack} needs reference models that were not trained on the targets, and every one was: "
            "train them on random halves."
        )
    if mode == "online" and not (inside & outside).any():
        raise KnowledgeError(
            f"{attack} in mode 'online' needs reference models trained on the targets, and there are none: "
            "use mode 'offline', or train them on random halves of the targets."
        )
    return mode == "online" or (mode == "auto" and bool((inside & outside).mean() >= 0.9))
