"""Questions that the ledger keeps, read back from their SQL: what an analyst paid for, before a restart."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from confide.account.costs import MILLIONTH
from confide.account.history import Entry
from confide.core.errors import ConfideError
from confide.serve.explorer.questions import Asked, Asking, Bound, Measure, Only, Question
from confide.serve.explorer.schema import Categories, Category, Times

MOST = 100
"""Answers of an analyst that are shown again."""
MISREAD = (
    ValueError,
    LookupError,
    AttributeError,
    TypeError,
    AssertionError,
    ArithmeticError,
    RecursionError,
)
"""What another form of text ends in while it is read; it was asked elsewhere."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Paid:
    """A question that was paid for and answered.

    Args:
        question: as it was asked; a map where its two columns are those of one.
        asked: the same, as the engine takes it.
        charge: the entry that paid for it.
        answer: the stored answer, as JSON.
    """

    question: Question
    asked: Asked
    charge: Entry
    answer: str


def paid_by(analyst: str, history: Iterable[Entry], asking: Asking) -> list[Paid]:
    """The last questions of an analyst that this page can ask, the oldest first.

    Args:
        analyst: who paid.
        history: of the ledger.
        asking: reads and writes questions of this schema.
    """
    charges: dict[int, Entry] = {}
    found: list[Paid] = []
    for entry in history:
        if entry.kind == "charged" and entry.analyst == analyst:
            charges[entry.number] = entry
        elif entry.kind == "answered" and (charge := charges.pop(entry.charge, None)) is not None:
            question = question_of(charge, asking)
            if question is not None:
                found.append(
                    Paid(question=question, asked=asking.asked(question), charge=charge, answer=entry.payload)
                )
    return found[-MOST:]


def question_of(charge: Entry, asking: Asking) -> Question | None:
    """The question of the page that has this SQL; None for one that no page with this schema asks."""
    try:
        question = _Reader(asking).question(
            sqlglot.parse_one(charge.asked, read="duckdb"), _precision(charge)
        )
        checked = asking.check(question)
    except (SqlglotError, ConfideError, *MISREAD):
        return None
    # What was read is only believed if it makes the very same text.
    return checked if asking.asked(checked).text == charge.asked else None


def _precision(charge: Entry) -> Decimal:
    """That was paid for: an epsilon, or of Gaussian noise the root of twice its rho."""
    units = math.isqrt(2 * charge.rho) if charge.epsilon is None else charge.epsilon
    return Decimal(format((Decimal(units) / MILLIONTH).normalize(), "f"))


@dataclass(frozen=True, slots=True)
class _Reader:
    asking: Asking

    def question(self, tree: exp.Expr, precision: Decimal) -> Question:
        columns = {mine: name for name, mine in self.asking.bins.items()}
        *groups, aggregate = tree.expressions
        by = tuple(columns.get(str(g.name), str(g.name)) for g in groups)
        where = tree.args.get("where")
        measure, of = _measure(aggregate)
        maps = [name for name, one in self.asking.schema.maps.items() if (one.lat, one.lon) == by]
        return Question(
            measure=measure,
            of=of,
            by=by,
            only=() if where is None else self._only(where.this),
            precision=precision,
            map=maps[0] if maps else None,
        )

    def _only(self, condition: exp.Expr) -> tuple[Only, ...]:
        found: dict[str, Only] = {}
        for part in condition.flatten() if isinstance(condition, exp.And) else [condition]:
            name = part.this.name
            held = found.get(name, Only(column=name))
            if isinstance(part, exp.GTE):
                held = Only(column=name, low=self._bound(name, part.expression), high=held.high)
            elif isinstance(part, exp.LT):
                held = Only(column=name, low=held.low, high=self._bound(name, part.expression))
            else:
                values = part.expressions if isinstance(part, exp.In) else [part.expression]
                held = Only(column=name, among=tuple(self._value(name, v) for v in values))
            found[name] = held
        return tuple(found.values())

    def _bound(self, name: str, node: exp.Expr) -> Bound:
        column = self.asking.schema.columns[name]
        if not isinstance(column, Times):
            number = float(node.sql())
            return int(number) if number.is_integer() else number
        kind = datetime if isinstance(column.low, datetime) else date
        return kind.fromisoformat(node.name)

    def _value(self, name: str, node: exp.Expr) -> Category:
        column = self.asking.schema.columns[name]
        assert isinstance(column, Categories)
        if isinstance(node, exp.Boolean):
            return bool(node.this)
        return node.name if isinstance(node, exp.Literal) and node.is_string else int(node.sql())


def _measure(aggregate: exp.Expr) -> tuple[Measure, str | None]:
    if isinstance(aggregate, exp.Count):
        return ("people" if isinstance(aggregate.this, exp.Distinct) else "rows"), None
    columns = list(aggregate.find_all(exp.Column))
    return ("mean" if isinstance(aggregate, exp.Avg) else "sum"), columns[0].name
