"""Claims about traits: the rows of the release that they are about, and one answer for each claim."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from confide.attacks.attribute.likes._item_matrix import Sparse, matrix
from confide.attacks.attribute.likes._trait_model import TraitModel, log_odds
from confide.core.arrays import Bools, Floats, Ints
from confide.core.nouns import Case, Guess
from confide.knowledge.likes import Claims, Panel
from confide.views.interactions import Interactions


def targets_of(case: Case[Interactions, Panel, Claims]) -> tuple[Sparse, Ints]:
    """The items of each target person once, sparse [t, m], and the row of these for each claim, int64[n]."""
    # Several claims may be about one person, whose row is described once.
    people, row = np.unique(case.targets.row, return_inverse=True)
    return matrix(case.view.take(people)), row.astype(np.int64)


def answer(
    case: Case[Interactions, Panel, Claims],
    model: TraitModel,
    described: Callable[[Sparse], Sparse | Floats],
    items: Bools,
    targets: tuple[Sparse, Ints],
) -> Guess:
    """The log-odds of each claim; those of the prior for people who have none of the known `items`."""
    x, row = targets
    blank = x @ items.astype(np.float64) == 0
    said = model(described(x), blank=blank)
    return Guess(None, log_odds(said[row], case.targets.value, case.known.kind))
