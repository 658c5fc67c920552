"""Counts of a secret that are to be published, or are: people, queries and answers, read and checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass
from pathlib import Path
from typing import Annotated

import polars as pl

from confide.core.arrays import Bools, Ints
from confide.core.errors import DataError
from confide.core.fields import check_fields
from confide.core.flags import HOLD, HOW, KNOWS, Column, Flag, Held, OptionalColumn
from confide.core.flags import Table as AnyTable
from confide.core.language import t
from confide.core.who import rows_from_one, standing
from confide.inputs.columns import first_of, need, need_ids
from confide.inputs.published_answers import Given, given_answers, published, texts_of
from confide.inputs.reading import Decimal, Separator, reading_of
from confide.inputs.tables import Table, read_table
from confide.inputs.workload_sql import Secret
from confide.inputs.workloads import Workload, lines_of, of_lines, of_table
from confide.views.answers import Answers as AnswersView

FEWEST = 40
"""Questions at least: an interval needs two groups."""
FEWEST_PEOPLE = 10
"""People at least: among fewer there is no crowd to hide in."""
USUAL = "people"
"""What a query may call the records besides the name of their file."""
VALUES_SHOWN = 12
"""Values of a secret that a message lists; where there are more, they may be people's own."""


@dataclass(frozen=True, slots=True, eq=False)
class Answers:
    """Records of people of which only answers to queries are published: how many people have a secret.

    Each query counts some people who have the secret. Somebody who knows all columns but the secret knows who
    is counted by which query, and solves for everybody's secret. With a workload confide answers the queries
    itself. Then a fair coin decides for each person who is asked about what their secret is in the data, and
    the adversary is judged by how much likelier it says "they have it" of those who have. Answers that exist
    can be given too; nobody can be held out of them.

    Args:
        records: Everybody's records, one row a person: .parquet or .csv; in Python also a data frame.
        secret: The column with the secret. It has two values.
        having: The value that counts as having the secret; all other values count as not having it.
        workload: The queries: a .sql file with one query or condition a line, or a table with a row a person
            and a column of 0 and 1 for each query; in Python also a list of queries.
        answers: Answers that exist, if they do: a table with a column `answer`, a row for each query in the
            order of the workload, or with a column `query` that holds its text.
        noise: The deviation of normal noise on each answer, in people: that of the answers that exist, or
            what confide adds to those that it computes.
        id: The column of the records that says who, if there is one.
        targets: About how many times the adversary is asked whether somebody has the secret.
        separator: What stands between the values of csv files, such as ; or tab, where that is not seen.
        decimal: The decimal sign of csv files, . or a comma, where that is not seen.

    Raises:
        DataError: for numbers out of range, or neither a workload nor answers.

    Source: Dinur, Nissim 2003.
    """

    records: Held
    _: KW_ONLY
    secret: Column
    having: Annotated[str | None, Flag(group=KNOWS, metavar="VALUE")] = None
    workload: AnyTable | None = None
    answers: AnyTable | None = None
    noise: Annotated[float, Flag(group=HOLD, metavar="DEVIATION")] = 0.0
    id: OptionalColumn = None
    targets: Annotated[int, Flag(group=HOW, least=FEWEST)] = 1_000
    separator: Separator = None
    decimal: Decimal = None

    def __post_init__(self) -> None:
        check_fields(self)
        _ = reading_of(self)
        if self.workload is None and self.answers is None:
            raise DataError("nothing says what is asked: give the queries (`--workload`).")
        if not 0 <= self.noise <= 1e9:
            raise DataError(f"noise is {self.noise}: give its deviation in people, from 0 on.")
        if self.targets < FEWEST:
            raise DataError(f"targets is {self.targets}: ask {FEWEST} times or more.")
        if self.id is not None and self.id == self.secret:
            raise DataError(f"the secret and the ids are both {self.id!r}: name two columns.")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class AnswersData:
    """The people, their secrets, and the queries.

    Args:
        name: of the records.
        bits: bool[n], who has the secret.
        having: the value that counts, in words.
        workload: the queries that depend on the secret.
        wording: int64[m], the text of each query by a number.
        released: answers that exist; None where confide computes them.
        others: the columns beside secret and ids.
        who: where each person stands in the records (`confide.core.who.standing`).
        notes: what the reader must know, in sentences.
        unsettled: what cannot be settled about answers that exist, in a few words -> why.
    """

    name: str
    bits: Bools
    having: str
    workload: Workload
    wording: Ints
    released: AnswersView | None
    others: pl.DataFrame
    who: pl.DataFrame
    notes: tuple[str, ...]
    unsettled: Mapping[str, str]


