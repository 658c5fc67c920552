"""From what the user holds to what the game needs: a view, and two sides that can be compared."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from confide.audits.comparable import Sides, separate
from confide.audits.inputs import Sheet, as_sheet, class_names, same_columns, with_codes
from confide.core.arrays import Batch
from confide.core.errors import DataError, ModelError
from confide.core.views import BlackBox, LabelOnly
from confide.learners.loading import as_view, load_model


@dataclass(frozen=True, slots=True, eq=False)
class Subject:
    """A model under audit with the records it is audited on.

    Args:
        model: as the user gave it, for training references by the same recipe.
        view: what the release shows.
        sides: members, non-members and population, with nobody on two sides.
        classes: labels in the order of their codes; None in a regression.
        name: for the report.
    """

    model: Any
    view: LabelOnly
    sides: Sides
    classes: Sequence[Any] | None
    name: str

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
    name: str | None,
    allow_overlap: bool,
) -> Subject:
    """Load and check everything before any work is done.

    Raises:
        DataError, ModelError: one sentence that says what is wrong and what to do.
    """
    inside = as_sheet(members, label=label, name="members")
    outside = same_columns(inside, as_sheet(nonmembers, label=label, name="nonmembers"))
    public = None
    if population is not None:
        public = same_columns(inside, as_sheet(population, label=label, name="population"))
    title = name or (str(model) if isinstance(model, str | Path) else type(model).__name__)
    loaded = load_model(str(model)) if isinstance(model, str | Path) else model
    sheets = [s for s in (inside, outside, public) if s is not None]
    view, classes = _view_and_classes(loaded, sheets)
    records = [with_codes(Sheet(features_for(loaded, s.x), s.y, s.name), classes) for s in sheets]
    sides = separate(
        records[0], records[1], records[2] if public is not None else None, allow_overlap=allow_overlap
    )
    _ask_once(view, sides, classes)
    return Subject(loaded, view, sides, classes, title)


def _view_and_classes(model: Any, sheets: Sequence[Sheet]) -> tuple[LabelOnly, Sequence[Any] | None]:
    """The view, and the classes in the order of its columns (None in a regression)."""
    known = getattr(model, "classes_", None)
    if getattr(model, "task", None) == "regression" or getattr(model, "_estimator_type", "") == "regressor":
        return as_view(model, task="regression"), None
    view = as_view(model)
    if isinstance(view, BlackBox) and view.task == "regression":
        return view, None
    known = getattr(view, "classes", known)
    return view, class_names(sheets, None if known is None else list(known))


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
            raise DataError(f"the model was trained with the columns {', '.join(lacking)}: the files lack them.")
        return x.select([str(n) for n in names])
    if hasattr(model, "get_params") or hasattr(model, "named_parameters"):
        text = [c for c, kind in x.schema.items() if not (kind.is_numeric() or kind == pl.Boolean())]
        if text:
            raise DataError(
                f"the model takes numbers, but the columns {', '.join(text)} are not: give the encoded table, or "
                "an import path to a pipeline that encodes them (`--model mypkg.mymodel:predict`)."
            )
        return x.cast(pl.Float32 if hasattr(model, "named_parameters") else pl.Float64).to_numpy()
    return x


def _ask_once(view: LabelOnly, sides: Sides, classes: Sequence[Any] | None) -> None:
    """Ask about a handful of records, so that an unusable model is refused before anything is trained."""
    few = sides.members.take(np.arange(min(8, len(sides.members))))
    if isinstance(view, BlackBox) and classes is not None:
        columns = view.predict(few.x).shape[1]
        highest = max(
            int(r.y.max()) for r in (sides.members, sides.nonmembers, sides.population) if r is not None and len(r)
        )
        if highest >= columns:
            raise ModelError(
                f"the model answers with {columns} classes, but the labels need {highest + 1} "
                f"({_some(classes)}): give the labels of this model, or the model of these labels."
            )
    else:
        view.labels(few.x)


def _some(classes: Sequence[Any]) -> str:
    shown = ", ".join(str(c) for c in classes[:6])
    return shown + (", ..." if len(classes) > 6 else "")
