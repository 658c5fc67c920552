"""Extracts on a cluster: a table of Spark whose rows never leave; aggregates of a cut copy come back."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from contextlib import suppress
from hashlib import sha256
from typing import Literal

from py4j.protocol import Py4JError
from pyspark.errors import PySparkException
from pyspark.sql import DataFrame, SparkSession

from confide.core.budget import Unit
from confide.core.errors import DataError
from confide.core.spark import SCHEME, backticked, is_in_spark, said, table_of
from confide.inputs.large.store import refuse_like_names
from confide.releases.session.beside import Beside, joint_digest, salt_of
from confide.releases.session.extract import TABLE, unit_column
from confide.releases.sql import Column, PersonTable, PrivateTable, PublicTable, Schema, kind_of
from confide.releases.sql.refusal import offered

SETTINGS = {
    # A sum or a difference that does not fit is an error, and never another number.
    "spark.sql.ansi.enabled": "true",
    "spark.sql.session.timeZone": "UTC",
    # Texts and names mean what they say.
    "spark.sql.variable.substitute": "false",
    "spark.sql.parser.escapedStringLiterals": "false",
}
"""Of the session of Spark that all statements run in, whatever the user's own session says."""
OWN, RANK = "confide_own", "confide_rank"


class SparkExtract:
    """The rows of a session as a copy that the executors of Spark hold, and no other session names.

    The rows are copied once, in the user's own session, and cut from this copy: a table that changes, or that
    Spark would compute again and otherwise, changes no answer. The copies are local checkpoints. Where an
    executor is lost with its part, a question fails; nothing is read again from the table.

    A person's draw is a function of the salt and of their own rows alone: these are numbered by what is in
    them. Only rows of people above the bound go through a window.

    Args:
        frame: the table.
        name: what queries call the table.
        unit: what the promise hides.
        order: columns by which a person's rows are kept; empty for a draw by `salt`.
        salt: of the draw.
        beside: tables of the same Spark that queries may join.

    Raises:
        DataError: if Spark, a table or a column cannot be used.
    """

    dialect: Literal["spark"] = "spark"

    def __init__(
        self,
        frame: DataFrame,
        name: str,
        *,
        unit: Unit,
        order: tuple[str, ...],
        salt: tuple[int, int],
        beside: Sequence[Beside] = (),
    ) -> None:
        self._name = name
        named, columns = columns_of(frame, name)
        refuse_like_names([*named, OWN, RANK], self._name)
        for column in order:
            if column.removeprefix("-") not in columns:
                raise DataError(f"the order names no column {column!r:.60}: {offered(column, columns)}.")
        table = PrivateTable(
            name=self._name,
            columns=columns,
            source=(TABLE,),
            unit=unit_column(unit, named, columns, self._name),
            at_most=unit.at_most or 1 if unit.kind == "person" else 1,
        )
        self._held = list[DataFrame]()
        self._spark = asking(frame.sparkSession)
        try:
            own = self._fill(frame, named, table, order, salt)
            joined = [self._joined(one, i, salt_of(salt, i)) for i, one in enumerate(beside, 1)]
            self.schema = Schema(table, tuple(made for made, _ in joined))
        except BaseException:
            self.close()
            raise
        self.digest = joint_digest(own, [told for made, told in joined if isinstance(made, PersonTable)])
        """Of all tables about people; a function of the exact data, for the ledger alone."""
        self.public = [told for made, told in joined if isinstance(made, PublicTable)]
        """Digests of the public tables: an answer depends on them too."""

    def ask(self, statement: str) -> Sequence[Sequence[object]]:
        """All rows that a statement answers.

        Raises:
            DataError: if it fails.
        """
        try:
            return [tuple(row) for row in self._spark.sql(statement).collect()]
        except (PySparkException, Py4JError, OSError) as error:
            raise self._failed(error) from None

    @property
    def derived(self) -> dict[str, str]:
        """No column is derived on a cluster."""
        return {}

    def need_unchanged(self) -> None:
        """The copy does not change."""

    def close(self) -> None:
        """Remove the copies from the executors."""
        while self._held:
            self._let_go(self._held[-1])

    def _joined(
        self, one: Beside, number: int, salt: tuple[int, int]
    ) -> tuple[PublicTable | PersonTable, str]:
        """Make the copy of a table beside it, one row of each person, and a digest of all of its rows."""
        frame, _ = table_of(one.where if is_in_spark(one.where) else f"{SCHEME}{one.text}", one.name)
        named, columns = columns_of(frame, one.name)
        refuse_like_names([*named, OWN, RANK], one.name)
        made = one.declared(columns, f"{TABLE}_{number}")
        return made, self._fill(frame, named, made, (), salt)

    def _fill(
        self,
        frame: DataFrame,
        named: Mapping[str, str],
        table: PrivateTable | PublicTable | PersonTable,
        order: tuple[str, ...],
        salt: tuple[int, int],
    ) -> str:
        """Make the copy of what is kept of a table, and a digest of all of its rows."""
        (place,), columns = table.place, list(table.columns)
        source = f"{place}_source"
        try:
            every = self._copied(frame, columns, source)
            told = self.ask(fingerprint_of(source, columns))
            if isinstance(table, PublicTable) or table.unit is None:
                self._spark.table(source).createTempView(place)
            else:
                at_most = table.at_most if isinstance(table, PrivateTable) else 1
                statement = cut(source, columns, table.unit, at_most=at_most, order=order, salt=salt)
                kept = self._spark.sql(statement).localCheckpoint()
                self._held.append(kept)
                kept.createTempView(place)
                self._let_go(every)
        except (PySparkException, Py4JError, OSError) as error:
            raise self._failed(error) from None
        return sha256(repr(([(n, named[n]) for n in columns], told)).encode()).hexdigest()

    def _copied(self, frame: DataFrame, columns: Sequence[str], name: str) -> DataFrame:
        """A copy of all rows, which the session for questions sees by this name."""
        through = f"confide_{secrets.token_hex(16)}"
        # Under the settings of the user's session, since these say how the table is read.
        every = frame.select(*[backticked(c) for c in columns]).localCheckpoint()
        self._held.append(every)
        every.createGlobalTempView(through)
        try:
            room = self._spark.conf.get("spark.sql.globalTempDatabase")
            self._spark.table(f"{room}.{through}").createTempView(name)
        finally:
            frame.sparkSession.catalog.dropGlobalTempView(through)
        return every

    def _let_go(self, copy: DataFrame) -> None:
        """Let executors forget a copy."""
        # Spark may be gone already, and its copies with it.
        with suppress(PySparkException, Py4JError, OSError):
            # A local checkpoint has no public way to end it before the garbage collector does.
            copy._jdf.queryExecution().logical().rdd().unpersist(True)  # pyright: ignore
        self._held[:] = [one for one in self._held if one is not copy]

    def _failed(self, error: Exception) -> DataError:
        return DataError(
            f"{self._name} cannot be read by Spark ({said(error)}): check the table. If Spark was stopped, "
            "or lost an executor with its copy of rows, open another session; it goes on with the ledger."
        )