def read_answers(held: Answers) -> AnswersData:
    """Read records, queries and answers.

    Raises:
        DataError: for a secret that is not two-valued, queries that cannot be read or do not depend on it, or
            answers that no such records can have.
    """
    reading = reading_of(held)
    table = read_table(held.records, name="records", reading=reading, ids={held.id or ""})
    frame = _plain(table.frame)
    need(frame, [held.secret], name=table.name)
    ids = None
    if held.id is not None:
        need_ids(frame, [held.id], name=table.name)
        ids = frame[held.id]
        if ids.n_unique() < len(ids):
            raise DataError(
                f"{table.name}: column {held.id!r} names {first_of(ids.filter(ids.is_duplicated()))} in "
                "several rows: give one row a person."
            )
    if frame.height < FEWEST_PEOPLE:
        raise DataError(f"{table.name} has {frame.height} people: give {FEWEST_PEOPLE} or more.")
    secret, bits = _secret(frame[held.secret], held.having, name=table.name)
    answers = None
    if held.answers is not None:
        answers = read_table(held.answers, name="answers", reading=reading)
    workload, given = _asked(held, frame, ids, secret, answers)
    released = None if given is None else published(given, workload, bits, noise=held.noise)
    left = workload.asked - len(workload.subsets)
    useless = t(
        "{left:,} of {asked:,} queries do not depend on the secret, and are left out.",
        left=left,
        asked=workload.asked,
    )
    notes = (useless,) * (left > 0)
    notes += _other_name(workload, table.name)
    notes += () if released is None else released.notes
    return AnswersData(
        name=table.name,
        bits=bits,
        having=f"{held.secret} = {secret.yes}",
        workload=workload,
        wording=workload.wording,
        released=None if released is None else released.view,
        others=frame.drop([c for c in (held.secret, held.id) if c is not None]),
        who=standing(table.name, row=rows_from_one(frame.height), ids=ids),
        notes=notes,
        unsettled={} if released is None else released.unsettled,
    )


def _other_name(workload: Workload, records: str) -> tuple[str, ...]:
    """That the queries call the records by another name, which might be another table."""
    if workload.table.lower() in ("", USUAL, Path(records).stem.lower()):
        return ()
    return (
        t(
            "The queries count in {table!r:.60}, and the records are {records}: the name is ignored, "
            "and all queries are asked of these records. Check that they are meant.",
            table=workload.table,
            records=records,
        ),
    )


def _plain(frame: pl.DataFrame) -> pl.DataFrame:
    """Words as text, and what is no number as missing: so conditions have the meaning of SQL."""
    words = [c for c, kind in frame.schema.items() if kind in (pl.Categorical, pl.Enum)]
    floats = [c for c, kind in frame.schema.items() if kind.is_float()]
    return frame.with_columns(pl.col(words).cast(pl.String), pl.col(floats).fill_nan(None))


def _secret(column: pl.Series, having: str | None, *, name: str) -> tuple[Secret, Bools]:
    """The secret's two values, and who has it.

    Raises:
        DataError: if it has not two values, or not the one that counts.
    """
    kind = column.dtype
    if not (kind.is_numeric() or kind in (pl.Boolean, pl.String)):
        raise DataError(f"{name}: the secret {column.name!r} is of type {kind}: give one with two values.")
    # The rarer value first: it is what people would keep to themselves.
    count = column.value_counts(name="people").sort("people", column.name, descending=(False, True))
    values = count[column.name]
    listed = ", ".join(first_of(values[i : i + 1]) for i in range(len(values)))
    if len(values) > VALUES_SHOWN:
        listed = f"one of {len(values):,} values"
    if len(values) < 2:
        raise DataError(f"{name}: everybody's {column.name!r} is {listed}: there is nothing to find out.")
    if having is None and len(values) > 2:
        raise DataError(
            f"{name}: the secret {column.name!r} is {listed}, and two values are needed: say which one "
            "counts (`--having`)."
        )
    numeric = kind == pl.Boolean or (kind.is_numeric() and set(values.to_list()) == {0, 1})
    yes = values.max() if numeric and having is None else values[0]
    if having is not None:
        found = [v for v in values.to_list() if str(v).lower() == having.strip().lower()]
        if len(found) != 1:
            raise DataError(f"{name}: {column.name!r} is never {having!r:.60}: it is {listed}.")
        (yes,) = found
    others = values.filter(values != yes).to_list()
    secret = Secret(column.name, yes, others[0] if len(others) == 1 else None, numeric and bool(yes))
    return secret, (column == yes).to_numpy()


def _asked(
    held: Answers, frame: pl.DataFrame, ids: pl.Series | None, secret: Secret, answers: Table | None
) -> tuple[Workload, Given | None]:
    """The workload, and the answers that exist in its order."""
    if held.workload is None:
        assert answers is not None
        lines = texts_of(answers)
        workload = of_lines(lines, frame, secret, name=answers.name)
        return workload, given_answers(answers, workload, named=False)
    found = lines_of(held.workload, name="workload")
    if found is not None:
        workload = of_lines(found[0], frame, secret, name=found[1])
    else:
        workload = of_table(
            held.workload,
            ids,
            people=frame.height,
            name="workload",
            id_column=held.id,
            reading=reading_of(held),
        )
    return workload, None if answers is None else given_answers(answers, workload, named=True)
