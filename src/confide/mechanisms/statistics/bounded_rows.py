"""Wilson, Zhang, Lam et al.: Differentially Private SQL with Bounded User Contribution (PoPETs 2020)."""

from __future__ import annotations

import numpy as np

from confide.core.arrays import Bools, Ints
from confide.mechanisms.noise.words import Words


def kept_rows(person: Ints, at_most: int, words: Words) -> Bools:
    """At most `at_most` rows of each person, drawn at random, bool[n].

    *Statement.* Which of a person's rows are kept does not depend on anybody else's rows. So the kept rows of
    two data sets that differ by one person can be coupled: they differ by that person's kept rows, at most
    `at_most` of them.

    *Proof.* Each row gets a word of its own, drawn independently of all others, and a person's rows with the
    smallest words are kept. Give each row the same word in both data sets.

    Args:
        person: int64[n], the person of each row; rows stand in any order.
        at_most: rows of a person, 1 or more.
        words: the source of randomness; also the choice of rows is secret in a real release.

    >>> from confide.mechanisms.noise.words import secure_words
    >>> kept_rows(np.array([7, 3, 7, 7]), 2, secure_words)[[0, 2, 3]].sum()
    np.int64(2)
    """
    order = np.lexsort((words(len(person)), person))
    sorted_ = person[order]
    rank = np.arange(len(person)) - np.searchsorted(sorted_, sorted_)
    kept = np.empty(len(person), np.bool_)
    kept[order] = rank < at_most
    return kept
