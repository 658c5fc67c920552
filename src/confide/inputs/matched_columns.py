"""Columns of several files, matched: row numbers left out, names compared, types made the same."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import polars as pl

from confide.core.errors import DataError
from confide.core.language import t
from confide.inputs.columns import first_of, listed, missing, named_rows, need
from confide.inputs.identifier_names import plain
from confide.inputs.tables import Table
from confide.inputs.written_dates import dates_in

Kind: TypeAlias = Literal["number", "date", "text"]

WRITTEN_BY_PANDAS = re.compile(r"(Unnamed: \d+(_level_\d+)?|__index_level_\d+__|)")
"""Names that pandas gives to an index, which nobody gives to a column."""
NAMED_AS_INDEX = re.compile(r"(index|level_\d+|row|rownames?|row_?(nr|no|number|names?))", re.IGNORECASE)
"""Names of an index that may be a column's too: that of an index holds whole numbers, each once."""


@dataclass(frozen=True, slots=True, eq=False)
class OneType:
    """One column as it is in each file, of one type.

    Args:
        columns: float64 numbers, datetimes in microseconds or text, missing cells as null; one for each file.
        kind: what they are.
        note: what was done to join them, a sentence without a value; empty if nothing was.
    """

    columns: tuple[pl.Series, ...]
    kind: Kind
    note: str = ""


def row_numbers(frame: pl.DataFrame) -> list[str]:
    """The columns that number rows, as `DataFrame.to_csv` writes them in front of a table.

    >>> row_numbers(pl.DataFrame({"Unnamed: 0": [3, 1], "index": [5, 5], "age": [1, 2]}))
    ['Unnamed: 0']
    """
    return [
        c.name
        for c in frame.get_columns()
        if c.dtype.is_integer()
        and (
            WRITTEN_BY_PANDAS.fullmatch(c.name)
            or (NAMED_AS_INDEX.fullmatch(c.name) and not c.null_count() and c.n_unique() == len(c))
        )
    ]


def without_row_numbers(table: Table) -> tuple[pl.DataFrame, tuple[str, ...]]:
    """The rows of a table without columns that number them, and what is said about these."""
    found = row_numbers(table.frame)
    # A table of nothing else is left as it is: the columns are what the user has.
    if not found or len(found) == table.frame.width:
        return table.frame, ()
    said = t(
        "{table}: {columns} numbers the rows and is left out. Take it out of what is published: it may say "
        "from which real row a row was made.",
        table=table.name,
        columns=listed([repr(c) for c in found]),
    )
    return table.frame.drop(found), (said,)


