"""What a file or a database declares of its columns; no value is looked at."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb

from confide.core.postgresql import is_address
from confide.releases.session.beside import columns_of, read_as
from confide.releases.session.server_tables import declared_in
from confide.releases.sql.schema import Kind


def declared_kinds(data: Path | str, table: str | None) -> dict[str, Kind] | None:
    """The kinds of the columns; None where they cannot be read, which the session says.

    Raises:
        DataError: if a database or its table cannot be used.
    """
    if is_address(data):
        return None if table is None else declared_in(str(data), table)
    path = Path(data)
    if path.suffix.lower() != ".parquet":
        return None
    try:
        with TemporaryDirectory(prefix="confide-") as room, duckdb.connect() as base:
            _, named = read_as(Path(room), "source", path, lambda text: base.execute(text).fetchall())
            return {name: column.kind for name, column in columns_of(named, path.name).items()}
    except (duckdb.Error, OSError):
        return None
