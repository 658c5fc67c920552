"""What the attacks on likes share: the targets' rows of the release, and one answer a claim."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from confide.attacks.attribute.likes._item_matrix import Sparse, matrix
from confide.attacks.attribute.likes._trait_model import TraitModel, log_odds
from confide.core.arrays import Bools, Floats, Ints
from confide.core.nouns import Case, Guess
from confide.knowledge.likes import Claims, Panel
from confide.views.interactions import Interactions


def targets_of(case: Case[Interactions, Panel, Claims]) -> tuple[Sparse, Ints]:
    """Each target person's items once, sparse [t, m], and which of these rows each claim is about."""
    people, row = np.unique(case.targets.row, return_inverse=True)
    return matrix(case.view.take(people)), row.astype(np.int64)


def answer(
    case: Case[Interactions, Panel, Claims],
    model: TraitModel,
    described: Callable[[Sparse], Any],
    items: Bools,
    targets: tuple[Sparse, Ints],
) -> Guess:
    """The log-odds of each claim; the prior's for who has none of the `items` that the model knows."""
    x, row = targets
    blank = x @ items.astype(np.float64) == 0
    said: Floats = model(described(x), blank=blank)
    return Guess(None, log_odds(said[row], case.targets.value, case.known.kind))
