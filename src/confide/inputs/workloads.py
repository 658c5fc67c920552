"""Workloads: which people's secrets each query adds up, from lines of SQL or from columns of 0 and 1."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import numpy as np
import polars as pl

from confide.core.arrays import Bools, Floats, Ints
from confide.core.errors import DataError
from confide.core.paths import is_there
from confide.inputs.columns import LONGEST, first_of, missing, named_rows, need
from confide.inputs.reading import Reading
from confide.inputs.tables import read_table
from confide.inputs.workload_sql import SHAPE, Secret, answered, questions
from confide.views.answers import Bytes, Subsets

MOST_BITS = 2**33
"""Of people times queries: packed they take 1 GB."""
MIXED = "counts some people who have the secret and others who have not: write two queries, one on each side"


@dataclass(frozen=True, slots=True, eq=False)
class Workload:
    """The queries that depend on the secret, as subsets of the people.

    Args:
        name: of the file, or what to call it.
        subsets: m over n people.
        texts: of the queries: m of them, or none where they are columns.
        base: float64[m], what each query counts if nobody has the secret; everybody knows it.
        sign: int64[m], 1 for a query that counts people who have the secret, -1 for one that counts those who
            have not.
        number: int64[m], which query of the file it is, from 0.
        names: what the queries of the file are called: their lines without empty ones, or their columns.
        table: what the queries call the records; empty where they do not.
    """

    name: str
    subsets: Subsets
    texts: tuple[str, ...]
    base: Floats
    sign: Ints
    number: Ints
    names: tuple[str, ...]
    table: str = ""

    @property
    def asked(self) -> int:
        """How many queries the file has."""
        return len(self.names)

    def named(self, which: int) -> str:
        """A query as a message names it."""
        name = self.names[self.number[which]]
        return f"query {self.number[which] + 1} ({name if len(name) < LONGEST else name[:LONGEST] + '...'})"

    @property
    def wording(self) -> Ints:
        """int64[m], the text of each query by a number."""
        if not self.texts:
            return np.arange(len(self.subsets))
        _, found = np.unique(np.array(self.texts), return_inverse=True)
        return found.astype(np.int64)


def lines_of(given: object, *, name: str) -> tuple[list[str], str] | None:
    """The lines of a workload of SQL, and what to call it; None for a table.

    Raises:
        DataError: if a file is missing or no text.
    """
    if isinstance(given, str | Path) and Path(given).suffix.lower() == ".sql":
        path = Path(given)
        if not is_there(path):
            raise DataError(f"{path} does not exist: check the path.")
        try:
            return path.read_text(encoding="utf-8-sig").splitlines(), path.name
        except UnicodeDecodeError:
            raise DataError(f"{path.name} is no UTF-8 text: save it as UTF-8.") from None
        except OSError as error:
            raise DataError(f"{path} cannot be opened ({error.strerror}): check it.") from error
    if isinstance(given, list | tuple):
        lines = cast(Sequence[object], given)
        wrong = next((one for one in lines if not isinstance(one, str)), None)
        if wrong is not None:
            raise DataError(f"{name} holds a {type(wrong).__name__}: give a list of queries as text.")
        return [str(one) for one in lines], name
    return None


def of_lines(lines: Sequence[str], frame: pl.DataFrame, secret: Secret, *, name: str) -> Workload:
    """A workload of SQL.

    Raises:
        DataError: for a line that cannot be read or counts in two directions, too many queries, or a workload
            of which no query depends on the secret.
    """
    asked = questions(lines, frame, secret, name=name)
    n = frame.height
    _refuse_more(len(asked), n, name)
    packed: list[Bytes] = []
    kept, base, sign = list[int](), list[float](), list[int]()
    start = 0
    for low, high in answered(asked, frame, secret):
        more, fewer = high & ~low, low & ~high
        mixed = more.any(axis=1) & fewer.any(axis=1)
        if mixed.any():
            raise DataError(f"{name}: {asked[start + int(mixed.argmax())].text!r:.200} {MIXED}.")
        depends = more | fewer
        for i in np.flatnonzero(depends.any(axis=1)):
            kept.append(start + int(i))
            base.append(float(low[i].sum()))
            sign.append(1 if more[i].any() else -1)
        packed.append(_packed(depends[depends.any(axis=1)]))
        start += len(low)
    if not kept:
        raise DataError(
            f"no query of {name} depends on {secret.column!r}: their answers say nothing of it. Write for "
            f"example {SHAPE}."
        )
    return Workload(
        name=name,
        subsets=Subsets(packed=np.concatenate(packed, axis=1), people=n),
        texts=tuple(asked[i].text for i in kept),
        base=np.array(base),
        sign=np.array(sign),
        number=np.array(kept),
        names=tuple(q.line for q in asked),
        table=next((q.table for q in asked if q.table), ""),
    )


def of_table(
    given: object, ids: pl.Series | None, *, people: int, name: str, id_column: str | None, reading: Reading
) -> Workload:
    """A workload whose queries are columns of 0 and 1, a row a person.

    Args:
        given: the table, or its file.
        ids: of the people, where a column has them; rows are then found by them, else by their order.
        people: n.
        name: what to call a frame.
        id_column: the column of ids in both tables.
        reading: what the user says about the file.

    Raises:
        DataError: if rows and people do not match, or a cell is neither 0 nor 1.
    """
    table = read_table(given, name=name, reading=reading, ids={id_column or ""})  # pyright: ignore[reportArgumentType]
    frame = table.frame
    if id_column is not None and ids is not None:
        if id_column not in frame.columns:
            raise DataError(
                f"{table.name} has no column {id_column!r}, which names the people of the records: add it, "
                "or leave out `--id` if its rows stand in the order of the records."
            )
        need(frame, [id_column], name=table.name)
        frame = _in_order(frame, ids, id_column, name=table.name)
    elif frame.height != people:
        raise DataError(
            f"{table.name} has {frame.height:,} rows for {people:,} people: give a row for each, in the "
            "order of the records, or a column of ids in both (`--id`)."
        )
    columns = [c for c in frame.columns if c != id_column]
    _refuse_more(len(columns), people, table.name)
    member = np.empty((len(columns), people), np.bool_)
    for i, column in enumerate(columns):
        member[i] = _bits(frame[column], name=table.name)
    kept = np.flatnonzero(member.any(axis=1))
    if not len(kept):
        raise DataError(f"no query of {table.name} counts anybody: give a 1 for each person who is counted.")
    return Workload(
        name=table.name,
        subsets=Subsets(packed=_packed(member[kept]), people=people),
        texts=(),
        base=np.zeros(len(kept)),
        sign=np.ones(len(kept), np.int64),
        number=kept,
        names=tuple(columns),
    )


def _in_order(frame: pl.DataFrame, ids: pl.Series, column: str, *, name: str) -> pl.DataFrame:
    """The rows in the order of the people."""
    own = frame[column].cast(pl.String)
    if own.n_unique() < len(own):
        raise DataError(f"{name}: column {column!r} names {first_of(own.filter(own.is_duplicated()))} twice.")
    wanted = ids.cast(pl.String).alias(column).to_frame()
    found = wanted.join(
        frame.with_columns(own.alias(column)).with_row_index("row of the file"),
        on=column, how="left", maintain_order="left",
    )  # fmt: skip
    lost = found["row of the file"].is_null()
    if lost.any() or frame.height != len(ids):
        raise DataError(
            f"{name} has rows of {frame.height:,} people, of whom {len(ids) - int(lost.sum()):,} are among "
            f"the {len(ids):,} of the records: give a row for each of them and no others."
        )
    return found.drop("row of the file")


def _bits(column: pl.Series, *, name: str) -> Bools:
    kind = column.dtype
    if kind == pl.Boolean:
        yes = column
    elif kind.is_numeric():
        yes = pl.select(pl.when((column == 0) | (column == 1)).then(column == 1)).to_series()
    else:
        raise DataError(
            f"{name}: column {column.name!r:.60} is of type {kind}: give 0 and 1, or say that "
            "it holds the ids of the records too (`--id`)."
        )
    if yes.null_count() or missing(column).any():
        wrong = yes.is_null() | missing(column)
        raise DataError(
            f"{name}: column {column.name!r:.60} is neither 0 nor 1 in {named_rows(wrong)}: give 1 for who "
            "is counted."
        )
    return yes.to_numpy()


def _packed(member: Bools) -> Bytes:
    return np.packbits(member.T, axis=0)


def _refuse_more(queries: int, people: int, name: str) -> None:
    if queries * people > MOST_BITS:
        raise DataError(
            f"{name} has {queries:,} queries over {people:,} people: give at most "
            f"{MOST_BITS // people:,} for this many."
        )
