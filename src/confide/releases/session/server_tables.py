"""Tables of PostgreSQL for a session: columns, the cut, and whether all statements see the same rows."""

from __future__ import annotations

from collections.abc import Sequence

from confide.core.errors import DataError
from confide.core.postgresql import address_of
from confide.inputs.large.postgresql import PostgresStore
from confide.inputs.large.sql import literal, quoted
from confide.releases.sql import Column, kind_of
from confide.releases.sql.schema import Kind

OWN, RANK = "confide_own", "confide_rank"


def columns_in(store: PostgresStore, source: str, name: str) -> tuple[dict[str, str], dict[str, Column]]:
    """The columns with the types that they declare, and those that can be asked about.

    Args:
        store: where the table is.
        source: the table, quoted.
        name: of the table, for a message.

    Raises:
        DataError: if there is none that can be asked about.
    """
    # Where a collation takes other spellings for equal, a group would have the spelling of one person.
    told = store.ask(
        "SELECT attname, format_type(atttypid, atttypmod) || CASE WHEN collisdeterministic IS FALSE "
        "THEN ' of a collation that takes other texts for equal' ELSE '' END FROM pg_attribute "
        "LEFT JOIN pg_collation AS c ON c.oid = attcollation WHERE attrelid = "
        f"{literal(source)}::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum"
    )
    named = {str(n): str(said) for n, said in told}
    if taken := {OWN, RANK} & set(named):
        raise DataError(f"{name}: the column {min(taken)!r} has a name of confide's own: give it another.")
    columns = {n: Column(kind=k) for n, said in named.items() if (k := kind_of(said)) is not None}
    if not columns:
        raise DataError(f"{name} has no column of numbers, texts, dates or truth values.")
    return named, columns


def declared_in(address: str, table: str) -> dict[str, Kind]:
    """The kinds that a table declares for its columns, asked in a connection of its own.

    Raises:
        DataError: if the server or the table cannot be used.
    """
    store = PostgresStore(address_of(address), table, memory=0)
    try:
        return {n: c.kind for n, c in columns_in(store, store.source, store.name)[1].items()}
    finally:
        store.close()


def is_read_alike(store: PostgresStore, source: str) -> bool:
    """Whether all statements of the snapshot see the same rows.

    Those of a foreign table come from elsewhere, and a view may hold a draw: between two statements a person
    could get rows beyond the bound.
    """
    (kind,) = store.ask(
        f"SELECT relkind = 'r' OR relkind = 'm' FROM pg_class WHERE oid = {literal(source)}::regclass"
    )[0]
    return bool(kind)


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
        source: rows that are the same to all statements.
        columns: that are kept.
        unit: the person's.
        at_most: rows that are kept of each person.
        order: columns by which the first rows are kept, -COLUMN for the last ones; empty for a draw.
        salt: of the draw.
    """
    person, every = quoted(unit), ", ".join(map(quoted, columns))
    heavy = f"SELECT {person} FROM {source} GROUP BY {person} HAVING count(*) > {at_most}"
    # Rows that are equal in all columns need no order.
    own = f"row_number() OVER (PARTITION BY {person} ORDER BY ROW({every})::text) AS {OWN}"
    if order:
        listed = (f"{quoted(c.removeprefix('-'))}{' DESC' * c.startswith('-')} NULLS LAST" for c in order)
        by = ", ".join([*listed, OWN])
    else:
        by = f"hashtextextended(concat('{salt[0]}/', {OWN}, '/', {person}), {salt[1]}), {OWN}"
    return (
        f"WITH heavy AS MATERIALIZED ({heavy}) SELECT {every} FROM {source} WHERE {person} IS NOT NULL AND "
        f"{person} NOT IN (SELECT {person} FROM heavy WHERE {person} IS NOT NULL) UNION ALL SELECT {every} "
        f"FROM (SELECT *, row_number() OVER (PARTITION BY {person} ORDER BY {by}) AS {RANK} FROM "
        f"(SELECT {every}, {own} FROM {source} WHERE {person} IN (SELECT {person} FROM heavy)) AS numbered) "
        f"AS ranked WHERE {RANK} <= {at_most}"
    )
