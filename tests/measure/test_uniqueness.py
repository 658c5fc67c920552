"""Models of population uniqueness against naive formulas, simulated populations, and the Adult data."""

from __future__ import annotations

from math import comb, log, nan

import numpy as np
import polars as pl
import pytest

from confide.core.arrays import Ints, Rng
from confide.core.errors import DataError
from confide.data.adult import PACKED
from confide.data.locating import find
from confide.measure.pitman import PitmanLaw, fitted, log_likelihood, pitman
from confide.measure.uniqueness import Sizes
from confide.measure.zayatz import zayatz
from confide.views.table_keys import Keys


def seated(alpha: float, theta: float, people: int, *, rng: Rng) -> Ints:
    """The key of each of n people under Pitman's law, person after person."""
    key, count = [0], [1]
    for n in range(1, people):
        if rng.random() * (theta + n) < theta + len(count) * alpha:
            key.append(len(count))
            count.append(1)
        else:
            weight = np.array(count) - alpha
            at = int(rng.choice(len(count), p=weight / weight.sum()))
            key.append(at)
            count[at] += 1
    return np.array(key)


def test_the_likelihood_is_pitmans_formula() -> None:
    """Factor by factor, for a sample of keys of 1, 1, 2 and 4 people."""
    count, alpha, theta = [1, 1, 2, 4], 0.3, 1.7
    naive = sum(log(theta + i * alpha) for i in range(1, 4)) - sum(log(theta + i) for i in range(1, 8))
    naive += sum(log(i - alpha) for f in count for i in range(1, f))
    ours = log_likelihood(
        Sizes.of(np.array(count), sampled=0.1), np.array([alpha, 0.4]), np.array([theta, 1.0])
    )
    assert ours[0] == pytest.approx(naive, abs=1e-9)


def test_the_fit_is_the_maximum() -> None:
    count = np.bincount(seated(0.4, 5.0, 400, rng=np.random.default_rng(0)))
    sizes = Sizes.of(count, sampled=0.1)
    law = fitted(sizes)
    alpha, theta = np.meshgrid(np.linspace(0.01, 0.99, 99), np.geomspace(0.01, 1_000, 400))
    everywhere = log_likelihood(sizes, alpha.ravel(), theta.ravel())
    assert log_likelihood(sizes, np.array([law.alpha]), np.array([law.theta]))[0] >= everywhere.max() - 1e-6
    # Three standard deviations of the estimate, seen over repetitions.
    assert abs(law.alpha - 0.4) < 0.25


def test_staying_alone_is_its_product() -> None:
    law = PitmanLaw(0.3, 2.0)
    naive = np.prod([(2.0 + i - 1 + 0.3) / (2.0 + i) for i in range(50, 200)])
    assert law.stays_alone(50, 200) == pytest.approx(naive, rel=1e-9)
    assert law.stays_alone(50, 50) == 1


@pytest.mark.slow
def test_the_expectation_given_the_sample_is_that_of_many_populations() -> None:
    """The sample is fixed, populations are drawn on from it under the fitted law; error rate 0.3 %."""
    count, rng = np.array([1, 1, 1, 1, 2, 2, 3, 5]), np.random.default_rng(1)
    sizes = Sizes.of(count, sampled=0.4)
    law, shares = fitted(sizes), []
    for _ in range(2_500):
        grown = count.tolist()
        for n in range(sizes.people, sizes.population):
            if rng.random() * (law.theta + n) < law.theta + len(grown) * law.alpha:
                grown.append(1)
            else:
                weight = np.cumsum(np.array(grown) - law.alpha)
                grown[int(np.searchsorted(weight, rng.random() * weight[-1], side="right"))] += 1
        shares.append(grown.count(1) / sizes.population)
    error = np.std(shares) / np.sqrt(len(shares))
    assert abs(pitman(count, sampled=0.4).share - np.mean(shares)) < 3 * error


