"""All kinds of hostile input, in the order of the table in SECURITY.md."""

from __future__ import annotations

from . import archives, columns, doors, parties, reports, tables, typed

KINDS = (
    *tables.KINDS,
    *archives.KINDS,
    *reports.KINDS,
    *doors.KINDS,
    *columns.KINDS,
    *typed.KINDS,
    *parties.KINDS,
)
