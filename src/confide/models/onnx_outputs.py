"""What the outputs of an ONNX graph mean: its scores, their classes, and its own labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias, cast

import numpy as np

from confide.core.access import Task
from confide.core.arrays import Array
from confide.core.errors import ModelError
from confide.core.language import t
from confide.models.kinds import Kind, kind_of
from confide.models.replies import Classes, known_codes, outputs_of

Output: TypeAlias = "Array | list[dict[object, float]]"
"""One output for a batch: an array, or of a ZipMap the score of each class for each record."""

SURE = 0.99
"""The share of records whose highest score must belong to the graph's own label; ties may differ."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Meaning:
    """How the outputs of a graph are read.

    Args:
        output: the name of the scores; empty where the graph has none that can be used.
        kind: of these scores.
        own: the model's classes in the order of the columns, where the graph tells them.
        labels: the name of the graph's own labels; empty if it has none.
        note: what a reader must know.
    """

    output: str
    kind: Kind
    own: tuple[object, ...] | None = None
    labels: str = ""
    note: str = ""


def meaning_of(
    outputs: Mapping[str, Output],
    *,
    wanted: str | None,
    answers: Kind | None,
    task: Task,
    classes: Classes,
    name: str,
) -> Meaning:
    """Decide by the answers to all records of a query which output is used, and what it means.

    Args:
        outputs: by their names, on the same records.
        wanted: the output that the user named.
        answers: the kind that the user named.

    Raises:
        ModelError: if several outputs could be the scores, or there is none of the name.
    """
    scores = {n: out for n, out in outputs.items() if _is_score(out)}
    labels = {n: cast("Array", out) for n, out in outputs.items() if n not in scores}
    labels = {n: out for n, out in labels.items() if out.size == len(out)}
    label = next(iter(labels), "") if len(labels) == 1 else ""
    if wanted is not None and wanted not in outputs:
        raise ModelError(f"{name} has no output {wanted!r}: choose from {', '.join(outputs)}.")
    if task == "classification" and (not scores or wanted in labels):
        label = wanted or label
        if not label:
            raise ModelError(f"{name} has no scores and not one output of labels: say which with --output.")
        return Meaning(output="", kind="labels", labels=label)
    chosen = wanted or _chosen(scores, name)
    values, own = table_of(scores[chosen])
    if task == "regression":
        return Meaning(output=chosen, kind="values")
    kind = answers or kind_of(values, task=task, name=name)
    if own is not None or not label:
        return Meaning(output=chosen, kind=kind, own=own, labels=label)
    return _agreed(
        values, labels[label].reshape(-1), Meaning(output=chosen, kind=kind, labels=label), classes, name
    )


def table_of(output: Output) -> tuple[Array, tuple[object, ...] | None]:
    """The scores [n, C], and their classes if a ZipMap names them."""
    if isinstance(output, list):
        return np.array([list(row.values()) for row in output]), tuple(output[0])
    return output.reshape(len(output), -1), None


def _is_score(output: Output) -> bool:
    return isinstance(output, list) or output.dtype.kind == "f"


def _chosen(scores: Mapping[str, Output], name: str) -> str:
    if not scores:
        raise ModelError(f"{name} has no output of numbers: export it with its values.")
    maps = [n for n, out in scores.items() if isinstance(out, list)]
    tables = {n: table_of(out)[0] for n, out in scores.items()}
    chances = [n for n, t in tables.items() if t.shape[1] > 1 and kind_of(t) == "probabilities"]
    # The surest sign first; where it stands twice the user must say.
    for found in (maps, chances, list(scores)):
        if len(found) == 1:
            return found[0]
        if found:
            raise ModelError(
                f"{name} has several outputs that could be its scores, {', '.join(found)}: say which with "
                "--output."
            )
    raise AssertionError("there are scores")


def _agreed(values: Array, labels: Array, found: Meaning, classes: Classes, name: str) -> Meaning:
    """The meaning with the classes that the graph's own labels give to the columns.

    Where the highest score does not belong to the label, the lowest may; else the scores are none of classes,
    as those of pairs of classes of an SVM, and the labels alone are used.
    """
    for kind in (found.kind, *(["costs"] if found.kind == "logits" and values.shape[1] > 1 else [])):
        winners = outputs_of(values, cast("Kind", kind), name=name).argmax(axis=1)
        width = max(values.shape[1], 2)
        named: dict[int, object] = {}
        right = 0
        for column in np.unique(winners).tolist():
            said, count = np.unique(labels[winners == column], return_counts=True)
            named[column] = said.tolist()[int(count.argmax())]
            right += int(count.max())
        distinct = len(set(named.values())) == len(named)
        if right >= SURE * len(labels) and distinct and width >= len(np.unique(labels)):
            return Meaning(
                output=found.output,
                kind=cast("Kind", kind),
                own=_complete(named, width, classes),
                labels=found.labels,
            )
    return Meaning(
        output="",
        kind="labels",
        labels=found.labels,
        note=(
            t(
                "The scores {scores} of the model do not agree with its labels {labels}, as "
                "those of an SVM for pairs of classes: it is audited by its labels.",
                scores=found.output,
                labels=found.labels,
            )
        ),
    )


def _complete(named: Mapping[int, object], width: int, classes: Classes) -> tuple[object, ...] | None:
    """The classes of all columns, where some never won; None if the columns are the codes anyway."""
    if isinstance(classes, int | None):
        plain = all(label == column for column, label in named.items())
        return None if plain else tuple(named.get(c, f"column {c}") for c in range(width))
    # As the labels write them: a graph may hold 1 where a CSV has "1".
    codes = known_codes(list(named.values()), classes)
    shown = {column: classes[codes[label]] for column, label in named.items() if label in codes}
    rest: Sequence[object] = [label for label in classes if label not in shown.values()]
    free = [c for c in range(width) if c not in shown]
    # In their order, which is what a trainer that sorts its classes would give.
    left = dict(zip(free, rest, strict=False))
    return tuple(shown.get(c, left.get(c, f"column {c}")) for c in range(width))
