"""Attacks with the generator: what theory says that margins give away, and one forest for all targets."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import norm
from tests.contracts.case import naive_auc
from tests.contracts.cases.membership_synthetic import Redrawn, game, people
from tests.contracts.cases.membership_synthetic_generator import measured

from confide.attacks.membership.synthetic import NoisedMarginsLR, ShadowQueries
from confide.attacks.membership.synthetic._shadow_worlds import Queries, shadow_worlds
from confide.core.errors import DataError
from confide.core.play import play
from confide.measure import measure
from confide.views.table import Domain, Table


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


@pytest.mark.slow
def test_the_margins_give_away_what_their_rho_allows() -> None:
    # Six margins of sigma 4: rho = 6 / (2 * 16), and the AUC of the best test is Phi(sqrt(rho)).
    evidence = play(measured(4.0), NoisedMarginsLR(), worlds=4_000, rng=rng())
    best = float(norm.cdf(math.sqrt(6 / 32)))
    # The AUC's own deviation is .009 at most: four of them, wrong once in 16,000 runs.
    assert naive_auc(evidence) == pytest.approx(best, abs=0.036)
    # Half of the rho would be seen: the test can fail.
    assert best - float(norm.cdf(math.sqrt(3 / 32))) > 0.04


def test_queries_count_rows_that_agree() -> None:
    domains = [Domain("a", ("x", "y")), Domain("n", tuple("0123"), np.arange(4.0))]
    rows = Table.of(domains, np.array([[0, 0], [0, 1], [1, 1], [0, 1]]))
    asked = Queries.drawn(rows, 0, rng=rng())
    assert asked.sets == ((0,), (1,), (0, 1))
    assert (4 * asked.counts(rows.take(np.array([1])), rows)).tolist() == [[3, 3, 2]]


def test_numbers_are_counted_in_tenths_and_compared_exactly_as_a_whole_row() -> None:
    numbers = np.arange(100.0)
    rows = Table.of([Domain("n", tuple(map(str, range(100))), numbers)], np.arange(100)[:, None])
    asked = Queries.drawn(rows, 0, rng=rng())
    near, exact = (100 * asked.counts(rows, rows)).T
    assert (exact == 1).all() and near.min() >= 9 and near.max() <= 11


def test_one_set_of_worlds_serves_all_rounds() -> None:
    made: list[int] = []

    class Counted(Redrawn):
        def __call__(self, data: Table, *, rng: np.random.Generator):  # type: ignore[no-untyped-def]
            made.append(len(data))
            return super().__call__(data, rng=rng)

    played = game(Counted(), asked=np.arange(30))
    _ = play(played, ShadowQueries(worlds=20, queries=5, trees=10), worlds=6, rng=rng())
    assert len(made) == 20 + 6


def test_the_worlds_follow_from_the_targets_alone() -> None:
    targets, reference = people().take(np.arange(20)), people().take(np.arange(600, 800))
    again = people().take(np.arange(600, 800))
    first, second = (
        shadow_worlds(targets, known, Redrawn(), rows=100, worlds=5, queries=4)
        for known in (reference, again)
    )
    assert (first.counts == second.counts).all() and (first.member == second.member).all()


@pytest.mark.slow
def test_a_bootstrap_is_told_by_its_ceiling() -> None:
    evidence = play(game(Redrawn(), asked=np.arange(60)), ShadowQueries(worlds=80), worlds=30, rng=rng(2))
    # 1 / e of the people given are not drawn: nothing is above 1 - 1 / (2 e) = .816 but by luck.
    assert 0.70 < measure(evidence).auc.value < 0.86


def test_too_few_worlds_are_refused() -> None:
    with pytest.raises(DataError, match="worlds is 3: give 10 or more"):
        ShadowQueries(worlds=3)
