"""How many bits fall, and how sure of them the adversary is: theory, published figures, calibration.

Shares are over 3,840 bits or more, of independent data sets with fixed seeds. Their standard error is .008 at
most: .02 is 2.5 of them for a share near 1/2, and more for others. The slow tests have more bits.
"""

from __future__ import annotations

import numpy as np
import pytest
from tests.attacks.reconstruction.answers.subset_sums import asked, guessed, right, rng

from confide.attacks.reconstruction.answers import (
    BoxReconstruction,
    LeastSquares,
    LinearProgram,
    RewordedQueries,
    RobustReconstruction,
)
from confide.core.play import play
from confide.games.reconstruction.answers import SubsetReconstruction
from confide.measure.reconstruction import (
    answers_until,
    box_deviation,
    least_squares_deviation,
    share_known,
    share_right,
)
from confide.mechanisms.statistics.sticky_noise import StickyNoise
from confide.views.answers import Answers, Subsets

BOX, LS = BoxReconstruction(), LeastSquares()


def foretold(deviation, people: int, count: int, c: float) -> float:
    return share_right(deviation(people, count, noise=c * people**0.5))


@pytest.mark.parametrize(("c", "bar"), [(0.1, 1.0), (0.25, 0.981), (0.5, 0.858), (1.0, 0.708)])
def test_five_answers_a_person(c, bar):
    assert abs(right(BOX, 128, 640, c, times=30) - bar) <= 0.02


@pytest.mark.parametrize("c", [0.1, 0.25, 0.5, 1.0])
def test_two_answers_a_person(c):
    found = right(BOX, 128, 256, c, times=30)
    assert abs(found - foretold(box_deviation, 128, 256, c)) <= 0.02
    assert found >= right(LS, 128, 256, c, times=30) - 0.01


@pytest.mark.parametrize("c", [0.25, 0.5])
def test_fewer_answers_than_people_are_enough_for_the_box(c):
    assert abs(right(BOX, 128, 100, c, times=30) - foretold(box_deviation, 128, 100, c)) <= 0.025


@pytest.mark.parametrize("c", [0.25, 0.5, 1.0])
def test_least_squares_by_the_closed_form(c):
    assert abs(right(LS, 128, 640, c, times=40) - foretold(least_squares_deviation, 128, 640, c)) <= 0.02


@pytest.mark.slow
@pytest.mark.parametrize(("c", "bar"), [(0.25, 0.979), (0.5, 0.852), (1.0, 0.705)])
def test_a_thousand_people(c, bar):
    found, plain = (right(attack, 1_000, 5_000, c, times=6) for attack in (BOX, LS))
    assert abs(found - bar) <= 0.02 and found >= plain - 0.01
    assert abs(found - foretold(box_deviation, 1_000, 5_000, c)) <= 0.02
    assert abs(plain - foretold(least_squares_deviation, 1_000, 5_000, c)) <= 0.02


@pytest.mark.parametrize(("wrong", "bar"), [(0.1, 0.95), (0.2, 0.88)])
def test_robust_where_squares_fail(wrong, bar):
    found = right(RobustReconstruction(), 128, 640, 0.25, times=10, wrong=wrong)
    assert found >= bar and right(BOX, 128, 640, 0.25, times=10, wrong=wrong) < 0.7


@pytest.mark.slow
@pytest.mark.parametrize(("wrong", "bar"), [(0.1, 0.96), (0.2, 0.94)])
def test_robust_for_a_thousand_people(wrong, bar):
    assert right(RobustReconstruction(), 1_000, 5_000, 0.25, times=4, wrong=wrong) >= bar
    assert right(LS, 1_000, 5_000, 0.25, times=4, wrong=wrong) < 0.6


@pytest.mark.slow
def test_the_program_reaches_no_more_than_squares_on_normal_noise():
    """At n = 300 the certified program is no better: the fast method gives nothing away."""
    program, squares = (right(attack, 300, 1_500, 0.25, times=2) for attack in (LinearProgram(), BOX))
    assert program <= squares + 0.01


def reliability(attack, views, *, bins: int, least: int) -> list[tuple[float, float]]:
    """The mean probability and the share that is right, in bins of the claims' probability from 1/2 to 1."""
    chance, hit = [], []
    for view, bits in views:
        guess = guessed(attack, view)
        chance.append(1 / (1 + np.exp(-abs(guess.score))))
        hit.append(guess.value == bits)
    p, yes = np.concatenate(chance), np.concatenate(hit)
    number = np.minimum((2 * bins * (p - 0.5)).astype(int), bins - 1)
    inside = [number == i for i in range(bins)]
    return [(float(p[b].mean()), float(yes[b].mean())) for b in inside if b.sum() >= least]


def assert_calibrated(attack, views, *, bins: int = 10, of: int = 10, least: int = 800) -> None:
    """Within .05 in at least `bins` bins: 2.8 standard errors of a bin with 800 claims, 2.2 with 500."""
    found = reliability(attack, views, bins=of, least=least)
    assert len(found) >= bins, "too few bins have enough claims"
    assert max(abs(said - true) for said, true in found) <= 0.05, found


@pytest.mark.parametrize(("attack", "count", "c"), [(BOX, 640, 0.5), (BOX, 256, 0.5), (LS, 640, 0.5)])
def test_claims_are_right_as_often_as_they_say(attack, count, c):
    assert_calibrated(attack, [asked(128, count, c, seed=s) for s in range(60)], bins=5, of=5, least=500)


