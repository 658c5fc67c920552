"""Frequencies keep their promise: sensitivity, law of the noise, a broken twin; exact sums without noise."""

from __future__ import annotations

import dataclasses
from math import ceil, sqrt

import numpy as np
import pytest
from scipy.stats import chisquare, kstest

from confide.core.budget import Budget, Unit
from confide.core.errors import PromiseError
from confide.core.nouns import Rehearsal, Release
from confide.data.genotypes_like import GenotypesLike
from confide.games.membership.statistics import Tracing
from confide.measure.intervals import clopper_pearson
from confide.mechanisms.noise.coins import rate_below
from confide.mechanisms.noise.gaussian import gaussian_delta, gaussian_sigma
from confide.mechanisms.statistics import allele_frequencies
from confide.mechanisms.statistics.allele_frequencies import AlleleFrequencies, signed_sums, weight_of
from confide.views.frequencies import Genotypes

MADE = GenotypesLike(people=60, snps=90)(rng=np.random.default_rng(0))
PROMISE = Budget(1.0, 1e-6)
NOISY = AlleleFrequencies(epsilon=1.0, delta=1e-6, noise="rehearsal")


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def test_exact_frequencies_leave_missing_genotypes_out():
    pool = Genotypes(copies=np.array([[0, 2, -1], [1, -1, -1], [2, 1, -1]], np.int8))
    view = AlleleFrequencies()(pool, rng=rng()).view
    assert view.values[:2].tolist() == [0.5, 0.75] and np.isnan(view.values[2]) and view.people == 3
    attributes = Genotypes(copies=np.array([[0, 1], [1, 1]], np.int8), alleles=1)
    assert AlleleFrequencies()(attributes, rng=rng()).view.values.tolist() == [0.5, 1.0]


def test_rounding_and_fewer_frequencies():
    view = AlleleFrequencies(decimals=1, at_most=7)(MADE, rng=rng()).view
    assert len(view) == 7
    kept = view.values[view.published]
    assert (kept == np.round(MADE.frequencies()[view.published], 1)).all()
    others = [AlleleFrequencies(at_most=7)(MADE, rng=rng(s)).view.published for s in (1, 2)]
    assert (others[0] != others[1]).any(), "drawn, and not always the first"


@pytest.mark.parametrize("alleles", [1, 2])
def test_nobody_moves_the_sums_further_than_the_sensitivity(alleles):
    """Every possible genotype at each SNP, missing too: at most 1 a sum, by whole numbers."""
    every = np.arange(-1, alleles + 1, dtype=np.int8)
    for person in every:
        one = Genotypes(copies=np.full((1, 5), person, np.int8), alleles=alleles)
        assert np.abs(signed_sums(one)).max() <= 1
    with_, without = MADE, MADE.take(np.arange(1, 60))
    assert np.abs(signed_sums(with_) - signed_sums(without)).max() == 1


def released(pool: Genotypes, mechanism, seed: int) -> tuple[np.ndarray, int]:
    """The noisy sums, from what is published, and the published number of people."""
    view = mechanism(pool, rng=rng(seed)).view
    return (2 * view.values - 1) * view.people, view.people


def test_the_noise_is_normal_with_the_deviation_that_the_budget_needs():
    """Kolmogorov and Smirnov on 1,800 numbers: accepts the law (fails once in 10^6), rejects 3/4 of it."""
    weight = ceil(sqrt(90 / 9))
    sigma = gaussian_sigma(PROMISE, sensitivity=sqrt(90 + weight**2))
    assert gaussian_delta(1.0, sigma=sigma, sensitivity=sqrt(90 + weight**2)) <= 1e-6
    noise = np.concatenate([released(MADE, NOISY, seed)[0] - signed_sums(MADE) for seed in range(20)])
    assert kstest(noise / sigma, "norm").pvalue > 1e-6
    assert kstest(noise / (0.75 * sigma), "norm").pvalue < 1e-6


@pytest.mark.slow
def test_the_number_of_people_is_noisy_too():
    """Deviation of sigma / w: within a quarter of it over 200 draws (five standard errors)."""
    weight = ceil(sqrt(90 / 9))
    sigma = gaussian_sigma(PROMISE, sensitivity=sqrt(90 + weight**2)) / weight
    many = GenotypesLike(people=400, snps=90)(rng=rng(1))
    people = np.array([released(many, NOISY, seed)[1] for seed in range(200)])
    assert people.std(ddof=1) == pytest.approx(sigma, rel=0.25)


def ratio(mechanism, *, runs: int) -> float:
    """The largest log((P[in] - delta) / P[out]) that is certain, over thresholds of the inner product."""
    person = MADE.take(np.array([0]))
    own = signed_sums(person)
    sides = []
    for number, pool in enumerate((MADE, MADE.take(np.arange(1, 60)))):
        sides.append(
            np.array([released(pool, mechanism, 10_000 * number + run)[0] @ own for run in range(runs)])
        )
    found = 0.0
    for t in np.quantile(np.concatenate(sides), np.linspace(0.02, 0.98, 25)):
        inside, outside = ((s >= t).sum() for s in sides)
        low = clopper_pearson(inside, runs, confidence=1 - 1e-6)[0] - 0.01
        high = clopper_pearson(outside, runs, confidence=1 - 1e-6)[1]
        found = max(found, float(np.log(max(low, 1e-300) / high)))
    return found


