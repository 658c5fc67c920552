"""The history of a ledger: entries chained by SHA-256, and what follows from them.

The hash of an entry is that of the entry before it and of everything that the entry says. A row that is
changed, added, moved or taken out breaks the chain at that row. A person who may write to the database can
make a whole
new chain, or bring back an old copy of it: only somebody who kept the last hash elsewhere can notice that.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from fractions import Fraction
from hashlib import sha256
from typing import Any, Literal, TypeAlias

from confide.account.costs import Cost
from confide.core.errors import LedgerError

Kind: TypeAlias = Literal["opened", "admitted", "revoked", "charged", "answered"]

FIRST = sha256(b"confide ledger").hexdigest()
"""What stands in place of the hash of an entry before the first one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One entry of the history.

    Args:
        number: from 1, without gaps.
        at: the time in UTC, by the clock of the process that wrote it.
        kind: what happened.
        analyst: whose part of the budget.
        question: its digest.
        asked: the question in words.
        epsilon, rho, delta: its cost, in the units of `Cost`.
        charge: of an answer, the number of the charge that paid for it; else 0.
        token: a random name, by which a process finds its own entry again.
        payload: JSON: of the opening the terms, of an admission the share, of an answer the answer.
        hash: of this entry.
    """

    number: int
    at: str
    kind: Kind
    analyst: str = ""
    question: str = ""
    asked: str = ""
    epsilon: int | None = 0
    rho: int = 0
    delta: int = 0
    charge: int = 0
    token: str = ""
    payload: str = ""
    hash: str = ""

    @property
    def cost(self) -> Cost:
        return Cost(epsilon=self.epsilon, rho=self.rho, delta=self.delta)

    def after(self, previous: str) -> Entry:
        """The same entry, with its hash behind an entry with that hash."""
        said = {**self.row, "hash": previous}
        return replace(self, hash=sha256(canonical(said).encode()).hexdigest())

    @property
    def row(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """The part of one analyst.

    Args:
        share: of the whole budget.
        spent: of it.
        revoked: whether they may ask no more.
    """

    share: Fraction
    spent: Cost
    revoked: bool = False


@dataclass(slots=True, kw_only=True)
class Replayed:
    """What follows from a history.

    Args:
        terms: the payload of the opening.
        spent: by all together.
        parts: by analyst.
        number: of the last entry.
        hash: of the last entry.
        kept: whether the hash that was to be looked for is among them.
    """

    terms: str = ""
    spent: Cost = field(default_factory=Cost.nothing)
    parts: dict[str, Standing] = field(default_factory=dict)
    number: int = 0
    hash: str = FIRST
    kept: bool = False


def replayed(rows: Iterable[Any], *, head: str | None = None) -> Replayed:
    """Verify a chain of entries from its beginning, and add up what they say.

    Args:
        rows: of the history in order of their numbers, as mappings.
        head: a hash that has to be among them.

    Raises:
        LedgerError: at the first row that was changed, taken out, added or cannot have come about.
    """
    book, charged, answered = Replayed(), dict[int, str](), set[int]()
    for row in rows:
        entry = Entry(**row)
        if entry.number != book.number + 1:
            raise LedgerError(_broken(book.number + 1, "is missing"))
        try:
            same = entry.after(book.hash).hash == entry.hash
        except TypeError:  # bytes where a text was
            same = False
        if not same:
            raise LedgerError(_broken(entry.number, "was changed"))
        _count(book, entry)
        if entry.kind == "charged":
            charged[entry.number] = entry.question
        elif entry.kind == "answered":
            if charged.get(entry.charge) != entry.question or entry.charge in answered:
                raise LedgerError(_broken(entry.number, "is an answer that no charge paid for"))
            answered.add(entry.charge)
        book.number, book.hash = entry.number, entry.hash
        book.kept = book.kept or entry.hash == head
    return book


def canonical(value: object) -> str:
    """JSON in one form only: without blanks, keys in order, letters beyond ASCII escaped.

    Raises:
        ValueError: for a value that JSON has not, as NaN.
        TypeError: the same.
    """
    return json.dumps(value, separators=(",", ":"), sort_keys=True, allow_nan=False)


def _count(book: Replayed, entry: Entry) -> None:
    """Add to what is known the meaning of one entry."""
    standing = book.parts.get(entry.analyst)
    if (entry.kind == "opened") != (entry.number == 1):
        raise LedgerError(_broken(entry.number, "is not where an opening is"))
    if entry.kind == "opened":
        book.terms = entry.payload
    elif entry.kind == "admitted":
        book.parts[entry.analyst] = Standing(share=Fraction(entry.payload), spent=Cost.nothing())
    elif standing is None:
        raise LedgerError(_broken(entry.number, "is of an analyst who was not admitted"))
    elif entry.kind == "revoked":
        book.parts[entry.analyst] = replace(standing, revoked=True)
    elif entry.kind == "charged":
        book.parts[entry.analyst] = replace(standing, spent=standing.spent + entry.cost)
        book.spent = book.spent + entry.cost


def _broken(number: int, what: str) -> str:
    return (
        f"row {number:,} of the ledger's history {what}: the ledger cannot be trusted. Find out who can "
        "write to it, and restore a copy only if no answer was given since it was made."
    )
