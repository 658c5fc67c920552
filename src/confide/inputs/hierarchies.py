"""Files of hierarchies in the format of ARX: a csv file for each column, `value;level 1;...;*`."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from confide.core.arrays import Bools, Floats, Ints
from confide.core.errors import DataError
from confide.core.paths import is_folder
from confide.inputs.columns import LONGEST, WORDS
from confide.views.hierarchy import Hierarchy
from confide.views.table import Domain

SEPARATORS = (";", ",", "\t", "|")
MISSING = "(missing)"
"""The label of a missing value."""
ROOT = "*"
"""The label of all values together."""


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows of a hierarchy as they are written.

    Args:
        file: its name.
        paths: of each value: the value, its group at level 1, ..., its group at the last level.
    """

    file: str
    paths: tuple[tuple[str, ...], ...]


def files_of(folder: Path, columns: Sequence[str]) -> dict[str, Path]:
    """The file of each column that has one: `age.csv`, or a name that ends so, as `adult_hierarchy_age.csv`.

    Letters' case does not count, and - is as good as _: `marital-status.csv` is for the column
    marital_status.

    Raises:
        DataError: if there is no such folder, or if two files are for one column.
    """
    folder = Path(folder)  # a script may give text
    if not is_folder(folder):
        raise DataError(
            f"there is no folder {str(folder)!r:.90}: give one that holds csv files of hierarchies."
        )
    files = sorted(path for path in folder.iterdir() if path.suffix.lower() == ".csv")
    found: dict[str, Path] = {}
    for column in columns:
        exact = [path for path in files if _plain(path.stem) == _plain(column)]
        fits = exact or [path for path in files if _plain(path.stem).endswith("_" + _plain(column))]
        # A file whose name ends in a longer column's name is that column's: not "status" of marital_status.
        fits = [path for path in fits if not any(_closer(path, other, column) for other in columns)]
        if len(fits) > 1:
            raise DataError(
                f"both {fits[0].name!r} and {fits[1].name!r} are for the column {column!r}: keep one."
            )
        if fits:
            found[column] = fits[0]
    return found


def read_rows(path: Path) -> Rows:
    """The rows of a file, whatever separates its values: ; or , or a tab or |.

    Raises:
        DataError: if it is not text, is empty, has rows of different lengths, or has a value twice.
    """
    try:
        text = path.read_bytes().decode("utf-8-sig")
        separator = _separator(text)
        rows = [tuple(cell.strip() for cell in row) for row in _cut(text, separator) if row]
    except (UnicodeDecodeError, csv.Error):
        raise DataError(f"{path.name} is no csv file in UTF-8: save it as one.") from None
    if not rows:
        raise DataError(f"{path.name} is empty: give a row 'value;level 1;...;*' for each value.")
    for number, row in enumerate(rows, 1):
        if len(row) != len(rows[0]):
            raise DataError(
                f"{path.name}: row {number} has {len(row)} levels and row 1 has {len(rows[0])}: give "
                "all rows the same number."
            )
    first: dict[str, int] = {}
    for number, row in enumerate(rows, 1):
        key = MISSING if row[0] in WORDS else "=" + row[0]
        if key in first:
            raise DataError(
                f"{path.name}: rows {first[key]} and {number} are both for the value {_short(row[0])}: keep "
                "one of them."
            )
        first[key] = number
    return Rows(path.name, tuple(rows))


def built(rows: Rows, *, name: str, counted: bool, missing: bool) -> tuple[Domain, Hierarchy]:
    """The domain and the hierarchy of a column, its codes in the order of the leaves.

    Values that no row of the table has are part of both. A missing value is the last code. If the file does
    not have it, it is a branch of its own below the root.

    Args:
        rows: of its file.
        name: of the column.
        counted: whether its values are numbers.
        missing: whether the table has missing values.

    Raises:
        DataError: if groups do not nest (the two rows are named), or a value should be a number and is none.
    """
    _nest(rows)
    empty = np.array([path[0] in WORDS for path in rows.paths])
    numbers = _numbers(rows, empty, name) if counted else None
    # Rows in the order of their numbers, or of the file; a missing one last, and so its groups too.
    base = np.lexsort((np.arange(len(empty)) if numbers is None else np.nan_to_num(numbers), empty))
    levels = [list(level) for level in zip(*rows.paths, strict=True)]
    codes = np.array([_by_appearance([level[i] for i in base]) for level in levels])
    if empty.any():
        codes = np.where(codes == codes[:, -1:], len(base), codes)
    order = base[np.lexsort(codes)]
    labels = [[level[i] for i in order] for level in levels]
    if empty.any():
        labels[0][-1] = MISSING
    elif missing:
        labels = [
            [*level, level[0] if len(set(level)) == 1 and i else MISSING] for i, level in enumerate(labels)
        ]
    return _made(name, labels, None if numbers is None else numbers[order], missing or bool(empty.any()))


