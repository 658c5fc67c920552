"""Columns as a model was trained on them: text where its encoder knows text, numbers where it knows numbers.

An encoder that was fitted on "038" and is asked about 38 answers as for a category it has never seen. The
model is then as wrong about members as about others, and an audit would find nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import polars as pl

from confide.core.errors import DataError
from confide.core.language import t
from confide.inputs.aligned import as_text
from confide.inputs.columns import WORDS, first_of, missing
from confide.inputs.records import RawRecords

DEEPEST = 8
"""Levels of estimators inside estimators that are looked at."""
KNOWN = 0.5
"""Of members' values this share at least is known to a model that they trained, unless they are written in
another way."""


@dataclass(frozen=True, slots=True, eq=False)
class Trained:
    """What a model knows of a column.

    Args:
        kind: text or number.
        values: the categories of its encoder; None where only the type is known.
        null: whether missing is one of them.
    """

    kind: Literal["text", "number"]
    values: frozenset[object] | None = None
    null: bool = False


def as_trained(model: Any, sheets: Sequence[RawRecords]) -> tuple[list[RawRecords], list[str]]:
    """The records as the model was trained on them, and what is to be said about it.

    Args:
        model: an estimator, a view of an ONNX file, or anything else, which is not looked into.
        sheets: the members first.

    Raises:
        DataError: if a column holds hardly any value that the model was trained on.
    """
    first = sheets[0]
    if not isinstance(first.x, pl.DataFrame):
        return list(sheets), []
    known = {c: t for c, t in trained_columns(model).items() if c in first.x.columns}
    made = [_converted(sheet, known) for sheet in sheets]
    return made, [note for c, t in known.items() for note in _unknown(made[0], c, t)]


def trained_columns(model: Any) -> Mapping[str, Trained]:
    """What a model knows of each column by name, as far as it says so.

    >>> from sklearn.preprocessing import OneHotEncoder
    >>> fitted = OneHotEncoder().fit(pl.DataFrame({"code": ["038", "7"], "ward": [1, 2]}))
    >>> {c: (t.kind, sorted(t.values)) for c, t in trained_columns(fitted).items()}
    {'code': ('text', ['038', '7']), 'ward': ('number', [1, 2])}
    """
    if hasattr(model, "session") and hasattr(model.session, "get_inputs"):
        return _of_graph(model.session.get_inputs())
    found: dict[str, Trained] = {}
    for names, categories in _encoders(model, None, 0):
        for column, values in zip(names, categories, strict=False):
            if (trained := _of_categories(values)) is not None:
                found.setdefault(str(column), trained)
    return found


def _of_graph(ports: Sequence[Any]) -> Mapping[str, Trained]:
    # One input takes all columns as a matrix, and has no name of theirs.
    if len(ports) < 2:
        return {}
    kinds: dict[str, Literal["text", "number"]] = {
        p.name: "text" if p.type == "tensor(string)" else "number" for p in ports
    }
    return {name: Trained(kind) for name, kind in kinds.items()}


def _of_categories(values: Any) -> Trained | None:
    listed = np.asarray(values, dtype=object).tolist()
    kept = [v for v in listed if not _is_null(v)]
    null = len(kept) < len(listed)
    if not kept:
        return None
    if all(isinstance(v, str) for v in kept):
        return Trained("text", frozenset(kept), null)
    if all(isinstance(v, int | float) and not isinstance(v, bool) for v in kept):
        return Trained("number", frozenset(kept), null)
    return None


def _is_null(value: object) -> bool:
    # NaN alone is not equal to itself; pandas' NA refuses the question.
    return value is None or type(value).__name__ == "NAType" or (isinstance(value, float) and value != value)


def _encoders(part: Any, names: Sequence[Any] | None, depth: int) -> Iterator[tuple[Sequence[Any], Any]]:
    """The columns and categories of each fitted encoder in an estimator."""
    if depth > DEEPEST or part is None or isinstance(part, str):
        return
    own = getattr(part, "feature_names_in_", None)
    names = list(own) if own is not None else names
    categories = getattr(part, "categories_", None)
    if isinstance(categories, list) and names is not None and len(categories) == len(names):
        yield names, categories
        return
    if hasattr(part, "transformers_"):
        for _, inner, columns in part.transformers_:
            yield from _encoders(inner, _named(columns, names), depth + 1)
        return
    steps = getattr(part, "steps", None)
    if isinstance(steps, list):
        for _, step in steps:
            yield from _encoders(step, names, depth + 1)
            # Of what comes after a step that makes other columns, nothing is known.
            if not _keeps_columns(step):
                return
        return
    for attribute in (
        "estimator_",
        "best_estimator_",
        "estimator",
        "classifier_",
        "regressor_",
        "_preprocessor",
    ):
        yield from _encoders(getattr(part, attribute, None), names, depth + 1)
    for attribute in ("estimators_", "calibrated_classifiers_", "transformer_list"):
        several = getattr(part, attribute, None)
        if isinstance(several, list) and several:
            one = several[0][-1] if isinstance(several[0], tuple) else several[0]
            yield from _encoders(one, names, depth + 1)


def _keeps_columns(step: Any) -> bool:
    try:
        return len(step.get_feature_names_out()) == step.n_features_in_
    except Exception:  # some have no names, and some of a user's own raise anything
        return False


def _named(columns: Any, names: Sequence[Any] | None) -> Sequence[Any] | None:
    """The names of the columns that a part gets, which it has by name, by number, by mask or as a slice."""
    if isinstance(columns, str):
        return [columns]
    if isinstance(columns, slice):
        return None if names is None or isinstance(columns.start, str) else list(names)[columns]
    listed = np.asarray(columns).tolist() if columns is not None else []
    if not isinstance(listed, list):
        listed = [listed]
    if all(isinstance(c, str) for c in listed):
        return listed
    if names is None:
        return None
    if all(isinstance(c, bool) for c in listed):
        return [name for name, kept in zip(names, listed, strict=False) if kept]
    return [names[c] for c in listed]


def _converted(sheet: RawRecords, known: Mapping[str, Trained]) -> RawRecords:
    assert isinstance(sheet.x, pl.DataFrame)
    numbers = [c for c, kind in sheet.x.schema.items() if kind.is_numeric() and c in known]
    sheet = as_text(sheet, [c for c in numbers if known[c].kind == "text"])
    assert isinstance(sheet.x, pl.DataFrame)
    made = [_values(sheet.x[c], trained) for c, trained in known.items() if c in sheet.x.columns]
    return replace(sheet, x=sheet.x.with_columns(made))


def _values(column: pl.Series, trained: Trained) -> pl.Series:
    """A column with missing values as the model knows them, and with numbers where it knows numbers."""
    if column.dtype != pl.String:
        return column
    if trained.kind == "number":
        plain = column.to_frame("text").with_columns(missing(column).alias("gone"))
        text = plain.select(pl.when("gone").then(None).otherwise(pl.col("text").str.strip_chars()))
        cast = text.to_series().cast(pl.Float64, strict=False).alias(column.name)
        return cast if cast.null_count() == int(missing(column).sum()) else column
    if trained.values is None:
        return column
    # "?" is a category like any other where the model was trained on it.
    strange = [word for word in WORDS if word not in trained.values]
    if trained.null and strange:
        column = column.replace(strange, [None] * len(strange))
    return column.fill_null("") if not trained.null and "" in trained.values else column


def _unknown(members: RawRecords, column: str, trained: Trained) -> list[str]:
    """A note on members' values that the model was not trained on.

    Raises:
        DataError: if they are most of them.
    """
    assert isinstance(members.x, pl.DataFrame)
    given = members.x[column]
    given = given.filter(~missing(given))
    if trained.values is None or not len(given):
        return []
    text = trained.kind == "text"
    if text != (given.dtype in (pl.String, pl.Categorical, pl.Enum)):
        known = pl.repeat(False, len(given), eager=True)
    else:
        cast = given.cast(pl.String if text else pl.Float64)
        values = pl.Series([str(v) if text else float(v) for v in trained.values])  # pyright: ignore[reportArgumentType]
        known = cast.is_in(values.cast(cast.dtype).implode())
    lost = int((~known).sum())
    if lost > (1 - KNOWN) * len(given):
        examples = ", ".join(map(repr, sorted(trained.values, key=str)[:3]))
        raise DataError(
            f"{members.name}: the model was not trained on {lost:,} of {len(given):,} values of column "
            f"{column!r}, such as {first_of(given, ~known)}; it knows {len(trained.values):,}, such as "
            f"{examples}: write the column as it was in training."
        )
    if not lost:
        return []
    return [
        t(
            "{n:,} values of column {column} in {table} are none that the model was trained on.",
            n=lost,
            column=column,
            table=members.name,
        )
    ]
