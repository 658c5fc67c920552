"""What ranges and missing rows lose: certainty penalty, discernibility, and the sizes of classes.

Source: Xu et al.: Utility-Based Anonymization Using Local Recoding (KDD 2006); Ghinita et al.: Fast Data
Anonymization with Low Information Loss (VLDB 2007); Bayardo, Agrawal: Data Privacy through Optimal
k-Anonymization (ICDE 2005); LeFevre et al.: Mondrian (ICDE 2006).
"""

from __future__ import annotations

import numpy as np

from confide.core.arrays import Floats
from confide.core.estimate import Measured
from confide.core.language import later
from confide.measure.class_risk import keys_of
from confide.utility.table._spread import DistinctRows
from confide.views.table import Table

LOST = later("cells changed or made coarser")
"""The mean loss of a cell, where one that shows another value than the original loses too."""
CERTAINTY, LEAVES = later("certainty penalty (GCP)"), later("generalisation loss")
DISCERNIBILITY, CLASS_SIZE = later("discernibility"), later("average class size")
RELATIVE = later("average class size over k (C_avg)")


def losses(original: Table, released: Table, *, k: int | None = None) -> Measured:
    """Measure what ranges lose; a value that was exchanged for another is not seen here.

    Args:
        original: the people of the release before the mechanism.
        released: the release. Rows that it has fewer than the original lose everything.
        k: of a k-anonymous release; with it C_avg is measured too.

    Returns:
        certainty penalty (GCP): the mean over all cells of what `certainty_penalty` says;
        generalisation loss: the mean of (values in the range - 1) / (values of the column - 1);
        discernibility: for each row the number of rows it cannot be told from, which are those of its class,
        or all of the original for a row that says nothing or is gone; added up;
        average class size: of the classes of rows that say something; 0 without any;
        average class size over k (C_avg): with `k`; 1 is the best that a k-anonymous table can reach.
    """
    rows = DistinctRows.of(released)
    low, high, count = rows.low, rows.high, rows.count
    n = max(len(original), len(released))
    gone = n - len(released)
    weight = count / n
    span = (high - low) / np.maximum(released.sizes - 1, 1)
    silent = np.asarray(released.suppressed.all(axis=1))
    size = keys_of(released.published.take(~silent)).count if not silent.all() else np.zeros(0, np.int64)
    average = float(size.mean()) if len(size) else 0.0
    found = {
        CERTAINTY: float(weight @ certainty_penalty(released).mean(axis=1) + gone / n),
        LEAVES: float(weight @ span.mean(axis=1) + gone / n),
        DISCERNIBILITY: float((size.astype(np.float64) ** 2).sum() + (int(silent.sum()) + gone) * float(n)),
        CLASS_SIZE: average,
    }
    return found if k is None else {**found, RELATIVE: average / k}


def cells_lost(original: Table, released: Table) -> float:
    """The mean over cells of what is lost by ranges and by wrong values together.

    A cell that may stand for the true value loses (values in the range - 1) / (values of the column - 1). One
    that may not loses 1, or, of numbers and dates, as much as the smallest range that holds both. So a
    release that changes values is not one that loses nothing. Rows or columns that it lacks lose everything.

    Args:
        original: precise, d columns.
        released: its rows in the same order, the last ones missing or none.

    >>> from confide.views.table import Domain
    >>> age = Domain("age", tuple("12345"), np.arange(5.0))
    >>> job = Domain("job", ("cook", "nurse", "pilot"))
    >>> true = Table.of([age, job], np.array([[0, 0], [4, 2]]))
    >>> cells_lost(true, Table.of([age, job], np.array([[0, 0], [3, 1]])))
    0.3125
    """
    lost = 0.0
    for i, domain in enumerate(original.domains):
        if domain.name not in released.names:
            lost += 1
            continue
        at, n = released.at(domain.name), len(released)
        true, low, high = original.low[:n, i], released.low[:, at], released.high[:, at]
        if domain.numbers is None:
            span = np.where((low <= true) & (true <= high), high - low, len(domain) - 1)
        else:
            span = np.maximum(high, true) - np.minimum(low, true)
        lost += (float(span.sum()) / max(len(domain) - 1, 1) + len(original) - n) / len(original)
    return lost / len(original.domains)


def certainty_penalty(released: Table) -> Floats:
    """The normalised certainty penalty (NCP) of each cell of each distinct row, float64[q, d].

    Of numbers it is the width of the range over that of the column, of categories
    (values in the range - 1) / (values of the column - 1). A range of numbers that may also be a missing
    value has the larger of both. Distinct rows are in the order of `keys_of`.
    """
    rows = DistinctRows.of(released)
    low, high = rows.low, rows.high
    penalty = (high - low) / np.maximum(released.sizes - 1, 1)
    for i, domain in enumerate(released.domains):
        if domain.numbers is None:
            continue
        last = len(domain) - 1 - int(domain.missing)
        width = domain.numbers[last] - domain.numbers[0] if last > 0 else 0.0
        if width <= 0:
            continue
        upto = np.minimum(high[:, i], last)
        narrow = (domain.numbers[upto] - domain.numbers[np.minimum(low[:, i], last)]) / width
        penalty[:, i] = np.where(high[:, i] > last, np.maximum(narrow, penalty[:, i]), narrow)
    return penalty