LAPLACE = AlleleFrequencies(epsilon=1.0, noise="rehearsal")


def test_laplace_noise_has_the_law_that_the_budget_needs():
    """Chi-square on 1,800 whole numbers in ten cells of the discrete law: accepts it, rejects 3/4 of it."""
    scale = 90 + weight_of(90, 0.0)
    noise = np.concatenate([released(MADE, LAPLACE, seed)[0] - signed_sums(MADE) for seed in range(20)])
    drawn = np.rint(noise)
    assert np.abs(noise - drawn).max() < 1e-6, "whole numbers on whole sums"

    def pvalue(width: float) -> float:
        q = np.exp(-1 / width)
        edges = np.ceil(width * np.log([0.2, 0.4, 0.6, 0.8]))
        edges = np.concatenate([edges, [0], 1 - edges[::-1]])
        # P(noise < k) of the law P(i) in proportion to exp(-|i| / width), exactly.
        below = np.where(edges <= 0, q ** (1 - edges), 1 + q - q**edges) / (1 + q)
        expected = np.diff([0.0, *below, 1.0]) * len(drawn)
        seen = np.bincount(np.searchsorted(edges, drawn, side="right"), minlength=len(expected))
        return float(chisquare(seen, expected).pvalue)

    assert pvalue(scale) > 1e-6 and pvalue(0.75 * scale) < 1e-6


@pytest.mark.slow
def test_laplace_stays_below_e_to_the_epsilon_and_the_broken_twin_is_caught(monkeypatch):
    """300 runs a side; the broken twin takes a person for one number, not for all of them."""
    assert ratio(LAPLACE, runs=300) <= 1.0
    monkeypatch.setattr(allele_frequencies, "_rate", lambda epsilon, sensitivity: rate_below(epsilon))
    assert ratio(LAPLACE, runs=300) > 1.0


def test_common_frequencies_alone_are_published():
    exact = MADE.frequencies()
    view = AlleleFrequencies(common=0.2)(MADE, rng=rng()).view
    assert (view.published == ((exact >= 0.2) & (exact <= 0.8))).all()
    assert (view.values[view.published] == exact[view.published]).all()
    noisy = dataclasses.replace(LAPLACE, epsilon=90.0, common=0.2)(MADE, rng=rng()).view
    kept = noisy.values[noisy.published]
    assert 0 < len(noisy) < 90 and kept.min() >= 0.2 and kept.max() <= 0.8, "chosen by the noisy numbers"


@pytest.mark.slow
def test_the_likelihood_ratio_stays_below_e_to_the_epsilon_and_the_broken_twin_is_caught(monkeypatch):
    """300 runs a side at delta .01; the broken twin takes a person for one number, not for all of them."""
    honest = AlleleFrequencies(epsilon=1.0, delta=0.01, noise="rehearsal")
    assert ratio(honest, runs=300) <= 1.0
    monkeypatch.setattr(
        allele_frequencies,
        "gaussian_sigma",
        lambda budget, *, sensitivity: gaussian_sigma(budget, sensitivity=1),
    )
    assert ratio(honest, runs=300) > 1.0


def test_the_promise_is_in_the_unit_of_the_game_and_secure_noise_is_not_replayed():
    game = Tracing(people=MADE, reference=MADE, mechanism=NOISY, group=20, targets=10)
    assert (
        NOISY.budget is not None
        and NOISY.budget.unit == game.unit == Unit.record()
        and AlleleFrequencies().budget is None
    )
    secure = dataclasses.replace(NOISY, noise="secure")
    one, other = (secure(MADE, rng=rng()) for _ in range(2))
    assert isinstance(one, Release) and isinstance(NOISY(MADE, rng=rng()), Rehearsal)
    assert (one.view.values != other.view.values).any(), "a seed does not replay noise for a real release"


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"epsilon": 0.0}, "epsilon is 0"),
        ({"epsilon": float("nan")}, "epsilon is nan"),
        ({"epsilon": 1.0, "delta": 1.0}, "delta"),
        ({"common": 0.5}, "common is 0.5"),
        ({"delta": 1e-6}, "with an epsilon alone"),
        ({"epsilon": 0.0, "delta": 1e-6}, "epsilon"),
        ({"epsilon": float("inf"), "delta": 1e-6}, "epsilon is inf"),
        ({"epsilon": float("nan"), "delta": 1e-6}, "epsilon is nan"),
        ({"at_most": 0}, "at_most is 0"),
        ({"decimals": -1}, "decimals is -1"),
        ({"noise": "none"}, "'secure' or 'rehearsal'"),
    ],
)
def test_refuses_what_it_cannot_keep(settings, says):
    with pytest.raises(PromiseError, match=says):
        AlleleFrequencies(**settings)


def test_noise_that_is_too_wide_to_be_drawn_is_refused():
    with pytest.raises(PromiseError, match="cannot be drawn"):
        AlleleFrequencies(epsilon=1e-7, delta=1e-9, noise="rehearsal")(MADE, rng=rng())
