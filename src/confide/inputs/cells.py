"""Cells of a released table as text: single values, groups of a hierarchy, ranges and sets."""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping
from datetime import datetime, timedelta

import numpy as np
import polars as pl
from numpy.typing import NDArray

from confide.core.errors import DataError
from confide.inputs.coded_table import as_labels
from confide.inputs.columns import first_of, missing, named_rows
from confide.inputs.written_dates import dates_in, in_iso
from confide.views.hierarchy import Hierarchy
from confide.views.table import Domain

ALL = "*"
"""A cell that may stand for every value."""
EMPTY = ""
"""A missing value; so is any text of `confide.inputs.columns.WORDS`."""
NUMBER = r"[-+]?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?"
SPAN = re.compile(rf"^([\[\(\]]?)\s*({NUMBER})\s*(?:\.\.|-|to|,|;)\s*({NUMBER})\s*([\]\)\[]?)$")
SIGNS = {"<": "<", "<=": "<=", "=<": "<=", "≤": "<=", ">": ">", ">=": ">=", "=>": ">=", "≥": ">="}
BOUND = re.compile(r"^(<=|>=|=<|=>|<|>|≤|≥)\s*(.+)$")
AND_MORE = re.compile(r"^(.+?)\s*\+$")

Ends = tuple[int, int]


def cell_texts(
    domain: Domain, low: NDArray[np.int32], high: NDArray[np.int32], hierarchy: Hierarchy | None = None
) -> list[str]:
    """The cells of a column as text; `cell_ranges` reads them back.

    A single value is its label. A group of the hierarchy is the group's label. Any other range of numbers is
    written 30..39, of categories {a, b}, and the whole domain *.

    >>> age = Domain("age", ("30", "31", "32"), np.array([30.0, 31.0, 32.0]))
    >>> cell_texts(age, np.array([0, 0, 1], np.int32), np.array([2, 1, 1], np.int32))
    ['*', '30..31', '31']
    """
    named = _groups(hierarchy)
    pairs, where = np.unique(np.stack([low, high], axis=1), axis=0, return_inverse=True)
    texts = [_text(domain, named, int(a), int(b)) for a, b in pairs.tolist()]
    return [texts[i] for i in where.ravel().tolist()]


