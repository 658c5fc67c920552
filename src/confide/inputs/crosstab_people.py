"""The people behind published tables: a row each, with the variables of the tables; they have to fit them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from confide.core.arrays import Ints
from confide.core.errors import DataError
from confide.core.who import rows_from_one, standing
from confide.inputs.columns import need
from confide.inputs.crosstab_text import as_text
from confide.inputs.reading import Reading
from confide.inputs.tables import Tabular, read_table
from confide.mechanisms.statistics.crosstabs import recounted
from confide.views.crosstabs import Crosstabs
from confide.views.table import Domain, Table


@dataclass(frozen=True, slots=True, eq=False)
class BlockPeople:
    """The people behind the tables.

    Args:
        table: n people with the variables of the release, in its order.
        block: int64[n], the number of the block of each.
        names: of the blocks.
        who: where each of them stands in the file.
        name: of the file.
    """

    table: Table
    block: Ints
    names: tuple[str, ...]
    who: pl.DataFrame
    name: str

    def of(self, block: str) -> Table:
        """The people of one block."""
        return self.table.take(self.block == self.names.index(block))

    def need_fit(self, block: str, view: Crosstabs) -> None:
        """Refuse people who are not those behind the tables.

        Raises:
            DataError: naming a cell that counts others.
        """
        for number, (said, counted) in enumerate(
            zip(view.tables, recounted(view, self.of(block)).tables, strict=True)
        ):
            wrong = np.flatnonzero((counted.low < said.low) | (counted.low > said.high))
            if len(wrong):
                at = int(wrong[0])
                ends = (
                    f"{said.low[at]:,}"
                    if said.low[at] == said.high[at]
                    else f"{said.low[at]} to {said.high[at]}"
                )
                where = f" in block {block}" if block else ""
                raise DataError(
                    f"{said.name} counts {ends} people with {view.cell(number, at)}{where}, and "
                    f"{self.name} has "
                    f"{counted.low[at]:,}: give the people behind these tables, or correct --hidden or "
                    f"--absent."
                )


def read_people(
    given: Tabular, domains: Sequence[Domain], block: str | None, blocks: Sequence[str], separator: str | None
) -> BlockPeople:
    """Read the people behind the tables.

    Raises:
        DataError: for a column that is missing or has empty cells, and a value that no table has.
    """
    table = read_table(given, name="data", reading=Reading(separator=separator))
    columns = [domain.name for domain in domains]
    need(table.frame, [*columns, *([block] if block else [])], name=table.name)
    codes = [_coded(table.frame[d.name], d.labels, d.name, table.name) for d in domains]
    inside = (
        _coded(table.frame[block], blocks, block, table.name)
        if block
        else np.zeros(len(table.frame), np.int64)
    )
    return BlockPeople(
        table=Table.of(domains, np.column_stack(codes)),
        block=inside,
        names=tuple(blocks),
        who=standing(table.name, row=rows_from_one(len(table.frame))),
        name=table.name,
    )


def _coded(column: pl.Series, labels: Sequence[str], name: str, file: str) -> Ints:
    """The values as the tables write them, int64[n]."""
    text = as_text(column, file=file)
    found = text.replace_strict(list(labels), list(range(len(labels))), default=None, return_dtype=pl.Int64)
    lost = found.is_null()
    if lost.any():
        row = int(lost.arg_max() or 0)
        raise DataError(
            f"{file}: column {name!r} has {text[row]!r:.40} in row {row + 1}, and no table has that value: "
            f"write "
            "values as the tables do, ages in the same groups."
        )
    return found.to_numpy()
