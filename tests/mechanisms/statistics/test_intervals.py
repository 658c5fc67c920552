"""Both intervals hold the truth in 95 +- 2 % of 1,000 runs."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from confide.mechanisms.statistics.bounded_sum import PrivateSum
from confide.mechanisms.statistics.clip import Clip
from confide.mechanisms.statistics.contingency_tables import PrivateTables
from confide.mechanisms.statistics.counts import PrivateCounts
from confide.mechanisms.statistics.heavy_hitters import HeavyHitters
from confide.mechanisms.statistics.histogram import PrivateHistogram
from confide.mechanisms.statistics.intervals import Interval, of_sum, of_total
from confide.mechanisms.statistics.mean import PrivateMean
from confide.mechanisms.statistics.noisy_integers import LaplaceIntegers
from confide.mechanisms.statistics.noisy_sums import NoisySums
from confide.mechanisms.statistics.private_keys import PrivateKeys
from confide.mechanisms.statistics.quantile import PrivateQuantile
from confide.mechanisms.statistics.top_k import PrivateTopK
from confide.mechanisms.statistics.variance import PrivateVariance
from confide.views.statistics import PersonRows
from confide.views.table import Domain, Table

RUNS = 1_000


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def inside(interval: np.ndarray, truth: Any) -> float:
    """The share of runs in which the truth is within the interval."""
    return float(((interval[:, 0] <= truth) & (truth <= interval[:, 1])).mean())


def about_95(share: float) -> bool:
    return 0.93 <= share <= 0.97


def grouped(values: np.ndarray, sizes: np.ndarray) -> PersonRows:
    """A run is a group: disjoint groups have noise of their own."""
    return PersonRows(
        rows=len(values), values=values, group=np.repeat(np.arange(RUNS), sizes), keys=tuple(range(RUNS))
    )


@pytest.mark.parametrize(("expected", "epsilon"), [(40, 0.2), (400, 0.1)])
@pytest.mark.parametrize("delta", [0.0, 1e-6])
def test_counts(expected: int, epsilon: float, delta: float) -> None:
    """A count of people who came by chance, with noise above and below what chance does."""
    sizes = rng(1).poisson(expected, RUNS)
    mechanism = PrivateCounts(epsilon=epsilon, delta=delta, noise="rehearsal")
    view = mechanism(grouped(np.zeros(sizes.sum()), sizes), rng=rng(2)).view
    assert about_95(inside(view.noise, sizes)) and about_95(inside(view.sample, expected))


@pytest.mark.parametrize("delta", [0.0, 1e-6])
def test_little_noise_is_covered_as_often_as_its_discrete_law_says(delta: float) -> None:
    """At epsilon 1 no whole width holds 95 %: the smallest that holds as much holds more (four errors)."""
    mechanism = PrivateCounts(epsilon=1.0, delta=delta, noise="rehearsal")
    sizes = np.full(4 * RUNS, 40)
    data = PersonRows.of(group=np.repeat(np.arange(4 * RUNS), sizes), keys=tuple(range(4 * RUNS)))
    view = mechanism(data, rng=rng(2)).view
    law = mechanism.law(l1=1, l2_squared=1)
    k = np.arange(-400, 401)
    weight = np.exp(-np.abs(k) / law.scale if not delta else -(k**2) / (2 * law.scale**2))
    exact = float(weight[np.abs(k) <= law.half_width(0.95)].sum() / weight.sum())
    assert exact >= 0.95
    assert abs(inside(view.noise, sizes) - exact) < 4 * math.sqrt(exact * (1 - exact) / (4 * RUNS))


@pytest.mark.parametrize("mean", [0.3, 1, 3, 10])
@pytest.mark.parametrize("scale", [0.1, 1.0])
def test_numbers_of_few_people_are_covered(mean: float, scale: float) -> None:
    """Poisson counts with little noise go in jumps; 4,000 draws, 95 % are refused once in 10^8.

    Neither the width that was seen would do, nor one that forgets the jumps.
    """
    law = LaplaceIntegers(1, scale)
    found = NoisySums(tuple(law(rng(5).poisson(mean, 4_000)).tolist()), law)

    def covered(both: Interval) -> float:
        return float(((both.low <= mean) & (mean <= both.high)).mean())

    assert covered(of_total(found, 0, 1).both) >= 0.93
    if scale == 0.1 and mean <= 3:
        assert covered(of_sum(found, lambda _: np.maximum(found.numbers, 0), jump=0.0).both) < 0.93


@pytest.mark.parametrize("share", [0.003, 0.03, 0.3])
@pytest.mark.parametrize("epsilon", [1.0, 20.0])
def test_shares_of_few_people_are_covered(share: float, epsilon: float) -> None:
    """100 people a run, of whom .3, 3 or 30 say yes: 95 % are refused once in 10^8 of 4,000 runs."""
    n = 4 * RUNS
    yes = (rng(6).random(100 * n) < share).astype(np.float64)
    data = PersonRows(rows=100 * n, values=yes, group=np.repeat(np.arange(n), 100), keys=tuple(range(n)))
    mechanism = PrivateMean(epsilon=epsilon, clip=Clip(0, 1), noise="rehearsal")
    assert inside(mechanism(data, rng=rng(7)).view.only("mean").sample, share) >= 0.93


def test_counts_of_people_with_several_rows_are_not_covered_less() -> None:
    """Each person has three rows in one run: rows vary by three times as much as their number."""
    who = rng(1).poisson(60, RUNS)
    person, group = np.arange(who.sum()).repeat(3), np.arange(RUNS).repeat(who).repeat(3)
    data = PersonRows(rows=len(person), person=person, group=group, keys=tuple(range(RUNS)))
    view = PrivateCounts(epsilon=1.0, at_most=3, noise="rehearsal")(data, rng=rng(2)).view
    assert about_95(inside(view.noise, 3 * who)) and about_95(inside(view.sample, 180))


@pytest.mark.parametrize(("low", "high"), [(5, 10), (-10, -5), (-5, 10)])
def test_sums_beside_a_rough_number_of_rows_are_covered(low: int, high: int) -> None:
    """Some 50 values at both bounds, and a number of rows that is known to 60: 95 % are refused once in 10^8.

    With the other end of that number the variance would be next to nothing.
    """
    n, little, much = 4 * RUNS, LaplaceIntegers(1, 1.0), LaplaceIntegers(1, 20.0)
    rows = rng(1).poisson(50, n)
    exact = low * rows + (high - low) * rng(2).binomial(rows, 0.5)
    number = of_total(NoisySums(tuple(much(rows.tolist()).tolist()), much), 0, 1).both
    total = NoisySums(tuple(little(exact.tolist()).tolist()), little)
    both = of_total(total, low, high, rows=number).both
    assert inside(np.column_stack([both.low, both.high]), 25 * (low + high)) >= 0.93
    swapped = of_total(total, low, high, rows=Interval(number.high, number.low)).both
    assert inside(np.column_stack([swapped.low, swapped.high]), 25 * (low + high)) < 0.93


def test_sums() -> None:
    """Values of 0 and the bound, for which the variance of chance is the one that is taken."""
    sizes = rng(1).poisson(200, RUNS)
    values = np.where(rng(2).random(sizes.sum()) < 0.3, 50.0, 0.0)
    truth = np.bincount(np.repeat(np.arange(RUNS), sizes), values, RUNS)
    data = grouped(values, sizes)
    view = PrivateSum(epsilon=0.5, clip=Clip(0, 50), noise="rehearsal")(data, rng=rng(3)).view
    assert about_95(inside(view.noise, truth)) and about_95(inside(view.sample, 200 * 0.3 * 50))
    minus = PrivateSum(epsilon=0.5, clip=Clip(-50, 0), noise="rehearsal")
    view = minus(grouped(-values, sizes), rng=rng(3)).view
    assert about_95(inside(view.noise, -truth)) and about_95(inside(view.sample, -200 * 0.3 * 50))
    both = PrivateSum(epsilon=0.5, clip=Clip(-50, 50), noise="rehearsal")(data, rng=rng(3)).view
    assert about_95(inside(both.noise, truth)) and np.isnan(both.sample).all()


@pytest.mark.slow
def test_means_of_yes_and_no() -> None:
    """100 people a run, at an epsilon at which noise is as large as chance."""
    share = 0.2
    sizes = np.full(RUNS, 100)
    values = (rng(1).random(100 * RUNS) < share).astype(np.float64)
    mechanism = PrivateMean(epsilon=0.5, clip=Clip(0, 1), noise="rehearsal")
    view = mechanism(grouped(values, sizes), rng=rng(2)).view.only("mean")
    assert about_95(inside(view.noise, values.reshape(RUNS, 100).mean(axis=1)))
    assert about_95(inside(view.sample, share))


@pytest.mark.slow
def test_variances_and_their_means() -> None:
    """Values at the mean and at the bounds, for which the variance of chance is the one that is taken.

    The mean is covered a little more often: its own variance is uncertain, and taken from above.
    """
    values = rng(1).choice([0, 0.5, 1], p=[0.1, 0.8, 0.1], size=100 * RUNS)
    mechanism = PrivateVariance(epsilon=2.0, clip=Clip(0, 1), noise="rehearsal")
    view = mechanism(grouped(values, np.full(RUNS, 100)), rng=rng(2)).view
    runs = values.reshape(RUNS, 100)
    assert about_95(inside(view.only("mean").noise, runs.mean(axis=1)))
    assert 0.95 <= inside(view.only("mean").sample, 0.5) <= 0.985
    assert about_95(inside(view.only("variance").noise, runs.var(axis=1, ddof=1)))
    assert about_95(inside(view.only("variance").sample, 0.05))
    assert (view.only("deviation").noise == np.sqrt(view.only("variance").noise)).all()


@pytest.mark.slow
@pytest.mark.parametrize("rare", [0.0018, 0.012, 0.03])
def test_means_of_rare_and_large_values_are_covered(rare: float) -> None:
    """Of 100 people a run on average .18 to 3 have the highest value, and the others the lowest.

    By the variance that was seen a mean is in its interval in 69 %; 95 % is refused once in 10^8.
    """
    n = 4 * RUNS
    values = (rng(1).random(100 * n) < rare).astype(np.float64)
    data = PersonRows(rows=100 * n, values=values, group=np.repeat(np.arange(n), 100), keys=tuple(range(n)))
    view = PrivateVariance(epsilon=20.0, clip=Clip(0, 1), noise="rehearsal")(data, rng=rng(2)).view
    assert inside(view.only("mean").sample, rare) >= 0.93
    assert inside(view.only("variance").sample, rare * (1 - rare)) >= 0.93


@pytest.mark.slow
def test_evenly_spread_values_are_covered_more_often() -> None:
    """The greatest variance that bounds allow is more than theirs: 300 runs, at least 95 %."""
    n = 300
    values = rng(1).random(100 * n)
    data = PersonRows(rows=100 * n, values=values, group=np.repeat(np.arange(n), 100), keys=tuple(range(n)))
    spread = PrivateVariance(epsilon=2.0, clip=Clip(0, 1), noise="rehearsal")(data, rng=rng(2)).view
    assert inside(spread.only("variance").sample, 1 / 12) >= 0.95
    mean = PrivateMean(epsilon=1.0, clip=Clip(0, 1), noise="rehearsal")(data, rng=rng(2)).view.only("mean")
    assert inside(mean.sample, 0.5) >= 0.95


def test_histograms() -> None:
    """One histogram of 1,000 bins: each is a run."""
    sizes = rng(1).poisson(80, RUNS)
    data = PersonRows.of(values=np.repeat(np.arange(RUNS) + 0.5, sizes))
    mechanism = PrivateHistogram(epsilon=0.2, edges=tuple(range(RUNS + 1)), noise="rehearsal")
    view = mechanism(data, rng=rng(2)).view
    assert about_95(inside(view.noise, sizes)) and about_95(inside(view.sample, 80))


def test_contingency_tables() -> None:
    sizes = rng(1).poisson(80, (RUNS, 1))
    domains = [Domain("place", tuple(map(str, range(RUNS)))), Domain("sex", ("f",))]
    codes = np.column_stack([np.repeat(np.arange(RUNS), sizes[:, 0]), np.zeros(sizes.sum(), np.int64)])
    sets = (("place",), ("place", "sex"))
    view = PrivateTables(epsilon=0.4, sets=sets, noise="rehearsal")(Table.of(domains, codes), rng=rng(2)).view
    truth = np.tile(sizes[:, 0], 2)
    assert about_95(inside(view.noise, truth)) and about_95(inside(view.sample, 80))


def test_named_and_shown_keys() -> None:
    """All 1,000 keys are named, and shown: far above the threshold, where showing chooses nothing."""
    sizes = rng(1).poisson(300, RUNS)
    group = np.repeat(np.arange(RUNS), sizes)
    data = PersonRows.of(group=group)
    shown = PrivateKeys(epsilon=0.2, delta=1e-3, noise="rehearsal")(data, rng=rng(2)).view
    assert len(shown) == RUNS
    assert about_95(inside(shown.noise, sizes)) and about_95(inside(shown.sample, 300))


@pytest.mark.slow
def test_the_counts_of_the_top_k() -> None:
    """The five best of 10 keys, in 200 runs: the counts have noise of their own, and are not too large."""
    inside_noise = []
    for run in range(200):
        sizes = rng(run).poisson(100, 10)
        data = PersonRows.of(group=np.repeat(np.arange(10), sizes), keys=tuple(range(10)))
        view = PrivateTopK(epsilon=1.0, k=5, noise="rehearsal")(data, rng=rng(1_000 + run)).view
        inside_noise.append(inside(view.noise, sizes[list(view.keys)]))
    assert about_95(float(np.mean(inside_noise)))


@pytest.mark.slow
def test_the_counts_of_heavy_hitters() -> None:
    """The 26 letters, in 100 runs, with a bound that drops many: the last counts have noise of their own."""
    letters = "abcdefghijklmnopqrstuvwxyz"
    held = []
    for run in range(100):
        sizes = rng(run).poisson(40, 26)
        data = PersonRows.of(group=np.repeat(np.array(list(letters)), sizes), keys=tuple(letters))
        mechanism = HeavyHitters(epsilon=0.5, alphabet=letters, length=1, bound=40, noise="rehearsal")
        view = mechanism(data, rng=rng(1_000 + run)).view
        truth = [sizes[letters.index(str(key))] if key else 0 for key in view.keys]
        held += [lo <= t <= hi for (lo, hi), t in zip(view.noise, truth, strict=True)]
    assert len(held) > 400 and about_95(float(np.mean(held)))


@pytest.mark.slow
def test_quantiles() -> None:
    """1,000 runs of 400 people on 401 candidates: about one of them between two.

    Where many people are between two candidates the interval holds the truth more often: it ends at
    candidates.
    """
    p = 0.25
    candidates = tuple(np.linspace(0, 1, 401).tolist())
    mechanism = PrivateQuantile(epsilon=1.0, candidates=candidates, p=p, noise="rehearsal")
    noise, sample, truth = [], [], []
    for run in range(RUNS):
        values = rng(run).random(400)
        view = mechanism(PersonRows.of(values=values), rng=rng(10_000 + run)).view
        upto = np.searchsorted(np.sort(values), candidates, side="right")
        truth.append(candidates[int(np.argmax(upto >= p * 400))])
        noise.append(view.noise[0])
        sample.append(view.sample[0])
    assert about_95(inside(np.array(noise), np.array(truth)))
    assert about_95(inside(np.array(sample), candidates[int(np.argmax(np.array(candidates) >= p - 1e-9))]))
