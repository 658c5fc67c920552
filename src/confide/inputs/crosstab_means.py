"""Means beside counts: columns of them are read, and hidden counts that follow from them are narrowed."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeAlias

import numpy as np

from confide.attacks.reconstruction.crosstabs.counts_from_means import (
    Counted,
    TooManyError,
    counts_from_means,
)
from confide.core.errors import DataError
from confide.core.language import number, t
from confide.inputs.columns import listed
from confide.inputs.crosstab_files import PublishedTable
from confide.inputs.crosstab_marks import MARKS
from confide.views.crosstabs import ALL, Crosstab, Crosstabs

NUMBER = re.compile(r"[-\u2212]?[0-9]{1,15}(?:\.[0-9]{1,15})?")
FRACTION = re.compile(r"[-\u2212]?[0-9]+[.,][0-9]*[1-9][0-9]*")
ROUNDS = 5
"""One narrowed count may narrow others, in other sums."""
SHOWN = 8
"""Terms of a sum that are written out."""
Place: TypeAlias = frozenset[tuple[str, str]]
"""The values that the people of a cell share, by variable."""


@dataclass(frozen=True, slots=True)
class ByMeans:
    """A hidden count that published means narrow.

    Args:
        block: of the tables; empty where there is one alone.
        cell: its values, in words.
        mark: the least and the greatest count that its mark says.
        known: what follows.
        why: the sum that says it.
    """

    block: str
    cell: str
    mark: tuple[int, int]
    known: tuple[int, int]
    why: str


@dataclass(slots=True)
class Means:
    """What means say of hidden counts, in all blocks.

    Args:
        narrowed: the hidden counts that they narrow.
        undecided: sums of which not all counts were tried, in words.
    """

    narrowed: list[ByMeans] = field(default_factory=list[ByMeans])
    undecided: set[str] = field(default_factory=set[str])


def refuse_means(tables: Sequence[PublishedTable], means: Sequence[str]) -> None:
    """Refuse columns of means that no table has, and such columns that nobody named.

    Raises:
        DataError: with the column.
    """
    there = {name for table in tables for cell in table.cells[:1] for name in cell.means}
    for name in means:
        if name not in there:
            columns = sorted({c for table in tables for c in table.columns})
            raise DataError(
                f"no table has a column of means {name!r:.60} beside counts: it is {listed(columns)}."
            )
    for table in tables:
        for cell in table.cells:
            for name, text in cell.means.items():
                if text not in MARKS and not NUMBER.fullmatch(text):
                    raise DataError(
                        f"{table.where(cell)} has the mean {text!r:.40} in {name!r:.40}: write a number with "
                        "a decimal point, or leave it empty."
                    )
        for i, column in enumerate(table.columns):
            values = {value for cell in table.cells if (value := cell.values[i]) is not None}
            fractions = sum(bool(FRACTION.fullmatch(value)) for value in values)
            # Each value of a variable stands beside several values of another one.
            seldom = len(table.columns) > 1 and 2 * len(values) > len(table.cells) > 1
            if table.long and seldom and 2 * fractions > len(values):
                raise DataError(
                    f"{table.name}: column {column!r:.60} holds numbers with fractions, as means are, and no "
                    f"values that people share: say --mean '{column}' if it holds means over the people of "
                    "each cell, or leave it out of the file."
                )


def by_means(view: Crosstabs, tables: Sequence[PublishedTable], block: str, told: Means) -> Crosstabs:
    """The tables of a block with hidden counts narrowed as far as means say, and what was narrowed.

    A mean of people over all values of a variable is compared with the means over each value, wherever they
    stand in the tables.

    Args:
        view: the tables of the block.
        tables: as they are written, in the same order.
        block: its name.
        told: what was narrowed is added to it.

    Raises:
        DataError: for means that no counts fit.
    """
    names = [domain.name for domain in view.domains]
    undecided = set[Place]()
    labels = {domain.name: domain.labels for domain in view.domains}
    counts = _counts(view)
    marks, why = dict(counts), dict[Place, str]()
    means = _means(tables, block)
    for _ in range(ROUNDS):
        before = dict(counts)
        undecided.clear()
        for column, total in means:
            for name in (name for name in names if name not in dict(total)):
                groups = [total | {(name, label)} for label in labels[name]]
                try:
                    _narrow(counts, means, column, total, groups, why, block)
                except TooManyError:
                    undecided.add(total)
        if counts == before:
            break
    for place, ends in counts.items():
        if ends != marks[place]:
            told.narrowed.append(ByMeans(block, _words(place, names), marks[place], ends, why[place]))
    told.undecided |= {_words(total, names) + f" of block {block}" * bool(block) for total in undecided}
    return replace(view, tables=tuple(_narrowed(view, table, counts) for table in view.tables))


def _narrow(
    counts: dict[Place, tuple[int, int]],
    means: Mapping[tuple[str, Place], str],
    column: str,
    total: Place,
    groups: Sequence[Place],
    why: dict[Place, str],
    block: str,
) -> None:
    """Narrow the counts of one sum."""
    every = [*groups, total]
    if any(place not in counts for place in every) or (column, total) not in means:
        return
    # Two tables that contradict each other are refused by who compares them.
    if all(counts[place][0] >= counts[place][1] for place in every):
        return
    read = [_counted(counts[place], means.get((column, place))) for place in every]
    try:
        ends = counts_from_means(read[-1], read[:-1])
    except DataError as error:
        where = f" of block {block}" if block else ""
        told = [(_words(p), means[column, p]) for p in (total, *groups) if (column, p) in means]
        cells = ", ".join(f"{words}: {mean}" for words, mean in told[: SHOWN + 1])
        raise DataError(
            f"the means of {column!r:.40} over {_words(total)}{where} fit no counts ({cells}): correct them, "
            "or leave out --mean if they leave out people whose value is missing."
        ) from error
    if ends is None:
        return
    text = _sum(column, [means.get((column, place), "") for place in every], ends)
    for place, found in zip(every, ends, strict=True):
        if found != counts[place]:
            counts[place], why[place] = found, text


def _counted(ends: tuple[int, int], text: str | None) -> Counted:
    return Counted(*ends, None) if text is None else Counted.of(*ends, text)


def _sum(column: str, texts: Sequence[str], ends: Sequence[tuple[int, int]]) -> str:
    """The sum in words.

    >>> _sum("age", ["50.31", "40.10", "50.00"], [(97, 97), (3, 3), (100, 100)])
    '97 x 50.31 + 3 x 40.10 is 100 x 50.00 (means of age, as they are rounded), and no other counts are'
    """
    terms = [f"{_range(*e)} x {mean}" for mean, e in zip(texts, ends, strict=True) if e[1]]
    *parts, whole = terms
    shown = " + ".join(parts[:SHOWN])
    if len(parts) > SHOWN:
        shown = t("{sum} + {n} more", sum=shown, n=len(parts) - SHOWN)
    return t(
        "{sum} is {whole} (means of {column}, as they are rounded), and no other counts are",
        sum=shown,
        whole=whole,
        column=column,
    )


def _range(low: int, high: int) -> str:
    return number(low, ",") if low == high else t("({low:,} to {high:,})", low=low, high=high)


def _means(tables: Sequence[PublishedTable], block: str) -> dict[tuple[str, Place], str]:
    """The means that are shown, by column and by the values of their people."""
    found: dict[tuple[str, Place], str] = {}
    for table in tables:
        for cell in table.cells:
            if cell.block == block:
                pairs = zip(table.columns, cell.values, strict=True)
                place = frozenset((column, value) for column, value in pairs if value is not None)
                for name, text in cell.means.items():
                    if NUMBER.fullmatch(text):
                        found.setdefault((name, place), text.replace("\u2212", "-"))
    return found


def _counts(view: Crosstabs) -> dict[Place, tuple[int, int]]:
    """The least and the greatest count of each cell."""
    found: dict[Place, tuple[int, int]] = {}
    for table in view.tables:
        for place, low, high in zip(
            _places(view, table), table.low.tolist(), table.high.tolist(), strict=True
        ):
            least, most = found.get(place, (low, high))
            found[place] = max(least, low), min(most, high)
    return found


def _narrowed(view: Crosstabs, table: Crosstab, counts: Mapping[Place, tuple[int, int]]) -> Crosstab:
    ends = np.array([counts[place] for place in _places(view, table)], np.int64).reshape(len(table), 2)
    return replace(table, low=ends[:, 0], high=ends[:, 1])


def _places(view: Crosstabs, table: Crosstab) -> list[Place]:
    held = [view.domains[i] for i in table.columns]
    return [
        frozenset((d.name, d.labels[code]) for d, code in zip(held, codes, strict=True) if code != ALL)
        for codes in table.codes.tolist()
    ]


def _words(place: Place, names: Sequence[str] = ()) -> str:
    order = {name: i for i, name in enumerate(names)}
    parts = sorted(place, key=lambda pair: (order.get(pair[0], 0), pair))
    return ", ".join(f"{name}={value}" for name, value in parts) or "all people"
