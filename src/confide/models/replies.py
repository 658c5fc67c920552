"""Interpretation of model replies: checks, conversion to logits, and the classes of columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias

import numpy as np

from confide.core.arrays import Array, Floats, Ints
from confide.core.errors import ModelError
from confide.core.foreign import in_one_line
from confide.models.kinds import BELOW_ZERO, Kind, row_tolerance
from confide.models.signals import TINY, log_of

Classes: TypeAlias = int | Sequence[object] | None
"""How many classes the labels need, or the labels themselves in the order of their codes."""


class UnknownClassesError(ModelError):
    """A model does not know some of the labels.

    Args:
        lacking: these labels.
    """

    def __init__(self, text: str, lacking: Sequence[object]) -> None:
        super().__init__(text)
        self.lacking = tuple(lacking)


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
    if kind == "log-probabilities":
        table = np.where(np.isneginf(table), log_of(np.zeros(1)), table)  # the logarithm of 0
    need_finite(table, name=name)
    if kind == "values":
        if table.shape[1] > 1:
            raise ModelError(
                f"{name} answers with {table.shape[1]} values for each record: audit one at a time."
            )
        return table
    return _logits(table, kind, name)


def _logits(table: Floats, kind: Kind, name: str) -> Floats:
    single = table.shape[1] == 1
    if kind in ("logits", "costs"):
        table = -table if kind == "costs" else table  # the least cost wins
        return np.column_stack([np.zeros(len(table)), table]) if single else table
    if kind == "log-probabilities":
        return log_of(_both(np.exp(np.minimum(table, 0.0)))) if single else table
    if kind == "percent":
        # Votes have another sum than 100, but all rows have one.
        table = table / 100 if single else table / np.maximum(table.sum(axis=1, keepdims=True), TINY)
    table = _both(table) if single else table
    if kind == "sigmoids":
        _need_shares(table, name=name)
        chance = np.clip(table, 0.0, 1.0)
        return log_of(chance) - log_of(1 - chance)  # the logit of each class against the rest
    if kind == "top-k":
        _need_shares(table, name=name)
        cut = table <= 0
        # What is missing belongs to the classes that were left out, to each as much as to the others.
        missing = np.clip(1 - table.sum(axis=1, keepdims=True), 0.0, None)
        table = np.where(cut, missing / np.maximum(cut.sum(axis=1, keepdims=True), 1), table)
        return log_of(np.clip(table, 0.0, 1.0))
    _need_probabilities(table, name=name)
    return log_of(np.clip(table, 0.0, 1.0))


def _both(chance: Floats) -> Floats:
    return np.column_stack([1 - chance, chance])


def as_numbers(reply: Array, *, name: str) -> Floats:
    """Convert a reply to float64.

    Raises:
        ModelError: if it does not consist of numbers.
    """
    try:
        # numpy would drop the imaginary part with a warning only.
        if np.asarray(reply).dtype.kind == "c":
            raise TypeError("complex numbers")
        return np.asarray(reply, np.float64)
    except (TypeError, ValueError) as error:
        raise ModelError(
            f"{name} answers with {type(reply).__name__}, not with an array of numbers "
            f"({in_one_line(error)}): answer with probabilities [n, C]."
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
        raise UnknownClassesError(
            f"{name} knows {found} classes, the labels need {needed}{shown}. {hint}"
            "Give the label column that this model was trained on, or the model for these labels.",
            labels[found:],
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
        raise UnknownClassesError(
            f"{name} knows {len(own)} classes, the labels need {len(classes)}: it does not know "
            f"{_shorten(lacking)} (it knows {_shorten(own)}). Give the label column that it was trained on, "
            "with labels written as the model knows them.",
            lacking,
        )
    extra = iter(range(len(classes), len(classes) + len(own)))
    return np.array([found[label] if label in found else next(extra) for label in own], np.int64)


def ordered_by_name(
    outputs: Floats, own: Sequence[object], classes: Sequence[object], *, name: str
) -> Floats:
    """Outputs with their columns in the order of the class codes.

    Args:
        outputs: float64[n, C] in the order of the model's own classes.
        own: the model's classes; one alone names the class that a single number was about.
        classes: the labels in the order of their codes.

    Raises:
        ModelError: if the model lacks a label.
    """
    if len(own) == 1 and outputs.shape[1] == 2:
        # The number was taken to be about class 1, unless its name is that of class 0.
        return (
            outputs[:, ::-1] if known_codes(own, classes).get(own[0]) == 0 and len(classes) == 2 else outputs
        )
    if len(own) != outputs.shape[1]:
        raise ModelError(
            f"{name} gives {outputs.shape[1]} columns for its {len(own)} classes: give one for each."
        )
    ordered = np.empty_like(outputs)
    ordered[:, columns_of(own, classes, name=name)] = outputs
    return ordered


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


def _need_probabilities(table: Floats, *, name: str) -> None:
    off = np.abs(table.sum(axis=1) - 1)
    worst = int(off.argmax()) if len(off) else 0
    if len(off) and (off[worst] > row_tolerance(table) or table.min() < BELOW_ZERO):
        raise ModelError(
            f"{name} gives numbers that are not probabilities: row {worst} sums to "
            f"{table[worst].sum():.4g}, the smallest is {table.min():.4g}. Answer with a softmax, or name "
            'their kind (--answers logits, or answers="logits" in Python).'
        )


def _need_shares(table: Floats, *, name: str) -> None:
    """Refuse numbers outside of [0, 1]: a kind that was named can be the wrong one."""
    if len(table) and (table.min() < BELOW_ZERO or table.max() > 1 - BELOW_ZERO):
        raise ModelError(
            f"{name} gives numbers from {table.min():.4g} to {table.max():.4g}, which are no shares of 1: "
            "name their kind with --answers."
        )


def _shorten(labels: Sequence[object], most: int = 6) -> str:
    shown = ", ".join(str(label) for label in labels[:most])
    return shown + (f" and {len(labels) - most} more" if len(labels) > most else "")
