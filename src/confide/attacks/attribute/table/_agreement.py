"""Agreement of all records that may be a person's: the claim of the homogeneity attacks."""

from __future__ import annotations

import numpy as np

from confide.attacks.attribute.table._classes import Classes, TableCase
from confide.core.arrays import Bools
from confide.core.nouns import Guess

NOTHING = -1
"""No value is claimed."""


def agreed(case: TableCase, *, excluded: Bools | None) -> Guess:
    """The value on which all matching records agree, scored by their number; `NOTHING` and 0 elsewhere.

    Args:
        excluded: bool[t, m], values that are known not to hold; records with them are left out.
    """
    classes = Classes.of(case)
    value, score = np.full(len(case.targets), NOTHING), np.zeros(len(case.targets))
    named = (~classes.suppressed).astype(np.float64)
    for block, holds in classes.holding():
        votes = ((holds * named) @ classes.votes).toarray()
        if excluded is not None:
            votes[excluded[block]] = 0
        one = (votes > 0).sum(axis=1) == 1
        value[block] = np.where(one, votes.argmax(axis=1), NOTHING)
        score[block] = np.where(one, votes.sum(axis=1), 0.0)
    return Guess(value, score)
