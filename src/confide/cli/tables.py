"""`confide identifiers` and `confide estimate`: what columns seem to be, and what a release still tells."""

from __future__ import annotations

from pathlib import Path

from confide.inputs import names_in_text
from confide.inputs import presidio_patterns as patterns
from confide.inputs.cell_search import CELLS, LONGEST
from confide.inputs.identifiers import MOST_VALUES, ColumnFound, Identifiers, find_identifiers
from confide.inputs.presidio_patterns import THRESHOLD
from confide.inputs.reading import Reading
from confide.inputs.tables import read_table
from confide.releases.estimating import estimate

ROLES = {
    "direct": "Direct identifiers: take them out, or replace them by pseudonyms",
    "free text": "Free text: take it out or read it",
    "known": "Others may know these",
    "other": "Nothing was found",
}
"""The heading of each role, in the order of reading."""


def identifiers_of(table: Path, *, reading: Reading, presidio: bool | None) -> str:
    """The columns of a table by what they seem to be, and what `--known` could be; no value is shown."""
    found = find_identifiers(read_table(table, name="the table", reading=reading).frame, presidio=presidio)
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
            "\n".join(_looked_for(found)),
            f"{proposed}\nThis is a proposal and no proof: what was not found may be there all the same.",
        ]
    )


def _looked_for(found: Identifiers) -> list[str]:
    """What was looked at and looked for, and what was not."""
    lines: list[str] = []
    if any(column.distinct > MOST_VALUES for column in found.columns):
        lines.append(f"Of a column with more values, {MOST_VALUES:,} from all over it were looked at.")
    done = found.searched
    if done.presidio:
        lines.append(
            f"Presidio {done.presidio} searched up to {CELLS:,} cells of each column of text or numbers, "
            f"and their first {LONGEST:,} characters. A score of {THRESHOLD} counts, and a lower "
            f"one beside a word for the kind. What fewer than 3 in {CELLS:,} cells hold may be missed."
        )
    else:
        lines.append(
            "Presidio was not used: its patterns search cells for passports, licences and numbers of other "
            f"countries too ({patterns.INSTALL})."
        )
    if done.skipped:
        lines.append(f"Presidio gave up {done.skipped:,} searches that took too long: read the long texts.")
    if done.models:
        lines.append(f"Names inside free text were looked for by {', '.join(done.models)}; some are missed.")
    else:
        lines.append(
            "Names inside free text were not looked for: that takes presidio and a model of spaCy "
            f"({names_in_text.INSTALL})."
        )
    return lines


def estimate_of(released: Path, column: str, *, values: str, confidence: float) -> str:
    """The estimate of a column in words; values are parted by commas."""
    asked = tuple(value.strip() for value in values.split(",") if value.strip())
    return str(estimate(released, column, values=asked, confidence=confidence))


def _of(columns: tuple[ColumnFound, ...], role: str) -> list[ColumnFound]:
    return [column for column in columns if column.role == role]
