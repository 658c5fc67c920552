"""The distributed noise against exact sums of probabilities, and twins with too little of it."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import chisquare
from tests.mechanisms.share.parties import Parties

from confide.core.budget import Budget, Unit
from confide.core.errors import BudgetError, DataError, PromiseError
from confide.mechanisms.share.distributed_gaussian import DistributedGaussian, Grid, excess
from confide.mechanisms.share.secure_sum import SecureSum

ALPHA = 1e-6
"""Each statistical test alarms falsely once in a million runs."""
BUDGET = Budget(1.0, 1e-3, Unit.client())


def made(**terms: object) -> DistributedGaussian:
    settings = {"budget": BUDGET, "clip": 1.0, "words": 1, "clients": 10, "least": 7, "colluding": 2}
    return DistributedGaussian(**(settings | terms))  # pyright: ignore[reportArgumentType]


def discrete_gaussian(variance: float, far: int) -> np.ndarray:
    """Probabilities of -far to far."""
    weights = np.exp(-(np.arange(-far, far + 1) ** 2) / (2 * variance))
    return weights / weights.sum()


def added(sigma: float, parties: int, far: int) -> np.ndarray:
    """The exact law of the sum of the parties' noise, by convolution: -parties far to parties far."""
    one = discrete_gaussian(sigma**2, far)
    total = one
    for _ in range(parties - 1):
        total = np.convolve(total, one)
    return total


def hockey_stick(noise: np.ndarray, shift: int, epsilon: float) -> float:
    """The least delta for the noise and the same moved by `shift`."""
    moved = np.concatenate([np.zeros(shift), noise])
    return float(np.maximum(moved - math.exp(epsilon) * np.concatenate([noise, np.zeros(shift)]), 0).sum())


