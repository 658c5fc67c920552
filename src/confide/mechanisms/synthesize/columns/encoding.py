"""Rows of a file as codes of a public domain."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches

import numpy as np
import polars as pl
from numpy.typing import NDArray

from confide.core.arrays import Array, Bools, Ints
from confide.core.errors import DataError
from confide.mechanisms.synthesize.columns.categories import Category, Key
from confide.mechanisms.synthesize.columns.cells import Cells, check_type, read_cells
from confide.mechanisms.synthesize.columns.domain import Modelled, PublicDomain
from confide.views.table import Table

SHOWN = 5
"""Rows that a message names."""


@dataclass(frozen=True, slots=True, eq=False)
class Encoded:
    """Rows as codes.

    Args:
        table: of the columns of the model.
        clipped: column -> cells that count as the nearest bound, or as the other category. It is a function
            of the exact data: for their owner alone.
    """

    table: Table
    clipped: Mapping[str, int]


def encode(frame: pl.DataFrame, domain: PublicDomain, *, people: Ints | None = None) -> Encoded:
    """Rows as codes of the model's columns; the domain comes first, and nothing of it is read from them.

    Where a row breaks `end >= start`, its difference counts as the least one. Columns that follow from others
    are not looked at.

    Args:
        frame: with the columns of the domain, maybe in another order.
        domain: public.
        people: int64[n], whose each row is; None where a row is a person.

    Raises:
        DataError: for a column too many or too few, of another type, or with cells that the domain does not
            have: how many, and the first of them. That is for the owner of the data.

    >>> from confide.mechanisms.synthesize.columns.kinds import Integer
    >>> ages = PublicDomain((Integer("age", 0, 99, bins=10),))
    >>> encode(pl.DataFrame({"age": [5, 99]}), ages).table.low.tolist()
    [[0], [9]]
    """
    read, clipped = read_rows(frame, domain)
    codes = np.empty((len(frame), len(domain.modelled)), np.int32)
    for i, m in enumerate(domain.modelled):
        codes[:, i] = _codes(m, steps_of(m, read))
    return Encoded(Table.of(domain.domains, codes, people=people), clipped)


def read_rows(frame: pl.DataFrame, domain: PublicDomain) -> tuple[Mapping[str, Cells], Mapping[str, int]]:
    """The cells of each column that is coded, and how many were clipped; refuses what the domain lacks.

    Raises:
        DataError: as `encode`.
    """
    check_schema(frame.schema, domain)
    read: dict[str, Cells] = {}
    for column in domain.columns:
        if not isinstance(column, Key) and column.name in domain.plan.order:
            read[column.name] = read_cells(column, frame[column.name])
    return read, _fit(read, domain)


def steps_of(one: Modelled, read: Mapping[str, Cells]) -> Cells:
    """The cells of a column of the model: of a difference, how far its columns are apart."""
    cells = read[one.column.name]
    if one.difference is None or one.cuts is None:
        return cells
    at: Array = cells.at - read[one.difference.lesser].at
    # A row that breaks the rule counts as the least difference.
    return Cells(np.clip(at, one.difference.gap, int(one.cuts.last)), cells.empty, cells.outside)


def check_schema(schema: Mapping[str, pl.DataType], domain: PublicDomain) -> None:
    """Check that names and types of a file are those of a domain; no value is looked at.

    Raises:
        DataError: with what to add, to leave out or to change.
    """
    missing = [c.name for c in domain.columns if c.name not in schema]
    known = {*domain.named, *domain.dropped}
    more = [name for name in schema if name not in known]
    if missing:
        raise DataError(
            f"the domain describes {_listed(missing)}, and the file has {_near(missing[0], list(schema))}: "
            "correct the names, or leave it out of the domain."
        )
    if more:
        raise DataError(
            f"the file has {_listed(more)}, and the domain says nothing about it: describe it, or leave it "
            "out of "
            'the synthetic file with kind = "drop".'
        )
    for column in domain.columns:
        check_type(column, schema[column.name])


def _near(name: str, names: list[str]) -> str:
    """The names most like one, or all."""
    return _listed(get_close_matches(name, names, n=3, cutoff=0.4) or names)


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - 8:,} more" if len(names) > 8 else ""
    return ", ".join(f"{name!r:.60}" for name in names[:8]) + more


def _fit(read: Mapping[str, Cells], domain: PublicDomain) -> Mapping[str, int]:
    """How many cells were clipped; refuses those that may not be."""
    faults, clipped = [], {}
    for name, cells in read.items():
        column = domain.named[name]
        assert not isinstance(column, Key)
        if cells.empty.any() and not column.nulls:
            faults.append(
                f"{name!r:.60} is empty in {_rows(cells.empty)}, and the domain allows no empty cells"
            )
        if not cells.outside.any():
            continue
        clips = column.other is not None if isinstance(column, Category) else column.outside == "clip"
        if clips:
            clipped[name] = int(cells.outside.sum())
        else:
            what = (
                "a value that is not listed" if isinstance(column, Category) else "a value outside the domain"
            )
            faults.append(f"{name!r:.60} has {what} in {_rows(cells.outside)}")
    if faults:
        more = f"; and {len(faults) - 3} columns more" if len(faults) > 3 else ""
        raise DataError(
            f"{'; '.join(faults[:3])}{more}: correct these cells, widen the domain, or say in it what "
            "becomes of "
            'them (nulls = true, outside = "clip", other = "a listed value").'
        )
    return clipped


def _rows(wrong: Bools) -> str:
    at = np.flatnonzero(wrong)
    first = ", ".join(f"{i + 1:,}" for i in at[:SHOWN])
    more = f" and {len(at) - SHOWN:,} more" if len(at) > SHOWN else ""
    return f"{len(at):,} cells (row {first}{more})" if len(at) > 1 else f"1 cell (row {first})"


def _codes(one: Modelled, cells: Cells) -> NDArray[np.int32]:
    at = cells.at if one.cuts is None else one.cuts.codes(cells.at)
    return np.where(cells.empty, len(one.domain) - 1, at).astype(np.int32)
