"""Workloads: questions that are all fixed before the first is answered, and are charged as one.

Charged one by one, epsilons add up. Together they cost what the distribution of all their privacy losses
proves at a delta (`confide.account.workloads`), which is much less where they are many.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import polars as pl

from confide.account.costs import DELTA_UNITS, MILLIONTH, Amount, Cost, decimal, exact
from confide.account.filters import Composition, Left, epsilon_for
from confide.account.workloads import cost_together
from confide.core.errors import BudgetError
from confide.releases.session.answers import as_text, frame_of
from confide.releases.session.planning import Plan, plan
from confide.releases.session.prices import Price
from confide.releases.session.quoting import left_in_words, widths_of
from confide.releases.session.speaking import Stored
from confide.releases.session.totals import losses_of, price_of_total
from confide.releases.sql import Query, QueryError, Schema, parse

MOST = 1_000
"""Questions of a workload."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkloadPrice(Price):
    """The price of each question of a workload, and what all of them are charged together."""

    charged: Cost

    @property
    def cost(self) -> Cost:
        return self.charged


@dataclass(frozen=True, slots=True, kw_only=True)
class Together:
    """The private answers to a workload.

    Args:
        asked: the questions.
        frames: of each a table, as of `Answer`.
        cost: what was charged for all of them now.
        known: whether this workload was answered before, and so cost nothing.
        notes: how the questions were read, where that may surprise.
    """

    asked: tuple[str, ...]
    frames: tuple[pl.DataFrame, ...]
    cost: Cost
    known: bool
    notes: tuple[str, ...]

    def __str__(self) -> str:
        paid = "known already: they cost nothing" if self.known else f"together they cost {self.cost}"
        each = [f"{text}\n{as_text(frame)}\n" for text, frame in zip(self.asked, self.frames, strict=True)]
        return "\n".join([*each, f"({paid})", *self.notes])


@dataclass(frozen=True, slots=True, kw_only=True)
class Workload:
    """Questions that are declared at once, with their price; nothing is asked or charged before `answer`.

    Args:
        asked: the questions.
        queries: as they were read.
        plans: how each is answered.
        price: of each, and of all together.
        apart: what they would cost one by one.
        delta: at which all together are counted, in 1e-15.
        notes: why the noise was chosen, and how the questions were read where that may surprise.
    """

    asked: tuple[str, ...]
    queries: tuple[Query, ...]
    plans: tuple[Plan, ...]
    price: WorkloadPrice
    apart: Cost
    delta: int
    notes: tuple[str, ...]
    _answered: Callable[[Workload], tuple[Any, Cost, bool]] = field(repr=False)
    _standing: Callable[[Cost], tuple[Left, bool]] = field(repr=False)

    @property
    def cost(self) -> Cost:
        """What all of them cost together."""
        return self.price.charged

    @property
    def left(self) -> Left:
        """What is left of the budget, before they are answered."""
        return self._standing(self.cost)[0]

    @property
    def affordable(self) -> bool:
        """Whether the budget pays for all of them."""
        return self._standing(self.cost)[1]

    @property
    def within(self) -> tuple[dict[str, float | None], ...]:
        """Of each question, how far the noise moves its numbers at most, at 95 %; None where the data say."""
        return tuple(widths_of(made, rows=None) for made in self.plans)

    def answer(self) -> Together:
        """Charge all questions at once, then answer them.

        Raises:
            BudgetError: if the budget does not pay for them. Nothing was charged.
            DataError: if the file changed since the session began. Nothing was charged.
        """
        stored, cost, known = self._answered(self)
        frames = tuple(
            frame_of(query, one) for query, one in zip(self.queries, stored["answers"], strict=True)
        )
        return Together(asked=self.asked, frames=frames, cost=cost, known=known, notes=self.notes)

    def speak(self, one: Callable[[Plan], Stored]) -> Mapping[str, object]:
        """All answers with noise; an error in one of them costs what was charged."""
        return {"answers": [one(made) for made in self.plans]}

    def __str__(self) -> str:
        known = [
            f"  {name}: +-{width:g} at 95 %" for each in self.within for name, width in each.items() if width
        ]
        left, pays = self._standing(self.cost)
        many = len(self.asked)
        head = f"{many:,} questions cost" if many > 1 else "1 question costs"
        does, them = "pays" if pays else "does not pay", "them" if many > 1 else "it"
        paid = f"the budget {does} for {them}: {left_in_words(left)}"
        return "\n".join([f"{head} {self._in_one_unit}; {paid}", *known, *self.notes])

    @property
    def _in_one_unit(self) -> str:
        """What they cost together and one by one, in a unit in which both can be compared."""
        if self.cost == self.apart:
            return f"{self.cost}" + (" together, as much as one by one" if len(self.asked) > 1 else "")
        if self.apart.epsilon is not None:
            return f"{self.cost} together, {self.apart} one by one"
        # Gaussian noise has no epsilon by itself: that of its rhos, at the delta of the workload.
        alone = decimal(epsilon_for(self.apart.rho, self.delta - self.apart.delta), MILLIONTH)
        return f"{self.cost} together, epsilon {alone} by their sum of rhos at the same delta"


