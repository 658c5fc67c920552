"""Workloads of SQL: a query a line that counts people, as the subset of people whose secret it adds up."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.util import find_spec

import numpy as np
import polars as pl

from confide.core.arrays import Bools
from confide.core.errors import ConfideError, DataError
from confide.core.foreign import in_one_line

LONGEST = 20_000
"""Characters of a query."""
AT_ONCE = 64
"""Queries that are answered in one pass over the people."""
SHAPE = "select count(*) from people where SECRET = VALUE and COLUMN between LOW and HIGH"
"""The query that is offered where nothing nearer is known."""


@dataclass(frozen=True, slots=True)
class Question:
    """One query, read.

    Args:
        line: as it is written.
        text: in a uniform spelling.
        where: who is counted; None for everybody.
        adds: whether it adds up the secret, and does not count rows.
        table: what it calls the table; empty for a condition alone.
    """

    line: str
    text: str
    where: pl.Expr | None
    adds: bool
    table: str = ""


@dataclass(frozen=True, slots=True)
class Secret:
    """The secret's column, and the two values that a query may find there.

    Args:
        column: its name.
        yes, no: the value that counts, and the other one; `no` is None where there are several others.
        numeric: whether these are 1 and 0, so that they can be added up.
    """

    column: str
    yes: object
    no: object
    numeric: bool


def questions(lines: Sequence[str], frame: pl.DataFrame, secret: Secret, *, name: str) -> list[Question]:
    """The queries of a workload; empty lines and those that begin with -- are none.

    Raises:
        DataError: with the number of the line, the reason and the nearest query that can be read.
    """
    if find_spec("sqlglot") is None:
        raise DataError(f"{name} is read by sqlglot: `pip install 'confide[query]'`.")
    found: list[Question] = []
    for number, line in enumerate(lines, 1):
        text = line.strip()
        if not text or text.startswith("--"):
            continue
        try:
            found.append(_question(text, frame, secret))
        except ConfideError as why:
            raise DataError(f"{name}, line {number}: {why}") from None
    if not found:
        raise DataError(f"{name} has no queries: write one a line, such as {SHAPE}.")
    tables = list({q.table.lower(): q.table for q in found if q.table}.values())
    if len(tables) > 1:
        raise DataError(
            f"{name} counts in {tables[0]!r:.60} and in {tables[1]!r:.60}, and the records are one table: "
            "leave the queries of the other one out, or write one name."
        )
    return found


def _question(text: str, frame: pl.DataFrame, secret: Secret) -> Question:
    from sqlglot import exp

    from confide.inputs.predicates import Predicates, shown

    tree = _parsed(text)
    if not isinstance(tree, exp.Select):
        where, names = Predicates(frame.schema).condition(tree)
        # A condition alone says whose secrets are added up; one on the secret, who is counted.
        return Question(text, tree.sql(), where, secret.column not in names)
    extra = [k for k, v in tree.args.items() if v and k not in ("expressions", "from_", "where")]
    if extra:
        raise DataError(f"`{extra[0].strip('_')}` cannot be read: write a query such as {SHAPE}.")
    source = tree.args.get("from_")
    table = None if source is None else source.this
    # A function in the place of a table is no name, and a schema's name or a sample is more than one.
    if not (isinstance(table, exp.Table) and isinstance(table.this, exp.Identifier)) or any(
        v for k, v in table.args.items() if k not in ("this", "alias")
    ):
        raise DataError(f"the query counts in no single table: write {SHAPE}.")
    predicates = Predicates(frame.schema, table.alias_or_name.lower())
    if len(tree.expressions) != 1:
        raise DataError(f"the query asks {len(tree.expressions)} things: ask one in a line.")
    (what,) = tree.expressions
    what = what.this if isinstance(what, exp.Alias) else what
    counts = isinstance(what, exp.Count) and isinstance(what.this, exp.Star)
    adds = isinstance(what, exp.Sum) and isinstance(what.this, exp.Column)
    added = what.this.name.lower() if adds else ""
    if not counts and added != secret.column.lower():
        raise DataError(f"{shown(what)} cannot be read: write count(*) or sum({secret.column}).")
    if adds and not secret.numeric:
        raise DataError(
            f"{shown(what)} adds up what is not 0 and 1: write select count(*) ... where {secret.column} = "
            f"{secret.yes!r}."
        )
    condition = tree.args.get("where")
    where = None if condition is None else predicates.condition(condition.this)[0]
    return Question(text, tree.sql(), where, adds, table.name)


def _parsed(text: str):
    """The syntax tree of one query or condition."""
    import sqlglot
    from sqlglot.errors import SqlglotError

    if len(text) > LONGEST:
        raise DataError(f"the query has {len(text):,} characters: write at most {LONGEST:,}.")
    try:
        statement = text.lower().startswith("select")
        # A condition alone is read behind a `where`, so that nothing but a condition can stand there.
        trees = sqlglot.parse(text if statement else f"select 1 where {text}")
    except (SqlglotError, RecursionError) as error:
        errors = getattr(error, "errors", None)
        first = in_one_line(errors[0].get("description") if errors else error)
        raise DataError(f"{text!r:.60} is no SQL ({first.rstrip('.')}): write {SHAPE}.") from None
    # The parser is other people's code, and any text may reach it.
    except Exception as error:
        raise DataError(f"{text!r:.60} cannot be read ({in_one_line(error)}): write {SHAPE}.") from None
    # A semicolon at the end makes no second statement.
    found = [tree for tree in trees if tree is not None]
    if len(found) != 1:
        raise DataError(f"{len(found)} statements stand in one line: write one.")
    if statement:
        return found[0]
    (tree,) = found
    if any(v for k, v in tree.args.items() if v and k not in ("expressions", "where")):
        raise DataError(f"{text!r:.60} is more than a condition: write {SHAPE}.")
    return tree.args["where"].this


def answered(asked: Sequence[Question], frame: pl.DataFrame, secret: Secret) -> Iterator[tuple[Bools, Bools]]:
    """Who is counted by each query if nobody had the secret, and if everybody had: bool[k, n] each."""
    one, none = (_with(frame, secret, value) for value in (secret.yes, secret.no))
    for start in range(0, len(asked), AT_ONCE):
        block = asked[start : start + AT_ONCE]
        masks = [
            (pl.lit(True) if q.where is None else q.where).fill_null(False).alias(str(i))
            for i, q in enumerate(block)
        ]
        # `with_columns` and not `select`, where a mask for everybody would have one row.
        high, low = (
            part.with_columns(masks).select(map(str, range(len(block)))).to_numpy().T for part in (one, none)
        )
        adds = np.array([q.adds for q in block])[:, None]
        # Who adds nothing without the secret is not counted then.
        yield low & ~adds, high


def _with(frame: pl.DataFrame, secret: Secret, value: object) -> pl.DataFrame:
    """Everybody with one value of the secret."""
    return frame.with_columns(pl.lit(value, dtype=frame.schema[secret.column]).alias(secret.column))
