"""Twins have the shape that the cards state, can be learned, and are one population."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from sklearn.ensemble import RandomForestClassifier

from confide.data import ALL, DataSet, cards, digits, location30, twins
from confide.views.records import Records

EACH = pytest.mark.parametrize("data", ALL, ids=[card.name for card in cards()])


@EACH
def test_shape_and_type_are_the_cards(data: DataSet) -> None:
    made, card = data.twin(300, rng=np.random.default_rng(1)), data.CARD
    assert len(made) == 300
    assert made.y.dtype == np.int64
    assert made.y.min() >= 0 and made.y.max() < len(card.classes)
    if isinstance(made.x, pl.DataFrame):
        assert (made.x.width,) == card.shape
    else:
        assert made.x.shape[1:] == card.shape
        assert made.x.dtype == np.float32
        assert made.x.min() >= 0 and made.x.max() <= 1
    assert card.check(made) is made


@EACH
def test_the_same_coins_give_the_same_people(data: DataSet) -> None:
    one, same, other = (data.twin(50, rng=np.random.default_rng(seed)).digest() for seed in (3, 3, 4))
    assert one == same != other


@EACH
def test_no_record_is_asked_for(data: DataSet) -> None:
    assert len(data.twin(0, rng=np.random.default_rng(1))) == 0


def _two_draws(data: DataSet) -> tuple[np.ndarray, np.ndarray]:
    """2,000 records of one draw, then 1,000 of another, as numbers."""
    made = Records.concat([data.twin(n, rng=np.random.default_rng(n)) for n in (2_000, 1_000)])
    if isinstance(made.x, pl.DataFrame):
        return made.x.to_dummies(pl.selectors.string()).to_numpy() / 1.0, made.y
    return made.x.reshape(len(made), -1), made.y


def _nearest_centre(x: np.ndarray, y: np.ndarray, asked: np.ndarray) -> np.ndarray:
    """The class whose mean is nearest, each feature in its own standard deviations."""
    classes = np.unique(y)
    x, asked = ((part - x.mean(0)) / (x.std(0) + 1e-6) for part in (x, asked))
    centres = np.stack([x[y == c].mean(0) for c in classes])
    return classes[(asked @ centres.T - (centres**2).sum(1) / 2).argmax(1)]


@pytest.mark.slow
@EACH
def test_what_is_learned_on_one_draw_holds_on_another(data: DataSet) -> None:
    """Both draws come from one population, and the features predict the class.

    A rule that ignores the record has recalls that add up to 1 over C classes, so their mean is 1/C. On 1,000
    fresh records it stays below 1/C + 5 standard errors but for chance 1e-5; a rule learned on shuffled
    classes is such a rule.
    """
    x, y = _two_draws(data)
    (x, fresh), (y, truth) = np.split(x, [2_000]), np.split(y, [2_000])
    held, counts = np.unique(truth, return_counts=True)
    one = 1 / len(held)
    beaten = one + 5 * one * np.sqrt(np.sum(one * (1 - one) / counts))
    shuffled = np.random.default_rng(5).permutation(y)
    for labels, learns in ((y, True), (shuffled, False)):
        right = _nearest_centre(x, labels, fresh) == truth
        assert (np.mean([right[truth == c].mean() for c in held]) > beaten) == learns


def test_a_model_overfits_a_small_twin() -> None:
    """There is something for an audit to find: a forest knows its own records far better than fresh ones.

    A share of 400 has a standard error of at most 0.025; a forest that does not overfit has no gap.
    """
    made = location30.twin(800, rng=np.random.default_rng(1))
    mine, fresh = made.take(np.arange(400)), made.take(np.arange(400, 800))
    forest = RandomForestClassifier(n_estimators=30, random_state=1).fit(mine.x, mine.y)
    assert forest.score(mine.x, mine.y) - forest.score(fresh.x, fresh.y) > 0.3


@pytest.mark.parametrize("density", [0.01, 0.12, 0.5])
def test_bits_have_the_density_in_expectation(density: float) -> None:
    """The mean over 40 populations of 100 features is within 6 (estimated) standard errors."""
    means = [
        np.mean(twins.bits(200, name=f"p{i}", classes=20, features=100, density=density, rng=rng).x)
        for i, rng in enumerate(np.random.default_rng(9).spawn(40))
    ]
    error = np.std(means, ddof=1) / np.sqrt(len(means))
    assert abs(np.mean(means) - density) < 6 * error
    assert abs(np.mean(means) - 2 * density) > 6 * error, "this test could not have failed"


def test_table_keeps_ranges_and_missing_shares() -> None:
    columns = (
        twins.Number(name="gain", low=0, high=9, mean=5, sd=8, zeros=0.9),
        twins.Levels(name="job", levels=("a", "b", "c"), missing=0.25),
    )
    x = twins.table(4_000, name="t", shares=(1, 1), columns=columns, rng=np.random.default_rng(2)).x
    assert isinstance(x, pl.DataFrame)
    assert x.schema == {"gain": pl.Int32, "job": pl.String}
    assert x["gain"].is_between(0, 9).all()
    assert set(x["job"].drop_nulls()) == {"a", "b", "c"}
    # shares of 4,000: 6 standard errors are at most 0.042
    assert abs(x["job"].null_count() / 4_000 - 0.25) < 0.042
    assert (x["gain"] == 0).mean() > 0.85


def test_digits_twin_lies_on_the_sets_grid() -> None:
    x = np.asarray(digits.twin(20, rng=np.random.default_rng(1)).x) * 16
    np.testing.assert_array_equal(x, np.round(x))
