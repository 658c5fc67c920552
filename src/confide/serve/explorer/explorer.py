"""The explorer itself, without the web: who may ask what, what was answered, and what the owner does."""

from __future__ import annotations

import re
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from decimal import Decimal
from fractions import Fraction
from hashlib import sha256

from confide.account.costs import Amount, Cost
from confide.account.history import Entry, Standing
from confide.core.errors import BudgetError
from confide.serve.explorer.engine import Answer, Engine, Price
from confide.serve.explorer.limits import RateLimit
from confide.serve.explorer.precisions import precisions_for
from confide.serve.explorer.questions import Asked, Asking, Question
from confide.serve.explorer.recalling import paid_by
from confide.serve.explorer.results import Result, kind_of_chart, rounded_up
from confide.serve.explorer.schema import PublicSchema
from confide.serve.explorer.spending import share_left
from confide.serve.explorer.tokens import Tokens, Visitor
from confide.serve.explorer.visits import Visits

MOST_RESULTS = 2_000
"""Answers that are kept for their pages; an older one is asked again, at no cost."""
RATE, BURST = 10.0, 60
"""Requests of one person a second, and at once."""
LOGINS, LOGIN_BURST = 0.5, 20
"""Wrong tokens from one address a second, and at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """A price as it is shown.

    Args:
        price: of the question.
        known: whether it was answered since the start, to anybody, and so costs nothing.
        unit: of the numbers.
        grouped: whether there are several of them.
        precision: that would be paid for.
    """

    price: Price
    known: bool
    unit: str
    grouped: bool
    precision: Decimal

    @property
    def error_words(self) -> str:
        """How far the noise moves a number."""
        if self.price.error is None:
            return "not known before"
        width = f"± {rounded_up(self.price.error)} {self.unit}".rstrip()
        if self.price.rows is None:
            return f"{width}{' in each group' if self.grouped else ''}, at 95 %"
        what = "a group" if self.grouped else "it"
        return f"about {width} where {what} has {self.price.rows:,} rows, more where it has fewer, at 95 %"


@dataclass(slots=True, kw_only=True)
class Explorer:
    """What the pages and the API share.

    Args:
        engine: the private session.
        schema: that is public.
        asking: reads questions and says them in SQL.
        tokens: of everybody who may come in.
        clock: seconds that never go back.
    """

    engine: Engine
    schema: PublicSchema
    asking: Asking
    tokens: Tokens
    clock: Callable[[], float]
    visits: Visits = field(init=False)
    limit: RateLimit = field(init=False)
    logins: RateLimit = field(init=False)
    _results: OrderedDict[tuple[str, str], Result] = field(default_factory=OrderedDict)
    _known: set[str] = field(default_factory=set)
    _recalled: set[str] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self.visits = Visits(clock=self.clock)
        self.limit = RateLimit(rate=RATE, burst=BURST, clock=self.clock)
        self.logins = RateLimit(rate=LOGINS, burst=LOGIN_BURST, clock=self.clock)

    @property
    def precisions(self) -> tuple[Decimal, ...]:
        """That the slider offers: up to what the largest part pays for in one question."""
        whole = self.engine.ledger.terms.filter
        share = max((p.share for p in self.parts().values() if not p.revoked), default=Fraction(1))
        return precisions_for(whole.part(share).left(Cost.nothing()).epsilon)

    def price(self, question: Question, analyst: str) -> Offer:
        """What a question would cost an analyst.

        Raises:
            ConfideError: if it cannot be asked.
        """
        checked = self._settled(question)
        asked = self.asking.asked(checked)
        price = self.engine.price(asked, analyst=analyst)
        return Offer(
            price=price,
            known=_name(asked) in self._known,
            unit=self._unit(checked),
            grouped=bool(checked.by),
            precision=checked.precision,
        )

    def ask(self, question: Question, analyst: str) -> Result:
        """Ask a question, and keep the answer for its page.

        Raises:
            ConfideError: if it is not granted; nothing is charged then.
        """
        checked = self._settled(question)
        asked = self.asking.asked(checked)
        answer = self._in_labels(self.engine.ask(asked, analyst=analyst), checked)
        name = _name(asked)
        result = self._result(name, checked, asked.text, answer)
        with self._lock:
            before = self._results.pop((analyst, name), None)
            if before is not None and answer.known:
                # What it did cost is worth more on its page than that it costs nothing now.
                result = before
            self._results[analyst, name] = result
            self._known.add(name)
            while len(self._results) > MOST_RESULTS:
                self._results.popitem(last=False)
        return result

    def result(self, name: str, analyst: str) -> Result | None:
        """An answer that an analyst was given."""
        self._recall(analyst)
        with self._lock:
            return self._results.get((analyst, name))

    def results(self, analyst: str) -> list[Result]:
        """All answers of an analyst, the newest first; of those before a restart, what they paid for."""
        self._recall(analyst)
        with self._lock:
            return [r for (who, _), r in reversed(self._results.items()) if who == analyst]

    def left(self, analyst: str) -> float:
        """The share of an analyst's part that is left, from 0 to 1."""
        ledger = self.engine.ledger
        return share_left(ledger.terms.filter, ledger.parts[analyst], ledger.spent)

    def can_buy(self, analyst: str) -> Decimal | None:
        """The most precise question that is left to an analyst; None if nothing is."""
        try:
            most = Decimal(self.engine.ledger.left(analyst).epsilon) / 1_000_000
        except BudgetError:  # revoked
            return None
        return max((e for e in self.precisions if e <= most), default=None)

    def parts(self) -> dict[str, Standing]:
        """The parts of all analysts."""
        return self.engine.ledger.parts

    def history(self) -> list[Entry]:
        """Everything that was asked."""
        return self.engine.ledger.history()

    def admit(self, name: str, share: Amount) -> str:
        """Admit an analyst, and return their token, which is shown once.

        Raises:
            BudgetError: if the name is taken, or too little is left to give.
        """
        self.engine.ledger.admit(name, share)
        return self.tokens.new(Visitor(name, "analyst"))

    def renew(self, name: str) -> str:
        """A new token for an analyst; the older one and their visits end.

        Raises:
            BudgetError: if there is no such analyst, or they were revoked.
        """
        part = self.parts().get(name)
        if part is None or part.revoked:
            raise BudgetError(f"there is no analyst {name!r:.60} who may ask: admit them first.")
        visitor = Visitor(name, "analyst")
        token = self.tokens.new(visitor)
        self.visits.end_all(visitor)
        return token

    def revoke(self, name: str) -> None:
        """Let an analyst ask no more, at once.

        Raises:
            BudgetError: if there is no such analyst.
        """
        self.engine.ledger.revoke(name)
        visitor = Visitor(name, "analyst")
        self.tokens.revoke(visitor)
        self.visits.end_all(visitor)

    def _settled(self, question: Question) -> Question:
        """The question with its precision: the smallest one that keeps the error, where one is given."""
        checked = self.asking.check(question)
        if checked.within is None:
            return checked
        found = self.engine.precision_within(self.asking.asked(checked), checked.within)
        return replace(checked, precision=found, within=None)

    def _recall(self, analyst: str) -> None:
        """Show again, once after a start, what the ledger keeps of an analyst."""
        with self._lock:
            if analyst in self._recalled:
                return
            self._recalled.add(analyst)
        for paid in reversed(paid_by(analyst, self.history(), self.asking)):
            answer = self.engine.again(paid)
            if answer is None:
                continue
            name = _name(paid.asked)
            result = self._result(
                name, paid.question, paid.asked.text, self._in_labels(answer, paid.question)
            )
            with self._lock:
                self._known.add(name)
                if (analyst, name) not in self._results and len(self._results) < MOST_RESULTS:
                    self._results[analyst, name] = result
                    self._results.move_to_end((analyst, name), last=False)

    def _in_labels(self, answer: Answer, question: Question) -> Answer:
        """The answer, whose notes call columns as the page does."""
        called = {self.asking.bins.get(n, n): self.schema.columns[n].label for n in question.by}
        notes = answer.notes
        for name, label in called.items():
            notes = tuple(re.sub(rf"\b{re.escape(name)}\b", lambda _, said=label: said, n) for n in notes)
        return replace(answer, notes=notes)

    def _result(self, name: str, question: Question, sql: str, answer: Answer) -> Result:
        heads = tuple(self.schema.columns[column].label for column in question.by)
        return Result(
            name=name,
            title=self.asking.said(question),
            sql=sql,
            question=question,
            heads=heads,
            groups=self.asking.groups(question),
            answer=answer,
            unit=self._unit(question),
            kind=kind_of_chart(question, self.schema),
        )

    def _unit(self, question: Question) -> str:
        if question.measure in ("rows", "people"):
            return question.measure
        return self.schema.numbers[question.of or ""].unit


def _name(asked: Asked) -> str:
    """The name of an answer: the same question is the same page, so that a form sent twice makes one."""
    return sha256(f"{asked.text}\0{asked.precision.normalize()}".encode()).hexdigest()[:16]
