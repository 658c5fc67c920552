"""Bins as a column of their own: the SQL that finds the bin of a value, a function of this value alone."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import datetime

from confide.releases.sql import Dialect
from confide.serve.explorer.groups import DAYS, MONTHS, edges_of, place_of
from confide.serve.explorer.schema import Numbers, PublicColumn, PublicSchema, Times

SUFFIX = "_bin"
LONGEST = 63
"""Bytes of a name; PostgreSQL cuts longer ones off, and two could become one."""


def binned_names(schema: PublicSchema, taken: Collection[str]) -> dict[str, str]:
    """For each column with bins the name under which its bins are asked for.

    Args:
        schema: that is public.
        taken: names of the columns of the data.
    """
    found: dict[str, str] = {}
    used = {name.lower() for name in taken}
    for name, column in schema.grouping.items():
        if isinstance(column, Numbers | Times):
            mine = f"{name}{SUFFIX}"
            if len(mine.encode()) > LONGEST:
                mine = f"{len(found)}{SUFFIX}"
            while mine.lower() in used:
                mine += "_"
            used.add(mine.lower())
            found[name] = mine
    return found


def bin_sql(column: PublicColumn, quoted: str, dialect: Dialect = "duckdb") -> str:
    """The number of the bin of a column, from 0; null for what is missing or outside.

    Nothing in it can fail on a row: what is outside the bounds, NaN and infinity among it, never reaches the
    arithmetic. A quotient that is off by a rounding is mended by looking at the edges themselves.

    Args:
        column: of numbers or times.
        quoted: its name, quoted.
        dialect: of the database.
    """
    assert dialect != "spark"  # which the explorer does not ask
    if isinstance(column, Numbers):
        if dialect == "postgres":
            return _bucket(column, f"CAST({quoted} AS double precision)")
        return _of_numbers(column, f"CAST({quoted} AS DOUBLE)")
    assert isinstance(column, Times)
    kind = "TIMESTAMP" if isinstance(column.low, datetime) else "DATE"
    inside = f"{quoted} >= {kind} '{column.low}' AND {quoted} < {kind} '{column.high}'"
    first = place_of(column.step, column.low, column)
    # Years from 1 on, so that a division of whole numbers rounds down in both.
    year, month, hour = (_part(part, quoted, dialect) for part in ("year", "month", "hour"))
    divided = "/" if dialect == "postgres" else "//"
    if column.step in MONTHS:
        place = f"(({year} * 12 + {month} - 1) {divided} {MONTHS[column.step]})"
    else:
        days = f"date_diff('day', DATE '0001-01-01', CAST({quoted} AS DATE))"
        if dialect == "postgres":
            days = f"(CAST({quoted} AS date) - DATE '0001-01-01')"
        in_days = column.step in DAYS
        place = f"({days} {divided} {DAYS[column.step]})" if in_days else f"({days} * 24 + {hour})"
    return f"CASE WHEN {inside} THEN CAST({place} - {first} AS BIGINT) END"


def _of_numbers(column: Numbers, value: str) -> str:
    assert column.step is not None
    edges = [_double(edge) for edge in edges_of(column)]
    last = len(edges) - 2
    quotient = f"({value} - {edges[0]}) / {_double(column.step)}"
    rough = f"least(greatest(TRY_CAST(floor({quotient}) AS BIGINT), 0), {last})"
    listed = f"[{', '.join(edges)}]"
    mended = (
        f"({rough}) - CAST({value} < {listed}[({rough}) + 1] AS BIGINT) "
        f"+ CAST({value} >= {listed}[({rough}) + 2] AS BIGINT)"
    )
    # CASE evaluates its branch only where the condition holds.
    return f"CASE WHEN {value} >= {edges[0]} AND {value} < {edges[-1]} THEN {mended} END"


def _part(part: str, quoted: str, dialect: Dialect) -> str:
    """A part of a time as a whole number; PostgreSQL has it as a numeric."""
    found = f"extract({part} from {quoted})"
    return f"CAST({found} AS integer)" if dialect == "postgres" else f"{part}({quoted})"


def _bucket(column: Numbers, value: str) -> str:
    """PostgreSQL looks among the edges themselves, of float64 as they are here."""
    edges = edges_of(column)
    # As a text, since a number that stands there by itself would be a numeric.
    listed = ",".join(repr(float(edge)) for edge in edges)
    inside = f"{value} >= '{edges[0]!r}'::float8 AND {value} < '{edges[-1]!r}'::float8"
    return f"CASE WHEN {inside} THEN width_bucket({value}, '{{{listed}}}'::float8[]) - 1 END"


def _double(number: float) -> str:
    """A float64 as SQL has it. Without the exponent it would be a decimal, and be rounded another time."""
    written = repr(float(number))
    return written if "e" in written else f"{written}e0"


def derived_columns(
    schema: PublicSchema, names: Mapping[str, str], quote: Callable[[str], str], dialect: Dialect = "duckdb"
) -> dict[str, str]:
    """For each name of bins the SQL of their number."""
    return {mine: bin_sql(schema.columns[name], quote(name), dialect) for name, mine in names.items()}
