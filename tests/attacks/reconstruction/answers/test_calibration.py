"""Claims are right as often as they say, at any noise: from hardly any to noise that drowns everything.

With the share of the secret known, a bin of claims is within .05, and two standard errors of a share of
independent claims. Where only the answers tell the share, all people of a data set err together: that is
tested over 4,000 data sets, each with another share.
"""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import truncnorm
from tests.attacks.reconstruction.answers.subset_sums import rng

from confide.attacks.reconstruction.answers import BoxReconstruction, RobustReconstruction
from confide.attacks.reconstruction.answers._claims import mean_between, share_of
from confide.attacks.reconstruction.answers._wide import tall_fit, wide_fit
from confide.core.nouns import Case
from confide.knowledge.answers import AnswersKnowledge
from confide.mechanisms.statistics.subset_sums import SubsetSums
from confide.views.answers import Answers, Subsets


def conditions(count: int, people: int, draw: np.random.Generator) -> Subsets:
    """`age between ... and town in (...)`, as an analyst asks."""
    age, town = draw.integers(18, 90, people), draw.integers(0, 8, people)
    low, high = np.sort(draw.integers(18, 90, (2, count)), axis=0)[:, :, None]
    towns = draw.permuted(np.tile(np.arange(8) < 4, (count, 1)), axis=1)
    return Subsets.of((age >= low) & (age <= high) & towns[:, town])


def claims(attack, kind: str, people: int, noise: float, *, sets: int, share: float | None = None):
    """Of all data sets: the probability of each claim, and whether it is right."""
    found = []
    count = 3 * people // 2
    for seed in range(sets):
        draw = rng(1_000 * people + seed)
        halves = kind == "halves"
        subsets = Subsets.random(count, people, rng=draw) if halves else conditions(count, people, draw)
        bits = draw.random(people) < (draw.uniform(0.1, 0.9) if share is None else share)
        answers = subsets.sums(bits.astype(float)) + draw.laplace(0, noise / 2**0.5, count)
        view = Answers(subsets=subsets, answers=answers, noise=noise)
        known = AnswersKnowledge(mechanism=SubsetSums(deviation=noise, noise="rehearsal"), share=share)
        guess = attack(Case(view, known, np.arange(people)), rng=rng())
        chance = 1 / (1 + np.exp(-abs(guess.score)))
        found.append(np.stack([chance, guess.value == bits]))
    return np.concatenate(found, axis=1)


def off(chance, right, *, least: int = 250) -> float:
    """The largest gap between said and true in ten bins, beyond two standard errors; -1 for no bin."""
    number = np.minimum((20 * (chance - 0.5)).astype(int), 9)
    bins = [number == i for i in range(10)]
    return max(
        (abs(chance[b].mean() - right[b].mean()) - b.sum() ** -0.5 for b in bins if b.sum() >= least),
        default=-1.0,
    )


def assert_calibrated(attack, kind: str, people: int, noise: float, *, sets: int, share: float) -> None:
    chance, right = claims(attack, kind, people, noise, sets=sets, share=share)
    assert -1 < off(chance, right) <= 0.05


BOX, ROBUST = BoxReconstruction(), RobustReconstruction()
NOISES = [0.1, 1.0, 3.0, 10.0, 30.0, 100.0, 1_000.0]


@pytest.mark.parametrize("noise", [0.1, 3.0, 1_000.0])
@pytest.mark.parametrize(("kind", "sets"), [("halves", 30), ("conditions", 12)])
def test_at_any_noise_claims_are_right_as_often_as_they_say(kind, sets, noise):
    assert_calibrated(BOX, kind, 200, noise, sets=sets, share=0.2)


@pytest.mark.slow
@pytest.mark.parametrize("noise", NOISES)
@pytest.mark.parametrize("kind", ["halves", "conditions"])
@pytest.mark.parametrize(("attack", "people", "sets", "share"), [(BOX, 400, 15, 0.5), (ROBUST, 200, 20, 0.2)])
def test_of_more_people_and_robustly_too(attack, kind, people, sets, share, noise):
    assert_calibrated(attack, kind, people, noise, sets=sets, share=share)


def test_claims_that_are_too_sure_would_be_seen():
    chance, right = claims(BOX, "halves", 200, 10.0, sets=30, share=0.2)
    odds = chance / (1 - chance)
    assert off(odds**1.5 / (1 + odds**1.5), right) > 0.05


@pytest.mark.parametrize("kind", ["halves", "conditions"])
@pytest.mark.parametrize("attack", [BOX, ROBUST])
def test_where_noise_drowns_everything_nobody_is_known(attack, kind):
    """The noisy total is far below 0 or above everybody: cut off there, it made all claims certain."""
    chance, _ = claims(attack, kind, 200, 3_000.0, sets=6)
    assert chance.max() < 0.95


@pytest.mark.parametrize("noise", [0.1, 30.0, 100.0, 300.0, 1_000.0])
def test_the_share_that_answers_tell_is_right_as_often_as_it_says(noise):
    """All shares are as likely beforehand; 400 data sets in a bin have a standard error of .025 at most."""
    draw, said, true = rng(7), [], []
    subsets = conditions(60, 120, draw)
    for share in draw.random(4_000):
        answers = subsets.sums((draw.random(120) < share).astype(float)) + draw.normal(0, noise, 60)
        said.append(share_of(Answers(subsets=subsets, answers=answers, noise=noise), AnswersKnowledge()))
        true.append(share)
    bins = np.minimum((10 * np.array(said)).astype(int), 9)
    for b in range(10):
        if (bins == b).sum() >= 100:
            assert abs(np.mean(np.array(said)[bins == b]) - np.mean(np.array(true)[bins == b])) <= 0.05


def test_the_mean_of_a_normal_law_cut_off_is_that_of_its_closed_form():
    for centre, deviation in ((0.3, 0.5), (-0.4, 0.3), (1.7, 2.0)):
        low, high = -centre / deviation, (1 - centre) / deviation
        assert mean_between(centre, deviation) == pytest.approx(
            truncnorm.mean(low, high, loc=centre, scale=deviation), abs=1e-3
        )


def test_the_linear_fit_is_the_same_from_either_side():
    draw = rng(3)
    subsets = conditions(50, 40, draw)
    bits = draw.random(40) < 0.3
    view = Answers(
        subsets=subsets, answers=subsets.sums(bits.astype(float)) + draw.normal(0, 2, 50), noise=2.0
    )
    one, other = wide_fit(view, share=0.3), tall_fit(view, share=0.3, noise=2.0)
    assert other.evidence == pytest.approx(one.evidence, rel=1e-3, abs=1e-4)
    twice = tall_fit(view, share=0.3, noise=2.0 * 2**0.5, weights=np.full(50, 2.0))
    assert twice.evidence == pytest.approx(other.evidence, rel=1e-6, abs=1e-9)
