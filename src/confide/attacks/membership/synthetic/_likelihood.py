"""How common a row is: counts of equal rows, and its share in the population."""

from __future__ import annotations

import numpy as np

from confide.core.arrays import Floats, Ints
from confide.views.table import Table
from confide.views.table_keys import packed


def counts_of(targets: Table, rows: Table) -> Ints:
    """How many rows equal each target, int64[t]."""
    word = packed(np.concatenate([targets.low, rows.low]), rows.sizes)
    asked, held = word[: len(targets)], np.sort(word[len(targets) :])
    return np.searchsorted(held, asked, "right") - np.searchsorted(held, asked, "left")


def likelihood(targets: Table, rows: Table, reference: Table | None) -> Floats:
    """The share of each target's row in the population, as an adversary estimates it: float64[t].

    The product of the columns' shares among `rows`, mixed with the share in the reference in the proportion
    of Good and Turing: a row that is not in the reference has together with all others the chance n1 / n, if
    n1 of its n rows are there once. Half a row is added to each value, so that none is impossible.

    >>> from confide.views.table import Domain
    >>> sex = Domain("sex", ("f", "m"))
    >>> everybody = Table.of([sex, sex], np.array([[0, 0], [0, 0], [0, 1], [1, 1]]))
    >>> likelihood(everybody, everybody, None).round(2).tolist()
    [0.35, 0.35, 0.35, 0.15]
    """
    log = np.zeros(len(targets))
    for column, asked, size in zip(rows.low.T, targets.low.T, rows.sizes, strict=True):
        log += np.log((np.bincount(column, minlength=size) + 0.5) / (len(rows) + size / 2))[asked]
    product = np.exp(log)
    if reference is None or not len(reference):
        return product
    n = len(reference)
    _, times = np.unique(packed(reference.low, reference.sizes), return_counts=True)
    unseen = max(int((times == 1).sum()), 1) / n
    return (1 - unseen) * counts_of(targets, reference) / n + unseen * product
