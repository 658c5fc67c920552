"""`confide identifiers` and `confide estimate`: what columns seem to be, and what a release still tells."""

from __future__ import annotations

from pathlib import Path

from confide.inputs.identifiers import ColumnFound, find_identifiers
from confide.inputs.reading import Reading
from confide.inputs.tables import read_table
from confide.releases.estimating import estimate

ROLES = {
    "direct": "Direct identifiers: take them out, or replace them by pseudonyms",
    "free text": "Free text: take it out or read it, since names in it were not looked for",
    "known": "Others may know these",
    "other": "Nothing was found",
}
"""The heading of each role, in the order of reading."""


def identifiers_of(table: Path, *, reading: Reading) -> str:
    """The columns of a table by what they seem to be, and what `--known` could be; no value is shown."""
    found = find_identifiers(read_table(table, name="the table", reading=reading).frame)
    parts = [
        "\n".join([f"{heading}.", *(f"  {column.column}: {'; '.join(column.why)}" for column in columns)])
        for role, heading in ROLES.items()
        if (columns := _of(found.columns, role))
    ]
    known = ",".join(found.known)
    proposed = f"Proposed: --known {known}" if known else "No column is left that others could know."
    return "\n\n".join(
        [
            f"{found.rows:,} rows, {len(found.columns)} columns.",
            *parts,
            f"{proposed}\nThis is a proposal and no proof: what was not found may be there all the same.",
        ]
    )


def estimate_of(released: Path, column: str, *, values: str, confidence: float) -> str:
    """The estimate of a column in words; values are parted by commas."""
    asked = tuple(value.strip() for value in values.split(",") if value.strip())
    return str(estimate(released, column, values=asked, confidence=confidence))


def _of(columns: tuple[ColumnFound, ...], role: str) -> list[ColumnFound]:
    return [column for column in columns if column.role == role]
