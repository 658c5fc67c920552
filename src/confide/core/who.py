"""Who a target is: where a person stands in the user's own file, and the one way in which they are named."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

from confide.core.arrays import Ints
from confide.core.language import later, t

COUNTED = later(
    "Rows are counted from 1 and without the header; of somebody with several rows the first is named."
)
"""How a report counts rows, wherever it names one."""

ABSENT = 0
"""The row of somebody who has none in the file."""


def standing(
    file: str | Sequence[str], *, row: Ints | None = None, ids: pl.Series | None = None
) -> pl.DataFrame:
    """Where each of n people stands: the columns file, row and id, as far as they are known.

    Args:
        file: the user's file, or that of each person.
        row: int64[n], the row in it, from 1; `ABSENT` where there is none. None for files that are no tables.
        ids: their ids, where the user names a column of ids.

    >>> standing("members.csv", row=np.array([3, 146])).rows()
    [('members.csv', 3), ('members.csv', 146)]
    """
    n = next(len(x) for x in (None if isinstance(file, str) else file, row, ids) if x is not None)
    files = [file] * n if isinstance(file, str) else list(file)
    columns: dict[str, pl.Series] = {"file": pl.Series(files, dtype=pl.String)}
    if row is not None:
        numbers = pl.Series(row, dtype=pl.Int64)
        columns["row"] = pl.select(pl.when(numbers != ABSENT).then(numbers)).to_series()
    if ids is not None:
        columns["id"] = ids.cast(pl.String)
    return pl.DataFrame(columns)


def rows_from_one(n: int) -> Ints:
    """The row of each of n people of whom each has one row, int64[n]."""
    return np.arange(1, n + 1)


def first_rows(column: pl.Series, people: pl.Series) -> Ints:
    """The row, from 1, in which each of these people first stands in the column, int64[n].

    >>> first_rows(pl.Series(["b", "a", "b"]), pl.Series(["a", "b", "c"])).tolist()
    [2, 1, 0]
    """
    # Grouped by polars: a table may have a hundred million rows.
    seen = (
        column.alias("id").to_frame().with_row_index("row", offset=1).group_by("id").agg(pl.col("row").min())
    )
    found = people.alias("id").to_frame().join(seen, on="id", how="left", maintain_order="left")["row"]
    return found.fill_null(ABSENT).cast(pl.Int64).to_numpy()


def whose(who: pl.DataFrame) -> Ints | None:
    """Whom each record is about, int64[n]; None where no column says it.

    >>> whose(standing("a.csv", ids=pl.Series(["x", "y", "x"]))).tolist()
    [1, 2, 1]
    """
    return who["id"].rank("dense").cast(pl.Int64).to_numpy() if "id" in who.columns else None


def table_of(target: Ints | pl.Series, who: pl.DataFrame, *more: pl.Series) -> pl.DataFrame:
    """The table of targets: the number of each in the evidence, where they stand, and what else is known.

    >>> table_of(np.array([7]), standing("a.csv", row=np.array([1])), pl.Series("visits", [3])).rows()
    [(7, 'a.csv', 1, 3)]
    """
    numbers = pl.Series("target", target, dtype=pl.Int64)
    return pl.DataFrame([numbers, *who.get_columns(), *more])


def of_attack(who: pl.DataFrame, attack: str) -> pl.DataFrame:
    """The targets of one attack, where each attack numbers people by itself (column `attack`)."""
    return who.filter(pl.col("attack") == attack).drop("attack") if "attack" in who.columns else who


def named(who: pl.DataFrame) -> list[str]:
    """The name of each person in a report: their id where there is one, and where they stand.

    >>> named(standing("members.csv", row=np.array([146])))
    ['row 146 of members.csv']
    >>> named(standing("visits.csv", row=np.array([12]), ids=pl.Series([405])))
    ['405 (row 12 of visits.csv)']
    """
    nowhere = [None] * len(who)
    files, rows, ids = (who[c].to_list() if c in who.columns else nowhere for c in ("file", "row", "id"))
    return [_name(*parts) for parts in zip(files, rows, ids, strict=True)]


def _name(file: str | None, row: int | None, who: str | None) -> str:
    place = t("row {row} of {file}", row=f"{row}", file=t(file or "")) if row is not None else t(file or "")
    if who is None:
        return place or t("nobody knows who")
    return f"{who} ({place})" if place else who
