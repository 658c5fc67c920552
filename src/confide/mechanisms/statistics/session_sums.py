"""Feldman, Zrnic: Individual Privacy Accounting via a Renyi Filter (NeurIPS 2021), on queries one by one."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from confide.account.costs import MILLIONTH, RHO_UNITS
from confide.account.filters import Filter
from confide.core.arrays import Floats, Rng
from confide.core.budget import Budget
from confide.core.errors import PromiseError
from confide.core.nouns import Outcome
from confide.mechanisms.noise.source import outcome, words_of
from confide.mechanisms.noise.words import Words
from confide.mechanisms.statistics.noisy_integers import GaussianIntegers, LaplaceIntegers
from confide.mechanisms.statistics.promise import IntegerLaw, rehearsed
from confide.mechanisms.statistics.subset_sums import SubsetSums
from confide.views.answers import Answers, AskedSubsets


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionSums(SubsetSums):
    """Answers subset sums as a private session does that is asked them one by one, under one budget.

    *Statement.* The release keeps (epsilon, delta) for what any one person's secret is.

    *Proof.* A session does not know which queries will come, so that each pays its own price. Here m queries
    share the budget evenly, in the whole units of the ledger, rounded down. A person changes one answer by 1
    at most. Without a delta a query pays epsilon / m, with Laplace noise for that, and epsilons add up. With
    a delta it pays a rho, with Gaussian noise; rhos add up to at most the one that the ledger's filter takes
    to keep (epsilon, delta) (`Filter`).

    *Conditions.* As of `SubsetSums`. There noise is made for the most queries that one person is in, which is
    known because all queries are there at once; it is smaller than here.

    A rehearsal has noise of the same law, but that the deviation of Gaussian noise is rounded up to a whole
    number, because our own sampler draws no other.

    >>> from confide.views.answers import Subsets
    >>> asked = AskedSubsets(subsets=Subsets.of(np.eye(4)), bits=np.ones(4, np.bool_))
    >>> view = SessionSums(epsilon=2.0, noise="rehearsal")(asked, rng=np.random.default_rng(0)).view
    >>> round(view.noise, 2)  # four queries of epsilon 0.5 each
    2.8
    """

    def __post_init__(self) -> None:
        # A dataclass with slots is another class than the one that `super()` remembers.
        SubsetSums.__post_init__(self)
        if self.epsilon is None:
            raise PromiseError("a session has a budget: give an epsilon.")
        Filter.of(Budget(self.epsilon, self.delta))  # refuses a budget that pays for no question

    def __call__(self, data: AskedSubsets, *, rng: Rng) -> Outcome[Answers]:
        """Answer all queries."""
        law = self.law(len(data.subsets))
        noise = self._drawn(law, len(data.subsets), words_of(self.noise, rng))
        deviation = math.sqrt(law.variance)
        view = Answers(subsets=data.subsets, answers=data.sums + noise, noise=deviation)
        return outcome(self.noise, view, self.budget, "SessionSums")

    def law(self, queries: int) -> IntegerLaw:
        """The noise of each answer, where this many queries are asked.

        Raises:
            PromiseError: if the budget is too small for them.
        """
        assert self.epsilon is not None
        whole, m = Filter.of(Budget(self.epsilon, self.delta)), max(queries, 1)
        if whole.most_rho is not None:
            rho = whole.most_rho // m
            self._need(rho, queries)
            law = GaussianIntegers.for_rho(l2_squared=1, rho=Fraction(rho, RHO_UNITS))
            return law if self.noise == "secure" else GaussianIntegers(1, float(math.ceil(law.scale)))
        epsilon = (whole.most_epsilon or 0) // m
        self._need(epsilon, queries)
        return LaplaceIntegers.for_epsilon(l1=1, epsilon=Fraction(epsilon, MILLIONTH))

    def _need(self, units: int, queries: int) -> None:
        if not units:
            raise PromiseError(
                f"a budget of epsilon {self.epsilon:g} leaves nothing that a ledger can charge for each of "
                f"{queries:,} queries: give a larger one, or ask less."
            )

    def _drawn(self, law: IntegerLaw, n: int, words: Words) -> Floats:
        drawn = law(np.zeros(n, np.int64)) if self.noise == "secure" else rehearsed(law, n, words)
        return drawn.astype(np.float64)