def test_a_rare_secret_is_calibrated_too():
    """A box pulls the bits of a rare secret upwards; what is left must not push all of them down."""
    assert_calibrated(
        BOX, [asked(128, 640, 0.5, seed=s, share=0.1) for s in range(60)], bins=3, of=5, least=250
    )


def test_a_wrong_deviation_is_noticed():
    """Noise is stated at a half of what it is: the residuals tell, and no claim is surer for it."""
    view, _ = asked(128, 640, 0.5, seed=1)
    understated = Answers(subsets=view.subsets, answers=view.answers, noise=(view.noise or 0) / 2)
    assert (guessed(BOX, view).score == guessed(BOX, understated).score).all()


@pytest.mark.slow
@pytest.mark.parametrize("share", [0.5, 0.1])
@pytest.mark.parametrize(("attack", "count", "c"), [(BOX, 640, 0.5), (BOX, 256, 0.5), (LS, 640, 0.5)])
def test_claims_are_right_as_often_as_they_say_in_many_data_sets(attack, count, c, share):
    views = [asked(128, count, c, seed=s, share=share) for s in range(500)]
    assert_calibrated(attack, views, bins=10 if share == 0.5 else 8)


@pytest.mark.slow
@pytest.mark.parametrize("size", [0.05, 0.2])
def test_other_subsets_than_halves_are_calibrated_from_their_normal_equations(size):
    def small(seed):
        draw = rng(seed)
        subsets, bits = Subsets.of(draw.random((400, 100)) < size), draw.random(100) < 0.4
        # About as much doubt about a bit for both sizes.
        noise = 16 * size**0.5
        answers = subsets.sums(bits) + draw.normal(0, noise, 400)
        return Answers(subsets=subsets, answers=answers, noise=noise), bits

    assert_calibrated(BOX, [small(s) for s in range(200)], bins=8)


def test_the_share_that_is_known_is_the_share_of_such_draws():
    draw = rng(20)
    for share, tau in ((0.5, 0.4), (0.3, 0.3), (0.5, 1.5)):
        bits = draw.random(200_000) < share
        odds = np.log(share / (1 - share)) + (bits + tau * draw.normal(size=200_000) - 0.5) / tau**2
        assert share_right(tau, share=share) == pytest.approx(((odds > 0) == bits).mean(), abs=0.005)
        known = (np.abs(odds) >= np.log(19)).mean()
        assert share_known(tau, share=share) == pytest.approx(known, abs=0.005)
    bits = draw.random(400_000) < 0.02
    odds = np.log(0.02 / 0.98) + (bits + 0.3 * draw.normal(size=400_000) - 0.5) / 0.3**2
    # What 98 % of the people are is known beforehand: only those who have the secret count.
    assert share_known(0.3, share=0.02) == pytest.approx((odds[bits] >= np.log(19)).mean(), abs=0.03)


def test_the_deviation_in_the_box_solves_its_equation():
    tau = box_deviation(100, 150, noise=4.0)
    cut = np.clip(tau * rng(21).normal(size=400_000), 0, 1)
    assert tau**2 == pytest.approx(4 * 16 / 150 + 100 / 150 * (cut**2).mean(), rel=0.01)
    assert box_deviation(100, 90, noise=0.0) == 0.0, (
        "exact answers to more than half as many queries are enough"
    )
    assert box_deviation(100, 40, noise=0.0) > 0.3


@pytest.mark.parametrize("known", [0.05, 0.5])
def test_the_forecast_comes_true(known):
    """As many answers as foretold, and that share is known with 95 %: before any was given."""
    noise = 0.5 * 128**0.5
    count = round(answers_until(128, noise=noise, known=known))
    before = share_known(box_deviation(128, count - 1, noise=noise))
    assert before < known <= share_known(box_deviation(128, count, noise=noise))
    sure = [
        (abs(guessed(BOX, asked(128, count, 0.5, seed=seed)[0]).score) >= np.log(19)).mean()
        for seed in range(40)
    ]
    assert np.mean(sure) == pytest.approx(known, abs=0.03)


def reworded(*, words: int, same_text: bool = False) -> SubsetReconstruction:
    few = Subsets.random(320, 64, rng=rng(30))
    texts = np.tile(np.arange(320), words) if same_text else np.arange(320 * words)
    return SubsetReconstruction(
        subsets=few.take(np.tile(np.arange(320), words)),
        bits=rng(31).permutation(64) < 32,
        mechanism=StickyNoise(deviation=8.0, noise="rehearsal"),
        wording=texts,
    )


def right_about_targets(attack, game, *, worlds: int = 12) -> float:
    evidence = play(game, attack, worlds=worlds, rng=rng(32))
    return float(((evidence.table["score"] > 0) == evidence.table["exposed"]).mean())


def test_sticky_noise_falls_to_other_words_and_not_to_the_same_again():
    """Cohen and Nissim 2020: noise of deviation 8 = c sqrt(n) at c = 1; 16 wordings leave c = 1/4."""
    attack = RewordedQueries()
    once = right_about_targets(attack, reworded(words=1))
    again = right_about_targets(attack, reworded(words=16, same_text=True))
    other = right_about_targets(attack, reworded(words=16))
    assert once == again, "the same text gets the same noise, and counts once"
    # 380 bits each: .08 is three standard errors.
    assert abs(once - foretold(box_deviation, 64, 320, 1.0)) < 0.08
    assert abs(other - foretold(box_deviation, 64, 320, 0.25)) < 0.03
