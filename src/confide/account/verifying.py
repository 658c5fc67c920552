"""Verification of a ledger when it is opened: its tables, its chain, its sums, and what it is bound to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Any

from sqlalchemy import Connection, select

from confide.account.history import Entry, Replayed, replayed
from confide.account.places import TABLES, tables_in
from confide.account.schema import ENTRY, LEDGER, VERSION
from confide.account.terms import Terms
from confide.account.writing import cost_of, standing_of
from confide.core.errors import BudgetError, LedgerError
from confide.core.foreign import in_one_line


def verify(
    base: Connection, name: str, *, head: str | None = None, parts: Mapping[str, Fraction] | None = None
) -> Terms:
    """Verify a ledger from its first entry to its last, and return its terms.

    Args:
        base: in a transaction that sees one state.
        name: of the place, in words.
        head: a hash that has to be in the history.
        parts: the shares that the analysts have to have.

    Raises:
        LedgerError: for everything that is not as a ledger leaves it, with the first broken row.
    """
    if lacking := TABLES - tables_in(base):
        raise LedgerError(
            f"what is {name} is no ledger, or a broken one: it has no table {min(lacking)}. Name another "
            "place."
        )
    if base.dialect.name == "sqlite":
        _sound_file(base, name)
    # The version by itself: another schema may lack what else is read.
    versions = base.execute(select(LEDGER.c.version)).scalars().all()
    if len(versions) != 1:
        raise LedgerError(
            f"the ledger {name} is broken: it has {len(versions)} rows where one is. Restore a copy only if "
            "no answer was given since it was made."
        )
    if versions[0] != VERSION:
        raise LedgerError(
            f"the ledger {name} has schema {versions[0]!s:.20}, and this version of confide keeps schema "
            f"{VERSION}: open it with the version that made it."
        )
    row = base.execute(select(LEDGER)).mappings().one()
    book = replayed(history(base), head=head)
    if (row["number"], row["hash"]) != (book.number, book.hash):
        raise LedgerError(
            f"the ledger {name} says that its history ends with row {row['number']!s:.20}, and it ends with "
            f"row {book.number}: rows were taken out or added. It cannot be trusted."
        )
    if head is not None and not book.kept:
        raise LedgerError(
            f"the ledger {name} does not have the entry {head:.12}..., which it had: it was set back or "
            "replaced by another. It cannot be trusted."
        )
    _compare(base, name, row, book)
    if parts is not None and parts != {n: s.share for n, s in book.parts.items()}:
        held = ", ".join(f"{n} {s.share}" for n, s in book.parts.items())
        raise LedgerError(
            f"the ledger {name} has other parts than these ({held:.200}): leave the parts out, and admit or "
            "revoke analysts one by one."
        )
    return Terms.read(book.terms)


def _sound_file(base: Connection, name: str) -> None:
    """Check that the pages of a file and its indices fit together, and that nothing in it acts by itself."""
    said = str(base.exec_driver_sql("PRAGMA integrity_check(1)").scalars().first())
    if said != "ok":
        raise LedgerError(
            f"the ledger {name} is broken ({in_one_line(said):.100}): restore a copy only if no answer was "
            "given since it was made."
        )
    acting = "SELECT name FROM sqlite_schema WHERE type IN ('trigger', 'view')"
    if found := base.exec_driver_sql(acting).scalars().all():
        raise LedgerError(
            f"the ledger {name} has a trigger or a view ({in_one_line(found[0]):.60}), which a ledger has "
            "not: somebody changed it. It cannot be trusted."
        )


def history(base: Connection) -> Iterator[Any]:
    """The entries in their order, a few at a time."""
    found = base.execution_options(yield_per=1000).execute(select(ENTRY).order_by(ENTRY.c.number))
    yield from found.mappings()


def verified_history(base: Connection) -> list[Entry]:
    """All entries, if their chain holds.

    Raises:
        LedgerError: if it does not.
    """
    entries = [Entry(**row) for row in history(base)]
    replayed(entry.row for entry in entries)
    return entries


def _compare(base: Connection, name: str, row: Any, book: Replayed) -> None:
    """Compare the sums in the tables with those of the history."""
    try:
        same = row["terms"] == book.terms and cost_of(row) == book.spent and standing_of(base) == book.parts
    except (BudgetError, TypeError, ValueError, ZeroDivisionError):  # a text where a number was, say
        same = False
    if not same:
        raise LedgerError(
            f"the sums in the ledger {name} are not those of its history: somebody changed them. It cannot "
            "be trusted."
        )
