"""Noise and samples have the laws that the accountant assumes; statistical tests fail once in 10^9 runs."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from scipy.stats import binom, kstest, norm

from confide.core.errors import PromiseError
from confide.mechanisms.learn.dpsgd.noise import GridNoise, RehearsalSource, SecureSource, box_muller
from confide.mechanisms.learn.dpsgd.sampling import poisson_sample, rate_of, steps_of_epochs

ALPHA = 1e-9
SOURCES = [SecureSource(), RehearsalSource(7)]


@pytest.mark.parametrize("source", SOURCES, ids=["secure", "rehearsal"])
def test_noise_is_normal_white_and_off_by_a_hundredth_is_seen(source) -> None:
    z = box_muller(200_001, source.at(0, 1)).numpy()
    assert kstest(z, norm.cdf).pvalue > ALPHA
    assert kstest(1.04 * z, norm.cdf).pvalue < ALPHA, "four per cent more would be seen"
    for lag in (1, 65_536, 100_000):
        pairs = z[:-lag] * z[lag:]
        assert abs(pairs.sum()) < norm.isf(ALPHA) * math.sqrt(len(pairs)), (
            "no two draws have to do with another"
        )
    # The tail, of which Box and Muller's formula on coarse words has none.
    beyond = int((np.abs(z) > 4).sum())
    assert binom.sf(beyond - 1, len(z), 2 * norm.sf(4)) > ALPHA < binom.cdf(beyond, len(z), 2 * norm.sf(4))


def test_the_smallest_word_gives_the_longest_draw() -> None:
    words = torch.tensor([0, 0], dtype=torch.int64)
    assert float(box_muller(1, lambda n: words)[0]) == pytest.approx(math.sqrt(2 * 64 * math.log(2)))
    words = torch.tensor([2**63 - 1, 2**62], dtype=torch.int64)
    assert box_muller(2, lambda n: words).abs().max() == 0, "a radius of 0 is no error"


def test_steps_and_purposes_have_words_of_their_own_and_a_resumed_run_has_the_same() -> None:
    drawn = {
        (step, use): tuple(RehearsalSource(3).at(step, use)(4).tolist())
        for step in range(3)
        for use in (0, 1)
    }
    assert len(set(drawn.values())) == 6
    assert tuple(RehearsalSource(3).at(2, 1)(4).tolist()) == drawn[2, 1]
    assert tuple(RehearsalSource(4).at(2, 1)(4).tolist()) != drawn[2, 1]
    assert (SecureSource().at(0, 0)(4) != SecureSource().at(0, 0)(4)).all()


def test_without_a_cipher_words_come_from_the_operating_system(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("confide.mechanisms.learn.dpsgd.noise.find_spec", lambda name: None)
    words = SecureSource().at(0, 0)(20_000)
    assert int(words.min()) >= 0 and len(words.unique()) == 20_000
    assert kstest(words.double().numpy() / 2.0**63, "uniform").pvalue > ALPHA


def test_sum_and_noise_stand_on_one_grid_and_its_rounding_is_charged() -> None:
    noise = GridNoise(multiplier=0.7, clip=2.0, numbers=5_000)
    total = torch.randn(5_000, generator=torch.Generator().manual_seed(0))
    found = noise.added(total, RehearsalSource(1).at(0, 1)).numpy() / noise.step
    assert (found == np.rint(found)).all()
    # Neighbours, a vector of length `clip` apart: rounded, they are within the sensitivity.
    other = total.double() + torch.full((5_000,), 2.0 / math.sqrt(5_000), dtype=torch.float64)
    apart = (total.double() / noise.step).round() - (other / noise.step).round()
    assert float(apart.norm()) * noise.step <= noise.sensitivity
    assert noise.sigma == pytest.approx(0.7 * noise.sensitivity)
    residual = (found * noise.step - total.numpy()) / noise.sigma
    assert kstest(residual, norm.cdf).pvalue > ALPHA


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_the_sum_that_is_given_stays_as_it_is(dtype: torch.dtype) -> None:
    total = torch.linspace(-1, 1, 9, dtype=dtype)
    noised = GridNoise(multiplier=1.0, clip=1.0, numbers=9).added(total, RehearsalSource(1).at(0, 1))
    assert torch.equal(total, torch.linspace(-1, 1, 9, dtype=dtype))
    assert not torch.allclose(noised, total.double(), atol=0.1)


def test_samples_are_independent_coins() -> None:
    source, rate, people, steps = RehearsalSource(11), 0.2, 400, 500
    taken = np.zeros((steps, people))
    for step in range(steps):
        taken[step, poisson_sample(people, rate=rate, bits=source.at(step, 0)).numpy()] = 1
    for counts, of in ((taken.sum(0), steps), (taken.sum(1), people)):
        low, high = binom.ppf(ALPHA, of, rate), binom.isf(ALPHA, of, rate)
        assert low <= counts.min() and counts.max() <= high
    # A batch of fixed size has no variance at all: of 500 binomial sizes it is 64 within a fifth or so.
    assert 0.6 * 64 < taken.sum(1).var() < 1.5 * 64
    within = ((taken[:, :-1] - rate) * (taken[:, 1:] - rate)).mean() / (rate * (1 - rate))
    assert abs(within) < norm.isf(ALPHA) / math.sqrt(steps * (people - 1))


def test_empty_and_whole_samples_are_legal() -> None:
    bits = RehearsalSource(0).at(0, 0)
    assert poisson_sample(10, rate=1e-12, bits=bits).tolist() == []
    assert poisson_sample(3, rate=1.0, bits=bits).tolist() == [0, 1, 2]
    assert poisson_sample(0, rate=0.5, bits=bits).tolist() == []


def test_what_is_no_sample_is_refused() -> None:
    with pytest.raises(PromiseError, match=r"takes 11 in expectation, and there are 10: give a batch of 10"):
        rate_of(11, 10)
    with pytest.raises(PromiseError, match="batch is 0"):
        rate_of(0, 10)
    with pytest.raises(PromiseError, match="epochs is 0"):
        steps_of_epochs(0, 0.5)
    assert steps_of_epochs(1, 1 / 3) == 3
