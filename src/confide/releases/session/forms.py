"""Questions that a session takes beside SQL: histograms, top-k, heavy hitters, contingency tables."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from typing import Generic, Protocol, TypeVar

import polars as pl

from confide.account.costs import Amount
from confide.releases.session.heavy import HeavyKeys
from confide.releases.session.histogram import Bins
from confide.releases.session.prices import Price
from confide.releases.session.speaking import Stored
from confide.releases.session.tabled import Tabled
from confide.releases.session.topmost import TopKeys
from confide.releases.sql import Dialect, PrivateTable
from confide.releases.sql.answers import Asks

T_co = TypeVar("T_co", covariant=True)


class Question(Protocol):
    """A question that was checked; it is told apart from others by its `repr`."""

    @property
    def asked(self) -> str:
        """The question in words, for the history."""
        ...

    def widths(self, price: Price) -> Mapping[str, float]:
        """How far the noise moves each number at 95 %.

        Raises:
            BudgetError, PromiseError: if noise for this price cannot be drawn.
        """
        ...

    def notes(self, price: Price) -> tuple[str, ...]:
        """What an analyst should know of the answer beforehand."""
        ...

    def speak(self, price: Price, ask: Asks, dialect: Dialect = "duckdb") -> Stored:
        """Count, add noise, and give what may be released."""
        ...

    def frame(self, stored: Stored) -> pl.DataFrame:
        """The answer as a table."""
        ...


class Forms(ABC, Generic[T_co]):
    """Questions beside SQL, each with its arguments; what is made of one is an answer, or a quote."""

    __slots__ = ()

    @abstractmethod
    def _table(self) -> PrivateTable: ...

    @abstractmethod
    def _put(self, question: Question, price: Price) -> T_co: ...

    def histogram(
        self,
        column: str,
        *,
        bins: Iterable[float],
        epsilon: Amount | None = None,
        rho: Amount | None = None,
    ) -> T_co:
        """Count rows in public bins; all bins together are paid once, since a row is in one of them.

        Args:
            column: of numbers. Rows without a value, or with one outside the bins, are left out.
            bins: rising edges; a bin holds its lower edge, and the last one its upper edge too.
            epsilon: what to pay, with Laplace noise.
            rho: what to pay in its place, with Gaussian noise; the budget needs a delta for it.

        Raises:
            QueryError: if the question cannot be. Nothing was charged.
            BudgetError: if the price cannot be, or is not granted. Nothing was charged.
            DataError: if the file changed since the session began. Nothing was charged.
        """
        made = Bins.of(self._table(), column, bins)
        return self._put(made, Price.of(epsilon=epsilon, rho=rho, delta=None))

    def top_k(
        self, column: str, *, k: int, candidates: Iterable[object], epsilon: Amount | None = None
    ) -> T_co:
        """Name the k candidates that most people have, and count their people.

        Half of the price names them, half of it counts again with noise of its own, so that the intervals
        hold for each candidate that is named.

        Args:
            column: of texts, whole numbers, dates, or true and false.
            k: how many to name, at most as many as there are candidates.
            candidates: public values of the column; None is a missing value. Never take them from the data.
            epsilon: what to pay.

        Raises:
            QueryError, BudgetError, DataError: as of `histogram`.

        Source: Durfee, Rogers 2019; McKenna, Sheldon 2020.
        """
        made = TopKeys.of(self._table(), column, k, candidates)
        return self._put(made, Price.of(epsilon=epsilon, rho=None, delta=None))

    def heavy_hitters(
        self, column: str, *, epsilon: Amount | None = None, delta: Amount | None = None
    ) -> T_co:
        """Find the values that many people have, without naming any beforehand, and count their people.

        Only values whose noisy number of people reaches a threshold are shown; the values are the data's, and
        one that a single person has is shown with a chance of at most delta.

        Args:
            column: of texts, whole numbers, dates, or true and false.
            epsilon: what to pay.
            delta: that chance, for all values of one person; well below one over the number of people.

        Raises:
            QueryError, BudgetError, DataError: as of `histogram`.

        Source: Korolova, Kenthapadi, Mishra, Ntoulas 2009.
        """
        made = HeavyKeys.of(self._table(), column)
        return self._put(made, Price.of(epsilon=epsilon, rho=None, delta=delta))

    def tables(
        self,
        columns: Sequence[str] | Sequence[Sequence[str]],
        *,
        keys: Mapping[str, Iterable[object]],
        epsilon: Amount | None = None,
    ) -> T_co:
        """Count rows in contingency tables over sets of columns; all tables share one price.

        Args:
            columns: of one table, ["state", "age"]; or of several, [["state", "age"], ["state", "sex"]].
            keys: for each column its public values. All cells are answered, empty ones too. Rows with another
                value are in no cell.
            epsilon: what to pay for all of them.

        Raises:
            QueryError, BudgetError, DataError: as of `histogram`.

        Source: Barak, Chaudhuri, Dwork, Kale, McSherry, Talwar 2007.
        """
        made = Tabled.of(self._table(), columns, keys)
        return self._put(made, Price.of(epsilon=epsilon, rho=None, delta=None))