@pytest.mark.parametrize("sigma", [0.5, 0.7, 1.0, 1.3])
@pytest.mark.parametrize("parties", [2, 3, 6])
def test_a_sum_of_discrete_gaussians_is_almost_one(sigma: float, parties: int):
    """Theorem 9 of the paper, by exact convolution within 6 deviations; without tau it would not hold."""
    law = added(sigma, parties, 40)
    one = discrete_gaussian(parties * sigma**2, len(law) // 2)
    near = np.abs(np.arange(len(law)) - len(law) // 2) <= 6 * sigma * math.sqrt(parties)
    apart = np.abs(np.log(law[near] / one[near])).max()
    assert apart <= excess(sigma, parties) + 1e-12
    if sigma == 0.5:
        assert apart > excess(sigma, parties) / 100


def scaled_down(noise: DistributedGaussian) -> Grid:
    """A grid so coarse that its laws can be summed up: the clip is 64 steps, which divide it exactly."""
    multiplier = noise.grid.sigma / math.sqrt(noise.grid.l2_squared)
    return Grid(steps=64.0, l2_squared=64**2, sigma=math.ceil(64 * multiplier) + 1)


@pytest.mark.parametrize("rounds", [1, 4])
def test_the_smallest_honest_cohort_keeps_the_promise(rounds: int):
    """The noise of 5 honest clients of 7, on a coarser grid with the same share of noise: by the exact law.

    Four rounds are four words here: the client moves each by the clip.
    """
    noise = made(rounds=rounds)
    grid = scaled_down(noise)
    law = added(grid.sigma, 5, 12 * grid.sigma)
    exact = hockey_stick(law, 64, BUDGET.epsilon) if rounds == 1 else composed(law, 64, BUDGET.epsilon)
    assert exact <= BUDGET.delta
    assert exact >= 0.7 * BUDGET.delta, "more noise than needed"
    # Twins: noise scaled for all that take part, for all that remain, and by one party only.
    for parties in (10, 7):
        sigma = grid.sigma * math.sqrt(5 / parties)
        assert normal_delta(math.sqrt(5) * sigma, 64 * math.sqrt(rounds)) > BUDGET.delta
    assert normal_delta(grid.sigma, 64 * math.sqrt(rounds)) > 10 * BUDGET.delta


def composed(law: np.ndarray, shift: int, epsilon: float) -> float:
    """Four releases, by the exact law of their privacy losses, rounded up to steps of 1/2000."""
    moved, kept = np.concatenate([np.zeros(shift), law]), np.concatenate([law, np.zeros(shift)])
    both = (moved > 1e-18) & (kept > 1e-18)
    losses = np.ceil(2000 * np.log(moved[both] / kept[both])).astype(int)
    chances = np.bincount(losses - losses.min(), moved[both])
    four, start = np.convolve(*[np.convolve(chances, chances)] * 2), 4 * losses.min()
    at = (np.arange(len(four)) + start) / 2000
    return float((np.maximum(1 - np.exp(epsilon - at), 0) * four).sum() + 4 * moved[~both].sum())


def normal_delta(sigma: float, shift: float) -> float:
    from confide.mechanisms.noise.gaussian import gaussian_delta

    return gaussian_delta(BUDGET.epsilon, sigma=sigma, sensitivity=shift)


def test_one_client_draws_the_law_that_the_promise_counts_on():
    """Chi-square of the noise on zeros, in 20 classes of equal chance; of 1.1 sigma it is told apart."""
    noise = made(words=20_000, clip=1.0)
    sigma = noise.grid.sigma
    drawn = noise.encoded(np.zeros(20_000))

    def fit(values: np.ndarray, deviation: float) -> float:
        from scipy.stats import norm

        counts = np.bincount((norm.cdf(values / deviation) * 20).astype(int).clip(0, 19), minlength=20)
        return float(chisquare(counts).pvalue)

    assert fit(drawn, sigma) > ALPHA
    assert fit(drawn, 1.1 * sigma) < ALPHA


def test_no_vector_is_longer_than_the_promise_counts_on(monkeypatch: pytest.MonkeyPatch):
    """Without noise: vectors at the clip, beyond it, and with all numbers half way between two steps."""
    monkeypatch.setattr(
        "confide.mechanisms.share.distributed_gaussian.discrete_gaussian",
        lambda n, *, sigma, words: np.zeros(n, np.int64),
    )
    noise = made(words=1000)
    rng = np.random.default_rng(0)
    half = (np.arange(1000) + 0.5) / noise.grid.steps
    for vector in (np.eye(1000)[3], rng.normal(size=1000), 1e9 * np.ones(1000), half, np.zeros(1000)):
        whole = noise.encoded(vector)
        assert int((whole.astype(object) ** 2).sum()) <= noise.grid.l2_squared
        assert np.abs(whole).max() <= noise.bound


def test_the_sum_is_right_on_average():
    """10 clients in a secure sum: the error of each of 2,000 numbers has the stated deviation."""
    noise = made(words=2000, clip=5.0, budget=Budget(8.0, 1e-3, Unit.client()))
    rng = np.random.default_rng(3)
    vectors = {f"c{i}": rng.normal(size=2000) / 10 for i in range(10)}
    encoded = {name: noise.encoded(vector, noise="rehearsal", rng=rng) for name, vector in vectors.items()}
    found = SecureSum(threshold=7, colluding=2).simulate(encoded, bound=noise.bound)
    error = (noise.decoded(found.total) - sum(vectors.values())) / noise.deviation(10)
    # Of a normal law, mean and mean square of 2,000 are off by 5 of their deviations once in 10^6.
    assert abs(error.mean()) < 5 / math.sqrt(2000)
    assert abs((error**2).mean() - 1) < 5 * math.sqrt(2 / 2000)


@pytest.mark.parametrize("words", [1, 100_000])
@pytest.mark.parametrize(("clients", "least", "colluding"), [(3, 3, 1), (100, 67, 7), (1000, 667, 50)])
def test_the_noise_fits_the_ring(clients: int, least: int, colluding: int, words: int):
    noise = made(
        budget=Budget(2.0, 1e-5, Unit.client()),
        words=words,
        clients=clients,
        least=least,
        colluding=colluding,
    )
    assert clients * noise.bound < 2**31
    # The grid costs less than 1 % of noise.
    ideal = noise.clip * noise.grid.sigma / math.sqrt(noise.grid.l2_squared)
    assert noise.deviation(1) <= 1.01 * ideal
    # What is charged for a ledger is that of normal noise, to 1 %.
    honest = least - colluding
    assert noise.rho == pytest.approx(1 / (2 * honest * ideal**2), rel=0.01)


def test_more_colluding_clients_need_more_noise():
    """In proportion to the root of the honest ones."""
    some, more = made(colluding=0), made(colluding=3)
    assert more.deviation(1) / some.deviation(1) == pytest.approx(math.sqrt(7 / 4), rel=1e-3)
    assert "at most 3 of them collude" in more.promise


def test_terms_that_keep_no_promise_are_refused():
    for terms, says in (
        ({"colluding": 6}, "at most one honest client"),
        ({"colluding": 10}, "Give at most 5"),
        ({"least": 11}, "11 of 10 clients remain"),
        ({"budget": Budget(1.0, 0.1, Unit.client())}, "delta is 0.1, which allows to publish one of 10"),
        ({"budget": Budget(1.0, 0.0, Unit.client())}, "no budget of"),
        ({"budget": Budget(1.0, 1e-3)}, "hides any one record"),
        ({"budget": Budget(1e-6, 1e-9, Unit.client()), "rounds": 10_000}, "do not fit 32 bits"),
        ({"clip": math.nan}, "clip nan"),
        ({"rounds": 0}, "0 rounds"),
    ):
        with pytest.raises(PromiseError, match=says):
            made(**terms)


def test_a_round_that_the_budget_does_not_pay_for_does_not_start():
    noise = made(rounds=3)
    noise.refuse_round(3)
    for number in (0, 4):
        with pytest.raises(BudgetError, match=f"round {number} of 3"):
            noise.refuse_round(number)


@pytest.mark.parametrize("wrong", [np.array([np.nan]), np.array([np.inf]), np.zeros(2)])
def test_updates_that_are_none_are_refused(wrong: np.ndarray):
    with pytest.raises(DataError, match="update of shape"):
        made().encoded(wrong)


def test_a_plan_that_does_not_carry_the_promise_is_refused():
    noise = made()
    good = Parties.of(10, words=1, bound=noise.bound, colluding=2).plan
    noise.refuse_plan(good)
    for terms, says in (
        ({"words": 2}, "has words 2: the noise needs 1"),
        ({"colluding": 1}, "colluding 1: the noise needs 2 or more"),
        ({"bound": noise.bound - 1}, "has bound"),
    ):
        with pytest.raises(PromiseError, match=says):
            noise.refuse_plan(replace(good, **terms))
    with pytest.raises(PromiseError, match="clients 13: the noise needs at most 10"):
        noise.refuse_plan(Parties.of(13, words=1, bound=noise.bound, colluding=2).plan)
    with pytest.raises(PromiseError, match="least clients 5: the noise needs 7"):
        made(clients=7).refuse_plan(Parties.of(7, words=1, bound=noise.bound, colluding=2).plan)
