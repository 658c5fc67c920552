"""Private sessions: questions about people, answered with noise under a budget that cannot be overspent."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.util import find_spec
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

from confide.core.budget import Budget, Unit
from confide.core.errors import DataError
from confide.core.fields import shown

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

    from confide.account.costs import Amount
    from confide.account.filters import Composition
    from confide.releases.session.beside import Given
    from confide.releases.session.extract import Extract, Keep
    from confide.releases.session.server import ServerExtract
    from confide.releases.session.session import Session
    from confide.releases.session.spark import SparkExtract

NEEDED = {"duckdb": "duckdb", "sqlglot": "sqlglot", "opendp": "opendp", "sqlalchemy": "SQLAlchemy"}
"""Modules that a session needs -> how they are called."""


def private(
    data: Path | str | DataFrame,
    *,
    unit: Unit,
    budget: Budget | None = None,
    ledger: str,
    table: str | None = None,
    order: tuple[str, ...] | list[str] = (),
    keep: Keep = "memory",
    public: Given | None = None,
    second: Given | None = None,
    analyst: str | None = None,
    parts: Mapping[str, Amount] | None = None,
    composition: Composition | None = None,
) -> Session:
    """Open a private session: analysts ask about people, and never learn an individual.

    Each person's rows are cut to the bound of the unit once, at the start. A question is then charged to the
    ledger before it is answered with noise; the same question again costs nothing.

    Args:
        data: a .parquet file of rows about people; or a database of PostgreSQL, postgresql://HOST/DATABASE,
            or a table of Spark, a DataFrame, spark:TABLE or spark:FOLDER, whose rows never leave. Queries
            call the table by the name of the file, or its own.
        unit: what is hidden: all rows of a person, `Unit.person("user_id", at_most=20)`, or one row,
            `Unit.record()`.
        budget: of epsilon and delta for all questions together; None to go on with a ledger that exists.
        ledger: sqlite:///FILE or postgresql://HOST/DATABASE. It is bound to the bytes of the data; a new one
            is made with the first question that is charged.
        table: of a database, NAME or SCHEMA.NAME; of Spark, what queries call the table.
        order: keep the first rows of a person by these columns, -COLUMN for the last ones; by default rows
            are drawn.
        keep: hold the extract in memory, or in a file that only its owner can read ("file").
        public: public tables to join, {"regions": ("regions.parquet", "state")}: a file and its key. Of a
            database or of Spark it is another table there, {"regions": ("open.regions", "state")}.
        second: a second table about the same people, {"homes": ("homes.parquet", "user_id")}: a file, or a
            table there, and the person's column. One row a person is used, drawn as rows of `data` are.
        analyst: whose part of the budget pays, where parts are given out.
        parts: of a new ledger, shares of the budget for analysts, {"ada": 0.25, "ben": "1/2"}; more are
            admitted later. None for everybody.
        composition: how costs add up (docs/ledger.md).

    Raises:
        DataError: if the file, a column or the unit cannot be used.
        BudgetError: if the budget pays for nothing.
        LedgerError: if the ledger is of other data, another unit or budget, or cannot be used.

    Source: Dwork, McSherry, Nissim, Smith 2006.
    """
    missing = [name for module, name in NEEDED.items() if find_spec(module) is None]
    if missing:
        raise DataError(f"a session needs {', '.join(missing)}: pip install 'confide[query]'.")
    _need_kinds(data, unit, budget, ledger, order)
    from confide.releases.session.opening import open_extract

    order = tuple(order)
    extract = open_extract(data, unit=unit, table=table, order=order, keep=keep, public=public, second=second)
    return _opened(extract, unit, budget, ledger, order, analyst, parts, composition)


def _need_kinds(data: object, unit: object, budget: object, ledger: object, order: object) -> None:
    """Check that what was given is of the kinds that a session is opened with."""
    from confide.core.spark import is_in_spark

    if not isinstance(data, str | PathLike) and not is_in_spark(data):
        raise DataError(
            f"the data are {shown(data)}: give the name of a .parquet file, postgresql://HOST/DATABASE, or a "
            "table of Spark."
        )
    if not isinstance(unit, Unit):
        raise DataError(
            f'the unit is {shown(unit)}: give Unit.person("user_id", at_most=20), or Unit.record().'
        )
    if budget is not None and not isinstance(budget, Budget):
        raise DataError(f"the budget is {shown(budget)}: give one such as Budget(1.0, 1e-6).")
    if not isinstance(ledger, str):
        raise DataError(
            f"the ledger is {shown(ledger)}: write sqlite:///FILE or postgresql://HOST/DATABASE, as a text."
        )
    if not isinstance(order, tuple | list):
        raise DataError(f'the order is {shown(order)}: give a list of columns, such as ["day"].')


def _opened(
    extract: Extract | ServerExtract | SparkExtract,
    unit: Unit,
    budget: Budget | None,
    ledger: str,
    order: tuple[str, ...],
    analyst: str | None,
    parts: Mapping[str, Amount] | None,
    composition: Composition | None,
) -> Session:
    from confide.account.awaited import awaited_ledger
    from confide.account.opening import open_ledger
    from confide.releases.session.session import Session

    try:
        promised = None if budget is None else Budget(budget.epsilon, budget.delta, unit)
        digest = extract.digest
        new = awaited_ledger(ledger, data=digest, budget=promised, composition=composition, parts=parts)
        paying = new or open_ledger(
            ledger, data=digest, budget=promised, unit=unit, parts=parts, composition=composition
        )
    except BaseException:
        extract.close()
        raise
    return Session(extract=extract, ledger=paying, unit=unit, order=order, analyst=analyst)


__all__ = ["private"]
