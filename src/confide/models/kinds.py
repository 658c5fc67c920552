"""The kinds of answers of a model, told apart by all rows of a reply.

A kind is decided by this rule unless the user names it. A reply with one number for each record, [n] or
[n, 1], is

- labels: text, truth values, whole numbers, or (in a classification) floats that are all whole;
- values of a regression, where the task is not given as a classification;
- probabilities of class 1, if all are in [0, 1]; else its logits. Numbers from 0 to 100 could be either, and
  the user is asked.

A reply with rows [n, C >= 2] is

- probabilities: non-negative, and each row sums to 1, as exactly as the numbers are rounded;
- top-k: each row sums to at most 1, and what is missing stood in entries that are 0;
- sigmoids, one class against the rest each: all in [0, 1], with other sums;
- percent: non-negative, and all rows have one sum (100, or a number of votes);
- log-probabilities: none above 0, and their exponentials sum to 1;
- costs: none below 0, and the exponentials of their negatives sum to 1;
- logits: all others.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

import numpy as np

from confide.core.access import Task
from confide.core.arrays import Array, Floats
from confide.core.errors import ModelError
from confide.core.language import later

Kind: TypeAlias = Literal[
    "probabilities",
    "percent",
    "sigmoids",
    "top-k",
    "log-probabilities",
    "costs",
    "logits",
    "values",
    "labels",
]

NAMES = (
    later("probabilities"),
    later("percent"),
    later("sigmoids"),
    later("top-k"),
    later("log-probabilities"),
    later("costs"),
    later("logits"),
    later("values"),
    later("labels"),
)
"""All kinds: a report shows them in its language."""

# A sum of probabilities that were computed or rounded somehow.
ROW_SUM = 0.02
# Softmax in low precision can give tiny negative numbers.
BELOW_ZERO = -1e-5
# A probability of a half in percent is 50; a logit of 20 is one of 1 - 2e-9, which few models give.
LARGE_LOGIT = 20.0


def kind_of(reply: Array, *, task: Task | None = None, name: str = "the model") -> Kind:
    """The kind of an answer, by the rule of this module.

    Raises:
        ModelError: if it could be two kinds.

    >>> kind_of(np.array([[0.2, 0.8]])), kind_of(np.array([[-1.0, 3.0]])), kind_of(np.array([1, 0]))
    ('probabilities', 'logits', 'labels')
    >>> kind_of(np.array([[20.0, 80.0], [50.5, 49.5]])), kind_of(np.array([[0.9, 0.8], [0.1, 0.2]]))
    ('percent', 'sigmoids')
    """
    reply = np.asarray(reply)
    if reply.ndim >= 2 and reply.shape[1] > 1:
        return _of_rows(reply) if reply.ndim == 2 and reply.dtype.kind in "biuf" else "logits"
    # Some frameworks return labels as floats; one logit or probability for each record is hardly ever whole.
    whole = reply.dtype.kind == "f" and task == "classification" and bool(np.all(reply % 1 == 0))
    if (reply.dtype.kind in "biuUSOT" or whole) and task != "regression":
        return "labels"
    if task != "classification":
        return "values"
    return _of_one_number(reply, name)


def _of_one_number(reply: Array, name: str) -> Kind:
    least, most = float(np.min(reply, initial=0.0)), float(np.max(reply, initial=0.0))
    if least >= 0 and most <= 1:
        return "probabilities"
    if least >= 0 and LARGE_LOGIT < most <= 100:
        raise ModelError(
            f"{name} answers with numbers from 0 to {most:g}, which can be percent or logits: say which with "
            "--answers."
        )
    return "logits"


def _of_rows(reply: Array) -> Kind:
    table = np.asarray(reply, np.float64)
    if np.isnan(table).any() or not len(table):
        return "logits"  # refused when they are used
    sums, least, most = table.sum(axis=1), float(table.min()), float(table.max())
    if least >= BELOW_ZERO and most <= 1 + ROW_SUM:
        off = float(np.abs(sums - 1).max())
        if off <= row_tolerance(table):
            return "probabilities"
        # Where a sum falls short, entries must have been cut to 0.
        short = sums < 1 - ROW_SUM
        cut = bool((table[short] == 0).any(axis=1).all())
        if table.shape[1] == 2:  # two sigmoids may both be small; of two classes the winner has half at least
            cut = cut and bool((sums >= 0.5 - ROW_SUM).all())
        return "top-k" if cut and sums.max() <= 1 + ROW_SUM and sums.min() > 0 else "sigmoids"
    if (
        least >= BELOW_ZERO
        and sums.min() > 1
        and np.ptp(sums) <= max(ROW_SUM * sums.mean(), _rounding(table))
    ):
        return "percent"
    if most <= -BELOW_ZERO and _sums_to_one(table):
        return "log-probabilities"
    return "costs" if least >= BELOW_ZERO and _sums_to_one(-table) else "logits"


def _sums_to_one(logs: Floats) -> bool:
    return bool(np.all(np.abs(np.exp(np.minimum(logs, 1.0)).sum(axis=1) - 1) <= ROW_SUM))


def row_tolerance(table: Floats) -> float:
    """How far a row of probabilities may be from the sum 1: more where they are rounded to 0.1 or 0.01."""
    return max(ROW_SUM, _rounding(table))


def _rounding(table: Floats) -> float:
    """The size of the error of a row's sum if its entries are rounded, else 0: four standard deviations."""
    for digits in (0, 1, 2, 3):
        if digits == 0 and table.max() <= 1:
            continue  # zeros and ones are no rounded probabilities
        scaled = table * 10**digits
        if np.all(np.abs(scaled - np.rint(scaled)) < 1e-6 * 10**digits):
            # An error of rounding is uniform, with a standard deviation of 1/sqrt(12) of a step.
            return float(4 * 10.0**-digits * np.sqrt(table.shape[1] / 12))
    return 0.0
