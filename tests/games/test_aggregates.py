"""The game on counts deals fair worlds, and the two attacks are the formulas that they say."""

from __future__ import annotations

import numpy as np
import pytest

from confide.attacks.membership.counts import InnerProduct, KnockKnock
from confide.core.errors import DataError
from confide.core.play import play
from confide.data.commuters import MONDAY, Commuters
from confide.games.membership.counts import Aggregates
from confide.measure.privacy_gain import privacy_gain
from confide.measure.roc import auc
from confide.mechanisms.statistics.visit_counts import VisitCounts
from confide.views.counts import Grid

GRID = Grid(cells=100, start=MONDAY)
TRACES = Commuters()(rng=np.random.default_rng(0))


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def game(group: int = 100, **settings) -> Aggregates:
    mechanism = VisitCounts(grid=GRID, at_most=30, noise="rehearsal", **settings)
    return Aggregates(traces=TRACES, mechanism=mechanism, group=group)


def reached(attack, worlds: int, **settings) -> float:
    evidence = play(game(**settings), attack, worlds=worlds, rng=rng(1))
    return auc(evidence.claims[evidence.exposed], evidence.claims[~evidence.exposed]).value


def test_the_counts_are_those_of_the_group_and_known_people_are_no_targets():
    world = game().deal(0, rng=rng())
    case = world.case
    everybody = GRID.presence(TRACES)
    targets, people = GRID.presence(case.targets), GRID.presence(case.known.people)
    assert (targets == everybody[world.ids]).all() and case.known.group == 100
    assert len(targets) + len(people) == 200
    others = case.view.counts.ravel() - targets[world.exposed].sum(axis=0)
    assert (others >= 0).all() and others.sum() == pytest.approx(90 * everybody.sum() / 200, rel=0.1)


def test_the_coin_is_fair():
    """2,000 coins: five standard errors."""
    heads = np.concatenate([game(10).deal(i, rng=child).exposed for i, child in enumerate(rng().spawn(100))])
    assert abs(heads.mean() - 0.5) < 5 * 0.5 / np.sqrt(len(heads))


def test_the_inner_product_term_by_term():
    case = game().deal(0, rng=rng()).case
    share = GRID.presence(case.known.people).mean(axis=0)
    for i, y in enumerate(GRID.presence(case.targets)[:3]):
        expected = sum((y - share) * (case.view.counts.ravel() - 100 * share)) - sum((y - share) ** 2) / 2
        assert InnerProduct()(case, rng=rng()).score[i] == pytest.approx(expected)


def test_the_bars_on_weekly_counts_of_commuters():
    """At m = 100: 0.99 raw, 0.74 ± 0.07 at epsilon 10, at most 0.60 at epsilon 1 (2,000 rows a bar)."""
    assert reached(InnerProduct(), 20) >= 0.99
    noisy, noisier = (reached(InnerProduct(), 100, epsilon=e) for e in (10.0, 1.0))
    assert abs(noisy - 0.74) <= 0.07 and noisier <= 0.60
    assert privacy_gain(1.0, noisier) > privacy_gain(1.0, noisy)


def test_trained_is_not_worse_than_untrained():
    assert reached(KnockKnock(groups=60), 3) >= 0.99


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"group": 195}, "ask for a smaller group"),
        ({"targets": 1}, "give 2 to"),
        ({"share": 2.0}, r"\[0, 1\]"),
    ],
)
def test_bad_settings_are_said(settings, says):
    with pytest.raises(DataError, match=says):
        Aggregates(traces=TRACES, mechanism=VisitCounts(grid=GRID), **settings)
