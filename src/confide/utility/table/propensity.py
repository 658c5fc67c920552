"""Propensity: how well a model tells the rows of a release from those of the original.

Source: Woo, Reiter, Oganian, Karr: Global Measures of Data Utility for Microdata Masked for Disclosure
Limitation (Journal of Privacy and Confidentiality 2009); Snoke, Raab, Nowok, Dibben, Slavkovic: General and
Specific Utility Measures for Synthetic Data (Journal of the Royal Statistical Society A 2018).
"""

from __future__ import annotations

import numpy as np

from confide.core.arrays import Array, Floats, Ints, Rng
from confide.core.estimate import Estimate, Measured
from confide.core.language import later
from confide.measure.class_risk import keys_of
from confide.measure.roc import auc
from confide.utility.table._spread import DistinctRows, drawn, groups, same_columns
from confide.views.table import Table
from confide.views.table_keys import Keys

PMSE, NULL, TOLD_APART = later("propensity pMSE"), later("pMSE of a resample"), later("told apart (AUC)")
FOLDS, MOST_ROWS = 5, 10_000
STEPS, RIDGE = 25, 1e-3  # the ridge keeps a coefficient finite where a value occurs on one side only


def propensity(original: Table, released: Table, *, rng: Rng, confidence: float = 0.95) -> Measured:
    """Measure how well the release can be told from the original.

    From each range one of its values is drawn; told apart is thus what the values say, not that they are
    ranges. Both tables stand below each other, c being the share of released rows among N.

    Args:
        original: precise.
        released: the release. Its rows match where it has as many, and cell by cell more of them may
            describe the same row of the original than the next one.
        rng: for the values of ranges, the folds, and the rows where there are many.
        confidence: of the interval of the AUC.

    Returns:
        propensity pMSE: the mean of (p - c)^2, with p from a logistic regression on every column's values, in
        16 groups where there are more; it sees columns one by one;
        pMSE of a resample: its expectation (k - 1) (1 - c)^2 c / N for k coefficients, if the release were
        drawn from the original with replacement. An independent sample of the same law has 1 / (1 - c) times
        as much, and a release of the same people may have less;
        told apart (AUC): of boosted trees, which see columns together, cross-validated in five folds on up
        to 10,000 rows a side. The interval is DeLong's. 0.5 says that the trees see no difference. A person's
        two rows are in one fold where the rows of both tables match, and equal rows are otherwise, because a
        row whose twin was learned is taken for the other side. Where a person's rows neither match nor
        are equal, the AUC may come out below 0.5 for this reason.

    Raises:
        DataError: if the tables cannot be compared.
    """
    same_columns(original, released)
    precise = drawn(released, rng=rng)
    error, null = pmse(original, precise)
    apart = _told_apart(original, precise, rng, paired=matching(original, released), confidence=confidence)
    return {PMSE: error, NULL: null, TOLD_APART: apart}


def matching(original: Table, released: Table) -> bool:
    """Whether row i of both tables seems to be about the same person."""
    if len(original) != len(released) or len(original) < 2:
        return False

    def described(rows: Ints) -> int:
        codes = original.low[rows]
        return int(((released.low <= codes) & (codes <= released.high)).sum())

    at = np.arange(len(original))
    # Four standard deviations at most: rows in another order must not match by luck.
    by_luck = 4 * np.sqrt(released.low.size)
    return described(at) - described(np.roll(at, 1)) > by_luck


def pmse(original: Table, released: Table) -> tuple[float, float]:
    """pMSE of two precise tables, and its expectation for a resample."""
    grouped = groups(original)
    # Grouped, then counted: the regression sees each distinct row once.
    domains = original.domains
    both = [
        Table.of(domains, np.stack([g[t.low[:, i]] for i, g in enumerate(grouped)], axis=1))
        for t in (original, released)
    ]
    stacked = Table.of(domains, np.concatenate([t.low for t in both]))
    rows = DistinctRows.of(stacked)
    codes, count = rows.low, rows.count
    column = np.repeat([0, 1], [len(original), len(released)])
    from_release = _counts_of(stacked, column, len(codes))
    x = _indicators(codes)
    p = _logistic(x, from_release, count)
    total, c = count.sum(), len(released) / (len(original) + len(released))
    null = (x.shape[1] - 1) * (1 - c) ** 2 * c / total
    return float(count @ (p - c) ** 2 / total), float(null)


def _counts_of(table: Table, side: Array, q: int) -> Floats:
    """How many rows of each distinct row are of the release, in the order of `DistinctRows`."""
    return np.bincount(keys_of(table).row, weights=side, minlength=q).astype(np.float64)


def _indicators(codes: Array) -> Floats:
    """A constant, and of each column an indicator of each value that occurs but the first."""
    columns = [np.ones((len(codes), 1))]
    for column in codes.T:
        values = np.unique(column)
        columns.append((column[:, None] == values[1:]).astype(np.float64))
    return np.hstack(columns)


def _logistic(x: Floats, hits: Floats, of: Floats) -> Floats:
    """The probabilities of a logistic regression by Newton's method, float64[q]."""
    beta = np.zeros(x.shape[1])
    ridge = np.full(len(beta), RIDGE)
    ridge[0] = 0.0
    p = np.full(len(x), hits.sum() / of.sum())
    beta[0] = np.log(p[0] / (1 - p[0]))
    for _ in range(STEPS):
        gradient = x.T @ (hits - of * p) - ridge * beta
        curvature = (x * (of * p * (1 - p))[:, None]).T @ x
        step = np.linalg.lstsq(curvature + np.diag(ridge), gradient, rcond=None)[0]
        beta += np.clip(step, -4.0, 4.0)
        p = 1 / (1 + np.exp(-np.clip(x @ beta, -30.0, 30.0)))
        if np.abs(step).max() < 1e-6:
            break
    return p


def _told_apart(original: Table, released: Table, rng: Rng, *, paired: bool, confidence: float) -> Estimate:
    """The cross-validated AUC of boosted trees."""
    from sklearn.ensemble import HistGradientBoostingClassifier

    mine = rng.permutation(len(original))[:MOST_ROWS]
    theirs = mine if paired else rng.permutation(len(released))[:MOST_ROWS]
    x = np.concatenate([original.low[mine], released.low[theirs]])
    side = np.repeat([0, 1], [len(mine), len(theirs)])
    # Twins are learned from together or not at all.
    twin = np.tile(np.arange(len(mine)), 2) if paired else Keys.of(x, original.sizes).row
    fold = rng.permutation(np.arange(int(twin.max()) + 1) % FOLDS)[twin]
    score = np.full(len(x), 0.5)
    for k in range(FOLDS):
        learn, ask = fold != k, fold == k
        if not ask.any() or len(np.unique(side[learn])) < 2:
            continue
        trees = HistGradientBoostingClassifier(
            max_iter=60,
            max_leaf_nodes=15,
            early_stopping=False,  # pyright: ignore[reportArgumentType]
            random_state=int(rng.integers(2**31)),
        )
        trees.fit(x[learn], side[learn])
        score[ask] = np.asarray(trees.predict_proba(x[ask]))[:, 1]
    yes = side == 1
    people = (twin[yes], twin[~yes]) if paired else None
    return auc(score[yes], score[~yes], confidence=confidence, people=people)
