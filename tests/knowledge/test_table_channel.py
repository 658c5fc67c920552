"""Channels of columns, held to the chances and densities that the mechanisms state."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.stats import laplace

from confide.core.errors import KnowledgeError
from confide.knowledge.table_channel import channels
from confide.mechanisms.anchors.published import Published
from confide.mechanisms.anonymize.class_rules import Rules
from confide.mechanisms.anonymize.mondrian import Mondrian
from confide.mechanisms.anonymize.suppression import WithoutColumns
from confide.mechanisms.in_order import in_order
from confide.mechanisms.randomize.bounds import Bounds
from confide.mechanisms.randomize.noisy_numbers import NoisyNumbers
from confide.mechanisms.randomize.pram import Pram
from confide.mechanisms.randomize.read_back import ReadBack
from confide.views.table import Domain, Table

RNG = np.random.default_rng
LAW = np.array([0.6, 0.2, 0.1, 0.06, 0.04])
PRAM = Pram(column="c", change=0.3, noise="rehearsal")


def categories(n: int = 20_000) -> Table:
    return Table.of([Domain("c", tuple("abcde"))], RNG(1).choice(5, n, p=LAW)[:, None])


def test_of_pram_it_is_the_matrix() -> None:
    """About 10,000 cells of the rarest shown value: five standard errors of a chance of .7 are .023."""
    made = PRAM(categories(), rng=RNG(2)).view
    channel = channels(made, PRAM, ["c"], rng=RNG(3))["c"]
    chances = np.stack([channel.lift(v) for v in range(5)]) * channel.shown
    assert_allclose(chances, np.full((5, 5), 0.075) + np.eye(5) * 0.625, atol=0.023)


def test_the_law_behind_pram_is_that_of_the_original() -> None:
    """The standard error of a share under this inversion is below .006; the release alone is off by .15."""
    channel = channels(PRAM(categories(), rng=RNG(2)).view, PRAM, ["c"], rng=RNG(3))["c"]
    law, behind = channel.behind()
    assert_allclose(law, LAW, atol=0.03)
    assert abs(channel.shown[0] - LAW[0]) > 0.1
    assert_allclose(behind.sum(axis=1), 1)
    # Bayes by hand: P(true a | shown e) = .6 * .075 / (.04 * .7 + .96 * .075).
    assert behind[4, 0] == pytest.approx(0.6 * 0.075 / (0.04 * 0.7 + 0.96 * 0.075), abs=0.04)


@pytest.mark.slow
def test_of_noise_it_is_the_density_of_the_difference() -> None:
    domain = Domain("x", tuple(map(str, range(200))), np.arange(200.0))
    table = Table.of([domain], RNG(1).integers(0, 200, 20_000)[:, None])
    noise = NoisyNumbers(column="x", bounds=Bounds(0, 199), epsilon=20.0, noise="rehearsal")
    made = in_order([noise, ReadBack.to(table)])
    channel = channels(made(table, rng=RNG(2)).view, made, ["x"], rng=RNG(3))["x"]
    chances = channel.lift(100) * channel.shown
    exact = np.diff(laplace.cdf(np.arange(201) - 100.5, scale=noise.scale))
    # In 20 classes of moves a side a density of this form is off by a few percent in total variation.
    assert np.abs(chances - exact).sum() / 2 < 0.1


@pytest.mark.parametrize("numbers", [None, np.arange(5.0)])
def test_the_mean_lift_over_the_release_is_one(numbers: np.ndarray | None) -> None:
    table = Table.of([Domain("c", tuple("abcde"), numbers)], RNG(1).choice(5, 3_000, p=LAW)[:, None])
    channel = channels(table, PRAM, ["c"], rng=RNG(3))["c"]
    for value in range(5):
        assert channel.lift(value) @ channel.shown == pytest.approx(1)


def test_a_missing_number_is_a_value_of_its_own() -> None:
    domain = Domain("x", ("1", "2", "3", ""), np.array([1.0, 2.0, 3.0, np.nan]), missing=True)
    table = Table.of([domain], RNG(1).integers(0, 4, 5_000)[:, None])
    channel = channels(table, Published(), ["x"], rng=RNG(3))["x"]
    for value in range(4):
        lift = channel.lift(value)
        assert lift.argmax() == value
        assert lift[value] * channel.shown[value] > 0.99


def test_ranges_and_what_is_not_known_are_refused() -> None:
    two = Table.of([Domain("x", tuple("abc")), Domain("y", tuple("abc"))], RNG(1).integers(0, 3, (100, 2)))
    with pytest.raises(KnowledgeError, match="how the release was made is not known"):
        channels(two, None, ["x"], rng=RNG(1))
    wide = Table(two.domains, two.low * 0, two.low * 0 + 2)
    with pytest.raises(KnowledgeError, match="hold ranges"):
        channels(wide, Published(), ["x"], rng=RNG(1))
    with pytest.raises(KnowledgeError, match="hold ranges"):
        channels(two, Mondrian(known=("x", "y"), rules=Rules(k=20)), ["x"], rng=RNG(1))
    with pytest.raises(KnowledgeError, match="cannot be done to the release again"):
        channels(two, WithoutColumns(columns=("z",)), ["x"], rng=RNG(1))


def test_a_column_of_ranges_leaves_the_others_their_channels() -> None:
    table = Table.of(
        [Domain("c", tuple("abcde")), Domain("y", tuple("abc"))], RNG(1).integers(0, 3, (5_000, 2))
    )
    high = table.high.copy()
    high[:, 1] = 2
    seen = Table(table.domains, table.low, high)
    assert list(channels(seen, PRAM, ["c", "y"], rng=RNG(1))) == ["c"]
