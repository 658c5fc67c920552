"""Rows of a ledger: what is locked, read and added inside one transaction."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from fractions import Fraction
from typing import Any

from sqlalchemy import Connection, bindparam, insert, select, update

from confide.account.costs import Cost
from confide.account.history import FIRST, Entry, Standing
from confide.account.schema import ENTRY, LEDGER, PART, VERSION
from confide.account.terms import Terms

# Made once: to put a statement together takes longer than to run it.
ROW = select(LEDGER)
ROW_TO_WRITE = select(LEDGER).with_for_update()
PARTS = select(PART).order_by(PART.c.analyst)
OF_QUESTION = select(ENTRY).where(ENTRY.c.question == bindparam("asked_for")).order_by(ENTRY.c.number)
ADD, MOVE, ADMIT = insert(ENTRY), update(LEDGER), insert(PART)
CHANGE_PART = update(PART).where(PART.c.analyst == bindparam("whose"))


def begin(base: Connection, terms: Terms, shares: Mapping[str, Fraction]) -> None:
    """Write the opening of a ledger and the parts of its analysts into empty tables."""
    base.execute(
        insert(LEDGER).values(
            id=1, version=VERSION, terms=terms.text, number=0, hash=FIRST, **amounts(Cost.nothing())
        )
    )
    append(base, kind="opened", payload=terms.text)
    for name, share in shares.items():
        admit(base, name, share)


def admit(base: Connection, name: str, share: Fraction) -> None:
    """Add an analyst."""
    base.execute(insert(PART).values(analyst=name, share=str(share), revoked=0, **amounts(Cost.nothing())))
    append(base, kind="admitted", analyst=name, payload=str(share))


def append(base: Connection, *, book: Any = None, total: Cost | None = None, **said: Any) -> int:
    """Add an entry to the history, and move the ledger's row to it.

    Args:
        book: the ledger's row, where it was read in this transaction and not moved since.
        total: the cost of everything after this entry; None if it costs nothing.
        said: the fields of the entry.
    """
    book = book or row_of(base)
    at = datetime.now(UTC).isoformat(timespec="milliseconds")
    entry = Entry(number=book["number"] + 1, at=at, **said).after(book["hash"])
    base.execute(ADD, entry.row)
    spent = {} if total is None else amounts(total)
    base.execute(MOVE, {"number": entry.number, "hash": entry.hash, **spent})
    return entry.number


def row_of(base: Connection) -> Any:
    """The ledger's row."""
    return base.execute(ROW).mappings().one()


def locked(base: Connection) -> Any:
    """The ledger's row; until the end of the transaction nobody else can spend.

    SQLite has no such clause and needs none: its transaction has the right to write since it began.
    """
    return base.execute(ROW_TO_WRITE).mappings().one()


def standing_of(base: Connection) -> dict[str, Standing]:
    """The parts of all analysts, by name."""
    rows = base.execute(PARTS).mappings()
    return {
        row["analyst"]: Standing(
            share=Fraction(row["share"]), spent=cost_of(row), revoked=bool(row["revoked"])
        )
        for row in rows
    }


def entries_of(base: Connection, question: str) -> list[Entry]:
    """The history of one question."""
    rows = base.execute(OF_QUESTION, {"asked_for": question}).mappings()
    return [Entry(**row) for row in rows]


def change_part(base: Connection, name: str, **said: int | None) -> None:
    """Change columns of the row of an analyst."""
    base.execute(CHANGE_PART, {"whose": name, **said})


def cost_of(row: Any) -> Cost:
    """The cost in a row."""
    return Cost(epsilon=row["epsilon"], rho=row["rho"], delta=row["delta"])


def amounts(cost: Cost) -> dict[str, int | None]:
    """The columns of a cost."""
    return {"epsilon": cost.epsilon, "rho": cost.rho, "delta": cost.delta}
