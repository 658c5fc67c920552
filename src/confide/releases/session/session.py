"""Sessions: questions are parsed, priced, charged, answered with noise, stored, and then shown."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from threading import Event
from types import TracebackType
from typing import TYPE_CHECKING, Any

from confide.account.awaited import AwaitedLedger
from confide.account.charge import answered, digest_of
from confide.account.costs import MILLIONTH, Amount, Cost
from confide.account.filters import Left
from confide.account.ledger import Ledger
from confide.core.budget import Unit
from confide.core.errors import BudgetError, DataError
from confide.core.fields import shown
from confide.releases.session.answers import Answer, frame_of, refuse_names
from confide.releases.session.extract import Extract
from confide.releases.session.forms import Forms, Question
from confide.releases.session.planning import before_release, plan
from confide.releases.session.prices import Price, felt
from confide.releases.session.quoting import Quote, fits, widths_of
from confide.releases.session.series import Keys, Series
from confide.releases.session.server import ServerExtract
from confide.releases.session.speaking import speak
from confide.releases.session.watching import Of, Watch, Watching
from confide.releases.session.within import bought, price_within
from confide.releases.sql import PrivateTable, Query, parse

if TYPE_CHECKING:
    from confide.releases.session.spark import SparkExtract

Within = float | Mapping[str, float]
"""The error that can be borne: for all numbers of an answer, or by their names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Session(Series):
    """A private session: analysts ask, and never learn an individual.

    Open one by `confide.private`; close it, or use it in a `with` block.

    Args:
        extract: the rows, each person's cut.
        ledger: that pays; a new one is made with the first question that is charged.
        unit: what the promise hides.
        order: by which rows a person's were cut; empty for a draw.
        analyst: who asks; None if no analysts are named.
        closed: set when nothing more can be asked.
        watching: what `above` began; their replies are stored when it closes.
    """

    extract: Extract | ServerExtract | SparkExtract
    ledger: Ledger | AwaitedLedger
    unit: Unit
    order: tuple[str, ...] = ()
    analyst: str | None = None
    closed: Event = field(default_factory=Event, repr=False, compare=False)
    watching: list[Watching] = field(default_factory=list, repr=False, compare=False)

    def sql(
        self,
        text: str,
        *,
        keys: Keys | None = None,
        epsilon: Amount | None = None,
        rho: Amount | None = None,
        delta: Amount | None = None,
        within: Within | None = None,
        rows: int | None = None,
    ) -> Answer:
        """Ask a query of the certified subset of SQL (docs/sql.md).

        Args:
            text: one `select`.
            keys: the groups to answer, also empty ones; None takes them from the data, which needs a delta.
            epsilon: what to pay, with Laplace noise.
            rho: what to pay in its place, with Gaussian noise; the budget needs a delta for it.
            delta: the chance that a group of one person is shown, where keys come from the data.
            within: in the place of a price: the error that can be borne, at 95 %.
            rows: for `within` of means: a public guess of the rows of the smallest group that matters.

        Raises:
            QueryError: if the query is outside the subset. Nothing was charged.
            BudgetError: if the price cannot be, or is not granted. Nothing was charged.
            DataError: if the file changed since the session began. Nothing was charged.
        """
        query, price, notes = self._priced(text, keys, epsilon, rho, delta, within, rows)
        made = plan(before_release(query), price)
        try:
            stored, cost, known = self._answered(
                repr(made.query), price, text, lambda: speak(made, self.extract.ask, self.extract.dialect)
            )
        except BudgetError as error:
            if within is None:
                raise
            buys = bought(query, self.left.epsilon, rows=rows, delta=price.delta)
            raise BudgetError(f"{str(error).removesuffix('.')} – {buys}.") from error
        notes = (*notes, *price.warnings)
        return Answer(asked=text, frame=frame_of(query, stored), cost=cost, known=known, notes=notes)

    def cost(
        self,
        text: str,
        *,
        keys: Keys | None = None,
        epsilon: Amount | None = None,
        rho: Amount | None = None,
        delta: Amount | None = None,
        within: Within | None = None,
        rows: int | None = None,
    ) -> Quote:
        """What a query would cost, and how far its noise would move the answer; asks nothing.

        Args:
            text, keys, epsilon, rho, delta, within, rows: as of `sql`.

        Raises:
            QueryError, BudgetError: as `sql` does.
        """
        query, price, notes = self._priced(text, keys, epsilon, rho, delta, within, rows)
        made = plan(before_release(query), price)
        quote = self._quoted(price, widths_of(made, rows=rows), notes)
        if within is None or quote.affordable:
            return quote
        buys = bought(query, quote.left.epsilon, rows=rows, delta=price.delta)
        return replace(quote, notes=(*quote.notes, f"Of what is left, {buys}."))

    @property
    def quote(self) -> Quotes:
        """What a question beside SQL would cost: `session.quote.top_k(...)`; asks nothing."""
        return Quotes(self)

    def _table(self) -> PrivateTable:
        self._need_open()
        return self.extract.schema.table

    def _put(self, question: Question, price: Price) -> Answer:
        _ = question.widths(price)  # refuses noise that cannot be drawn, before anything is charged
        stored, cost, known = self._answered(
            repr(question), price, question.asked,
            lambda: question.speak(price, self.extract.ask, self.extract.dialect),
        )  # fmt: skip
        notes = (*question.notes(price), *price.warnings)
        return Answer(asked=question.asked, frame=question.frame(stored), cost=cost, known=known, notes=notes)

    def _quoted(self, price: Price, within: Mapping[str, float | None], notes: tuple[str, ...]) -> Quote:
        left, affordable = self._standing(price.cost)
        return Quote(
            cost=price.cost,
            within=within,
            left=left,
            affordable=affordable,
            notes=(*notes, *price.warnings, *self.notes),
        )

    def _standing(self, cost: Cost) -> tuple[Left, bool]:
        """What is left of the budget, and whether it pays this."""
        left = self.left
        return left, self.ledger.terms.filter.grants(self.ledger.spent + cost) and fits(cost, left)

    @property
    def notes(self) -> tuple[str, ...]:
        """A sentence if the budget promises nothing."""
        return felt(self.ledger.terms.epsilon / MILLIONTH, what="the budget's epsilon")

    @property
    def spent(self) -> Cost:
        """What all questions have cost together."""
        self._need_open()
        return self.ledger.spent

    @property
    def left(self) -> Left:
        """The most that the next question may cost."""
        self._need_open()
        return self.ledger.left(self.analyst)

    def close(self) -> None:
        """Close the ledger, and remove the extract."""
        try:
            for one in () if self.closed.is_set() else self.watching:
                one.close()
        finally:
            self.closed.set()
            self.ledger.close()
            self.extract.close()

    def __enter__(self) -> Session:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _priced(
        self,
        text: str,
        keys: Keys | None,
        epsilon: Amount | None,
        rho: Amount | None,
        delta: Amount | None,
        within: Within | None,
        rows: int | None,
    ) -> tuple[Query, Price, tuple[str, ...]]:
        """The query and its price; neither the data nor the ledger is looked at."""
        self._need_open()
        query = parse(text, self.extract.schema, keys=keys)
        refuse_names(query)
        if rows is not None and (isinstance(rows, bool) or not isinstance(rows, int) or rows < 1):
            raise BudgetError(f"rows is {shown(rows)}: give a whole number of at least 1.")
        hidden = bool(query.groups) and query.keys is None
        if delta is not None and not hidden:
            raise BudgetError(
                "a delta is paid where keys come from the data, and here they do not: leave it out."
            )
        if within is None:
            return query, Price.of(epsilon=epsilon, rho=rho, delta=delta), query.notes
        if epsilon is not None or rho is not None:
            raise BudgetError("within finds the price itself: leave out epsilon and rho.")
        chance = 0 if delta is None else Price.of(epsilon=1, rho=None, delta=delta).delta
        price, notes = price_within(before_release(query), within, rows=rows, delta=chance)
        return query, price, (*query.notes, *notes)

    def _need_open(self) -> None:
        """Check that the session was not closed; a charge after that would buy nothing."""
        if self.closed.is_set():
            raise DataError("this session is closed: open another one, which goes on with its ledger.")

    def _answered(
        self, question: str, price: Price, asked: str, answer: Callable[[], Mapping[str, Any]]
    ) -> tuple[Any, Cost, bool]:
        """Charge, answer, store; in this order."""
        self.extract.need_unchanged()
        digest = self._digest(question, price)
        found = answered(self.ledger, digest, price.cost, speak=answer, analyst=self.analyst, asked=asked)
        return found.value, found.cost, found.known

    def _digest(self, question: str, price: Price) -> str:
        """Of everything that an answer depends on."""
        return digest_of(
            data=self.extract.digest,
            text=question,
            parameters={
                "epsilon": price.epsilon,
                "rho": price.rho,
                "delta": price.delta,
                "unit": str(self.unit),
                "order": list(self.order),
                "public": self.extract.public,
                # A column that is derived in another way is another question.
                **({"derived": self.extract.derived} if self.extract.derived else {}),
            },
        )


@dataclass(frozen=True, slots=True)
class Quotes(Forms[Quote]):
    """What the questions of a session beside SQL would cost, by the same names and arguments."""

    session: Session

    def above(
        self, *, threshold: int, epsilon: Amount, above: int = 1, of: Of = "rows", run: int = 1
    ) -> Quote:
        """What `Session.above` would cost, and how far the noise moves what is compared."""
        watch = Watch.of_table(
            self.session._table(), threshold=threshold, epsilon=epsilon, above=above, of=of, run=run
        )
        return self.session._quoted(watch.price, watch.widths, ())

    def _table(self) -> PrivateTable:
        return self.session._table()

    def _put(self, question: Question, price: Price) -> Quote:
        return self.session._quoted(price, question.widths(price), question.notes(price))
