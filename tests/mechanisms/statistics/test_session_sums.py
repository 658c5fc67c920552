"""Subset sums as a session answers them: the prices, the law, the promise, and the session's own noise."""

from __future__ import annotations

import dataclasses
import math
from fractions import Fraction

import numpy as np
import pytest
from scipy.stats import norm

from confide.account.costs import Cost
from confide.account.filters import Filter
from confide.core.budget import Budget, Unit
from confide.core.errors import BudgetError, PromiseError
from confide.measure.intervals import clopper_pearson
from confide.mechanisms.statistics.noisy_integers import GaussianIntegers
from confide.mechanisms.statistics.session_sums import SessionSums
from confide.releases.session.planning import plan
from confide.releases.session.prices import Price
from confide.releases.sql import Column, PrivateTable, Schema, parse
from confide.views.answers import AskedSubsets, Subsets

ALPHA = 1e-6
ALONE = Subsets.of(np.eye(500))
"""Each person is in one subset of their own: one release shows 500 independent answers."""


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def noise(mechanism: SessionSums, *, seed: int = 0, bit: bool = False) -> np.ndarray:
    data = AskedSubsets(subsets=ALONE, bits=np.full(500, bit))
    return mechanism(data, rng=rng(seed)).view.answers


@pytest.mark.parametrize(("epsilon", "queries", "each"), [(1.0, 4, "0.25"), (1.0, 3, "0.333333")])
def test_the_noise_is_what_a_session_plans_for_the_share_of_the_budget(
    epsilon: float, queries: int, each: str
) -> None:
    table = PrivateTable(name="people", columns={"hiv": Column(kind="boolean")})
    query = parse("select count(*) from people where hiv", Schema(table))
    (part,) = plan(query, Price.of(epsilon=each, rho=None, delta=None)).parts.values()
    assert SessionSums(epsilon=epsilon).law(queries) == part.noise
    # All prices together are granted, and the next millionth for each would not be.
    price, whole = Cost.pure(each), Filter.of(Budget(epsilon))
    assert whole.grants(sum([price] * queries, Cost.nothing()))
    more = Cost.pure(Fraction(each) + Fraction(1, 10**6))
    assert not whole.grants(sum([more] * queries, Cost.nothing()))


def test_with_a_delta_each_answer_pays_a_rho_and_their_sum_is_granted() -> None:
    whole = Filter.of(Budget(1.0, 1e-6))
    law = SessionSums(epsilon=1.0, delta=1e-6).law(7)
    assert isinstance(law, GaussianIntegers) and whole.most_rho is not None
    paid = Fraction(whole.most_rho // 7, 10**12)
    assert Fraction(law.rho) <= paid and math.isclose(law.scale, math.sqrt(1 / (2 * paid)), rel_tol=1e-9)
    assert whole.grants(sum([Cost.concentrated(paid)] * 7, Cost.nothing()))
    table = PrivateTable(name="people", columns={"hiv": Column(kind="boolean")})
    query = parse("select count(*) from people where hiv", Schema(table))
    (part,) = plan(query, Price.of(epsilon=None, rho=paid, delta=None)).parts.values()
    assert law == part.noise
    # A rehearsal draws whole deviations alone: the next one, never a smaller one.
    assert SessionSums(epsilon=1.0, delta=1e-6, noise="rehearsal").law(7).scale == math.ceil(law.scale)


@pytest.mark.parametrize("source", ["secure", "rehearsal"])
def test_the_noise_has_its_law(source: str) -> None:
    """500 answers of epsilon 0.5 each, 20 times: fails by chance once in 100,000 runs."""
    mechanism = SessionSums(epsilon=250.0, noise=source)  # pyright: ignore[reportArgumentType]
    found = np.concatenate([noise(mechanism, seed=s) for s in range(20)])
    for k in range(-3, 4):
        chance = np.tanh(0.25) * np.exp(-0.5 * abs(k))
        error = norm.ppf(1 - ALPHA / 2) * (chance * (1 - chance) / 10_000) ** 0.5
        assert abs((found == k).mean() - chance) < error
    # A twin that gives the whole budget to each query has no noise to speak of.
    assert noise(dataclasses.replace(mechanism, epsilon=999.0)).std() < 0.6 * found.std()


def test_the_promise_holds_for_each_price_and_a_twin_breaks_it() -> None:
    def loss(mechanism: SessionSums) -> float:
        """The largest log-ratio of answers with a bit of 1 and of 0, certain at 1 - 1e-6 each."""
        yes = np.concatenate([noise(mechanism, seed=s, bit=True) for s in range(30)])
        no = np.concatenate([noise(mechanism, seed=100 + s) for s in range(30)])
        found = []
        for t in range(-2, 6):
            low, _ = clopper_pearson((yes >= t).sum(), len(yes), confidence=1 - ALPHA)
            _, high = clopper_pearson((no >= t).sum(), len(no), confidence=1 - ALPHA)
            found.append(np.log(max(float(low), 1e-12) / float(high)))
        return max(found)

    kept = SessionSums(epsilon=500.0, noise="rehearsal")
    assert kept.budget is not None and kept.budget.unit == Unit.cells(["secret"])
    assert 0.7 < loss(kept) <= 1.0 < loss(dataclasses.replace(kept, epsilon=1000.0))


def test_what_cannot_be_kept_is_refused() -> None:
    with pytest.raises(PromiseError, match="give an epsilon"):
        SessionSums()
    with pytest.raises(PromiseError, match="two noises"):
        SessionSums(epsilon=1.0, deviation=1.0)
    with pytest.raises(PromiseError, match=r"delta is 1\.0"):
        SessionSums(epsilon=1.0, delta=1.0)
    with pytest.raises(BudgetError, match="epsilon is 1e-07"):
        SessionSums(epsilon=1e-7)
    with pytest.raises(PromiseError, match="for each of 500 queries"):
        noise(SessionSums(epsilon=1e-4))
