"""What a model takes and answers: its view, its classes, and features in the form in which it was trained."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl

from confide.core.access import BlackBox, LabelOnly, Task
from confide.core.arrays import Batch
from confide.core.errors import DataError, ModelError
from confide.inputs.records import RawRecords, class_names
from confide.models.loading import as_view, is_estimator
from confide.models.sklearn.model import task_of
from confide.views.records import Records


def view_and_classes(
    model: Any, raw: Sequence[RawRecords], task: Task | None
) -> tuple[LabelOnly, Sequence[Any] | None]:
    """The view, and the labels in the order of their codes (None in a regression).

    An estimator is asked for just the labels that there are; the columns of any other model are taken to be
    the classes 0..C-1, or the sorted labels. Labels with fractions mean a regression, unless `task` is given.
    """
    # A few records show how a model answers (scores, labels or values), and cost few queries.
    probe = raw[0].x[:64]
    if task is None and is_estimator(model):
        task = task_of(model)
    # A label of 2.5 cannot be a class.
    if task is None and all(s.y.dtype.kind == "f" and np.any(s.y % 1 != 0) for s in raw):
        task = "regression"
    if task == "regression" or getattr(model, "task", None) == "regression":
        return as_view(model, task="regression", probe=probe), None
    if is_estimator(model):
        # An estimator knows its classes by name, so labels need not be numbered.
        classes: list[Any] = np.unique(np.concatenate([s.y for s in raw])).tolist()
        return as_view(model, classes=classes), classes
    classes = class_names(raw)
    return as_view(model, classes=classes, probe=probe), classes


def unused(model: Any, x: Batch) -> list[str]:
    """A note on the columns that the model was not trained on."""
    names = getattr(model, "feature_names_in_", None)
    if names is None or not isinstance(x, pl.DataFrame):
        return []
    unused = [c for c in x.columns if c not in set(names)]
    return (
        [f"The model was not trained on the columns {', '.join(unused)}: they were not used."]
        if unused
        else []
    )


def features_for(model: Any, x: Batch) -> Batch:
    """The features in the form in which the model was trained: a frame by name, or a matrix of numbers.

    Raises:
        DataError: if the model wants columns that are missing, or numbers where there is text.
    """
    if not isinstance(x, pl.DataFrame):
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


def need_columns(view: LabelOnly, records: Sequence[Records], classes: Sequence[Any] | None) -> list[str]:
    """Ask about a handful of records, so that an unusable model is refused before anything is trained.

    Returns a note where the model knows more classes than there are labels.
    """
    # A handful is as good as all, and a remote model is asked once.
    few = records[0].x[: min(8, len(records[0]))]
    if not isinstance(view, BlackBox):
        view.labels(few)
        return []
    columns = view.predict(few).shape[1]
    if classes is None or columns == len(classes):
        return []
    if columns > len(classes):
        return [f"The model answers with {columns} classes, of which {len(classes)} occur among the labels."]
    shown = ", ".join(str(c) for c in classes[:6]) + (", ..." if len(classes) > 6 else "")
    raise ModelError(
        f"the model answers with {columns} classes, but the labels need {len(classes)} ({shown}): number "
        "the labels from 0 as the model does, or give the model of these labels."
    )
