"""DP-Pix keeps its promise: sensitivity, noise, the ratio of any event, and a broken twin that is caught."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import chisquare

from confide.core.budget import Budget, Unit
from confide.core.errors import PromiseError
from confide.measure.intervals import lower_limit, upper_limit
from confide.mechanisms.randomize.dp_pix import DPPix
from confide.views.images import Pictures

ALPHA = 1e-9
RUNS = 40_000


def maker(epsilon: float = 1.0, side: int = 4, pixels: int = 4, noise="rehearsal") -> DPPix:
    return DPPix.of(epsilon=epsilon, side=side, pixels=pixels, noise=noise)


def loss(mechanism: DPPix, one: Pictures, other: Pictures) -> float:
    """The largest log-likelihood ratio before clipping: of Laplace noise, the sum of shifts over scales."""
    return float((np.abs(mechanism.means(one) - mechanism.means(other)) / mechanism.scale(one)).sum())


@pytest.mark.parametrize("shape", [(1, 8, 8), (1, 6, 7), (1, 5, 6, 3)])
def test_no_m_pixels_move_the_blocks_by_more_than_the_promise(shape):
    rng = np.random.default_rng(0)
    mechanism = maker(epsilon=0.7, pixels=5)
    for _ in range(300):
        picture = rng.integers(0, 256, shape, dtype=np.uint8)
        changed = picture.copy()
        y, x = rng.integers(0, shape[1], 5), rng.integers(0, shape[2], 5)
        changed[0, y, x] = rng.choice([0, 255], (5, *shape[3:]))
        assert loss(mechanism, Pictures(picture), Pictures(changed)) <= 0.7 + 1e-9
    black, white = np.zeros(shape, np.uint8), np.zeros(shape, np.uint8)
    white[0, :1, :5] = 255
    assert loss(mechanism, Pictures(black), Pictures(white)) == pytest.approx(0.7), "the bound is reached"


def test_means_are_over_the_pixels_within_the_picture():
    """Not over edge pixels repeated, which would count one of them up to sixteen times."""
    pixels = np.zeros((1, 5, 5), np.uint8)
    pixels[0, 4, 4], pixels[0, 0, 4] = 200, 100
    mechanism = maker()
    assert mechanism.means(Pictures(pixels))[0].tolist() == [[0, 25], [0, 200]]
    assert mechanism.scale(Pictures(pixels))[0] == pytest.approx(255 * 4 / np.array([[16, 4], [4, 1]]))


def levels(mechanism: DPPix, *, value: int, n: int = RUNS) -> np.ndarray:
    """How often each of the 256 levels is released for a block of four such pixels."""
    pixels = np.full((n, 2, 2), value, np.uint8)
    view = mechanism(Pictures(pixels), rng=np.random.default_rng(value)).view
    return np.bincount(view.pixels[:, 0, 0], minlength=256)


def law(*, value: int, rate: float) -> np.ndarray:
    """Each level's chance by definition: k of chance tanh(rate / 2) exp(-rate |k|) is added to the sum."""
    k = np.arange(-40_000, 40_001)
    chance = np.tanh(rate / 2) * np.exp(-rate * np.abs(k))
    rounded = np.clip(np.floor((4 * value + k) / 4 + 0.5), 0, 255).astype(int)
    return np.bincount(rounded, chance, minlength=256)


@pytest.mark.parametrize("noise", ["secure", "rehearsal"])
@pytest.mark.parametrize("value", [0, 100, 255])
def test_every_level_has_its_chance(value, noise):
    """A chi-square at 1e-9 over the 256 levels; a tenth more or less noise is told apart."""
    found = levels(maker(epsilon=2.0, side=2, noise=noise), value=value, n=4 * RUNS)

    def fits(rate: float) -> float:
        expected = found.sum() * law(value=value, rate=rate)
        many = expected >= 10
        size = int(many.sum()) + (not many.all())
        pooled = [(x[many], x[~many].sum()) for x in (found, expected)]
        return chisquare(*(np.append(head, rest)[:size] for head, rest in pooled)).pvalue

    rate = 2.0 / (255 * 4)
    assert fits(rate) > ALPHA
    assert fits(0.9 * rate) < ALPHA and fits(1.1 * rate) < ALPHA


def worst_ratio(mechanism: DPPix, size: int, changed: int) -> float:
    """A lower bound on the largest log ratio of an event's probabilities: wrong once in 100,000.

    The same mechanism on `RUNS` copies of a black picture, and of one with its last pixels white; the events
    are the last pixel at most, and at least, each level. Clopper-Pearson for 1,024 comparisons, both ways.
    """
    black, white = np.zeros((RUNS, size, size), np.uint8), np.zeros((RUNS, size, size), np.uint8)
    white[:, -changed:, -changed:] = 255
    rng = np.random.default_rng(1)
    levels = [mechanism(Pictures(p), rng=rng).view.pixels[:, -1, -1].astype(int) for p in (black, white)]
    below = [np.bincount(v, minlength=256).cumsum() for v in levels]
    events = [np.concatenate([b, RUNS - b]) for b in below]
    sure = 1 - 1e-5 / 2048
    found = [
        np.log(np.maximum(lower_limit(a, RUNS, confidence=sure), 1e-300))
        - np.log(upper_limit(b, RUNS, confidence=sure))
        for a, b in (events, events[::-1])
    ]
    return float(np.max(found))


@pytest.mark.parametrize(("size", "changed"), [(4, 4), (5, 1)], ids=["whole block", "edge block"])
@pytest.mark.parametrize("noise", ["rehearsal", "secure"])
def test_no_event_tells_neighbours_apart_beyond_the_promise_and_half_the_noise_is_caught(
    size, changed, noise
):
    honest = maker(pixels=changed**2, noise=noise)
    broken = maker(epsilon=2.0, pixels=changed**2, noise=noise)  # half the noise, sold as epsilon 1
    assert 0.8 < worst_ratio(honest, size, changed) <= 1.0
    assert worst_ratio(broken, size, changed) > 1.0


def test_a_seed_replays_a_rehearsal_and_nothing_replays_a_release():
    picture = Pictures(np.full((1, 40, 40), 100, np.uint8), np.array([3]))
    for noise, same in (("rehearsal", True), ("secure", False)):
        mechanism = maker(noise=noise)
        one, other = (mechanism(picture, rng=np.random.default_rng(0)) for _ in range(2))
        assert (one.view.pixels == other.view.pixels).all() == same
        assert one.view.person.tolist() == [3] and str(one.budget.unit) == "any 4 pixels of a picture"


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"budget": Budget(1.0)}, "hides pixels"),
        ({"budget": Budget(0.0, unit=Unit.pixels(at_most=3))}, "epsilon above 0"),
        ({"budget": Budget(1.0, 1e-6, Unit.pixels(at_most=3))}, "delta 0"),
        ({"side": 0}, "is 0 pixels"),
        ({"noise": "none"}, "'secure' or 'rehearsal'"),
    ],
)
def test_what_it_cannot_promise_it_refuses_to_be_built(changes, says):
    with pytest.raises(PromiseError, match=says):
        DPPix(**{"budget": Budget(1.0, unit=Unit.pixels(at_most=3))} | changes)
    with pytest.raises(PromiseError, match="give one"):
        maker()(Pictures(np.zeros((1, 4, 4), np.uint8)), rng=None)
