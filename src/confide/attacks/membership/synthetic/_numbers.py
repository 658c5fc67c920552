"""Rows of a table as numbers, for methods that know no categories."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from confide.core.arrays import Bools, Floats, Rng
from confide.views.table import Table


def at_most(table: Table, rows: int, *, rng: Rng) -> Table:
    """All rows, or some of them drawn at random without replacement."""
    return table if len(table) <= rows else table.take(rng.permutation(len(table))[:rows])


def standardised(table: Table, like: Table, *, values: int) -> NDArray[np.float32]:
    """Numbers in standard deviations from their mean, and an indicator of each common value of a category.

    A missing number stands at the mean, and has an indicator of its own. Each column of indicators is
    centred, and scaled so that a column of categories weighs as much as a number.

    Args:
        like: whose means, deviations and common values are taken.
        values: this many of each category have an indicator, the commonest ones.

    Returns:
        float32[n, features].
    """
    parts: list[Floats] = [np.empty((len(table), 0))]
    for domain, column, model in zip(table.domains, table.low.T, like.low.T, strict=True):
        shares = np.bincount(model, minlength=len(domain)) / max(len(model), 1)
        if domain.numbers is None:
            common = np.argsort(-shares, kind="stable")[:values]
        else:
            missing = np.isnan(domain.numbers)
            filled = np.where(missing, 0.0, domain.numbers)
            known = max(float(shares[~missing].sum()), 1e-12)
            mean = float((filled * shares).sum()) / known
            spread = np.sqrt(float((shares * (filled - mean) ** 2)[~missing].sum()) / known) or 1.0
            parts.append((np.where(missing, 0.0, filled - mean) / spread)[column][:, None])
            common = np.flatnonzero(missing)
        spread = np.sqrt(max(float((shares[common] * (1 - shares[common])).sum()), 1e-12))
        if len(common) and spread > 1e-3:
            parts.append(((column[:, None] == common) - shares[common]) / spread)
    return np.concatenate(parts, axis=1, dtype=np.float32)


def columns(table: Table, like: Table, *, most: int) -> tuple[Floats, Bools]:
    """Each column as one number, float64[n, d], and which columns are codes of categories, bool[d].

    A category of more values than `most` is given by how common its value is among the rows of `like`.
    """
    parts: list[Floats] = []
    category: list[bool] = []
    for domain, column, model in zip(table.domains, table.low.T, like.low.T, strict=True):
        category.append(domain.numbers is None and len(domain) <= most)
        if category[-1]:
            parts.append(column.astype(np.float64))
        elif domain.numbers is not None:
            parts.append(domain.numbers[column])
        else:
            parts.append(np.bincount(model, minlength=len(domain))[column].astype(np.float64))
    return np.stack(parts, axis=1), np.array(category, np.bool_)
