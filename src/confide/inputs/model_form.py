"""What a model takes and answers: its view, its classes, and features in the form in which it was trained."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import polars as pl

from confide.core.access import BlackBox, LabelOnly, Task
from confide.core.arrays import Array, Batch
from confide.core.errors import DataError, ModelError
from confide.core.language import t
from confide.inputs.methods import name_of, owner_of, shown_task
from confide.inputs.records import TEXT, RawRecords, are_texts, class_names
from confide.models.kinds import Kind
from confide.models.loading import as_view, is_estimator, is_module
from confide.models.onnx import OnnxLabels, OnnxModel
from confide.models.remote import RemoteModel
from confide.models.replies import UnknownClassesError, known_codes
from confide.models.sklearn.abilities import takes_texts
from confide.models.sklearn.model import task_of

MOST_NAMED = 20
"""Labels that a note names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What the user says of the model's answers; None where they leave it to the audit.

    Args:
        task: classification or regression.
        answers: their kind.
        classes: the labels in the order of its outputs.
        output: the output of an ONNX graph.
    """

    task: Task | None = None
    answers: Kind | None = None
    classes: Sequence[Any] | None = None
    output: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Shown:
    """A model as it can be asked.

    Args:
        view: on the model.
        classes: labels in the order of their codes; None in a regression.
        said: how its answers are read, for the report; empty where there is one way only.
        notes: what a reader must know.
    """

    view: LabelOnly
    classes: Sequence[Any] | None
    said: str = ""
    notes: tuple[str, ...] = ()


def shown(model: Any, raw: Sequence[RawRecords], x: Batch, told: Told) -> Shown:
    """The view on a model, asked about all records, and the labels in the order of their codes.

    An estimator, and any model that names its classes, is asked for just the labels that there are. The
    columns of any other model are taken to be the classes 0..C-1, or the sorted labels, unless the user gives
    them. Labels with fractions mean a regression, and one number for each of two classes a classification.

    Args:
        raw: members, non-members and perhaps a population, with labels of one type.
        x: the features of all of them.

    Raises:
        ModelError: if the model cannot be asked, does not fit the labels, or does another task than the user
            says.
    """
    labels = np.unique(np.concatenate([s.y for s in raw]))
    task = _task(model, labels, told.task)
    asked: Any = _of_texts(model) if are_texts(x) and x.columns == [TEXT] else model  # pyright: ignore
    view_of = partial(as_view, asked, answers=told.answers, probe=x, output=told.output)
    if task == "regression":
        return _with_words(view_of(task="regression"), None)
    classes = _classes(model, raw, labels, told.classes)
    try:
        view = view_of(task=task, classes=classes)
    except UnknownClassesError as error:
        if is_module(model) and _has_one_output(model, x):
            raise _one_number(len(labels)) from error
        raise _never_seen(error.lacking, raw, classes) or error from error
    if isinstance(view, RemoteModel | OnnxModel) and view.task == "regression":
        raise _one_number(len(labels))
    return _with_words(view, classes)


def _has_one_output(module: Any, x: Batch) -> bool:
    try:
        as_view(module, task="regression").labels(x[:2])
    except ModelError:
        return False
    return True


def _one_number(labels: int) -> ModelError:
    return ModelError(
        f"the model answers with one number for each record, and the labels are {labels} whole numbers: say "
        "--task regression if it predicts a number, or give a model with one output for each class."
    )


def _task(model: Any, labels: Array, told: Task | None) -> Task | None:
    """What the model does; None where only its answers can say."""
    own: Task | None = None
    if is_estimator(model):
        try:
            own = task_of(model)
        except ModelError:
            if told is None:
                raise
    shows = own or shown_task(model)
    if told is not None and shows is not None and shows != told:
        kind = "classifier" if shows == "classification" else "regressor"
        raise ModelError(
            f"{name_of(owner_of(model))} is a {kind}, which does not fit --task {told}: leave the task out, "
            "or give the other model."
        )
    found = told or own
    if found is None and not isinstance(model, OnnxModel):
        found = getattr(model, "task", None)
    # A label of 2.5 cannot be a class.
    if found is None and labels.dtype.kind == "f" and np.any(labels % 1 != 0):
        found = "regression"
    if found is None and (labels.dtype.kind == "U" or len(labels) <= 2):
        found = "classification"
    return found


def _classes(
    model: Any, raw: Sequence[RawRecords], labels: Array, told: Sequence[Any] | None
) -> Sequence[Any]:
    if told is None:
        # An estimator knows its classes by name, so labels need not be numbered.
        return labels.tolist() if is_estimator(model) else class_names(raw)
    codes = known_codes(labels.tolist(), told)
    lost = [label for label in labels.tolist() if label not in codes]
    if lost or len(set(told)) < len(told):
        raise DataError(
            f"--class gives {', '.join(map(str, told))}, and {lost[0] if lost else 'one of them'} "
            f"{'is missing' if lost else 'stands there twice'}: give each label once, in the order of the "
            "model's outputs."
        )
    by_code = {code: label for label, code in codes.items()}
    # As the labels are written, since a word of the command line is a text.
    return [by_code.get(code, label) for code, label in enumerate(told)]


def _never_seen(
    lacking: Sequence[object], raw: Sequence[RawRecords], classes: Sequence[Any]
) -> ModelError | None:
    """The error where some of the labels that the model lacks occur on one side alone."""
    for sheet, side in zip(raw[1:], ("non-members", "population records"), strict=False):
        for label in lacking:
            count = int(np.count_nonzero(sheet.y == label))
            if count and not np.any(raw[0].y == label):
                return ModelError(
                    f"{count} {side} have class {label}, which the model never saw: leave these records "
                    "out, or give the model that was trained on all classes."
                )
    return None


def _with_words(view: LabelOnly, classes: Sequence[Any] | None) -> Shown:
    """How the answers are read, where there was more than one way."""
    graph = view.graph if isinstance(view, OnnxLabels) else view
    note, kind = "", getattr(view, "kind", "")
    if isinstance(graph, OnnxModel) and graph.meaning_found is not None:
        meaning = graph.meaning_found
        output = meaning.output or meaning.labels
        note, kind = meaning.note, t("{kind}, output {output}", kind=t(meaning.kind), output=output)
    return Shown(view=view, classes=classes, said=str(kind), notes=(note,) if note else ())


def _of_texts(model: Any) -> Any:
    """A function that takes texts as its user gave them: a list, and no frame."""
    if is_estimator(model) or is_module(model) or isinstance(model, OnnxModel | LabelOnly):
        return model
    names = [n for n in ("predict_proba", "predict") if callable(getattr(model, n, None))]
    if not names:
        return _unwrapped(model) if callable(model) else model
    return _Texts(model, {name: _unwrapped(getattr(model, name)) for name in names})


def _unwrapped(function: Callable[[Any], Any]) -> Callable[[pl.DataFrame], Any]:
    def asked(x: pl.DataFrame) -> Any:
        return function(x[TEXT].to_list())

    asked.__qualname__ = getattr(function, "__qualname__", type(function).__name__)
    return asked


class _Texts:
    """An object that takes texts, as one that takes frames with one column."""

    def __init__(self, model: Any, methods: Mapping[str, Callable[[pl.DataFrame], Any]]) -> None:
        self.__dict__.update(methods)
        if hasattr(model, "classes_"):
            self.classes_ = model.classes_


def together(parts: Sequence[Batch]) -> Batch:
    """The features of several sides below each other."""
    frames = [part for part in parts if isinstance(part, pl.DataFrame)]
    return pl.concat(frames) if frames else np.concatenate([p for p in parts if isinstance(p, np.ndarray)])


def named_as_trained(model: Any, x: Batch) -> Batch:
    """The features by the names that the model knows, where its package writes them in its own way."""
    if not isinstance(x, pl.DataFrame):
        return x
    from confide.models.boosted import with_lightgbm_names

    return with_lightgbm_names(model, x)


def unused(model: Any, x: Batch) -> list[str]:
    """A note on the columns that the model was not trained on."""
    names = getattr(model, "feature_names_in_", None)
    if names is None or not isinstance(x, pl.DataFrame):
        return []
    unused = [c for c in x.columns if c not in set(names)]
    return (
        [
            t(
                "The model was not trained on the columns {columns}: they were not used.",
                columns=", ".join(unused),
            )
        ]
        if unused
        else []
    )


def features_for(model: Any, x: Batch) -> Batch:
    """The features in the form in which the model was trained: a frame by name, or a matrix of numbers.

    Raises:
        DataError: if the model wants columns that are missing, or numbers where there is text, or one text.
    """
    if not isinstance(x, pl.DataFrame):
        return x
    if takes_texts(model):
        if not are_texts(x):
            raise DataError(
                f"the model takes one text for each record, and the columns are {', '.join(x.columns[:8])}: "
                "give the column of the text and that of the label alone."
            )
        return x
    names = getattr(model, "feature_names_in_", None)
    if names is not None:
        lacking = [str(n) for n in names if n not in x.columns]
        if lacking:
            raise DataError(
                f"the model was trained with the columns {', '.join(lacking)}: the files lack them."
            )
        return x.select([str(n) for n in names])
    # An estimator or a torch module, fitted without names: it takes a matrix. A function may take the frame
    # itself.
    if hasattr(model, "get_params") or hasattr(model, "named_parameters"):
        text = [c for c, kind in x.schema.items() if not (kind.is_numeric() or kind == pl.Boolean())]
        if text:
            raise DataError(
                f"the model takes numbers, but the columns {', '.join(text)} are not: give the encoded "
                "table, or an import path to a pipeline that encodes them (`mypkg.mymodel:predict`)."
            )
        # float32 is what torch parameters have by default; scikit-learn computes in float64.
        return x.cast(pl.Float32 if hasattr(model, "named_parameters") else pl.Float64).to_numpy()
    return x


def in_order(found: Shown) -> list[str]:
    """A note on which label is taken for which output, where labels have names and the outputs have none."""
    view, classes = found.view, found.classes
    if classes is None or list(classes) == list(range(len(classes))):
        return []
    meaning = view.meaning_found if isinstance(view, OnnxModel) else None
    if not is_module(getattr(view, "module", None)) and (meaning is None or meaning.own is not None):
        return []
    more = "" if len(classes) <= MOST_NAMED else ", ..."
    labels = ", ".join(map(str, classes[:MOST_NAMED])) + more
    return [t("The labels are taken for the outputs of the model in this order: {labels}.", labels=labels)]


def more_classes(view: LabelOnly, few: Batch, classes: Sequence[Any] | None) -> list[str]:
    """A note where the model knows more classes than there are labels."""
    if not isinstance(view, BlackBox) or classes is None:
        return []
    columns = view.predict(few).shape[1]
    if columns > len(classes):
        return [
            t(
                "The model answers with {columns} classes, of which {n} occur among the labels.",
                columns=columns,
                n=len(classes),
            )
        ]
    return []
