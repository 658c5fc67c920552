"""Tables of a ledger, the same in SQLite and PostgreSQL.

`confide_ledger` has one row, which every charge locks; `confide_part` one row an analyst; `confide_entry` is
the history, to which rows are only added. What the first two hold follows from the history, and is compared
with it when a ledger is opened.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, MetaData, Table, Text

VERSION = 1
"""Of these tables. Another version is refused."""

METADATA = MetaData()

LEDGER = Table(
    "confide_ledger",
    METADATA,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("version", Integer, nullable=False),
    Column("terms", Text, nullable=False),  # what the ledger is bound to, as JSON
    Column("epsilon", BigInteger),  # spent, in the units of `Cost`; null where a question has no epsilon
    Column("rho", BigInteger, nullable=False),
    Column("delta", BigInteger, nullable=False),
    Column("number", BigInteger, nullable=False),  # of the last entry
    Column("hash", Text, nullable=False),  # of the last entry
)

PART = Table(
    "confide_part",
    METADATA,
    Column("analyst", Text, primary_key=True),
    Column("share", Text, nullable=False),  # a fraction, such as 1/4
    Column("revoked", Integer, nullable=False),
    Column("epsilon", BigInteger),
    Column("rho", BigInteger, nullable=False),
    Column("delta", BigInteger, nullable=False),
)

ENTRY = Table(
    "confide_entry",
    METADATA,
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("at", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("analyst", Text, nullable=False),
    Column("question", Text, nullable=False),
    Column("asked", Text, nullable=False),
    Column("epsilon", BigInteger),
    Column("rho", BigInteger, nullable=False),
    Column("delta", BigInteger, nullable=False),
    Column("charge", BigInteger, nullable=False),  # the number of the charge that an answer is of; else 0
    Column("token", Text, nullable=False),
    Column("payload", Text, nullable=False),
    Column("hash", Text, nullable=False),
    Index("confide_entry_question", "question"),
)