def cell_ranges(
    column: pl.Series,
    domain: Domain,
    *,
    name: str,
    hierarchy: Hierarchy | None = None,
    exact: bool = False,
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """The range of codes that each cell of a released column may stand for, low and high, int32[n].

    Read are values of the domain, labels of the hierarchy, *, ranges of numbers (30..39, 30-39, [30, 40[)
    and of dates (2020-01-01..2020-01-31, between two values of the domain), ranges of both with one end
    (65+, >= 65, > 65, < 30, <= 30, and the same with one sign), which go on to the highest or the lowest
    value of the domain, and sets in braces ({a, b}). A set that is no range is read as the smallest range
    around it.

    Args:
        column: of the released table.
        name: of the released table, for messages.
        exact: whether a number that the domain lacks is refused; else the nearest one stands for it.

    Raises:
        DataError: for a cell that is none of these, with its rows.
    """
    dated = domain.numbers is not None and not _is_number(domain.labels[0])
    if dated and column.dtype == pl.String and (written := dates_in(_there(column))) is not None:
        column = written
    # A time is written in a domain as Python does, and by polars with all its zeros.
    text = as_labels(column) if column.dtype.base_type() == pl.Datetime else column.cast(pl.String)
    # A missing cell is * where the original has no missing values: somebody suppressed it.
    text = pl.select(
        pl.when(missing(column)).then(pl.lit(EMPTY)).otherwise(text.str.strip_chars())
    ).to_series()
    values = text.unique()
    codes = {label.strip(): (i, i) for i, label in enumerate(domain.labels)}
    known = {label: ends for ends, label in _groups(hierarchy).items()} | codes | {ALL: (0, len(domain) - 1)}
    last = len(domain) - 1
    known[EMPTY] = (last, last) if domain.missing else (0, last)
    found = {value: _range(value, domain, known, exact=exact) for value in values.to_list()}
    if dated:  # days in ranges may be written day first
        found |= {
            v: _range(in_iso(v), domain, known, exact=exact) for v, ends in found.items() if ends is None
        }
    lost = [value for value, ends in found.items() if ends is None]
    if lost:
        wrong = text.is_in(pl.Series(lost).implode())
        raise DataError(
            f"{name}: column {domain.name!r} holds {first_of(column, wrong)} in {named_rows(wrong)}, "
            f"which is no value of the original column and no range or group of its values: write a value, "
            "a range such as 30..39 or 65+ of numbers, a set such as {a, b}, or *; groups need the folder of "
            "hierarchies."
        )
    ends = np.array([found[value] for value in values.to_list()], np.int32).reshape(-1, 2)
    where = (
        pl.DataFrame({"value": text})
        .join(
            pl.DataFrame({"value": values, "at": np.arange(len(values))}),
            on="value",
            how="left",
            maintain_order="left",
        )["at"]
        .to_numpy()
    )
    return ends[where, 0], ends[where, 1]


def _there(column: pl.Series) -> pl.Series:
    """A column of text without what stands for a missing value."""
    return column.to_frame("v").select(pl.when(~missing(column)).then(pl.col("v")))["v"]


def _groups(hierarchy: Hierarchy | None) -> Mapping[Ends, str]:
    """Each group's range -> its label, the finest level first where several have one range."""
    named: dict[Ends, str] = {}
    if hierarchy is None:
        return named
    for labels, starts, stops in zip(hierarchy.labels, hierarchy.start, hierarchy.stop, strict=True):
        for label, start, stop in zip(labels, starts.tolist(), stops.tolist(), strict=True):
            named.setdefault((start, stop - 1), label)
    return named


def _text(domain: Domain, named: Mapping[Ends, str], low: int, high: int) -> str:
    last = len(domain) - 1
    if low == high:
        return EMPTY if domain.missing and low == last else domain.labels[low]
    if high - low == last:
        return ALL
    if (low, high) in named:
        return named[low, high]
    labels = domain.labels[low : high + 1]
    # A range that holds missing values has no two numbers as its ends.
    if domain.numbers is not None and not (domain.missing and high == last):
        return f"{domain.labels[low]}..{domain.labels[high]}"
    # Quoted as in a csv file: a label may hold a comma, or a line break.
    quoted = (f'"{x.replace(chr(34), chr(34) * 2)}"' if set(x) & set(',"\r\n') else x for x in labels)
    return "{" + ", ".join(quoted) + "}"


def _range(text: str, domain: Domain, known: Mapping[str, Ends], *, exact: bool) -> Ends | None:
    if text in known:
        return known[text]
    if text.startswith("{") and text.endswith("}"):
        try:
            parts = [part.strip() for part in next(csv.reader([text[1:-1]], skipinitialspace=True), [])]
        except csv.Error:
            return None
        each = [known.get(part) for part in parts]
        inside = [ends for ends in each if ends is not None]
        if len(inside) < len(each) or not each:
            return None
        return min(a for a, _ in inside), max(b for _, b in inside)
    if domain.numbers is None:
        return None
    # From value to value, as they are written: dates are no numbers in text.
    first, _, last = (known.get(part.strip()) for part in text.partition(".."))
    if first is not None and last is not None and first[0] == first[1] <= last[0] == last[1]:
        real = len(domain) - domain.missing
        return (first[0], last[0]) if last[0] < real else None
    return _between(text, domain, exact=exact)


def _between(text: str, domain: Domain, *, exact: bool) -> Ends | None:
    """The codes of the numbers or days in a range that is written with its ends, or with one of them."""
    assert domain.numbers is not None
    numbers = domain.numbers[: len(domain) - domain.missing]
    dated = not _is_number(domain.labels[0])
    low, high, open_low, open_high = -np.inf, np.inf, False, False
    if (one := _half_open(text, dated=dated)) is not None:
        low, high, open_low, open_high = one
    elif dated:  # the number of a day is nothing that people write
        return None
    elif span := SPAN.match(text):
        low, high = float(span[2]), float(span[3])
        open_low, open_high = span[1] in ("(", "]"), span[4] in (")", "[")
    elif _is_number(text):
        low = high = float(text)
    else:
        return None
    first = int(np.searchsorted(numbers, low, side="right" if open_low else "left"))
    last = int(np.searchsorted(numbers, high, side="left" if open_high else "right")) - 1
    if first > last:
        # A number between two of the domain, as noise or a mean makes one: the nearest stands for it.
        if low == high and len(numbers) and not exact:
            at = int(np.abs(numbers - low).argmin())
            return at, at
        return None
    return first, last


def _half_open(text: str, *, dated: bool) -> tuple[float, float, bool, bool] | None:
    """The ends of a range with one end, 65+ or < 30, and whether each end is outside; or None."""
    if more := AND_MORE.match(text):
        sign, end = ">=", more[1]
    elif bound := BOUND.match(text):
        sign, end = SIGNS[bound[1]], bound[2]
    else:
        return None
    at = _day(end) if dated else float(end) if re.fullmatch(NUMBER, end) else None
    if at is None:
        return None
    return (-np.inf, at, False, sign == "<") if sign.startswith("<") else (at, np.inf, sign == ">", False)


def _day(text: str) -> float | None:
    """A date, or a date with a time of day, in days since 1970, as a domain counts them."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return (at.replace(tzinfo=None) - datetime(1970, 1, 1)) / timedelta(days=1)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
