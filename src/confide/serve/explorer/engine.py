"""What the explorer needs of a private session: a price before a question, its answer, and the ledger."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol

from confide.account.ledger import Ledger
from confide.core.budget import Budget
from confide.releases.sql.schema import Kind
from confide.serve.explorer.gain import Gain
from confide.serve.explorer.questions import Asked
from confide.serve.explorer.recalling import Paid


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """The price of a question, which touches neither the rows nor the ledger.

    Args:
        cost: in words, as the ledger charges it.
        error: half of the interval at 95 % of privacy noise, of each group; None if nothing is known of it.
        rows: of the group that the error is of, where it depends on them, as that of a mean; else None.
        refusal: why it would not be granted, and what would be; empty if it would.
        share: of the part of the analyst that it costs, from 0 to 1.
        left: share of the part that is left afterwards, from 0 to 1.
        gain: what an adversary can gain at most.
    """

    cost: str
    error: float | None
    rows: int | None
    refusal: str
    share: float
    left: float
    gain: Gain


@dataclass(frozen=True, slots=True)
class Cell:
    """A number of an answer.

    Args:
        value: None where there is none, as the mean of no rows.
        low, high: its interval at 95 % for privacy noise alone.
        low_sampling, high_sampling: the same with sampling error, for the population that the people are
            drawn from.
    """

    value: float | None
    low: float | None
    high: float | None
    low_sampling: float | None
    high_sampling: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The answer to a question.

    Args:
        cells: one for each combination of keys, the last column's keys changing fastest.
        cost: in words; of an answer that was known, that of nothing.
        known: whether it was answered before.
        notes: how the question was read, as sentences.
    """

    cells: tuple[Cell, ...]
    cost: str
    known: bool
    notes: tuple[str, ...] = ()


class Engine(Protocol):
    """A private session, open for several analysts at once; every method may be called from any thread."""

    @property
    def ledger(self) -> Ledger:
        """That every answer is charged to."""
        ...

    @property
    def budget(self) -> Budget:
        """Of everything."""
        ...

    @property
    def table(self) -> str:
        """The name of the table in queries."""
        ...

    @property
    def kinds(self) -> Mapping[str, Kind]:
        """The columns that can be asked about, with the kinds that the file declares."""
        ...

    def price(self, asked: Asked, *, analyst: str) -> Price:
        """What a question would cost.

        Raises:
            ConfideError: if it cannot be asked at all.
        """
        ...

    def precision_within(self, asked: Asked, within: float) -> Decimal:
        """The smallest precision at which the noise moves no number by more, at 95 %.

        Raises:
            DataError: if none does.
        """
        ...

    def again(self, paid: Paid) -> Answer | None:
        """An answer that the ledger keeps, at no cost; None if what is asked is another question by now."""
        ...

    def ask(self, asked: Asked, *, analyst: str) -> Answer:
        """Charge a question to an analyst, and answer it.

        Raises:
            ConfideError: if it is not granted; nothing is charged then.
        """
        ...
