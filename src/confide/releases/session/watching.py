"""Sparse vector over counting queries: which are above a threshold, charged once for all replies."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from threading import Lock
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np

from confide.account.awaited import AwaitedLedger
from confide.account.costs import Amount
from confide.account.ledger import Granted, Ledger
from confide.core.errors import BudgetError
from confide.core.fields import shown
from confide.mechanisms.statistics.laws import LEVEL
from confide.mechanisms.statistics.noisy_integers import LaplaceIntegers
from confide.mechanisms.statistics.sparse_vector import SparseVector
from confide.mechanisms.statistics.sparse_vector import Watch as Run
from confide.releases.session.extract import Extract
from confide.releases.session.prices import Price
from confide.releases.session.server import ServerExtract
from confide.releases.sql import PrivateTable, Query, QueryError, group_sums, parse, sensitivities, sums_of
from confide.releases.sql.query import CountPeople, CountRows

if TYPE_CHECKING:
    from confide.releases.session.spark import SparkExtract

Of: TypeAlias = Literal["rows", "people"]
"""What queries count."""
LARGEST = 2**62
"""Of a threshold, either side of 0."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """The settings of a run, checked; they tell it apart from others.

    Args:
        threshold: a whole number.
        price: of all replies together.
        above: replies "above" after which it stops.
        sensitivity: by how much one person changes a count at most.
        of: "rows" or "people".
        run: by which equal ones are told apart.
    """

    threshold: int
    price: Price
    above: int
    sensitivity: int
    of: Of
    run: int

    @classmethod
    def of_table(
        cls, table: PrivateTable, *, threshold: int, epsilon: Amount, above: int, of: Of, run: int
    ) -> Watch:
        """A run as a user asks for it.

        Raises:
            BudgetError: for a price that is none.
            QueryError: for another setting that cannot be.
            PromiseError: if such noise cannot be drawn.
        """
        for name, value, least in (("threshold", threshold, -LARGEST), ("above", above, 1), ("run", run, 1)):
            if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= LARGEST:
                such = "a whole number" if least < 0 else "a whole number of at least 1"
                raise QueryError(f"{name} is {shown(value)}", f"give {such}")
        if of not in ("rows", "people"):
            raise QueryError(f"of is {shown(of)}", "say 'rows' or 'people'")
        made = cls(
            threshold=threshold,
            price=Price.of(epsilon=epsilon, rho=None, delta=None),
            above=above,
            sensitivity=table.at_most if of == "rows" and table.unit is not None else 1,
            of=of,
            run=run,
        )
        _ = made.widths
        return made

    @property
    def asked(self) -> str:
        """The run in words, for the history."""
        until = "the first" if self.above == 1 else f"{self.above} of them"
        return (
            f"counts of {self.of} one after the other, until {until} above {self.threshold} (run {self.run})"
        )

    @property
    def widths(self) -> Mapping[str, float]:
        """How far both noises together move a count from the threshold, at 95 %."""
        made = self.mechanism
        for rate in made.rates:
            LaplaceIntegers(1, float(1 / rate))  # refuses noise that cannot be drawn
        return {"count against the threshold": float(made.half_width(LEVEL))}

    @property
    def mechanism(self) -> SparseVector:
        """What replies: one more person never lowers a count."""
        epsilon, _ = self.price.pure("it")
        return SparseVector(
            epsilon=epsilon,
            threshold=self.threshold,
            above=self.above,
            sensitivity=self.sensitivity,
            one_direction=True,
        )


class Watching:
    """A run of the sparse vector technique; ask it one counting query after the other.

    A query that was asked before gets the same reply, and none is used up. When the last reply "above" was
    given, or it is closed, the replies are stored: beginning the same run again gives them at no cost.

    Args:
        watch: the settings.
        granted: the charge that paid, before anything was counted.
        extract: whose rows are counted.
        ledger: that keeps the replies.
        need_open: refuses where the session is closed.
    """

    def __init__(
        self,
        watch: Watch,
        granted: Granted,
        *,
        extract: Extract | ServerExtract | SparkExtract,
        ledger: Ledger | AwaitedLedger,
        need_open: Callable[[], None],
    ) -> None:
        self._watch, self._granted, self._lock = watch, granted, Lock()
        self._extract, self._ledger, self._need_open = extract, ledger, need_open
        known = None if granted.answer is None else json.loads(granted.answer)
        self._replies: dict[str, bool] = dict(known["replies"]) if known else {}
        # A secure mechanism draws nothing from the generator.
        self._run: Run | None = None if known else watch.mechanism.watch(np.random.default_rng(0))

    def __repr__(self) -> str:
        # The noisy threshold is nobody's to see.
        return f"Watching({self._watch.asked}; {self.left} left)"

    @property
    def known(self) -> bool:
        """Whether it was run before, and so cost nothing."""
        return self._granted.answer is not None

    @property
    def left(self) -> int:
        """How many replies "above" may still come; 0 when it has stopped."""
        return 0 if self._run is None else self._run.left

    def ask(self, text: str) -> bool:
        """Whether the count of a query is above the threshold, with noise on both.

        Args:
            text: `select count(*)` or `select count(distinct PERSON)` of the subset of SQL, without groups.

        Raises:
            QueryError: for any other query.
            BudgetError: if it has stopped.
            DataError: if the session is closed, or the file changed.
        """
        self._need_open()
        query = self._counting(text)
        name = repr(query)
        with self._lock:
            if name in self._replies:
                return self._replies[name]
            if self._run is None:
                raise BudgetError(
                    "this run has stopped, and gives no other replies: begin another, at the price of a new "
                    f"epsilon (run={self._watch.run + 1})."
                )
            self._extract.need_unchanged()
            exact = group_sums(query, self._extract.ask, self._extract.dialect).sums[sums_of(query)[0]][0]
            reply = bool(self._run.high(np.array([exact], np.int64))[0])
            self._replies[name] = reply
            if not self._run.left:
                self._store()
            return reply

    def close(self) -> None:
        """Stop, and store the replies that were given."""
        with self._lock:
            if self._run is not None:
                self._store()

    def __enter__(self) -> Watching:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _store(self) -> None:
        self._run = None
        self._ledger.answer(self._granted, {"replies": self._replies})

    def _counting(self, text: str) -> Query:
        query = parse(text, self._extract.schema)
        sums = sums_of(query)
        table = self._extract.schema.table.name
        if (
            query.groups
            or len(query.aggregates) != 1
            or not isinstance(query.aggregates[0], CountRows | CountPeople)
            or query.having
            or query.limit
        ):
            raise QueryError(
                "only counts are compared with a threshold, one at a time",
                "ask",
                nearest=f"select count(*) from {table} where COLUMN between LOW and HIGH",
            )
        if sensitivities(query)[sums[0]].l1 > self._watch.sensitivity:
            raise QueryError(
                "this run is of people, and count(*) counts rows",
                f"count(distinct {query.table.unit}), or begin a run with",
                nearest='of="rows"',
            )
        return replace(query, columns=(), order=(), notes=())  # a number by another name is the same
