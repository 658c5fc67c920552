"""Train on synthetic rows, test on real ones: what a model learns from the file about a named column.

Source: Esteban, Hyland, Rätsch: Real-valued (Medical) Time Series Generation with Recurrent Conditional GANs
(2017), for train on synthetic, test on real.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, Protocol, TypeAlias, cast

import numpy as np

from confide.core.arrays import Array, Floats, Ints, Rng
from confide.core.errors import DataError
from confide.core.estimate import Estimate
from confide.core.language import keep, later
from confide.measure.intervals import check_confidence, mean
from confide.measure.roc import auc
from confide.utility.synthetic._binned import Binned, binned
from confide.utility.synthetic._independent import shuffled
from confide.views.table import Table

Model: TypeAlias = Literal["boosted trees", "logistic regression"]
MODELS: tuple[Model, ...] = ("boosted trees", "logistic regression")
NAMES = (later("boosted trees"), later("logistic regression"))
"""The same, to be translated where they are shown."""
MOST_ROWS = 100_000
"""Rows times values of the target that a model is trained on: trees are grown for each value."""
TREES, FEWEST_TREES, STEPS = 200, 30, 300
"""Trees for all values of the target together, but for each at least 30; steps of the regression."""
SHUFFLES = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Learned:
    """What one kind of model learns about the target from each file, asked about the same real people.

    Args:
        target: the column that is foretold.
        model: of which kind.
        real, synthetic, shuffled: the AUC after training on each; .5 is guessing. The third is the mean over
            three shuffles, as a model that learns from noise errs to one side by luck.
        tested: how many people were asked about.
        unseen: whether they are a hold-out, which the generator never saw. Where not, they are a fifth of the
            real rows: the model on real rows did not see them, and the generator did.
    """

    target: str
    model: Model
    real: Estimate
    synthetic: Estimate
    shuffled: Estimate
    tested: int
    unseen: bool


def learned(
    real: Table,
    synthetic: Table,
    hold_out: Table | None = None,
    *,
    target: str,
    rng: Rng,
    public: Mapping[str, Ints] | None = None,
    confidence: float = 0.95,
) -> tuple[Learned, ...]:
    """Train on the synthetic file, on the real rows, and on shuffled columns; test on real people.

    Two kinds of models: boosted trees, which learn from columns together, and a logistic regression on the
    bins of each column. The target of more than two values is foretold value by value against the rest, and
    the AUCs are averaged with the shares of the values among those asked.

    Args:
        real: precise.
        synthetic: of the same domains.
        hold_out: other people, who are asked about; None: a fifth of the real rows.
        target: the column to be foretold, in the bins of `binned`.
        rng: for the rows taken where there are many, the fifth, the trees and the shuffle.
        public: published bins.
        confidence: of the intervals (DeLong), which cover the choice of the people asked, and no other
            training rows.

    Returns:
        one for each kind of model.

    Raises:
        DataError: if the files cannot be compared, the target is unknown, the only column, or constant among
            the people asked.
    """
    check_confidence(confidence)
    at = real.at(target)
    if len(real.domains) < 2:
        raise DataError(
            keep("{column} is the only column: nothing is there to foretell it by.", column=repr(target))
        )
    splitter, mixer, chooser = rng.spawn(3)
    files = binned(real, synthetic, *(() if hold_out is None else (hold_out,)), public=public)
    if hold_out is None:
        order, fifth = splitter.permutation(len(real)), max(len(real) // 5, 1)
        asked, known = _rows(files[0], order[:fifth]), _rows(files[0], order[fifth:])
    else:
        asked, known = files[2], files[0]
    truth = asked.codes[at]
    if len(np.unique(truth)) < 2:
        raise DataError(
            keep(
                "{column} has one value among the {n:d} people asked: name a column that differs.",
                column=repr(target),
                n=len(asked),
            )
        )
    mixed = [shuffled(known, len(synthetic), rng=each) for each in mixer.spawn(SHUFFLES)]
    found: list[Learned] = []
    for model, each in zip(MODELS, chooser.spawn(len(MODELS)), strict=True):
        ours, theirs, *of_mixed = (
            _area(_foretold(model, file, asked, at, rng=one), truth, confidence)
            for file, one in zip((known, files[1], *mixed), each.spawn(2 + SHUFFLES), strict=True)
        )
        found.append(
            Learned(
                target=target,
                model=model,
                real=ours,
                synthetic=theirs,
                shuffled=mean(of_mixed),
                tested=len(asked),
                unseen=hold_out is not None,
            )
        )
    return tuple(found)


def _rows(file: Binned, rows: Array) -> Binned:
    people = None if file.people is None else file.people[rows]
    return Binned(file.names, file.sizes, file.codes[:, rows], people)


def _foretold(model: Model, file: Binned, asked: Binned, at: int, *, rng: Rng) -> Floats:
    """The probability of each value of the target, float64[people asked, values]; 0 for values never seen."""
    size = file.sizes[at]
    found = np.zeros((len(asked), size))
    most = max(MOST_ROWS // len(np.unique(file.codes[at])), 1)
    rows = rng.permutation(len(file))[:most]
    labels = file.codes[at][rows]
    if len(np.unique(labels)) < 2:
        found[:, labels[0]] = 1.0
        return found
    others = [i for i in range(len(file.names)) if i != at]
    fitted = _fitted(model, _features(model, file, others, rows), labels, seed=int(rng.integers(2**31)))
    answers = np.asarray(fitted.predict_proba(_features(model, asked, others, slice(None))))
    found[:, np.asarray(fitted.classes_, np.int64)] = answers
    return found


def _features(model: Model, file: Binned, others: list[int], rows: Array | slice) -> Array:
    """Codes for trees, which split them; for the regression an indicator of each bin, float32."""
    if model == "boosted trees":
        return file.codes[others][:, rows].T
    columns = [np.eye(file.sizes[i], dtype=np.float32)[file.codes[i][rows]] for i in others]
    return np.hstack(columns)


class _Fitted(Protocol):
    classes_: Array

    def predict_proba(self, x: Array) -> Array: ...


def _fitted(model: Model, x: Array, labels: Array, *, seed: int) -> _Fitted:
    if model == "boosted trees":
        from sklearn.ensemble import HistGradientBoostingClassifier

        trees = HistGradientBoostingClassifier(
            max_iter=max(TREES // len(np.unique(labels)), FEWEST_TREES),
            early_stopping=False,  # pyright: ignore[reportArgumentType]
            random_state=seed,
        )
        return cast(_Fitted, trees.fit(x, labels))
    from sklearn.linear_model import LogisticRegression

    with warnings.catch_warnings():
        # Where the steps run out the model is a little less sharp, for all files in the same way.
        warnings.filterwarnings("ignore", message=".*failed to converge", category=Warning)
        return cast(_Fitted, LogisticRegression(max_iter=STEPS, tol=1e-3).fit(x, labels))


def _area(scores: Floats, truth: Array, confidence: float) -> Estimate:
    """The AUC of a value against the rest; of several values their mean by the shares of these among people.

    Ends of intervals are averaged too, which is right if all AUCs rise and fall together, and wide otherwise.
    """
    values, count = np.unique(truth, return_counts=True)
    if len(values) == 2:
        values, count = values[1:], count[1:]
    areas = [
        auc(scores[truth == v, v], scores[truth != v, v], confidence=confidence) for v in values.tolist()
    ]
    value, low, high = (
        float(np.average([getattr(a, end) for a in areas], weights=count)) for end in ("value", "low", "high")
    )
    return Estimate(value, low, high, confidence)
