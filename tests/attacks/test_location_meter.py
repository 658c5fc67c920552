"""The location-privacy meter against brute force, closed forms, and chains that are known."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from scipy.integrate import dblquad

from confide.attacks.linkage.traces.location_meter import LocationMeter, fits, named
from confide.attacks.reconstruction.traces._hidden_markov import (
    FLOOR,
    Chains,
    likeliest_paths,
    log_likelihood,
    posterior,
    sampled_paths,
)
from confide.attacks.reconstruction.traces._mobility_profile import Profiles, learned
from confide.attacks.reconstruction.traces._observation import Regions, sequences, shown_as, steps
from confide.attacks.reconstruction.traces.localisation import habits, located
from confide.core.errors import KnowledgeError
from confide.core.nouns import Case, Release
from confide.core.play import play
from confide.data.commuters import Commuters
from confide.games.linkage.traces import EarlierKnown
from confide.knowledge.traces import MobilityKnowledge
from confide.mechanisms.anchors.published import Published
from confide.mechanisms.randomize.planar_laplace import PlanarLaplace, plane
from confide.views.traces import Traces

R, T, SYMBOLS = 3, 5, 4


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def chains(people: int = 3, seed: int = 0) -> Chains:
    draw = rng(seed)
    emission = draw.dirichlet(np.ones(SYMBOLS), (people, R)).transpose(0, 2, 1)
    return Chains(draw.dirichlet(np.ones(R), people), draw.dirichlet(np.ones(R), (people, R)), emission)


def every_path(chain: Chains, u: int, seen: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """All R^T paths and P(path, seen): term by term, from the definition."""
    paths = np.array(list(itertools.product(range(R), repeat=len(seen))))
    weight = chain.start[u, paths[:, 0]].copy()
    for t, symbol in enumerate(seen):
        if t:
            weight *= chain.transition[u, paths[:, t - 1], paths[:, t]]
        if symbol >= 0:
            weight *= chain.emission[u, symbol, paths[:, t]]
    return paths, weight


def test_the_passes_equal_brute_force():
    chain, seen = chains(), rng(1).integers(-1, SYMBOLS, (1, 4, T))
    total, flagged = log_likelihood(chain, seen)
    belief, best = posterior(chain, seen), likeliest_paths(chain, seen)
    for u, j in itertools.product(range(3), range(4)):
        paths, weight = every_path(chain, u, seen[0, j])
        assert abs(total[u, j] - math.log(weight.sum())) < 1e-10
        assert (best[:, u, j] == paths[weight.argmax()]).all()
        for t, r in itertools.product(range(T), range(R)):
            assert abs(belief[t, u, j, r] - weight[paths[:, t] == r].sum() / weight.sum()) < 1e-10
    assert not flagged.any()


def test_each_chain_with_sequences_of_its_own():
    chain, seen = chains(), rng(2).integers(-1, SYMBOLS, (3, 2, T))
    alone = [
        log_likelihood(Chains(chain.start[[u]], chain.transition[[u]], chain.emission[[u]]), seen[[u]])[0]
        for u in range(3)
    ]
    assert log_likelihood(chain, seen)[0] == pytest.approx(np.concatenate(alone), abs=1e-12)


def test_sampled_paths_follow_their_law():
    """40,000 draws over 243 paths: a chi-square with p below 1e-6 once in a million runs."""
    chain, draws = chains(1), 40_000
    seen = np.broadcast_to(np.array([0, -1, 2, -1, 1]), (1, draws, T))
    _, weight = every_path(chain, 0, seen[0, 0])
    found = sampled_paths(chain, seen, rng=rng(3))[:, 0].T @ (R ** np.arange(T)[::-1])
    count, expected = np.bincount(found, minlength=R**T), draws * weight / weight.sum()
    many = expected >= 5
    statistic = ((count - expected)[many] ** 2 / expected[many]).sum()
    assert statistic < many.sum() + 5 * math.sqrt(2 * many.sum())


def test_the_impossible_is_floored_and_flagged():
    chain = Chains(np.full((1, 2), 0.5), np.eye(2)[None], np.array([[[1.0, 0.0], [0.0, 1.0], [0.0, 0.0]]]))
    total, flagged = log_likelihood(chain, np.array([[[0, 0], [2, 0], [0, 1]]]))
    expected = [math.log(0.5), math.log(FLOOR) + math.log(0.5), math.log(0.5) + math.log(FLOOR)]
    assert total[0] == pytest.approx(expected) and flagged[0].tolist() == [False, True, True]
    assert np.isfinite(posterior(chain, np.array([[[2, 0, 1]]]))).all()
    assert likeliest_paths(chain, np.array([[[0, 2, 0]]]))[:, 0, 0].tolist() == [0, 0, 0]


def profile() -> Profiles:
    """Two people over four regions; the first has two of his own, the second one."""
    draw = rng(4)
    transition = draw.dirichlet(np.ones(3), (2, 3))
    start = draw.dirichlet(np.ones(3), 2)
    transition[1, :, 1], start[1, 1] = 0, 0
    transition /= transition.sum(axis=2, keepdims=True)
    start /= start.sum(axis=1, keepdims=True)
    outside = np.array([[0.3, 0.0, 0.7, 0.0], [0.0, 0.2, 0.3, 0.5]])
    return Profiles(np.array([[1, 3], [0, -1]]), start, transition, outside)


def test_a_few_states_stand_exactly_for_the_whole_matrix():
    """Likelihood, posterior and habits by K + 1 states equal those by the R x R matrix they stand for."""
    mine, shows = profile(), rng(5).dirichlet(np.ones(SYMBOLS), 4)
    start, matrix = mine.matrices()
    assert matrix.sum(axis=2) == pytest.approx(np.ones((2, 4))) and habits(mine) == pytest.approx(start)
    whole = Chains(start, matrix, np.repeat(shows.T[None], 2, axis=0))
    seen = rng(6).integers(-1, SYMBOLS, (2, 12))
    few = log_likelihood(mine.chains(shows), seen[:, None])[0]
    assert few == pytest.approx(log_likelihood(whole, seen[:, None])[0], abs=1e-10)
    belief = posterior(whole, seen[:, None])[:, :, 0].transpose(1, 0, 2)
    assert located(mine, seen, shows).belief == pytest.approx(belief, abs=1e-10)


def test_gibbs_knows_a_chain_with_gaps_better_than_plain_counts():
    """30 people, each 400 steps of one slow chain, 70 % hidden: a quarter of the error goes, and 29 of 30
    people are known better, which a fair coin would do 3 times in 10^8."""
    true = np.array([[0.9, 0.1, 0.0], [0.0, 0.9, 0.1], [0.1, 0.0, 0.9]])
    draw, people, length = rng(7), 30, 400
    path = np.zeros((people, length), np.int64)
    for t in range(1, length):
        path[:, t] = (draw.random(people)[:, None] > np.cumsum(true, axis=1)[path[:, t - 1]]).sum(axis=1)
    seen = np.where(draw.random(path.shape) < 0.3, path, -1)
    found = learned(seen, regions=3, own=3, rng=rng(8))
    gibbs = found.matrices()[1]
    pairs = (seen[:, 1:] >= 0) & (seen[:, :-1] >= 0)
    counts = np.zeros((people, 3, 3))
    np.add.at(counts, (np.nonzero(pairs)[0], seen[:, :-1][pairs], seen[:, 1:][pairs]), 1)
    usual = np.stack([(seen == r).sum(axis=1) for r in range(3)], axis=1)
    plain = counts + (2.0 * usual / usual.sum(axis=1, keepdims=True))[:, None]
    plain /= plain.sum(axis=2, keepdims=True)
    error, naive = (np.abs(p - true).sum(axis=(1, 2)) for p in (gibbs, plain))
    assert (error < naive).sum() >= 29 and error.mean() < 0.75 * naive.mean()


def test_without_gaps_plain_counts():
    seen = np.array([[0, 0, 1, 0, -1, -1]])
    found = learned(seen, regions=2, prior=2.0, rng=rng())
    alpha = 2.0 * np.array([3.5, 1.5, 0.5]) / 5.5  # visits and half a one, the last state is elsewhere
    rows = np.array([[1, 1, 0], [1, 0, 0], [0, 0, 0]]) + alpha
    assert found.transition[0] == pytest.approx(rows / rows.sum(axis=1, keepdims=True))
    assert found.start[0] == pytest.approx(alpha / 2.0)


class Hides:
    """Shows only places below 3, and tells the last two of them as one."""

    budget = None

    def __call__(self, data: Traces, *, rng) -> Release[Traces]:
        part = data.rows(data.place < 3)
        merged = Traces.of(part.person, part.time, np.minimum(part.place, 1), people=data.people, places=2)
        return Release(merged, None, "Hides")


def test_what_a_mechanism_shows_merging_and_hiding():
    seen = Traces.of(np.zeros(8, int), np.arange(8), np.repeat(np.arange(4), 2))
    shows = shown_as(Hides(), seen, Regions.most_visited(seen, 4), draws=50, rng=rng())
    assert shows == pytest.approx(np.array([[1, 0], [0, 1], [0, 1], [0.5, 0.5]]), abs=1e-4)


def test_what_planar_laplace_shows_is_its_integral():
    """The share that a cell takes from a visit in the middle, against the integral of the density over it:
    20,000 draws, five standard errors and the part spread for what was missed."""
    town = Commuters(side=5, people=20)
    seen = town(rng=rng())
    mechanism = PlanarLaplace(level=1.0, within_m=300, noise="rehearsal")
    shows = shown_as(mechanism, seen, Regions.most_visited(seen, 25), draws=20_000, rng=rng(1))
    flat = plane(seen.where)
    centre, half = flat[12], np.array([flat[13, 0] - flat[12, 0], flat[17, 1] - flat[12, 1]]) / 2
    for cell in (12, 13, 18):
        low, high = flat[cell] - centre - half, flat[cell] - centre + half

        def density(y: float, x: float) -> float:
            return math.exp(-math.hypot(x, y) / 300) / (2 * math.pi * 300**2)

        expected = dblquad(density, low[0], high[0], low[1], high[1], epsabs=1e-5)[0]
        assert abs(shows[12, cell] - expected) < 5 * math.sqrt(expected / 20_000) + 1e-3


def test_steps_shorten_gaps_and_show_the_first_visit():
    seen = Traces.of(
        np.array([0, 0, 0, 0, 1, 1]),
        np.array([0, 100, 7_200, 10**6, 5 * 3_600, 6 * 3_600]),
        np.array([3, 4, 5, 6, 1, 2]),
    )
    table = sequences(seen, np.arange(7), step=3_600, forget=3, longest=100)
    assert table.tolist() == [[3, -1, 5, -1, -1, 6], [1, 2, -1, -1, -1, -1]]
    assert sequences(seen, np.arange(7), step=3_600, forget=3, longest=3).tolist() == [[3, -1, 5], [1, 2, -1]]
    shuffled = rng().permutation(6)
    at = steps(seen.person, seen.time, step=3_600, forget=3)
    assert (steps(seen.person[shuffled], seen.time[shuffled], step=3_600, forget=3) == at[shuffled]).all()


def test_the_assignment_is_the_best_of_all():
    gain = rng(9).normal(2, 3, (4, 6))
    claim, score = named(gain)
    options = [range(-1, 6)] * 4
    best = max(
        sum(gain[u, j] for u, j in enumerate(pick) if j >= 0)
        for pick in itertools.product(*options)
        if len({j for j in pick if j >= 0}) == sum(j >= 0 for j in pick)
    )
    assigned = [gain[u, j] for u, j in enumerate(claim) if list(claim).count(j) == 1 and gain[u, j] > 0]
    assert sum(assigned) == pytest.approx(best)
    assert named(np.zeros((2, 0)))[0].tolist() == [-1, -1] and (claim >= 0).all() and np.isfinite(score).all()


def test_who_gets_no_forward_pass_gets_no_more_than_the_least_that_did():
    chain, seen = chains(), rng(1).integers(-1, SYMBOLS, (8, T))
    anybody = np.log(np.full(SYMBOLS, 1 / SYMBOLS))
    whole, _ = fits(chain, seen, anybody, candidates=8)
    few, _ = fits(chain, seen, anybody, candidates=3)
    count = np.stack([(seen == o).sum(axis=1) for o in range(SYMBOLS)], axis=1)
    assert whole == pytest.approx(log_likelihood(chain, seen[None])[0] - count @ anybody)
    same = few == whole
    assert (same.sum(axis=1) >= 3).all()
    assert all((few[u][~same[u]] <= few[u][same[u]].min()).all() for u in range(3))


def test_fifty_commuters_are_told_apart_and_less_under_noise():
    """The bar of Shokri et al.'s setting: 0.9 of 50 without obfuscation."""
    traces = Commuters(people=50)(rng=rng())

    def right(mechanism) -> float:
        game = EarlierKnown(traces=traces, mechanism=mechanism)
        table = play(game, LocationMeter(burn_in=30, keep=30), worlds=2, rng=rng(1)).table
        return float(table.filter(table["exposed"])["hit"].mean())

    clear, noisy = right(Published()), right(PlanarLaplace(within_m=2_000, noise="rehearsal"))
    assert clear >= 0.9 and noisy < clear - 0.3


def test_no_earlier_visit_is_said():
    nobody = Traces.of(np.zeros(0, int), np.zeros(0, int), np.zeros(0, int), people=3, places=2)
    known = MobilityKnowledge(mechanism=Published(), earlier=nobody)
    with pytest.raises(KnowledgeError, match="not a single one"):
        LocationMeter()(Case(nobody, known, nobody), rng=rng())