def matched_names(
    real: tuple[str, pl.DataFrame], synthetic: tuple[str, pl.DataFrame], *, asked: Sequence[str] = ()
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The columns that real and synthetic rows share, in the order of the real ones, and notes.

    What the synthetic file lacks is not released, and left out. What it has and the real file lacks would be
    published and never looked at, so it is refused.

    Args:
        real, synthetic: name and rows of each file.
        asked: columns that both must have.

    Raises:
        DataError: for such columns, with the nearest names.
    """
    (name, frame), (other, made) = real, synthetic
    for column in asked:
        if column not in frame.columns:
            need(frame, [column], name=name)  # says the nearest names
    extra = [c for c in made.columns if c not in frame.columns]
    lost = [c for c in frame.columns if c not in made.columns]
    if extra:
        near = [f"{c!r} for {hint!r}" for c in extra if (hint := _nearest(c, lost))]
        hint = f" Does it write {', '.join(near[:5])}?" if near else ""
        raise DataError(
            f"{other} has columns that {name} lacks: {listed([repr(c) for c in extra])}.{hint} Give columns "
            "one name in all files, and drop from the synthetic file what will not be published: what is "
            "published and not looked at could give people away unseen."
        )
    for column in asked:
        if column in lost:
            raise DataError(
                f"{other} has no column {column!r}, so nothing is released of it: leave it out, or give the "
                f"synthetic file that has it. It has {listed(made.columns)}."
            )
    notes = (
        ()
        if not lost
        else (
            t(
                "Columns of {name} that {other} does not have are left out, since they are not released: "
                "{columns}.",
                name=name,
                other=other,
                columns=listed(lost),
            ),
        )
    )
    return tuple(c for c in frame.columns if c not in lost), notes


def need_the_same(columns: Sequence[str], other: tuple[str, pl.DataFrame], *, name: str) -> None:
    """Check that a file has these columns of the file `name`.

    Raises:
        DataError: with those that it lacks and the nearest names.
    """
    lost = [c for c in columns if c not in other[1].columns]
    if lost:
        more = [c for c in other[1].columns if c not in columns]
        near = [f"{hint!r} for {c!r}" for c in lost if (hint := _nearest(c, more))]
        hint = f" Does it write {', '.join(near[:5])}?" if near else ""
        raise DataError(
            f"{other[0]} lacks columns of {name}: {listed([repr(c) for c in lost])}.{hint} Give the same "
            "columns in all files."
        )


def of_one_type(columns: Sequence[pl.Series], files: Sequence[str]) -> OneType:
    """One column of each file, all of one type.

    A csv file cannot say its types, and generators change them: numbers written as text are numbers if every
    cell of the text is one, dates likewise, and truth values are what they are called.

    Args:
        columns: of the same name, one for each file.
        files: what to call the files in messages.

    Raises:
        DataError: for types that no reading makes the same, with the first such row.

    >>> of_one_type([pl.Series("n", [7, 8]), pl.Series("n", ["7.0", "?"])], ["a", "b"]).columns[1].to_list()
    [7.0, None]
    """
    plain_ones = [_without_words(column) for column in columns]
    kinds = [_kind(column, file) for column, file in zip(plain_ones, files, strict=True)]
    there = {kind for kind in kinds if kind != "empty"}
    if there <= {"number", "truth"} and there:
        # A truth value beside numbers is 0 or 1; alone it is a category.
        if there == {"truth"}:
            return OneType(tuple(c.cast(pl.String) for c in plain_ones), "text")
        return OneType(tuple(_finite(c, f) for c, f in zip(plain_ones, files, strict=True)), "number")
    if there <= {"date"} and there:
        return OneType(tuple(map(_moments, plain_ones)), "date")
    if there <= {"text", "truth"}:
        texts = [c.cast(pl.String) for c in plain_ones]
        dates = [dates_in(c) if c.null_count() < len(c) else c.cast(pl.Date) for c in texts]
        if there == {"text"} and all(d is not None for d in dates):
            return OneType(
                tuple(_moments(d) for d in dates if d is not None),
                "date",
                t("{column} is text in all files and was read as dates.", column=columns[0].name),
            )
        return OneType(tuple(texts), "text")
    return _joined(plain_ones, kinds, files)


def _joined(columns: Sequence[pl.Series], kinds: Sequence[str], files: Sequence[str]) -> OneType:
    """Columns of which some are text, and the others numbers or dates."""
    name = columns[0].name
    # As the first file has it that says a type: text says none.
    said = next(kind for kind in kinds if kind not in ("text", "empty"))
    to: Kind = "date" if said == "date" else "number"
    made: list[pl.Series] = []
    for column, kind, file in zip(columns, kinds, files, strict=True):
        if kind == "text":
            parsed = _as_numbers(column) if to == "number" else _as_dates(column)
            lost = parsed.is_null() & column.is_not_null()
            if lost.any():
                typed = files[kinds.index(said)]
                raise DataError(
                    f"{file}: column {name!r} is text, and {to}s in {typed}: {named_rows(lost)} "
                    f"({first_of(column, lost)}) cannot be read as a {to}. Write the column in one way "
                    "in all files."
                )
            made.append(parsed)
        elif kind in (to, "empty") or (to == "number" and kind == "truth"):
            made.append(_finite(column, file) if to == "number" else _moments(column))
        else:
            typed = files[kinds.index(said)]
            raise DataError(
                f"{file}: column {name!r} is of type {column.dtype}, and {to}s in {typed}: write it in one "
                "way in all files."
            )
    texts = [file for file, kind in zip(files, kinds, strict=True) if kind == "text"]
    values = {"column": name, "files": t(" and ").join(texts)}
    if to == "number":
        said = t("{column} is text in {files}, and was read as numbers, as it is elsewhere.", **values)
    else:
        said = t("{column} is text in {files}, and was read as dates, as it is elsewhere.", **values)
    return OneType(tuple(made), to, said)


def _without_words(column: pl.Series) -> pl.Series:
    """A column whose missing cells, however they are written, are null."""
    empty = missing(column)
    if not empty.any():
        return column
    return column.to_frame("v").select(pl.when(~empty).then(pl.col("v")))["v"].alias(column.name)


def _kind(column: pl.Series, file: str) -> str:
    kind = column.dtype
    if kind == pl.Null or column.null_count() == len(column):
        return "empty"
    if kind.is_numeric():
        return "number"
    if kind == pl.Boolean:
        return "truth"
    if kind == pl.Date or kind.base_type() == pl.Datetime:
        return "date"
    if kind == pl.String or kind.base_type() in (pl.Enum, pl.Categorical):
        return "text"
    raise DataError(
        f"{file}: column {column.name!r} is of type {kind}: give numbers, dates, text or truth values, or "
        "drop it from all files."
    )


def _as_numbers(text: pl.Series) -> pl.Series:
    found = text.cast(pl.String).str.strip_chars().cast(pl.Float64, strict=False).alias(text.name)
    # "inf" parses, and is no number that a distance can be taken of.
    return (
        found.to_frame("v").select(pl.when(pl.col("v").is_finite()).then(pl.col("v")))["v"].alias(text.name)
    )


def _as_dates(text: pl.Series) -> pl.Series:
    found = dates_in(text.cast(pl.String))
    return pl.Series(text.name, [None] * len(text), pl.Datetime("us")) if found is None else _moments(found)


def _finite(column: pl.Series, file: str) -> pl.Series:
    numbers = column.cast(pl.Float64)
    wrong = numbers.is_infinite().fill_null(False)
    if wrong.any():
        raise DataError(
            f"{file}: column {column.name!r} is infinite in {named_rows(wrong)}: give numbers, or leave "
            "cells empty."
        )
    return numbers


def _moments(column: pl.Series) -> pl.Series:
    moments = column.cast(pl.Datetime("us")) if column.dtype != pl.Datetime("us") else column
    kind = moments.dtype
    zoned = isinstance(kind, pl.Datetime) and kind.time_zone is not None
    return moments.dt.replace_time_zone(None) if zoned else moments


def _nearest(name: str, among: Sequence[str]) -> str:
    """The most similar of these names; empty if none is."""
    same = [other for other in among if plain(other) == plain(name)]
    near = same or difflib.get_close_matches(name, among, n=1, cutoff=0.6)
    return near[0] if near else ""
