"""Evidence in files: written for the reader, and read from .parquet or .csv."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from confide.core.atomic import atomic_write
from confide.core.errors import EvidenceError
from confide.core.evidence import Evidence, schema
from confide.core.evidence_files import read_file
from confide.core.foreign import in_one_line
from confide.core.lazily import Lazily
from confide.core.parquet import library_errors, write_parquet

if TYPE_CHECKING:
    import polars as pl
else:
    pl = Lazily("polars")


_WRITTEN = {"1": True, "true": True, "0": False, "false": False}
_GIVE = "give 1 (or true) for yes and 0 (or false) for no"
_ROW = "row of the file"  # no short name: the user's table may have a column of it


def _completing() -> dict[str, pl.Expr]:
    """What a file of plain scores leaves out: it means one world in which every claim is right."""
    return {
        "world": pl.lit(0),
        "hit": pl.lit(True),
        "attack": pl.lit("scores"),
        # A row that says not whose it is counts as somebody of their own.
        "target": pl.int_range(pl.len()).over("attack"),
    }


def save(
    parts: Sequence[Evidence],
    path: Path,
    *,
    who: Mapping[str, pl.DataFrame] | None = None,
    shared: bool = False,
) -> None:
    """Write the evidence of one or more attacks to a parquet file, atomically.

    Args:
        who: for each attack by its name, a frame with a row for each target: the column `target` and the
            columns that identify the person. They are added for the reader; `load` ignores them.
        shared: whether others on this machine may read the file.
    """
    # One table for all attacks, so that a reader can query and compare them without joining files.
    # The columns of evidence alone: whatever else a table carries is none.
    frames = [e.table.select(pl.lit(e.attack).alias("attack"), *_columns(e.table)) for e in parts]
    frames = [
        f
        if who is None or e.attack not in who
        else f.join(who[e.attack], on="target", how="left", maintain_order="left")
        for e, f in zip(parts, frames, strict=True)
    ]
    about = {
        e.attack: {
            "access": e.access,
            "game": e.game,
            "randomised": e.randomised,
            "no_coin": e.no_coin,
            "crossed": e.crossed,
            "excluded": e.excluded,
            "sample_of": e.sample_of,
            "seconds": e.seconds,
            "diagnostics": [asdict(w) for w in e.diagnostics],
        }
        for e in parts
    }
    with atomic_write(path, shared=shared) as draft:
        # Diagonal, because attacks may name their targets by different columns.
        write_parquet(pl.concat(frames, how="diagonal"), draft, metadata={"confide": json.dumps(about)})


def load(path: Path, *, kind: str | None = None, ours: bool = False) -> list[Evidence]:
    """Read evidence from .parquet or .csv, one entry for each attack.

    The columns `world`, `target`, `hit` and `attack` are optional.

    Args:
        kind: ".parquet" or ".csv", if the name of the file does not end in one of them.
        ours: whether a seal shows that this user wrote the file: then it need not be tried first.

    Raises:
        DataError: if the file is not a readable table.
        EvidenceError: if a needed column is missing or has another type.
    """
    return [evidence for evidence, _ in load_with_rows(path, kind=kind, ours=ours)]


def load_with_rows(
    path: Path,
    *,
    kind: str | None = None,
    user: str | None = None,
    table: pl.DataFrame | None = None,
    about: Mapping[str, dict[str, Any]] = MappingProxyType({}),
    ours: bool = False,
) -> list[tuple[Evidence, pl.DataFrame]]:
    """Read evidence, and where each target stands in the file.

    Args:
        kind: as in `load`.
        user: the column that says who a row is about; `target` if there is one.
        table, about: what is in the file and beside its rows, where it was read already.
        ours: as in `load`.

    Returns:
        of each attack its evidence, and a row for each target: target, row (the first one, from 1) and, where
        a column says it, id.

    Raises:
        DataError, EvidenceError: as `load`, or if there is no such column of ids, or it has gaps.
    """
    path = Path(path)
    if table is None:
        table, about = read_file(path, kind or path.suffix.lower(), ours=ours)
    if "score" not in table.columns or "exposed" not in table.columns:
        raise EvidenceError(
            f"{path} needs at least the columns exposed and score; it has {', '.join(table.columns[:12])}."
        )
    # Evidence that was kept as a table of its own may have the column of rows already: the place counts.
    table = _identified(table, user, path).drop(_ROW, strict=False).with_row_index(_ROW, offset=1)
    for name, column in _completing().items():
        if name not in table.columns:
            table = table.with_columns(column.alias(name))
    table = _with_yes_and_no(table, path)
    if (kind_of := table.schema["score"]).is_temporal() or kind_of == pl.Boolean:
        raise EvidenceError(f"{path}: column score is of type {kind_of}: give numbers, higher = surer.")
    try:
        # A csv knows no types: 0 and 1 become truth values, whole numbers scores.
        table = table.with_columns(pl.col(c).cast(kind, strict=True) for c, kind in schema().items())
    except library_errors() as error:
        raise EvidenceError(f"{path}: a column cannot be read as its type ({in_one_line(error)}).") from error
    found: list[tuple[Evidence, pl.DataFrame]] = []
    for (name,), part in table.group_by("attack", maintain_order=True):
        own = str(name) in about and user is None  # in a table of anybody's, "person" may mean anything
        evidence = Evidence(part.select(*(_columns(part) if own else schema())), attack=str(name))
        where = part.select(
            "target", pl.col(_ROW).cast(pl.Int64).alias("row"), *["id"] * ("id" in part.columns)
        )
        where = where.unique("target", keep="first", maintain_order=True)
        found.append((replace(evidence, **about.get(str(name), {})), where))
    return found


def _columns(table: pl.DataFrame) -> list[str]:
    """The columns of evidence, with that of whom each row is about where there is one."""
    return [*schema(), *["person"] * (table.schema.get("person") == pl.Int64)]


def _with_yes_and_no(table: pl.DataFrame, path: Path) -> pl.DataFrame:
    """The table with truth values where 1 and 0, or true and false, are written.

    Raises:
        EvidenceError: for anything else: as a truth value, 9 for "unknown" would be a yes.
    """
    for column in ("exposed", "hit"):
        given = table[column]
        if isinstance(given.dtype, pl.String | pl.Categorical | pl.Enum):
            known = given.cast(pl.String).str.strip_chars().str.to_lowercase()
            yes = known.replace_strict(_WRITTEN, default=None, return_dtype=pl.Boolean)
        elif given.dtype.is_numeric():
            yes = pl.select(pl.when((given == 0) | (given == 1)).then(given == 1)).to_series()
        elif isinstance(given.dtype, pl.Boolean | pl.Null):
            yes = given
        else:
            raise EvidenceError(f"{path}: column {column} is of type {given.dtype}: {_GIVE}.")
        wrong = yes.is_null() & given.is_not_null()
        if wrong.any():
            row = int(wrong.arg_true()[0]) + 1
            raise EvidenceError(
                f"{path}: column {column} holds {in_one_line(given.filter(wrong)[0])} in row {row}: {_GIVE}, "
                "and drop rows of which you do not know."
            )
        table = table.with_columns(yes.alias(column))
    return table


def _identified(table: pl.DataFrame, user: str | None, path: Path) -> pl.DataFrame:
    """The table with ids as text in the column `id`, and with people numbered by them; without it if unknown.

    Raises:
        EvidenceError: if the column that was named is missing or has gaps.
    """
    if user is None and "target" not in table.columns:
        return table.drop("id", strict=False)
    if user is None:
        if not table.schema["target"].is_integer():
            raise EvidenceError(
                f"{path}: column target is of type {table.schema['target']}: give whole numbers, or name the "
                "column that says who each row is about."
            )
        return table.with_columns(pl.col("target").cast(pl.String).alias("id"))
    if user not in table.columns or table[user].null_count():
        what = "empty cells in column" if user in table.columns else "no column"
        raise EvidenceError(f"{path} has {what} {user!r}: name the column that says who each row is about.")
    text = table[user].cast(pl.String)
    return table.with_columns(text.alias("id"), (text.rank("dense") - 1).cast(pl.Int64).alias("target"))