def workload_of(
    texts: Iterable[str],
    schema: Schema,
    answered: Callable[[Workload], tuple[Any, Cost, bool]],
    standing: Callable[[Cost], tuple[Left, bool]],
    *,
    keys: Mapping[str, Iterable[object]] | None,
    epsilon: Amount | None,
    rho: Amount | None,
    total: Amount | None,
    delta: Amount,
    composition: Composition,
) -> Workload:
    """The workload of questions, with its price; neither the data nor the ledger is looked at.

    Args:
        texts: one `select` each.
        schema: of the tables.
        answered: charges, answers and stores.
        standing: what is left of the budget, and whether it pays a cost.
        keys: the groups to answer, for each column that any question groups by.
        epsilon, rho: of each question, as of `Session.sql`.
        total: in their place, the epsilon of all together.
        delta: at which they are charged.
        composition: of the ledger.

    Raises:
        QueryError: if a query is outside the subset, or asked twice.
        BudgetError: if the price cannot be.
    """
    asked = _listed(texts)
    queries = tuple(_read(text, schema, keys or {}) for text in asked)
    paid = [replace(q, having=None, order=(), limit=None, notes=()) for q in queries]
    for number, query in enumerate(paid):
        if query in paid[:number]:
            first = paid.index(query) + 1
            raise QueryError(
                f"question {number + 1} asks for the same numbers as question {first}, and would be paid "
                "again",
                "ask it once",
            )
    why = ()
    if total is None:
        price = Price.of(epsilon=epsilon, rho=rho, delta=None)
    elif epsilon is not None or rho is not None:
        raise BudgetError("total finds the price of each question itself: leave out epsilon and rho.")
    else:
        price, *why = price_of_total(paid, total, delta, rhos_add_up=composition == "zcdp")
    plans = tuple(plan(query, price) for query in paid)
    apart = sum([price.cost] * len(plans), Cost.nothing())
    together = cost_together(losses_of(plans), apart=apart, delta=delta)
    # Where rhos alone are summed, the sum of these is what is paid, and no delta is needed for it.
    charged = apart if composition == "zcdp" else together
    return Workload(
        asked=asked,
        queries=queries,
        plans=plans,
        price=WorkloadPrice(epsilon=price.epsilon, rho=price.rho, delta=together.delta, charged=charged),
        apart=apart,
        delta=math.floor(exact("delta", delta) * DELTA_UNITS),
        notes=tuple(dict.fromkeys([*why, *(note for query in queries for note in query.notes)])),
        _answered=answered,
        _standing=standing,
    )


def _listed(texts: Iterable[str]) -> tuple[str, ...]:
    found = (texts,) if isinstance(texts, str) else tuple(texts)
    if not 1 <= len(found) <= MOST:
        raise QueryError(f"the workload has {len(found):,} questions", f"give from 1 to {MOST:,}")
    return found


def _read(text: str, schema: Schema, keys: Mapping[str, Iterable[object]]) -> Query:
    query = parse(text, schema)
    groups = [name for name, kind, _ in query.columns if kind == "group"]
    if not query.groups:
        return query
    if lacking := [name for name in groups if name not in keys]:
        raise QueryError(
            f"the workload groups by {lacking[0]:.60} without keys",
            "give the keys of all groups that may be there (--keys COLUMN=VALUES, in Python keys=)",
        )
    return parse(text, schema, keys={name: keys[name] for name in groups})
