"""Kairouz, Bonawitz, Ramage: Discrete Distribution Estimation under Local Privacy (ICML 2016)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from confide.core.arrays import Rng
from confide.core.budget import Budget, Unit
from confide.core.errors import DataError
from confide.core.nouns import Outcome
from confide.measure.frequencies import Frequencies, kept_or_not
from confide.mechanisms.noise.source import Noise, outcome, refuse_unknown, words_of
from confide.mechanisms.randomize.columns import Odds, codes_of, refuse_epsilon, replaced
from confide.views.table import Table


@dataclass(frozen=True, slots=True, kw_only=True)
class KAry:
    """K-ary randomised response: keeps a value with chance e^epsilon / (e^epsilon + k - 1).

    Otherwise one of the k - 1 other values is shown, each with the same chance. A missing value is a value.

    *Statement.* For any two values that a person may have, and any value shown, the chances of showing it
    differ by a factor of at most e^epsilon, whatever other people have.

    *Proof.* The shown value has chance a / t under one true value, and b / t under all others, with whole
    numbers a and b, and a / b <= e^epsilon [`Odds.of`].

    *Conditions.* The k values of the column's domain are public, and so is the number of rows. A domain that
    was read off the data is public only if each value is known to occur: a value that one person alone has
    gives away that they are there. Other columns of the row are untouched, and the promise is about this
    column alone.

    Args:
        column: its name.
        epsilon: above 0 and finite.
        noise: "secure" is drawn from the operating system's cryptographic source, for a real release.
            "rehearsal" is drawn from `rng`, for audits and tests only.

    Raises:
        PromiseError: if epsilon or the noise is refused.
    """

    column: str
    epsilon: float
    noise: Noise = "secure"

    def __post_init__(self) -> None:
        refuse_epsilon(self.epsilon)
        refuse_unknown(self.noise)

    @property
    def budget(self) -> Budget:
        return Budget(self.epsilon, unit=Unit.cells([self.column]))

    def __call__(self, data: Table, *, rng: Rng | None) -> Outcome[Table]:
        """Release the table with this column randomised.

        Raises:
            DataError: if there is no such column, or it holds ranges.
        """
        codes = self.odds(data).drawn(codes_of(data, self.column), words_of(self.noise, rng))
        domain = data.domains[data.at(self.column)]
        view = replaced(data, self.column, [(domain, codes)])
        return outcome(self.noise, view, self.budget, type(self).__name__)

    def odds(self, table: Table) -> Odds:
        """Of keeping a value of the column."""
        return Odds.of(self.epsilon, max(len(table.domains[table.at(self.column)]) - 1, 0))

    def estimate(self, released: Table, *, confidence: float = 0.95) -> Frequencies:
        """The frequencies of the column's values, from a release under the same domain."""
        domain, odds = released.domains[released.at(self.column)], self.odds(released)
        counts = np.bincount(codes_of(released, self.column), minlength=len(domain))
        return kept_or_not(
            counts,
            len(released),
            keep=odds.kept,
            other=odds.shown,
            values=domain.labels,
            confidence=confidence,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Warner(KAry):
    """Randomised response of Warner (1965): tells the truth with chance e^epsilon / (1 + e^epsilon).

    It is k-ary randomised response for a column of two values, with the same statement and conditions.

    Source: Warner, Randomized Response, a Survey Technique for Eliminating Evasive Answer Bias (JASA 1965).

    >>> from confide.views.table import Domain
    >>> asked = Table.of([Domain("smokes", ("no", "yes"))], np.array([[0], [1], [1]]))
    >>> sure = Warner(column="smokes", epsilon=60.0)(asked, rng=None).view
    >>> sure.low[:, 0].tolist()
    [0, 1, 1]
    """

    def odds(self, table: Table) -> Odds:
        """Of telling the truth.

        Raises:
            DataError: if the column has more or less than two values, a missing one included.
        """
        values = len(table.domains[table.at(self.column)])
        if values != 2:
            raise DataError(
                f"column {self.column!r} has {values} values, a missing one included, and Warner's question "
                f"two answers: use k-ary({self.column})."
            )
        return Odds.of(self.epsilon, 1)
