"""Records that a model is to be trained on, before any is published."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import polars as pl

from confide.core.arrays import Ints, Rng
from confide.core.errors import DataError
from confide.core.fields import check_fields
from confide.core.flags import HOLD, HOW, KNOWS, Column, Flag, Held
from confide.inputs.public_schema import PublicSchema, read_public
from confide.inputs.tables import read_table
from confide.mechanisms.learn.building import Build, built
from confide.models.importing import import_object
from confide.views.records import Records

LOGISTIC = "logistic"
"""The model that is a regression."""
FEWEST = 200
"""Records: a fifth is held out, and half of the others is not trained on."""


@dataclass(frozen=True, slots=True, eq=False)
class Learner:
    """Records that a model is to be trained on, and the public bounds and categories of their columns.

    Models are trained on a random half of the records, again for each budget, and audited on all of them: a
    fair coin decides for each record whether it is in. A fifth of the records is held out to see how often
    the models are right. The adversary knows the records, holds the model, and trains reference models in the
    same way.

    Args:
        data: The records: .parquet or .csv; in Python also a frame.
        label: The column to be predicted; its classes are its values in the schema.
        schema: A .toml file with the columns: values of categories, low and high of numbers.
        model: logistic (regression, or softmax for three classes or more), or mypkg.net:build, a function
            build(features, classes) that returns a PyTorch module; in Python also the function.
        references: How many reference models the adversary trains.

    Raises:
        DataError: for numbers out of range.

    Source: Jayaraman and Evans 2019 compare private training by attacks in this way.
    """

    data: Held
    _: KW_ONLY
    label: Column
    schema: Annotated[Path, Flag(group=HOLD, metavar="FILE")]
    model: Annotated[Any, Flag(group=HOW, metavar="MODEL", parse=str)] = LOGISTIC
    references: Annotated[int, Flag(group=KNOWS, least=2, most=1_000)] = 8

    def __post_init__(self) -> None:
        check_fields(self)
        given: Any = self.schema
        object.__setattr__(self, "schema", Path(given))
        if not 2 <= self.references <= 1_000:
            raise DataError(f"references is {self.references}: give 2 to 1,000.")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LearnerData:
    """The records, encoded.

    Args:
        name: of the file.
        records: whose coins decide.
        held_out: for accuracy.
        rows: int64[records], where each stands in the file, from 0.
        public: what is known of the columns.
        build: build(features, classes) gives the untrained module; None for a regression.
    """

    name: str
    records: Records
    held_out: Records
    rows: Any
    public: PublicSchema
    build: Build | None = None


def read_learner(held: Learner, *, rng: Rng) -> LearnerData:
    """Read, encode and split the records.

    Raises:
        DataError: if they cannot be used.
    """
    given: Any = held.data
    name = Path(str(given)).name if isinstance(given, str | Path) else "data"
    public = read_public(held.schema, label=held.label, without=None)
    frame = read_table(given, name="data").frame
    for column in (held.label, *public.columns.columns):
        if column not in frame.columns:
            raise DataError(f"{name} has no column {column!r:.60}: it has {', '.join(frame.columns)[:200]}.")
    if len(frame) < FEWEST:
        raise DataError(f"{name} has {len(frame)} records: give {FEWEST} or more.")
    records = encoded(frame, public, label=held.label, name=name)
    order = rng.permutation(len(records))
    cut = len(records) // 5
    rows = np.sort(order[cut:])
    return LearnerData(
        name=name,
        records=records.take(rows),
        held_out=records.take(np.sort(order[:cut])),
        rows=rows,
        public=public,
        build=_builder(held.model, features=records.x.shape[1], classes=len(public.classes)),
    )


def _builder(model: Any, *, features: int, classes: int) -> Build | None:
    """The function that builds the module, tried once; None for a regression.

    Raises:
        ModelError: if there is no such function, or it builds no module.
    """
    if isinstance(model, str) and model == LOGISTIC:
        return None
    if not isinstance(model, str) and not callable(model):
        raise DataError(
            f"model is a {type(model).__name__}: give logistic, or the function that builds the module."
        )
    build: Build = import_object(model) if isinstance(model, str) else model
    name = model if isinstance(model, str) else getattr(model, "__name__", type(model).__name__)
    _ = built(build, features=features, classes=classes, name=str(name))
    return build


def encoded(frame: pl.DataFrame, public: PublicSchema, *, label: str, name: str) -> Records:
    """Features by the public columns, float32[n, D], and class codes.

    Raises:
        DataError: if a label is none of the classes, or a column has none of its categories.
    """
    codes = codes_of(frame, public, label=label, name=name)
    public.columns.check(frame)
    return Records(np.asarray(public.columns(frame), np.float32), codes)


def codes_of(frame: pl.DataFrame, public: PublicSchema, *, label: str, name: str) -> Ints:
    """The class code of each record, int64[n]: the place of its label among the sorted classes.

    Raises:
        DataError: if a label is none of the classes: how many, and not which.
    """
    labels = frame[label].to_list()
    classes = np.unique(np.asarray(list(public.classes))).tolist()
    place = {one: code for code, one in enumerate(classes)}
    try:
        # 1.0 is 1 here, and True too: labels of another type match where that leaves no doubt.
        codes = np.array([place.get(one, -1) for one in labels], np.int64)
    except TypeError:
        raise DataError(f"labels of {name} are lists or other objects: give plain values.") from None
    if unknown := int((codes < 0).sum()):
        kinds = {type(one) for one in classes}, {type(one) for one in labels if one is not None}
        other = kinds[0].isdisjoint(kinds[1]) and bool(kinds[1])
        types = f" Labels are {frame[label].dtype}, and the values there {_words(kinds[0])}." if other else ""
        raise DataError(
            f"{unknown:,} labels of {name} are not among the values of {label!r:.60} in the schema: give all "
            f"labels there can be, or leave these rows out.{types}"
        )
    return codes


def _words(kinds: set[type]) -> str:
    words = {str: "texts", bool: "true and false", int: "whole numbers", float: "numbers"}
    return " and ".join(sorted(words.get(kind, kind.__name__) for kind in kinds))
