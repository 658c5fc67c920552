"""Series of questions that are charged once: workloads fixed beforehand, and counts against a threshold."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from confide.account.awaited import AwaitedLedger
from confide.account.costs import Amount, Cost
from confide.account.filters import Left
from confide.account.ledger import Ledger
from confide.releases.session.answers import Answer
from confide.releases.session.extract import Extract
from confide.releases.session.forms import Forms
from confide.releases.session.prices import Price
from confide.releases.session.server import ServerExtract
from confide.releases.session.speaking import speak
from confide.releases.session.watching import Of, Watch, Watching
from confide.releases.session.workload import Workload, workload_of

if TYPE_CHECKING:
    from confide.releases.session.spark import SparkExtract

Keys = Mapping[str, Iterable[object]]
"""For the name of each group column the groups to answer."""


class Series(Forms[Answer]):
    """Questions of a session that one charge pays for together."""

    __slots__ = ()

    # Fields of the session.
    extract: Extract | ServerExtract | SparkExtract
    ledger: Ledger | AwaitedLedger
    analyst: str | None
    watching: list[Watching]

    @abstractmethod
    def _need_open(self) -> None: ...

    @abstractmethod
    def _digest(self, question: str, price: Price) -> str: ...

    @abstractmethod
    def _answered(
        self, question: str, price: Price, asked: str, answer: Callable[[], Mapping[str, Any]]
    ) -> tuple[Any, Cost, bool]: ...

    @abstractmethod
    def _standing(self, cost: Cost) -> tuple[Left, bool]: ...

    def above(
        self, *, threshold: int, epsilon: Amount, above: int = 1, of: Of = "rows", run: int = 1
    ) -> Watching:
        """Ask counting queries one after the other, until some were above a threshold.

        It is charged once, here. Replies are above or below; those below cost nothing more.

        Args:
            threshold: a whole number, chosen without the data.
            epsilon: what to pay for all replies together.
            above: how many replies "above" there are; after the last one it stops.
            of: "rows" where queries count rows, "people" where all of them count people
                (`count(distinct PERSON)`), which gets less noise.
            run: another number begins again, at the price of a new epsilon; the same one gives the replies
                that are stored, at no cost.

        Raises:
            BudgetError, PromiseError: if the price or a setting cannot be, or is not granted.
            DataError: if the file changed since the session began. Nothing was charged.

        Source: Lyu, Su, Li 2017.
        """
        watch = Watch.of_table(
            self._table(), threshold=threshold, epsilon=epsilon, above=above, of=of, run=run
        )
        self.extract.need_unchanged()
        digest = self._digest(repr(watch), watch.price)
        granted = self.ledger.charge(digest, watch.price.cost, analyst=self.analyst, asked=watch.asked)
        made = Watching(watch, granted, extract=self.extract, ledger=self.ledger, need_open=self._need_open)
        self.watching.append(made)
        return made

    def workload(
        self,
        texts: Iterable[str],
        *,
        delta: Amount,
        keys: Keys | None = None,
        epsilon: Amount | None = None,
        rho: Amount | None = None,
        total: Amount | None = None,
    ) -> Workload:
        """Declare queries that are charged as one: many cost much less than their sum. Nothing is asked yet.

        It counts for questions that are fixed before the first is answered: look at the `cost`, then call
        `answer`, which charges and answers all of them.

        Args:
            texts: of queries, as of `sql`.
            delta: of all together, a part of the budget's.
            keys: the groups to answer, for each column that any of them groups by.
            epsilon, rho: what each pays, as of `sql`.
            total: in their place, the epsilon of all together; the noise is then Laplace or Gaussian, of
                which moves the answers less, and as small as the total allows.

        Raises:
            QueryError, BudgetError: as `sql` does.
        """
        self._need_open()
        return workload_of(
            texts,
            self.extract.schema,
            lambda made: self._answered(
                repr([one.query for one in made.plans]),
                made.price,
                "; ".join(made.asked),
                lambda: made.speak(lambda one: speak(one, self.extract.ask, self.extract.dialect)),
            ),
            self._standing,
            keys=keys,
            epsilon=epsilon,
            rho=rho,
            total=total,
            delta=delta,
            composition=self.ledger.terms.composition,
        )
