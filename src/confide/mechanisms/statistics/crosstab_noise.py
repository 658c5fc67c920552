"""Dwork, McSherry, Nissim, Smith: Calibrating Noise to Sensitivity (TCC 2006), on contingency tables."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction

from confide.core.arrays import Rng
from confide.core.budget import Budget, Unit
from confide.core.errors import PromiseError
from confide.core.nouns import Outcome
from confide.mechanisms.noise.coins import rate_below
from confide.mechanisms.noise.discrete_laplace import discrete_laplace
from confide.mechanisms.noise.source import Noise, outcome, refuse_unknown, words_of
from confide.mechanisms.noise.words import secure_words
from confide.mechanisms.statistics.crosstab_rounding import need_counts
from confide.views.crosstab_sums import sources
from confide.views.crosstabs import Crosstabs


@dataclass(frozen=True, slots=True, kw_only=True)
class NoisyCrosstabs:
    """Adds two-sided geometric noise to every cell of contingency tables, totals included.

    *Statement.* The release is epsilon-differentially private for one person more or less.

    *Proof.* The cells of a table that are fixed in the same columns share nobody, so a person is in at most
    one of them. If all tables have k such groups of cells, one person changes at most k counts by one: the
    list of all counts changes by at most k in the L1 norm. Each count gets independent noise with P(j) in
    proportion to exp(-epsilon |j| / k), so the ratio of two releases' probabilities is at most exp(epsilon).

    *Conditions.* Which cells are published, and the values of each column, are public and chosen without the
    data. The noise is drawn exactly, in whole numbers.

    Args:
        epsilon: in nats, for all tables together.
        noise: "secure" for a real release; "rehearsal" is drawn from `rng`.

    Raises:
        PromiseError: if epsilon cannot be kept.
    """

    epsilon: float
    noise: Noise = "secure"

    def __post_init__(self) -> None:
        refuse_unknown(self.noise)
        if not 0 < self.epsilon < float("inf"):
            raise PromiseError(f"epsilon is {self.epsilon}: give a finite number above 0.")
        # Drawing nothing refuses a rate that cannot be drawn.
        discrete_laplace(0, rate=rate_below(Fraction(self.epsilon)), words=secure_words)

    @property
    def budget(self) -> Budget:
        return Budget(self.epsilon, unit=Unit.record())

    def __call__(self, data: Crosstabs, *, rng: Rng) -> Outcome[Crosstabs]:
        """Add noise and publish.

        Raises:
            PromiseError: for hidden counts.
        """
        need_counts(data)
        touched = sum(1 for _ in sources(data))
        rate = rate_below(Fraction(self.epsilon) / touched)
        noise = discrete_laplace(len(data), rate=rate, words=words_of(self.noise, rng))
        tables, begin = [], 0
        for table in data.tables:
            count = table.low + noise[begin : begin + len(table)]
            tables.append(replace(table, low=count, high=count))
            begin += len(table)
        view = replace(data, tables=tuple(tables), exact=False)
        return outcome(self.noise, view, self.budget, "NoisyCrosstabs")
