"""From what the user holds to what the game needs: a view, and two sides that can be compared."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from confide.audits.model.overlap import remove_overlap
from confide.core.access import BlackBox, LabelOnly, Task
from confide.core.arrays import Batch, Bools, Rng
from confide.core.errors import DataError, ModelError
from confide.core.narrowing import narrowed
from confide.games.membership.models import shuffled
from confide.inputs.records import RawRecords, as_raw_records, class_names, same_columns, with_codes
from confide.models.answers import Answers
from confide.models.checkpoints import with_snapshots, with_weights
from confide.models.loading import as_view, is_estimator, load_object
from confide.models.memo import asked_once
from confide.models.sklearn.model import task_of
from confide.views.records import Records


@dataclass(frozen=True, slots=True, eq=False)
class Subject:
    """A model under audit with the records it is audited on.

    Args:
        model: as the user gave it, for training references by the same recipe.
        asked: the model as its owner holds it, asked anew each time.
        view: what the release shows; it remembers what it said of targets and population: a query may cost.
        targets: members and non-members in an order that says nothing.
        member: bool[n], who of them trained it.
        population: people like them who did not.
        classes: labels in the order of their codes; None in a regression.
        name, notes: for the report.
        listed: how many members were given, copies included.
    """

    model: Any
    asked: LabelOnly
    view: LabelOnly
    targets: Records
    member: Bools
    population: Records | None
    classes: Sequence[Any] | None
    name: str
    notes: tuple[str, ...]
    listed: int

    @property
    def task(self) -> Task:
        """Classification or regression."""
        return "regression" if self.classes is None else "classification"

    @property
    def class_count(self) -> int:
        """The number of classes; 1 in a regression."""
        return 1 if self.classes is None else len(self.classes)


def prepare(
    model: Any,
    *,
    members: Any,
    nonmembers: Any,
    population: Any,
    label: str | None,
    task: Task | None,
    name: str | None,
    allow_overlap: bool,
    access: str | None = None,
    weights: Any = None,
    checkpoints: Sequence[Any] = (),
    rng: Rng,
) -> Subject:
    """Load and check everything before any work is done.

    Raises:
        DataError, ModelError: one sentence that says what is wrong and what to do.
    """
    inside = as_raw_records(members, label=label, name="members")
    others = [("nonmembers", nonmembers)] + ([] if population is None else [("population", population)])
    sheets = [inside, *(same_columns(inside, as_raw_records(d, label=label, name=n)) for n, d in others)]
    title = name or (str(model) if isinstance(model, str | Path) else type(model).__name__)
    held = load_object(str(model)) if isinstance(model, str | Path) else model
    if weights is not None:
        held = with_weights(held, weights)
        title += f" with {Path(weights).name}" if not name and isinstance(weights, str | Path) else ""
    notes = _unused(held, inside.x)
    sheets = [RawRecords(features_for(held, s.x), s.y, s.name) for s in sheets]
    view, classes = _view_and_classes(held, sheets, task)
    if checkpoints:
        view = with_snapshots(view, checkpoints)
    records = [with_codes(s, classes) for s in sheets]
    notes += _need_columns(view, records, classes)
    public = records[2] if population is not None else None
    sides = remove_overlap(records[0], records[1], public, allow_overlap=allow_overlap)
    targets, member = shuffled(sides.members, sides.nonmembers, rng=rng)
    people = [targets] if sides.population is None else [targets, sides.population]
    shown = narrowed(view, access)
    known = [(Answers([shown], p), 0) for p in people] if isinstance(shown, BlackBox) else []
    return Subject(
        held,
        view,
        asked_once(shown, *known),
        targets,
        member,
        sides.population,
        classes,
        title,
        (*notes, *sides.notes),
        len(inside),
    )


def _view_and_classes(
    model: Any, sheets: Sequence[RawRecords], task: Task | None
) -> tuple[LabelOnly, Sequence[Any] | None]:
    """The view, and the labels in the order of their codes (None in a regression).

    An estimator is asked for just the labels that there are; the columns of any other model are taken to be
    the classes 0..C-1, or the sorted labels. Labels with fractions mean a regression, unless `task` is given.
    """
    probe = sheets[0].x[:64]
    if task is None and is_estimator(model):
        task = task_of(model)
    if task is None and all(s.y.dtype.kind == "f" and np.any(s.y % 1 != 0) for s in sheets):
        task = "regression"
    if task == "regression" or getattr(model, "task", None) == "regression":
        return as_view(model, task="regression", probe=probe), None
    if is_estimator(model):
        classes: list[Any] = np.unique(np.concatenate([s.y for s in sheets])).tolist()
        return as_view(model, classes=classes), classes
    classes = class_names(sheets)
    return as_view(model, classes=classes, probe=probe), classes


def _unused(model: Any, x: Batch) -> list[str]:
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
    if hasattr(model, "get_params") or hasattr(model, "named_parameters"):
        text = [c for c, kind in x.schema.items() if not (kind.is_numeric() or kind == pl.Boolean())]
        if text:
            raise DataError(
                f"the model takes numbers, but the columns {', '.join(text)} are not: give the encoded "
                "table, or an import path to a pipeline that encodes them (`--model mypkg.mymodel:predict`)."
            )
        return x.cast(pl.Float32 if hasattr(model, "named_parameters") else pl.Float64).to_numpy()
    return x


def _need_columns(view: LabelOnly, records: Sequence[Records], classes: Sequence[Any] | None) -> list[str]:
    """Ask about a handful of records, so that an unusable model is refused before anything is trained.

    Returns a note where the model knows more classes than there are labels.
    """
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
