"""The attacks on traces against their formulas, written out one by one."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from confide.attacks.linkage.traces._markov_chains import chains, log_ratios
from confide.attacks.linkage.traces.mobility_chain import (
    MobilityChain,
    MobilityLikelihood,
    distance,
    in_plane,
)
from confide.attacks.linkage.traces.nearby_points import NearbyPoints
from confide.attacks.linkage.traces.shared_places import SharedPlaces
from confide.attacks.linkage.traces.unique_points import UniquePoints
from confide.core.evidence import Evidence
from confide.core.nouns import Mechanism
from confide.core.play import play
from confide.data.commuters import Commuters
from confide.data.twins_traces import wanderers
from confide.games.linkage.traces import EarlierKnown, PointsKnown
from confide.mechanisms.anchors.published import Published
from confide.mechanisms.anonymize.coarse_traces import CoarseTraces
from confide.mechanisms.anonymize.rare_places import WithoutRarePlaces
from confide.mechanisms.anonymize.split_traces import SplitTraces
from confide.mechanisms.randomize.planar_laplace import PlanarLaplace
from confide.views.traces import Traces, metres


def rng(seed: int = 2) -> np.random.Generator:
    return np.random.default_rng(seed)


HOURLY = CoarseTraces(seconds=3_600)(
    wanderers(300, around=(40.0, -74.0), each=30, places=300, days=10, rng=rng()), rng=None
).view


def right(evidence: Evidence) -> float:
    return float(evidence.table.filter(evidence.table["exposed"])["hit"].mean())  # type: ignore[arg-type]


def test_unicity_claims_exactly_the_only_trace_that_fits() -> None:
    world = PointsKnown(traces=HOURLY, mechanism=Published(), points=2, targets=150).deal(0, rng=rng())
    guess = UniquePoints()(world.case, rng=rng())
    view, told = world.case.view, world.case.targets
    own = [
        set(zip(*(c[view.person == i].tolist() for c in (view.place, view.time)), strict=True))
        for i in range(view.people)
    ]
    assert guess.value is not None
    for i in range(told.people):
        mine = set(zip(*(c[told.person == i].tolist() for c in (told.place, told.time)), strict=True))
        fit = [r for r, s in enumerate(own) if mine <= s]
        assert guess.score[i] == (1 / len(fit) if fit else 0)
        assert guess.value[i] == (fit[0] if len(fit) == 1 else -1)
    assert len(np.unique(guess.score)) > 2, "some draws must fit several traces"


@pytest.mark.parametrize(
    "mechanism",
    [
        Published(),
        CoarseTraces(metres=1_000),
        CoarseTraces(seconds=4 * 3_600),
        SplitTraces(hours=24),
        WithoutRarePlaces(people=5),
    ],
    ids=lambda m: type(m).__name__,
)
def test_exact_points_are_found_through_every_rule(mechanism: Mechanism[Traces]) -> None:
    """The points are sought as the release shows them, so every exposed person fits their own trace."""
    game = PointsKnown(traces=HOURLY, mechanism=mechanism, targets=120)
    world = game.deal(0, rng=rng())
    guess = UniquePoints()(world.case, rng=rng())
    claimed = guess.value >= 0  # type: ignore[operator]
    assert game.hits(guess, world.secrets)[world.exposed & claimed].all()
    for attack in (UniquePoints(), NearbyPoints()):
        assert right(play(game, attack, worlds=1, rng=rng())) > 0.75


def test_noise_blinds_the_exact_adversary_and_not_the_one_who_asks_for_nearness() -> None:
    game = PointsKnown(traces=HOURLY, mechanism=PlanarLaplace(noise="rehearsal"), targets=120)
    exact, near = (
        right(play(game, a, worlds=1, rng=rng(), across_units=True)) for a in (UniquePoints(), NearbyPoints())
    )
    assert exact < 0.5 < near


def test_jaccard_is_the_weighted_share_of_common_places() -> None:
    world = EarlierKnown(traces=HOURLY, mechanism=Published(), targets=30).deal(0, rng=rng())
    guess = SharedPlaces()(world.case, rng=rng())
    view, past = world.case.view, world.case.targets
    new = [set(view.place[view.person == r].tolist()) for r in range(view.people)]
    weight = {p: np.log(view.people / max(sum(p in s for s in new), 1)) for p in range(view.places)}
    assert guess.value is not None
    for i in range(past.people):
        old = set(past.place[past.person == i].tolist())
        like = [sum(weight[p] for p in s & old) / max(sum(weight[p] for p in s | old), 1e-12) for s in new]
        best = sorted(like)[-2:]
        assert like[guess.value[i]] == pytest.approx(best[1])
        assert guess.score[i] == pytest.approx(best[1] - best[0], abs=1e-9)


def test_chains_count_steps_and_find_where_they_settle() -> None:
    place = np.array([0, 1, 0, 1, 0, 2, 0, 0])
    found = chains(Traces.of(np.zeros(8, np.int64), np.arange(8), place), states=2, smoothing=0.5)
    assert found.top.tolist() == [[0, 1]] and found.counts[0].sum() == 7
    assert found.counts[0].tolist() == [[1, 2, 1], [2, 0, 0], [1, 0, 0]]
    step = np.array([[1.5, 2.5], [2.5, 0.5]])
    step /= step.sum(axis=1, keepdims=True)
    settled = found.stationary[0]
    assert settled.sum() == pytest.approx(1) and settled @ step == pytest.approx(settled, abs=1e-9)


def test_the_likelihood_of_a_trace_is_the_product_of_its_steps() -> None:
    world = EarlierKnown(traces=HOURLY, mechanism=Published(), targets=12).deal(0, rng=rng())
    view, then = world.case.view, chains(world.case.targets, states=4, smoothing=0.1)
    table = np.concatenate(list(log_ratios(then, view, block=5)))
    usual = (np.bincount(view.place, minlength=view.places) + 0.5) / (len(view) + 0.5 * view.places)
    step = then.transitions
    for i in range(3):
        rank = {int(p): k for k, p in enumerate(then.top[i][then.there[i]])}
        chance = np.array([usual[p] for p in then.top[i]] + [0.0]) * np.append(then.there[i], True)
        chance[-1] = 1 - chance.sum()
        for r in range(view.people):
            states = [rank.get(int(p), 4) for p in view.place[view.person == r]]
            naive = sum(np.log(step[i, a, b]) - np.log(chance[b]) for a, b in pairwise(states))
            assert table[i, r] == pytest.approx(naive, abs=1e-8)


def test_the_distance_of_chains_is_the_published_one() -> None:
    world = EarlierKnown(traces=HOURLY, mechanism=Published(), targets=6).deal(0, rng=rng())
    where = world.case.view.where
    assert where is not None
    then, now = (chains(t, states=3, smoothing=0.1) for t in (world.case.targets, world.case.view))
    table = distance(then, now, in_plane(where))
    for i in range(6):
        for r in range(20):
            mine, theirs = then.top[i][then.there[i]], now.top[r][now.there[r]]
            apart = metres(where[mine][:, None], where[theirs][None])
            pi, rho = then.stationary[i][: len(mine)], now.stationary[r][: len(theirs)]
            stationary = (pi @ apart.min(axis=1) + rho @ apart.min(axis=0)) / 2
            agree = sum(0.5**k for k in range(min(len(mine), len(theirs))) if mine[k] == theirs[k]) / 1.75
            assert table[i, r] == pytest.approx((stationary + 1) * (1 - agree / 2), rel=2e-3, abs=0.5)


def test_commuters_are_known_by_their_past_and_less_so_when_traces_are_split() -> None:
    """Seen in a twentieth of their hours: with more, a day of theirs is as good as all of them."""
    traces = Commuters(people=160, observed=0.05)(rng=rng())
    games = [
        EarlierKnown(traces=traces, mechanism=m, targets=80, least=2) for m in (Published(), SplitTraces())
    ]
    for attack in (MobilityChain(), SharedPlaces(), MobilityLikelihood()):
        plain, split = (right(play(game, attack, worlds=1, rng=rng())) for game in games)
        assert plain > 0.5 and plain - split > 0.1
