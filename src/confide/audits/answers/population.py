"""Blind adversary of answers: ranks people by what goes with the secret in others, without any answer."""

from __future__ import annotations

import numpy as np
import polars as pl

from confide.core.arrays import Bools, Floats, Rng
from confide.core.evidence import Evidence

PARTS = 5
"""People are asked about in this number of parts, each by a model of the others."""


def by_population(others: pl.DataFrame, bits: Bools, *, rng: Rng) -> Evidence:
    """How sure somebody is of each person's secret who knows other people, and no answer.

    It learns from four fifths of the people how the other columns go with the secret, and ranks the rest by
    that (boosted trees). Without other columns, or with fewer than five people on one side, everybody is as
    likely as everybody else.

    Args:
        others: n rows, the columns beside secret and ids.
        bits: bool[n], who has the secret.
        rng: for the parts and the trees.
    """
    score = np.zeros(len(bits))
    known = [codes for codes in map(_coded, others.get_columns()) if codes is not None]
    if known and min(bits.sum(), (~bits).sum()) >= PARTS:
        score = _learned(np.column_stack(known), bits, rng=rng)
    found = Evidence.of(exposed=bits, score=score, attack="population")
    return Evidence(found.table, attack="population", game="population", crossed=True)


def _learned(x: Floats, bits: Bools, *, rng: Rng) -> Floats:
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.model_selection import StratifiedKFold, cross_val_predict

    seed = int(rng.integers(2**31))
    trees = HistGradientBoostingClassifier(max_iter=40, random_state=seed)
    parts = StratifiedKFold(PARTS, shuffle=True, random_state=seed)
    return np.asarray(cross_val_predict(trees, x, bits, cv=parts, method="decision_function"), np.float64)


def _coded(column: pl.Series) -> Floats | None:
    """Numbers as they are, other values by their rank; None where a column has neither."""
    kind = column.dtype
    if kind.is_numeric() or kind == pl.Boolean:
        return column.cast(pl.Float64).to_numpy()
    if kind == pl.String or kind.is_temporal():
        return column.rank("dense").cast(pl.Float64).to_numpy()
    return None
