"""Files that cannot be compared: too few rows, one file given twice, a column of one value."""

from __future__ import annotations

from collections.abc import Sequence

from confide.core.errors import DataError
from confide.inputs.compared_file import ComparedFile
from confide.inputs.shared_people import refuse_same_file
from confide.views.table import Table as Cells

FEWEST = 40
"""Real people, and control people: half of these are asked about, and 20 measure a rate."""
FEWEST_MADE = 10
"""Synthetic rows: fewer have no density."""


def need_enough(files: Sequence[ComparedFile]) -> None:
    """Refuse files of too few rows."""
    for i, file in enumerate(files):
        least = FEWEST_MADE if i == 1 else FEWEST
        if file.frame.height < least:
            rows = "1 row" if file.frame.height == 1 else f"{file.frame.height} rows"
            raise DataError(
                f"{file.name} has {rows}: give {least} or more, since nothing is measured on fewer."
            )


def refuse_twice(tables: Sequence[Cells], names: Sequence[str]) -> None:
    """Refuse a file that is given in two places: it would be compared with itself, and look safe or lost."""
    sizes = tables[0].sizes
    for first, second, what in (
        (0, 1, "it is the real data, and no synthetic file. Give the file that was generated"),
        (
            0,
            2,
            "its people are the real ones. Give people who were held out when the synthetic file was made",
        ),
        (1, 2, "it is the synthetic file. Give real people who were held out when it was made"),
    ):
        if second < len(tables):
            one, other = ((names[i], tables[i].low) for i in (first, second))
            refuse_same_file(one, other, sizes, what=what)


def refuse_constant(column: Cells, role: str, name: str, file: str) -> None:
    if column.low.min() == column.low.max():
        raise DataError(
            f"{file}: the {role} {name!r} is the same in every row: there is nothing to tell. Name another."
        )
