"""Tables as codes: the values of each column in the order of its hierarchy, read from a file or made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray

from confide.core.arrays import Array, Bools, Floats, Ints
from confide.core.errors import DataError
from confide.inputs.columns import LONGEST
from confide.inputs.columns import missing as is_missing
from confide.inputs.hierarchies import MISSING, built, files_of, read_rows
from confide.inputs.hierarchy_made import (
    MOST_ALIKE,
    alike,
    are_prefixed,
    binned,
    in_order,
    joined,
    of_dates,
    of_numbers,
    of_prefixes,
    padded,
)
from confide.inputs.written_dates import dates_in
from confide.views.hierarchy import Hierarchy
from confide.views.table import Domain


@dataclass(frozen=True, slots=True, eq=False)
class InCodes:
    """Columns as codes, each with its domain and its hierarchy.

    Args:
        domains: of the d columns.
        codes: int32[n, d], in the order of the hierarchies' leaves.
        hierarchies: of the d columns.
        read: the columns whose hierarchy stood in a file; the others' were made.
        hidden: column -> bool[n], cells that are suppressed since the file misses their values.
    """

    domains: tuple[Domain, ...]
    codes: NDArray[np.int32]
    hierarchies: tuple[Hierarchy, ...]
    read: tuple[str, ...] = ()
    hidden: Mapping[str, Bools] = field(default_factory=dict)


def in_codes(
    frame: pl.DataFrame,
    columns: Sequence[str],
    *,
    folder: Path | None = None,
    unseen: Literal["refuse", "suppress"] = "refuse",
    count: Ints | None = None,
) -> InCodes:
    """These columns of a frame as codes, with the hierarchies of a folder, or made ones.

    Numbers and dates get doubling steps of a round unit, postal codes ever shorter beginnings, and of
    categories those are joined whose other columns, of these columns, look most similar. An empty cell, or a
    word for one such as NA, is a value of its own.

    Args:
        frame: one row a person.
        columns: of the frame; numbers, dates, text or truth values.
        folder: of files in the format of ARX, `value;level 1;...;*`; a column without a file is no error.
        unseen: what becomes of a value that a file misses: it is named, or counts as missing.
        count: int64[n], for how many people each row stands; None: for one.

    Raises:
        DataError: if a file misses a value and is to be complete (it is named) or does not nest (two rows
            are named), or a column is of another type.
    """
    files = {} if folder is None else files_of(folder, columns)
    # Under a file of hierarchies text is compared with the file's text.
    raw = {name: _values(frame[name], name, dates=name not in files) for name in columns}
    hidden = dict[str, Bools]()
    if unseen == "suppress":
        for name, path in files.items():
            raw[name], gone = _seen(raw[name], path)
            hidden |= {name: gone} if gone.any() else {}
    given = {name: _from_file(raw[name], path, name) for name, path in files.items()}
    done: list[tuple[Domain, Hierarchy, Ints]] = []
    for name in columns:
        others = [raw[other] for other in columns if other != name]
        done.append(given[name] if name in given else _without_file(raw[name], name, others, count))
    codes = np.empty((frame.height, len(done)), np.int32)
    for i, (_, _, code) in enumerate(done):
        codes[:, i] = code[raw[columns[i]].code]
    return InCodes(tuple(d for d, _, _ in done), codes, tuple(h for _, h, _ in done), tuple(given), hidden)


@dataclass(frozen=True, slots=True, eq=False)
class _Values:
    """The distinct values of a column: labels in their order, numbers and days, and the codes of rows."""

    labels: list[str]
    numbers: Floats | None
    kind: str
    missing: bool
    code: Ints

    @property
    def m(self) -> int:
        return len(self.labels) + self.missing


def _values(column: pl.Series, name: str, *, dates: bool = True) -> _Values:
    empty = is_missing(column)
    if dates and column.dtype == pl.String:
        written = dates_in(column.to_frame("v").select(pl.when(~empty).then(pl.col("v")))["v"])
        column = column if written is None else written
    kind = column.dtype
    if kind.is_numeric():
        column, word = (column.fill_nan(None) if kind.is_float() else column), "number"
        if kind.is_float() and column.is_infinite().any():
            raise DataError(f"column {name!r} holds an infinite number: give numbers, or leave cells empty.")
    elif kind == pl.Date or kind.base_type() == pl.Datetime:
        word = "date"
    elif kind in (pl.String, pl.Boolean, pl.Categorical) or kind.base_type() in (pl.Enum, pl.Categorical):
        column, word = column.cast(pl.String), "text"
    else:
        raise DataError(f"column {name!r} is of type {kind}: give numbers, dates, text or truth values.")
    column = column.to_frame("v").select(pl.when(~empty).then(pl.col("v")))["v"]
    seen = column.drop_nulls().unique().sort()
    places = pl.DataFrame({"v": seen, "at": np.arange(len(seen))})
    code = column.to_frame("v").join(places, on="v", how="left", maintain_order="left")["at"]
    numbers = None
    if word == "number":
        numbers = seen.cast(pl.Float64).to_numpy()
    elif word == "date":
        micros = seen.cast(pl.Datetime("us")).dt.replace_time_zone(None).to_physical()
        numbers = micros.to_numpy() / 86_400e6
    return _Values(
        [_label(value) for value in seen.to_list()],
        numbers,
        word,
        code.null_count() > 0,
        code.fill_null(len(seen)).to_numpy().astype(np.int64),
    )


def as_labels(column: pl.Series) -> pl.Series:
    """Values as the labels of a domain have them, so that a date with a time is the same text everywhere."""
    values = _values(column, column.name)
    return pl.Series(column.name, [*values.labels, ""]).gather(values.code)


def _label(value: object) -> str:
    return f"{value:.0f}" if isinstance(value, float) and value == int(value) else str(value)


def _seen(values: _Values, path: Path) -> tuple[_Values, Bools]:
    """The values without those that a file misses, whose cells then count as missing; and these cells."""
    counted = values.kind == "number"
    domain, _ = built(read_rows(path), name="", counted=counted, missing=False)
    known = {float(label) for label in domain.labels} if counted else set(domain.labels)
    asked = values.labels if values.numbers is None or not counted else values.numbers.tolist()
    kept = np.array([value in known for value in asked], np.bool_)
    if kept.all():
        return values, np.zeros(len(values.code), np.bool_)
    labels = [label for label, stays in zip(values.labels, kept, strict=True) if stays]
    new = np.full(len(kept) + 1, len(labels))
    new[:-1][kept] = np.arange(len(labels))
    gone = np.append(~kept, False)[values.code]
    numbers = None if values.numbers is None else values.numbers[kept]
    return _Values(labels, numbers, values.kind, True, new[values.code]), gone


def _from_file(values: _Values, path: Path, name: str) -> tuple[Domain, Hierarchy, Ints]:
    counted = values.kind == "number"
    rows = read_rows(path)
    domain, hierarchy = built(rows, name=name, counted=counted, missing=values.missing)
    known = domain.labels[: len(domain) - domain.missing]
    # Numbers are compared as numbers: a file's 7 is 7.0 in the table.
    place: dict[object, int] = {float(label) if counted else label: i for i, label in enumerate(known)}
    asked: Sequence[object] = (
        values.labels if values.numbers is None or not counted else values.numbers.tolist()
    )
    code = np.zeros(values.m, np.int64)
    for i, value in enumerate(asked):
        if value not in place:
            label = values.labels[i]
            shown = label if len(label) <= LONGEST else label[: LONGEST - 3] + "..."
            raise DataError(
                f"{path.name} misses the value {shown!r} of column {name!r}: add a row for it, or suppress "
                "such cells (`--unseen suppress`)."
            )
        code[i] = place[value]
    if values.missing:
        code[-1] = len(domain) - 1
    if values.kind == "date":
        domain = _dated(domain, values, code)
    return domain, hierarchy, code


def _dated(domain: Domain, values: _Values, code: Ints) -> Domain:
    """Days of the values of a file, where the table has all of them and the file has them in order."""
    assert values.numbers is not None
    days = np.full(len(domain), np.nan)
    days[code[: len(values.numbers)]] = values.numbers
    known = days[: len(domain) - domain.missing]
    rising = not np.isnan(known).any() and bool((np.diff(known) > 0).all())
    return Domain(domain.name, domain.labels, days if rising else None, domain.missing)


def _without_file(
    values: _Values, name: str, others: Sequence[_Values], count: Ints | None
) -> tuple[Domain, Hierarchy, Ints]:
    order = np.arange(len(values.labels))
    labels = values.labels + [MISSING] * values.missing
    numbers = None if values.numbers is None else np.append(values.numbers, [np.nan] * values.missing)
    codes = _padded(values, name)
    if are_prefixed(name, codes):
        hierarchy = of_prefixes(name, labels, codes)
    elif values.kind == "number" and numbers is not None:
        hierarchy = of_numbers(name, labels, numbers)
    elif values.kind == "date" and numbers is not None:
        hierarchy = of_dates(name, labels, numbers)
    else:
        order, levels = _joined(values, others, count)
        labels = [values.labels[i] for i in order] + [MISSING] * values.missing
        hierarchy = joined(name, labels, levels)
    code = np.empty(values.m, np.int64)
    code[order] = np.arange(len(order))
    if values.missing:
        code[-1] = values.m - 1
    return Domain(name, tuple(labels), numbers, values.missing), hierarchy, code


def _padded(values: _Values, name: str) -> list[str]:
    """Postal codes that were read as numbers, with their zeros again."""
    if values.kind == "number":
        return padded(name, values.labels)
    return values.labels if values.kind == "text" else []


def _joined(values: _Values, others: Sequence[_Values], count: Ints | None) -> tuple[Ints, list[Ints]]:
    m = len(values.labels)
    if m < 3 or m > MOST_ALIKE or not others:
        return np.arange(m), in_order(m)
    here: Bools = values.code < m
    weight = None if count is None else count[here]
    profile: list[Array] = []
    for other in others:
        code = binned(other.code, other.m, count)
        width = int(code.max(initial=0)) + 1
        both = np.bincount(values.code[here] * width + code[here], weights=weight, minlength=m * width)
        profile.append(both.reshape(m, width))
    return alike(profile)
