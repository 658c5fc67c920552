"""Trained on the release and tested on real people: what the release teaches about a column."""

from __future__ import annotations

import warnings

import numpy as np

from confide.core.arrays import Array, Ints, Rng
from confide.core.errors import DataError
from confide.core.estimate import Measured
from confide.core.language import later
from confide.measure.class_risk import keys_of
from confide.measure.intervals import proportion
from confide.utility.table._spread import Spread, drawn, groups, same_columns
from confide.views.table import Domain, Table

REAL, SANITISED = later("accuracy, trained on the original"), later("accuracy, trained on the release")
COMMONEST = later("accuracy of the commonest value")
STEPS = 300  # of the regression


def trained(
    original: Table, released: Table, held_out: Table, *, secret: str, rng: Rng, confidence: float = 0.95
) -> Measured:
    """Measure how well people's secret is foretold by models trained on the original and on the release.

    Both are logistic regressions on all other columns, each value of which, or each of 16 groups, is a
    feature; a range counts spread evenly over its values. They are asked about people who are in neither
    table. A secret of more than 16 values is foretold in 16 groups; from a range of it one value is drawn.

    Args:
        original: precise.
        released: the release.
        held_out: other people, precise.
        secret: the column to be foretold.
        rng: for ranges of the secret.
        confidence: of the Clopper-Pearson intervals.

    Returns:
        the share of right answers of both models, and that of always naming the original's commonest value.

    Raises:
        DataError: if the tables cannot be compared, or the secret is the only column.
    """
    same_columns(original, released)
    same_columns(held_out, original)
    at = original.at(secret)
    others = [name for name in original.names if name != secret]
    if not others:
        raise DataError(f"{secret!r} is the only column: nothing is there to foretell it by.")
    grouped = groups(original)
    known = tuple(g for i, g in enumerate(grouped) if i != at)
    truth = grouped[at][held_out.low[:, at]]
    asked = held_out.only(others)
    right = {COMMONEST: truth == np.bincount(grouped[at][original.low[:, at]]).argmax()}
    for name, table in ((REAL, original), (SANITISED, released)):
        secrets = grouped[at][drawn(table.only([secret]), rng=rng).low[:, 0]]
        right[name] = _foretold(table.only(others), secrets, asked, known) == truth
    return {name: proportion(int(r.sum()), len(r), confidence=confidence) for name, r in right.items()}


def _foretold(table: Table, secrets: Ints, asked: Table, grouped: tuple[Ints, ...]) -> Array:
    """The secrets of the asked people by a model that learned from a table."""
    from sklearn.linear_model import LogisticRegression

    if len(np.unique(secrets)) < 2:
        return np.full(len(asked), secrets[0])
    # Distinct rows with their secret are learned once, with their number as the weight.
    values = int(secrets.max()) + 1
    label = secrets.astype(np.int32)[:, None]
    together = Table(
        (*table.domains, Domain("", tuple(map(str, range(values))))),
        np.hstack([table.low, label]),
        np.hstack([table.high, label]),
    )
    learned = Spread.of(together, (*grouped, np.arange(values)))
    model = LogisticRegression(max_iter=STEPS, tol=1e-3)
    with warnings.catch_warnings():
        # Where the steps run out the model is a little less sharp, for both tables in the same way.
        warnings.filterwarnings("ignore", message=".*failed to converge", category=Warning)
        model.fit(np.hstack(learned.weight[:-1]), learned.group[:, -1], sample_weight=learned.count)
    answers = model.predict(np.hstack(Spread.of(asked, grouped).weight))
    return np.asarray(answers)[keys_of(asked).row]