def flat(name: str, labels: Sequence[str], levels: Sequence[Sequence[str]]) -> Hierarchy:
    """A hierarchy from the label of each value's group at each level above the values, up to the root.

    >>> flat("c", ["a", "b", "c"], [["ab", "ab", "c"]]).labels
    (('a', 'b', 'c'), ('ab', 'c'), ('*',))
    """
    group, names = [np.arange(len(labels))], [tuple(labels)]
    for level in levels:
        starts = np.array([True, *(a != b for a, b in zip(level[1:], level, strict=False))])
        group.append(np.cumsum(starts) - 1)
        names.append(tuple(label for label, start in zip(level, starts.tolist(), strict=True) if start))
    # One value alone has its own level and that of all: both hold one group.
    if group[-1].any() or len(group) == 1:
        group.append(np.zeros(len(labels), np.int64))
        names.append((ROOT,))
    return Hierarchy(name, np.array(group, np.int32), tuple(names))


def write_hierarchy(path: Path, hierarchy: Hierarchy, *, missing: bool = False) -> None:
    """Write a hierarchy, one row a value; the last value as an empty one if it stands for missing ones."""
    text = io.StringIO()
    writer = csv.writer(text, delimiter=";", lineterminator="\n")
    for value in range(hierarchy.values):
        cells = [names[group[value]] for names, group in zip(hierarchy.labels, hierarchy.group, strict=True)]
        cells[0] = "" if missing and value == hierarchy.values - 1 else cells[0]
        writer.writerow(cells)
    path.write_text(text.getvalue(), encoding="utf-8")


def _made(
    name: str, labels: list[list[str]], numbers: Floats | None, missing: bool
) -> tuple[Domain, Hierarchy]:
    known = None if numbers is None else numbers[~np.isnan(numbers)]
    if numbers is not None and known is not None:
        grown = np.append(known, [np.nan] * missing)
        # Groups that interleave, as odd and even, leave no rising order: the values are categories then.
        numbers = grown if bool((np.diff(known) > 0).all()) else None
    domain = Domain(name, tuple(labels[0]), numbers, missing)
    return domain, flat(name, labels[0], labels[1:])


def _numbers(rows: Rows, empty: Bools, name: str) -> Floats:
    values = np.full(len(empty), np.nan)
    for i, path in enumerate(rows.paths):
        if empty[i]:
            continue
        try:
            values[i] = float(path[0])
        except ValueError:
            raise DataError(
                f"{rows.file}: row {i + 1} is for {_short(path[0])}, and {name!r} is a column of numbers: "
                "write a number."
            ) from None
    return values


def _nest(rows: Rows) -> None:
    """Check that what is one group at a level is one group at all coarser ones."""
    for level in range(1, len(rows.paths[0]) - 1):
        first: dict[str, int] = {}
        for i, path in enumerate(rows.paths):
            j = first.setdefault(path[level], i)
            if rows.paths[j][level + 1] != path[level + 1]:
                raise DataError(
                    f"{rows.file} does not nest: rows {j + 1} and {i + 1} are one group at level {level} and "
                    f"two groups at level {level + 1}: give them one group there, or two at level {level}."
                )


def _by_appearance(labels: Sequence[str]) -> Ints:
    seen: dict[str, int] = {}
    return np.array([seen.setdefault(label, len(seen)) for label in labels], np.int64)


def _separator(text: str) -> str:
    """The one that cuts the rows into the most cells, the same number in each."""
    best, most = SEPARATORS[0], 1
    for separator in SEPARATORS:
        try:
            lengths = {len(row) for row in _cut(text, separator) if row}
        except csv.Error:
            # Quotes that this separator does not explain.
            continue
        if len(lengths) == 1 and (cells := lengths.pop()) > most:
            best, most = separator, cells
    return best


def _cut(text: str, separator: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text), delimiter=separator, strict=True))


def _plain(name: str) -> str:
    return re.sub(r"[^0-9a-z]+", "_", name.casefold()).strip("_")


def _closer(path: Path, other: str, column: str) -> bool:
    longer = len(_plain(other)) > len(_plain(column))
    return longer and ("_" + _plain(path.stem)).endswith("_" + _plain(other))


def _short(value: str) -> str:
    return repr(value if len(value) <= LONGEST else value[: LONGEST - 3] + "...")
