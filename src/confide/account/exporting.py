"""The history of a ledger as csv: what was asked, when, by whom and for what, without any answer."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import TYPE_CHECKING

from confide.account.costs import DELTA_UNITS, MILLIONTH, RHO_UNITS, decimal
from confide.account.history import Entry
from confide.core.atomic import atomic_write
from confide.core.errors import LedgerError

if TYPE_CHECKING:
    from confide.account.ledger import Ledger

COLUMNS = (
    "number", "at", "kind", "analyst", "asked", "epsilon", "rho", "delta", "charge", "question", "hash",
)  # fmt: skip
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "%")
"""Signs with which a cell begins that a spreadsheet would run."""


def export(ledger: Ledger, path: Path) -> int:
    """Write the history as csv in UTF-8, readable by its owner alone, and return how many entries it has.

    Costs are exact decimal numbers; an epsilon that a question does not have is empty. The answers are not in
    it. The chain is verified while it is read.

    Raises:
        LedgerError: if the history is broken, or the path is the ledger's own; nothing is written then.
    """
    queue = ledger.database.queue
    if queue is not None and path.resolve() in {queue.with_name(n).resolve() for n in names_of(queue)}:
        raise LedgerError(f"{path} is a file of the ledger itself: write its history to another.")
    entries = ledger.history()
    with atomic_write(path) as draft, draft.open("w", encoding="utf-8", newline="") as file:
        write = csv.writer(file)
        write.writerow(COLUMNS)
        write.writerows(cells_of(entry) for entry in entries)
    return len(entries)


def names_of(queue: Path) -> tuple[str, ...]:
    """The names of a ledger's files in SQLite, by that of its queue."""
    main = queue.name.removesuffix("-queue")
    return main, queue.name, f"{main}-wal", f"{main}-shm"


def cells_of(entry: Entry) -> list[str]:
    """An entry as cells that no spreadsheet takes for formulas, in the order of `COLUMNS`."""
    return [
        str(entry.number),
        entry.at,
        entry.kind,
        inert(entry.analyst),
        inert(entry.asked),
        "" if entry.epsilon is None else decimal(entry.epsilon, MILLIONTH),
        decimal(entry.rho, RHO_UNITS),
        decimal(entry.delta, DELTA_UNITS),
        str(entry.charge),
        inert(entry.question),
        entry.hash,
    ]


def inert(cell: str) -> str:
    """The cell as a text that no spreadsheet takes for a formula.

    >>> inert('=HYPERLINK("http://x")'), inert("select 1"), inert("  -1")
    ('\\'=HYPERLINK("http://x")', 'select 1', "'  -1")
    """
    return f"'{cell}" if cell.lstrip(" ").startswith(FORMULA) else cell
