"""Likes and a table of traits, joined into one set of people: who has what, and which trait."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

import numpy as np
import polars as pl

from confide.core.arrays import Floats
from confide.core.errors import DataError
from confide.inputs.columns import coded, named_rows, need, numbers, read_table
from confide.knowledge.likes import Kind
from confide.views.interactions import Interactions

FEW_VALUES = 20
"""A column of numbers with more distinct values than this is taken for a number, not for classes."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LikesData:
    """Everybody whose likes and trait are known.

    Args:
        name: of the records.
        items: their likes; n people.
        value: float64[n], as in `core.panel.Panel`.
        kind: of the trait.
        labels: the classes' names, by code ("not F", "F"); for a number its column's name.
        person, item: the user's own ids, by code.
        left_out: whom the audit had to leave out, one sentence each.
    """

    name: str
    items: Interactions
    value: Floats
    kind: Kind
    labels: tuple[str, ...]
    person: pl.Series
    item: pl.Series
    left_out: tuple[str, ...]

    @property
    def classes(self) -> int:
        return len(self.labels) if self.kind == "classes" else 2

    @property
    def claim(self) -> str:
        """What is claimed of a person, in words."""
        if self.kind == "number":
            return f"{self.labels[0]} above the middle, {np.median(self.value):g}"
        return self.labels[1] if self.kind == "binary" else "each class"


def read_people(
    records: Any, traits: Any, *, user: str, item: str, trait: str, kind: str, having: str | None, parts: int
) -> LikesData:
    """Read both tables and keep the people that are in both.

    Raises:
        DataError: if a column is not there, a user has two traits, or nothing can be learned of the trait.
    """
    likes, name = read_table(records, name="the records")
    about, traits_name = read_table(traits, name="the traits")
    need(likes, [user, item], name=name)
    need(about, [user], name=traits_name)
    if trait not in about.columns:
        need(about, [trait], name=traits_name)  # says which names are near
    twice = about[user].is_duplicated()
    if twice.any():
        raise DataError(
            f"{traits_name}: users stand more than once, in {named_rows(twice)}: give one row each."
        )
    if likes[user].dtype != about[user].dtype:
        numeric = likes[user].dtype.is_integer() and about[user].dtype.is_integer()
        common = pl.Int64() if numeric else pl.String()
        likes, about = (f.with_columns(pl.col(user).cast(common)) for f in (likes, about))
    missing = about[trait].is_null()
    if about[trait].dtype.is_float():
        missing = missing | about[trait].is_nan()
    told = about.filter(~missing)
    both = told.join(likes.select(user).unique(), on=user, how="semi").sort(user)
    if not both.height:
        raise DataError(f"no user of {name} has {trait!r} in {traits_name}: give the same ids in both.")
    mine = likes.join(both.select(user), on=user, how="semi")
    who, what = coded(mine[user], labels=both[user]), coded(mine[item])
    items = Interactions.of(who.codes, what.codes, people=both.height, items=len(what.labels))
    value, found, labels = _values(both, trait, kind, having, name=traits_name)
    _enough(value, found, labels, trait=trait, parts=parts)
    strangers = likes.select(user).unique().join(about, on=user, how="anti").height
    return LikesData(
        name=Path(name).stem if name.endswith((".parquet", ".csv")) else name,
        items=items,
        value=value,
        kind=found,
        labels=labels,
        person=both[user].cast(pl.String),
        item=what.labels.cast(pl.String),
        left_out=tuple(
            f"{count:,} {words}"
            for count, words in (
                (int(missing.sum()), f"people have no {trait} in {traits_name} and are left out."),
                (told.height - both.height, f"people with a {trait} have no likes and are left out."),
                (strangers, f"people with likes are not in {traits_name} and are left out."),
                (
                    mine.height - len(items),
                    "pairs of a person and an item stand more than once and count once.",
                ),
            )
            if count
        ),
    )


def _values(
    frame: pl.DataFrame, trait: str, kind: str, having: str | None, *, name: str
) -> tuple[Floats, Kind, tuple[str, ...]]:
    """The trait of each person, what kind it is, and the classes' names."""
    column = frame[trait]
    if kind not in ("auto", *get_args(Kind)):
        raise DataError(f"the kind of trait is {kind!r}: say auto, binary, classes or number.")
    distinct = column.n_unique()
    if having is None and (
        kind == "number" or (kind == "auto" and column.dtype.is_numeric() and distinct > FEW_VALUES)
    ):
        return numbers(frame, trait, name=name), "number", (trait,)
    found = coded(column)
    labels = tuple(found.labels.cast(pl.String))
    if having is not None:
        if having not in labels:
            raise DataError(f"nobody has {trait} {having!r}: choose one of {', '.join(labels[:FEW_VALUES])}.")
        yes = found.codes == labels.index(having)
        return yes.astype(np.float64), "binary", (f"{trait} other than {having}", f"{trait} {having}")
    if kind == "binary" and distinct > 2:
        raise DataError(
            f"{trait} has {distinct} values: say which one counts (`having`), or ask for classes."
        )
    if distinct > 2 or kind == "classes":
        return found.codes.astype(np.float64), "classes", labels
    rarer = int(found.codes.mean() <= 0.5)
    names = tuple(f"{trait} {labels[code]}" for code in (1 - rarer, rarer)[:distinct])
    return (found.codes == rarer).astype(np.float64), "binary", names


def _enough(value: Floats, kind: Kind, labels: tuple[str, ...], *, trait: str, parts: int) -> None:
    if len(np.unique(value)) < 2:
        raise DataError(
            f"everybody has the same {trait}: there is nothing to tell apart; choose another trait."
        )
    code = value > np.median(value) if kind == "number" else value.astype(np.int64)
    count = np.bincount(code, minlength=2)
    rarest = int(count.argmin())
    if count[rarest] < parts:
        which = (
            f"{trait} {'above' if rarest else 'not above'} the middle, {np.median(value):g}, is true of"
            if kind == "number"
            else f"{labels[rarest]!r} is true of"
            if kind == "binary"
            else f"{trait} {labels[rarest]!r} is true of"
        )
        raise DataError(
            f"{which} {count[rarest]} {'person' if count[rarest] == 1 else 'people'}, and each of the "
            f"{parts} parts of a cross-validation needs one: leave such people out, join small classes, or "
            "ask for fewer folds."
        )
