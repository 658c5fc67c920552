"""The engine of the explorer: a private session, asked by several analysts from several threads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import cast

import polars as pl

from confide.account.costs import DELTA_UNITS, MILLIONTH, Amount, Cost
from confide.account.filters import epsilon_for
from confide.account.history import Standing
from confide.account.ledger import Ledger
from confide.account.opening import PATIENCE, open_ledger
from confide.account.places import place_of
from confide.account.refusals import not_granted
from confide.account.terms import share_of
from confide.core.budget import Budget, Unit
from confide.core.errors import BudgetError, ConfideError, DataError, PromiseError
from confide.core.postgresql import is_address
from confide.inputs.large.sql import quoted
from confide.releases.session.extract import Keep
from confide.releases.session.opening import open_extract
from confide.releases.session.planning import plan
from confide.releases.session.prices import Price as Paying
from confide.releases.session.quoting import Quote, widths_of
from confide.releases.session.session import Session
from confide.releases.sql import parse
from confide.releases.sql.schema import Kind
from confide.serve.explorer.agreement import need_agreement
from confide.serve.explorer.bins import binned_names, derived_columns
from confide.serve.explorer.declared import declared_kinds
from confide.serve.explorer.engine import Answer, Cell, Price
from confide.serve.explorer.gain import Gain, right_guesses
from confide.serve.explorer.kept import Kept
from confide.serve.explorer.questions import Asked
from confide.serve.explorer.recalling import Paid
from confide.serve.explorer.schema import PublicSchema
from confide.serve.explorer.spending import share_left

ANALYST = "analyst"
"""The only analyst where none are named."""
MOST_PRECISE = 40
"""A precision that promises nothing; its square is a rho that can be charged."""
GROUP = 1_000
"""Rows of the group for which the error of a mean is shown before it is asked."""


@dataclass(frozen=True, slots=True)
class SessionEngine:
    """A private session as the explorer asks it.

    Args:
        session: with the bins of the public schema as columns of their own.
        bins: for each column with bins the name of these.
    """

    session: Session
    bins: Mapping[str, str]

    @property
    def ledger(self) -> Ledger:
        """That every answer is charged to."""
        held = self.session.ledger
        assert isinstance(held, Ledger)  # the explorer makes it at once, with the parts of its analysts
        return held

    @property
    def budget(self) -> Budget:
        """Of everything."""
        terms = self.ledger.terms
        return Budget(terms.epsilon / MILLIONTH, terms.delta / DELTA_UNITS, self.session.unit)

    @property
    def table(self) -> str:
        """The name of the table in queries."""
        return self.session.extract.schema.table.name

    @property
    def kinds(self) -> Mapping[str, Kind]:
        """The columns of the file, with the kinds that it declares."""
        made = set(self.bins.values())
        return {n: c.kind for n, c in self.session.extract.schema.table.columns.items() if n not in made}

    def price(self, asked: Asked, *, analyst: str) -> Price:
        """What a question would cost."""
        session = replace(self.session, analyst=analyst)
        (epsilon, rho), keys = self._paid(asked), dict(asked.keys)
        quote = session.cost(asked.text, keys=keys, epsilon=epsilon, rho=rho)
        (error,), rows = quote.within.values(), None
        if error is None:
            rows = GROUP
            again = session.cost(asked.text, keys=keys, epsilon=epsilon, rho=rho, rows=rows)
            (error,) = again.within.values()
        whole, part, spent = self.ledger.terms.filter, self.ledger.parts[analyst], self.ledger.spent
        left = share_left(whole, part, spent, more=quote.cost)
        return Price(
            cost=str(quote.cost),
            error=error,
            rows=rows if error is not None else None,
            refusal="" if quote.affordable else self._refusal(quote, analyst, part, spent),
            share=share_left(whole, part, spent) - left,
            left=left,
            gain=self._gain(quote.cost, spent),
        )

    def ask(self, asked: Asked, *, analyst: str) -> Answer:
        """Charge a question to an analyst, and answer it."""
        session = replace(self.session, analyst=analyst)
        epsilon, rho = self._paid(asked)
        answer = session.sql(asked.text, keys=dict(asked.keys), epsilon=epsilon, rho=rho)
        return Answer(
            cells=_cells(answer.frame, groups=len(asked.keys)),
            cost="nothing" if answer.known else str(answer.cost),
            known=answer.known,
            notes=answer.notes,
        )

    def precision_within(self, asked: Asked, within: float) -> Decimal:
        """The smallest precision at which the noise moves no number by more, at 95 %.

        The error of a mean is that in a group of `GROUP` rows.

        Raises:
            DataError: if none does.
        """
        query = parse(asked.text, self.session.extract.schema, keys=dict(asked.keys))

        def good(units: int) -> bool:
            epsilon, rho = self._paid(replace(asked, precision=Decimal(units).scaleb(-6)))
            try:
                made = plan(query, Paying.of(epsilon=epsilon, rho=rho, delta=None))
            except PromiseError:  # noise that is too large to be drawn
                return False
            (error,) = widths_of(made, rows=GROUP).values()
            return error is not None and error <= within

        low, high = 1, MOST_PRECISE * MILLIONTH
        if not good(high):
            raise DataError(
                f"no precision up to {MOST_PRECISE} keeps the noise within {within:g}: bear more."
            )
        while low < high:
            middle = (low + high) // 2
            low, high = (low, middle) if good(middle) else (middle + 1, high)
        return Decimal(format(Decimal(high).scaleb(-6).normalize(), "f"))

    def again(self, paid: Paid) -> Answer | None:
        """An answer that the ledger keeps; None if what is asked is another question by now."""
        kept = Kept(terms=self.ledger.terms, question=paid.charge.question, answer=paid.answer)
        session = replace(self.session, ledger=cast("Ledger", kept))
        epsilon, rho = self._paid(paid.asked)
        try:
            found = session.sql(paid.asked.text, keys=dict(paid.asked.keys), epsilon=epsilon, rho=rho)
        except ConfideError:
            return None
        return Answer(
            cells=_cells(found.frame, groups=len(paid.asked.keys)),
            cost=str(paid.charge.cost),
            known=False,
            notes=found.notes,
        )

    def close(self) -> None:
        """Close the ledger, and remove the extract."""
        self.session.close()

    def _paid(self, asked: Asked) -> tuple[Decimal | None, Decimal | None]:
        """The epsilon or the rho of a precision, in what the ledger adds up.

        An epsilon of pure noise costs rho = epsilon^2 / 2 where rhos add up. Gaussian noise of that rho costs
        the same and moves each number less.
        """
        if self.ledger.terms.composition == "zcdp":
            return None, asked.precision**2 / 2
        return asked.precision, None

    def _refusal(self, quote: Quote, analyst: str, part: Standing, spent: Cost) -> str:
        return not_granted(self.ledger.terms, analyst, part, cost=quote.cost, spent=spent, left=quote.left)

    def _gain(self, cost: Cost, spent: Cost) -> Gain:
        whole, total = self.budget, spent + cost
        # A question that is refused would be above the whole.
        found = [whole, self.ledger.terms.filter.smallest(total, whole), _summed(total)]
        after = min((b for b in found if b is not None), key=right_guesses)
        return Gain(alone=_summed(cost) or _alone(cost, whole), after=after, whole=whole)


def open_engine(
    data: Path | str,
    schema: PublicSchema,
    *,
    table: str | None = None,
    schema_file: Path,
    unit: Unit,
    budget: Budget | None,
    ledger: str,
    parts: Mapping[str, Amount],
    order: tuple[str, ...] = (),
    keep: Keep = "memory",
) -> SessionEngine:
    """Open a private session whose table has the bins of a public schema as columns.

    Args:
        data: a .parquet file, or the address of a database of PostgreSQL.
        schema: that is public.
        table: of a database.
        schema_file: its file, for messages.
        unit, budget, ledger, order, keep: as of `confide.private`.
        parts: shares of analysts; those that the ledger lacks are admitted.

    Raises:
        DataError: if the file cannot be used, or the schema is of another one.
        BudgetError: if the budget or the parts cannot be.
        LedgerError: if the ledger cannot be used.
    """
    kinds = declared_kinds(data, table)
    if kinds is not None:
        # Before the bins are made: they are of columns that are there, and of their kinds.
        need_agreement(schema, kinds, unit=unit.column, file=schema_file)
    names = binned_names(schema, kinds or ())
    derived = derived_columns(schema, names, quoted, "postgres" if is_address(data) else "duckdb")
    extract = open_extract(data, table=table, unit=unit, order=order, keep=keep, derived=derived)
    try:
        paying = _ledger(ledger, extract.digest, budget, unit, parts)
    except BaseException:
        extract.close()
        raise
    return SessionEngine(Session(extract=extract, ledger=paying, unit=unit, order=order), names)


def _ledger(
    address: str, digest: str, budget: Budget | None, unit: Unit, parts: Mapping[str, Amount]
) -> Ledger:
    """The ledger: a new one with these parts, or one that is there, which gets those that it lacks."""
    promised = None if budget is None else Budget(budget.epsilon, budget.delta, unit)
    if not place_of(address).is_taken(PATIENCE):
        return open_ledger(address, data=digest, budget=promised, unit=unit, parts=parts or {ANALYST: 1})
    ledger = open_ledger(address, data=digest, budget=promised, unit=unit)
    try:
        held = ledger.parts
        for name, share in parts.items():
            if name not in held:
                ledger.admit(name, share)
            elif held[name].share != share_of(name, share):
                raise BudgetError(
                    f"{name} has {float(held[name].share):g} of this ledger, not {share}: leave the share as "
                    "it is, since what was promised does not change."
                )
    except BaseException:
        ledger.close()
        raise
    return ledger


def _summed(cost: Cost) -> Budget | None:
    """The promise of costs whose epsilons are known, by adding them up."""
    return None if cost.epsilon is None else Budget(cost.epsilon / MILLIONTH, cost.delta / DELTA_UNITS)


def _alone(cost: Cost, whole: Budget) -> Budget:
    """What one answer with Gaussian noise promises by itself, with half of the budget's delta."""
    delta = max(1, round(whole.delta * DELTA_UNITS) // 2)
    return Budget(epsilon_for(cost.rho, delta) / MILLIONTH, (delta + cost.delta) / DELTA_UNITS)


def _cells(frame: pl.DataFrame, *, groups: int) -> tuple[Cell, ...]:
    """The numbers of an answer, which stand behind its group columns: a value and four ends."""
    return tuple(Cell(*row[groups : groups + 5]) for row in frame.iter_rows())