def asking(spark: SparkSession) -> SparkSession:
    """A session of Spark for questions, with settings and names of its own."""
    own = spark.newSession()
    for name, value in SETTINGS.items():
        own.conf.set(name, value)
    return own


def columns_of(frame: DataFrame, name: str) -> tuple[dict[str, str], dict[str, Column]]:
    """The columns of a table with their declared types, and those that can be asked about.

    Raises:
        DataError: if two have the same name, or none can be asked about.
    """
    named: dict[str, str] = {}
    for one in frame.schema:
        declared = one.dataType.simpleString()
        if one.name in named:
            raise DataError(f"two columns are called {one.name!r:.60}: give one of them another name.")
        # What Spark calls a timestamp is a moment, whose date depends on who asks.
        named[one.name] = "timestamp with a time zone" if declared == "timestamp" else declared
    columns = {n: Column(kind=k) for n, text in named.items() if (k := kind_of(text)) is not None}
    if not columns:
        raise DataError(f"{name} has no column of numbers, texts, dates or truth values.")
    return named, columns


def fingerprint_of(source: str, columns: Sequence[str]) -> str:
    """The statement for the number of rows and a sum over them, in any order, of their hashes."""
    # The hash passes over what is null, so that ('a', null) and (null, 'a') had the same.
    parts = ", ".join(f"{backticked(c)} IS NULL, {backticked(c)}" for c in columns)
    return f"SELECT count(*), CAST(sum(CAST(xxhash64({parts}) AS DECIMAL(38, 0))) AS STRING) FROM {source}"


def cut(
    source: str,
    columns: Sequence[str],
    unit: str,
    *,
    at_most: int,
    order: Sequence[str],
    salt: tuple[int, int],
) -> str:
    """The statement for all rows of people within a bound, and those that are kept of others.

    Args:
        source: a copy of all rows.
        columns: that are kept.
        unit: the person's.
        at_most: rows that are kept of each person.
        order: columns by which the first rows are kept, -COLUMN for the last ones; empty for a draw.
        salt: of the draw.
    """
    person, every = backticked(unit), ", ".join(map(backticked, columns))
    # Rows that are equal in all columns need no order.
    content = ", ".join(f"{backticked(c)} NULLS LAST" for c in columns)
    by = f"sha2(concat('{salt[0]}/{salt[1]}/', CAST({OWN} AS STRING), '/', CAST({person} AS STRING)), 256)"
    if order:
        by = ", ".join(
            f"{backticked(c.removeprefix('-'))}{' DESC' * c.startswith('-')} NULLS LAST" for c in order
        )
    heavy = (
        f"(SELECT {person} FROM {source} WHERE {person} IS NOT NULL GROUP BY {person} "
        f"HAVING count(*) > {at_most}) AS heavy USING ({person})"
    )
    own = f"row_number() OVER (PARTITION BY {person} ORDER BY {content}) AS {OWN}"
    return (
        f"SELECT {every} FROM {source} LEFT ANTI JOIN {heavy} WHERE {person} IS NOT NULL UNION ALL "
        f"SELECT {every} FROM (SELECT *, row_number() OVER (PARTITION BY {person} ORDER BY {by}, {OWN}) "
        f"AS {RANK} FROM (SELECT {every}, {own} FROM {source} LEFT SEMI JOIN {heavy}) AS numbered) AS ranked "
        f"WHERE {RANK} <= {at_most}"
    )
