"""Interpretation of model replies: the kind of answer, checks, and conversion to logits.

There are four kinds of answers. Unless the user names the kind, it is decided by this rule (`kind_of`):

- text, truth values, one whole number for each record, or (in a classification) floats that are all whole
  numbers: labels;
- rows [n, C >= 2] that are non-negative and sum to 1 within `ROW_SUM`: probabilities;
- other rows [n, C >= 2]: logits;
- one number for each record, [n] or [n, 1]: values of a regression. If the task is given as classification,
  they are probabilities of class 1 if all are in [0, 1], and else its logits.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, TypeAlias

import numpy as np

from confide.core.access import Task
from confide.core.arrays import Array, Floats, Ints
from confide.core.errors import ModelError
from confide.models.signals import TINY, log_of

Kind: TypeAlias = Literal["probabilities", "logits", "values", "labels"]
Classes: TypeAlias = int | Sequence[object] | None
"""How many classes the labels need, or the labels themselves in the order of their codes."""

# Probabilities are often rounded to two digits, and their sum is then not exactly 1.
ROW_SUM = 0.02
# Softmax in low precision can give tiny negative numbers.
_BELOW_ZERO = -1e-5


def kind_of(reply: Array, *, task: Task | None = None) -> Kind:
    """The kind of an answer, by the rule of this module.

    >>> kind_of(np.array([[0.2, 0.8]])), kind_of(np.array([[-1.0, 3.0]])), kind_of(np.array([1, 0]))
    ('probabilities', 'logits', 'labels')
    """
    reply = np.asarray(reply)
    if reply.ndim == 2 and reply.shape[1] > 1:
        return "probabilities" if _are_probabilities(reply) else "logits"
    # Some frameworks return labels as floats; one logit or probability for each record is hardly ever whole.
    whole = reply.dtype.kind == "f" and task == "classification" and bool(np.all(reply % 1 == 0))
    if (reply.dtype.kind in "biuUSOT" or whole) and task != "regression":
        return "labels"
    if task != "classification":
        return "values"
    return "probabilities" if bool(np.all((reply >= 0) & (reply <= 1))) else "logits"


def outputs_of(reply: Array, kind: Kind, *, name: str) -> Floats:
    """Convert a reply to logits float64[n, C], or to values float64[n, 1] in a regression.

    One number for each record becomes two columns: [1 - p, p] for a probability, [0, z] for a logit.

    Raises:
        ModelError: if the numbers are not finite, not of this kind, or have another shape.
    """
    table = as_numbers(reply, name=name)
    table = table[:, None] if table.ndim == 1 else table
    if table.ndim != 2 or not table.shape[1]:
        raise ModelError(
            f"{name} answers with shape {table.shape}: answer with one row for each record, [n, C]."
        )
    need_finite(table, name=name)
    if kind == "values":
        if table.shape[1] > 1:
            raise ModelError(
                f"{name} answers with {table.shape[1]} values for each record: audit one at a time."
            )
        return table
    if kind == "logits":
        return np.column_stack([np.zeros(len(table)), table]) if table.shape[1] == 1 else table
    if table.shape[1] == 1:
        table = np.column_stack([1 - table, table])
    _need_probabilities(table, name=name)
    return log_of(np.clip(table, 0.0, 1.0))


def as_numbers(reply: Array, *, name: str) -> Floats:
    """Convert a reply to float64.

    Raises:
        ModelError: if it does not consist of numbers.
    """
    try:
        return np.asarray(reply, np.float64)
    except (TypeError, ValueError) as error:
        raise ModelError(
            f"{name} answers with {type(reply).__name__}, not with an array of numbers ({error}): "
            "answer with probabilities [n, C]."
        ) from error


def need_finite(table: Array, *, name: str) -> None:
    """Refuse NaN and infinite answers.

    Raises:
        ModelError: with how many there are, and the first row that has one.
    """
    bad = ~np.isfinite(table)
    if bad.any():
        rows = np.flatnonzero(bad.reshape(len(table), -1).any(axis=1))
        raise ModelError(
            f"{name} gives {int(bad.sum())} NaN or infinite answers on {len(rows)} of {len(table)} records, "
            f"first on row {rows[0]}: look for missing or huge values in that record, or for a model "
            "whose training diverged."
        )


def need_classes(found: int, classes: Classes, *, name: str) -> None:
    """Refuse a model with too few classes; for labels given by name, with any other number of classes.

    Labels 0..C-1 are codes, not names, and a sample of records can lack the last classes.

    Raises:
        ModelError: with both counts.
    """
    if classes is None:
        return
    labels = range(classes) if isinstance(classes, int) else classes
    needed, named = len(labels), list(labels) != list(range(len(labels)))
    if found < needed or (named and found != needed):
        shown = f": {_shorten(labels)}" if named else f" (codes 0 to {needed - 1})"
        hint = "" if named else "If they begin at 1, number the labels from 0 as the model does. Otherwise: "
        raise ModelError(
            f"{name} knows {found} classes, the labels need {needed}{shown}. {hint}"
            "Give the label column that this model was trained on, or the model for these labels."
        )


def columns_of(own: Sequence[object], classes: Classes, *, name: str, partial: bool = False) -> Ints:
    """The code of each class of the model among the labels: int64[len(own)].

    Classes that the labels lack come after all others.

    Args:
        own: the model's classes, in the order of its columns.
        classes: the labels in the order of their codes (see `known_codes`), or how many classes the labels
            need. With a number or None the position is the code.
        partial: whether the model may lack some of the labels.

    Raises:
        ModelError: if the model lacks a label, or has too few classes.
    """
    if classes is None or isinstance(classes, int):
        need_classes(len(own), classes, name=name)
        return np.arange(len(own))
    found = known_codes(own, classes)
    lacking = [label for code, label in enumerate(classes) if code not in found.values()]
    if lacking and not (partial and found):
        raise ModelError(
            f"{name} knows {len(own)} classes, the labels need {len(classes)}: it does not know "
            f"{_shorten(lacking)} (it knows {_shorten(own)}). Give the label column that it was trained on, "
            "with labels written as the model knows them."
        )
    extra = iter(range(len(classes), len(classes) + len(own)))
    return np.array([found[label] if label in found else next(extra) for label in own], np.int64)


def known_codes(own: Sequence[object], classes: Sequence[object]) -> dict[object, int]:
    """The codes of those classes of the model that are among the labels.

    Classes are looked up by value. If none is found, they are looked up by their text. If none is found again
    and all are whole numbers in 0..C-1, they are taken as the codes themselves.

    >>> known_codes([1, 2], ["2", "1"]), known_codes([0, 1], ["no", "yes"])
    ({1: 1, 2: 0}, {0: 0, 1: 1})
    """
    # A CSV gives "1" where the model has 1, so text is compared if values do not match.
    for key in (lambda label: label, str):
        codes = {key(label): code for code, label in enumerate(classes)}
        found: dict[object, int] = {label: codes[key(label)] for label in own if key(label) in codes}
        if found:
            return found
    # A truth value is an int too: False and True are the codes 0 and 1.
    whole = [label for label in own if isinstance(label, int) and 0 <= label < len(classes)]
    return {label: int(label) for label in whole} if len(whole) == len(own) else {}


def codes_of(labels: Array, codes: Mapping[object, int], *, name: str) -> Ints:
    """The codes int64[n] of a model's answers, which are labels.

    Raises:
        ModelError: if one of them has no code.
    """
    distinct, place = np.unique(np.asarray(labels).reshape(-1), return_inverse=True)
    unknown = [label for label in distinct.tolist() if label not in codes]
    if unknown:
        raise ModelError(
            f"{name} answers with {_shorten(unknown)}; the labels are {_shorten(list(codes))}: "
            "write them in the same way, or give `classes`, the labels in the order of their codes."
        )
    return np.array([codes[label] for label in distinct.tolist()], np.int64)[place]


def clipped_share(outputs: Floats, y: Array) -> float:
    """The share of records whose probability of the true class is exactly 0 or 1.

    Such answers are rounded or saturated. All records beyond that point get the same score, and the attack
    loses its power at low false-positive rates. It is for logits from `outputs_of`; real logits do not clip.

    >>> answers = log_of(np.array([[1.0, 0.0], [0.3, 0.7], [1.0, 0.0], [0.1, 0.9]]))
    >>> clipped_share(answers, np.array([0, 0, 1, 1]))
    0.5
    """
    if outputs.shape[1] == 1 or not len(outputs):
        return 0.0
    floor = np.log(TINY) + 1e-3  # kept answers are float32, which moves the logit of 0 a little
    rows = np.arange(len(outputs))
    others = outputs.copy()
    # A true class at exactly 1 shows in the others, which are all rounded to 0.
    others[rows, y] = -np.inf
    return float(np.mean((outputs[rows, y] <= floor) | (others.max(axis=1) <= floor)))


def _are_probabilities(reply: Array) -> bool:
    return bool(np.all(reply >= _BELOW_ZERO) and np.all(np.abs(reply.sum(axis=1) - 1) <= ROW_SUM))


def _need_probabilities(table: Floats, *, name: str) -> None:
    off = np.abs(table.sum(axis=1) - 1)
    worst = int(off.argmax()) if len(off) else 0
    if len(off) and (off[worst] > ROW_SUM or table.min() < _BELOW_ZERO):
        raise ModelError(
            f"{name} gives numbers that are not probabilities: row {worst} sums to "
            f"{table[worst].sum():.4g}, the smallest is {table.min():.4g}. Answer with a softmax, or name "
            'their kind (answers="logits").'
        )


def _shorten(labels: Sequence[object], most: int = 6) -> str:
    shown = ", ".join(str(label) for label in labels[:most])
    return shown + (f" and {len(labels) - most} more" if len(labels) > most else "")
