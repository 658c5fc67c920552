"""Whether a schema agrees with the types that a file declares; values are not looked at."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from confide.core.errors import DataError
from confide.releases.sql.schema import WORDS, Kind
from confide.serve.explorer.schema import Categories, Numbers, PublicColumn, PublicSchema

OF_TYPE: dict[type, Kind] = {bool: "boolean", int: "integer", str: "text"}


def need_agreement(schema: PublicSchema, kinds: Mapping[str, Kind], *, unit: str | None, file: Path) -> None:
    """Check that each column of a schema is in the file, with a type that it can have.

    Args:
        schema: that is public.
        kinds: of the columns that can be asked about.
        unit: the person's column.
        file: the schema's, for the message.

    Raises:
        DataError: naming the first column that cannot be asked about so.
    """
    for name, column in schema.columns.items():
        if name not in kinds:
            raise DataError(
                f"{file} describes {name!r:.60}, and the data have no such column that can be asked about: "
                f"they have {', '.join(kinds)[:300]}."
            )
        if name == unit and not (isinstance(column, Numbers) and column.step is None):
            raise DataError(
                f"{file} makes groups of {name!r:.60}, which names people: leave the column out of the "
                "schema."
            )
        if wrong := _wrong(column, kinds[name]):
            raise DataError(f"{file} gives {name!r:.60} {wrong}, and it holds {WORDS[kinds[name]]}: mend it.")


def _wrong(column: PublicColumn, kind: Kind) -> str:
    """What a column cannot have; empty if nothing is wrong."""
    if isinstance(column, Categories):
        return "" if OF_TYPE[type(column.values[0])] == kind else f"values such as {column.values[0]!r:.30}"
    if isinstance(column, Numbers):
        if kind not in ("integer", "float"):
            return "bounds of numbers"
        # A query of whole numbers has whole bounds; the step only makes bins.
        broken = [b for b in (column.low, column.high) if kind == "integer" and not float(b).is_integer()]
        return f"the bound {broken[0]:g}" if broken else ""
    fits = "timestamp" if isinstance(column.low, datetime) else "date"
    return "" if kind == fits else ("times" if fits == "timestamp" else "dates") + " as bounds"