@pytest.mark.slow
def test_pitman_foretells_its_own_populations() -> None:
    """Error rate below 1 %: the mean error over eight populations, and its spread."""
    rng, errors = np.random.default_rng(2), []
    for _ in range(8):
        key = seated(0.6, 20.0, 3_000, rng=rng)
        found = pitman(np.unique(key[rng.permutation(3_000)[:600]], return_counts=True)[1], sampled=0.2)
        errors.append(found.share - (np.bincount(key) == 1).sum() / 3_000)
    assert abs(np.mean(errors)) < 4.1 * np.std(errors, ddof=1) / np.sqrt(8) + 1e-3
    assert np.abs(errors).max() < 0.05


def test_zayatz_is_its_formula() -> None:
    """With binomial coefficients as whole numbers."""
    count, n, population = np.array([1, 1, 1, 2, 2, 3]), 10, 40
    p = {1: 3 / 6, 2: 2 / 6, 3: 1 / 6}
    h = {i: i * comb(population - i, n - 1) / comb(population, n) for i in p}
    given = p[1] * h[1] / sum(p[i] * h[i] for i in p)
    found = zayatz(count, sampled=0.25)
    assert found.given_unique == pytest.approx(given, rel=1e-9)
    assert found.share == pytest.approx(3 * given * (population / n) / population, rel=1e-9)


@pytest.mark.parametrize("model", [pitman, zayatz])
def test_a_whole_population_is_counted(model) -> None:
    found = model(np.array([1, 1, 2, 3]), sampled=1.0)
    assert (found.population, found.given_unique) == (7, pytest.approx(1.0))
    assert found.share == pytest.approx(found.in_sample) == pytest.approx(2 / 7)


def test_samples_at_the_borders() -> None:
    alone, together = pitman(np.ones(50, np.int64), sampled=0.1), pitman(np.array([50]), sampled=0.1)
    assert (alone.share, alone.given_unique) == (1.0, 1.0)
    assert (together.share, together.in_sample) == (0.0, 0.0)
    assert zayatz(np.ones(50, np.int64), sampled=0.1).share == pytest.approx(1.0)
    none = zayatz(np.array([2, 3]), sampled=0.1)
    assert none.share == 0 and np.isnan(none.given_unique)
    # One pair among many: uniqueness must be near 1, not lost in rounding.
    assert pitman(np.array([2, *[1] * 20_000]), sampled=0.1).share > 0.9


@pytest.mark.parametrize("sampled", [0.0, -0.1, 1.1, nan])
def test_a_share_that_is_none(sampled: float) -> None:
    with pytest.raises(DataError, match="sampling share"):
        pitman(np.array([1, 2]), sampled=sampled)


@pytest.mark.parametrize("count", [[1.5, 2.0], [0, 3], [-1, 3]])
def test_counts_that_are_none(count: list[float]) -> None:
    with pytest.raises(DataError, match="whole people"):
        zayatz(np.array(count), sampled=0.1)


def test_a_sample_of_one() -> None:
    with pytest.raises(DataError, match="1 people"):
        pitman(np.array([1]), sampled=0.1)


@pytest.mark.real_data
@pytest.mark.slow
def test_ten_percent_of_adult() -> None:
    """Bars of the benchmark, on a third of its sets of columns."""
    path = find(PACKED)
    if path is None:
        pytest.skip("Adult is not under $CONFIDE_DATA")
    frame = pl.read_parquet(path).drop("fnlwgt", "education_num", "capital_loss", "split")
    codes = np.stack(
        [frame[c].cast(pl.String).fill_null("?").rank("dense").to_numpy() - 1 for c in frame.columns], axis=1
    ).astype(np.int64)
    sizes, rng = codes.max(axis=0) + 1, np.random.default_rng(3)
    off: list[tuple[float, float]] = []
    for _ in range(24):
        at = rng.choice(len(sizes), int(rng.integers(2, len(sizes) + 1)), replace=False)
        keys = Keys.of(codes[:, at], sizes[at])
        row = keys.row[rng.choice(len(codes), len(codes) // 10, replace=False)]
        sample = np.bincount(row, minlength=len(keys.count))
        found = pitman(sample[sample > 0], sampled=0.1)
        true, lone = (keys.count == 1).sum() / len(codes), sample == 1
        if lone.any():
            off.append((abs(found.share - true), abs(found.given_unique - (keys.count[lone] == 1).mean())))
    share, given = np.mean(off, axis=0)
    assert share <= 0.03 and given <= 0.12
