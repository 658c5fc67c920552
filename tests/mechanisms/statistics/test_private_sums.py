"""Counts, sums, means, variances and histograms: exact without noise, nobody moves them further, audits."""

from __future__ import annotations

import dataclasses
from fractions import Fraction
from itertools import product
from typing import Any

import numpy as np
import pytest
from scipy.stats import kstest

from confide.core.errors import DataError, PromiseError
from confide.core.nouns import Rehearsal, Release
from confide.mechanisms.statistics.bounded_sum import PrivateSum
from confide.mechanisms.statistics.clip import Clip, coded, group_sums
from confide.mechanisms.statistics.counts import PrivateCounts, people
from confide.mechanisms.statistics.histogram import PrivateHistogram
from confide.mechanisms.statistics.mean import PrivateMean, moments
from confide.mechanisms.statistics.variance import PrivateVariance
from confide.views.statistics import PersonRows

NO_NOISE = 300.0
"""At this epsilon noise on counts is 0, but once in 10^130; on sums it is hundredths of a bound."""
WHOLE = Clip(0, 10, whole=True)


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def made(kind: type, **settings: Any) -> Any:
    return kind(**{"epsilon": 1.0, "noise": "rehearsal"} | settings)


# Values become whole numbers


@pytest.mark.parametrize(
    "clip", [Clip(-3.7, 9.1), Clip(0, 1e9), Clip(1e6, 1e6 + 1), WHOLE, Clip(-7, -2, whole=True)]
)
@pytest.mark.parametrize("from_zero", [False, True])
def test_codes_stand_for_the_clipped_values(clip: Clip, from_zero: bool) -> None:
    """Against a naive loop in exact fractions: within half a step, and never beyond the reach."""
    values = np.concatenate(
        [rng().uniform(clip.low, clip.high, 200), [clip.low, clip.high, -np.inf, np.inf, 1e300]]
    )
    codes, there = clip.codes(values, from_zero=from_zero)
    reach = clip.reach_from_zero if from_zero else clip.reach
    assert there.all() and np.abs(codes).max() <= reach
    for value, code in zip(values, codes, strict=True):
        exact = Fraction(float(min(max(value, clip.low), clip.high)))
        found = Fraction(int(code)) * Fraction(clip.step) + (0 if from_zero else clip.origin)
        assert abs(found - exact) <= Fraction(clip.step) * Fraction(51, 100)


def test_missing_values_are_left_out_or_get_the_value_that_is_given() -> None:
    values = np.array([4.0, np.nan, 6.0])
    assert WHOLE.codes(values)[0].tolist() == [-1, 1]
    assert dataclasses.replace(WHOLE, missing=10).codes(values)[0].tolist() == [-1, 5, 1]
    data = PersonRows.of(values=values)
    mean = made(PrivateMean, epsilon=NO_NOISE, clip=WHOLE)(data, rng=rng()).view
    assert mean.only("count").values.tolist() == [2] and mean.only("mean").values[0] == pytest.approx(
        5, abs=0.01
    )


@pytest.mark.parametrize(
    ("low", "high", "settings", "says"),
    [
        (5, 5, {}, "the smaller first"),
        (9, 5, {}, "the smaller first"),
        (0, float("inf"), {}, "finite"),
        (float("nan"), 1, {}, "finite"),
        (0, 5, {"missing": 6}, "give a number from 0 to 5"),
        (0.5, 5, {"whole": True}, "whole numbers"),
        (0, 2**63, {"whole": True}, "up to 2\\^62"),
        (1e30, np.nextafter(1e30, 2e30), {}, "subtract"),
        (0, 5e-324, {}, "62 bits"),
        (-1.7e308, 1.7e308, {}, "62 bits"),
    ],
)
def test_bounds_that_are_none_are_refused(low, high, settings, says) -> None:
    with pytest.raises(PromiseError, match=says):
        Clip(low, high, **settings)


def test_numbers_without_a_sign_and_nulls_are_read_as_what_they_are() -> None:
    assert PersonRows.of(values=np.array([2**64 - 1, 7], np.uint64)).values.tolist() == [2**63 - 1, 7]
    assert np.isnan(PersonRows.of(values=[1.0, None]).values).tolist() == [False, True]
    assert PersonRows.of(values=[True, False]).values.tolist() == [1, 0]
    with pytest.raises(DataError, match="3 rows"):
        PersonRows(rows=3, values=np.zeros(2))
    with pytest.raises(DataError, match="twice"):
        PersonRows(rows=0, keys=("a", "a"))
    with pytest.raises(DataError, match="no number of one of 1 keys"):
        PersonRows(rows=1, group=np.array([1]))


def test_sums_do_not_wrap_at_2_to_the_62() -> None:
    """Polars' sum of 2^63 - 1 twice is -2; five rows of 2^62 and more are added exactly here."""
    clip = Clip(-(2**62), 2**62, whole=True)
    values = np.array([2**62, 2**62, 2**63 - 1, 2**62, 2**62, -(2**63)])
    codes, group = coded(PersonRows.of(values=values), clip, from_zero=True)
    assert group_sums(codes, group, 1) == [4 * 2**62]
    for noise in ("secure", "rehearsal"):
        view = made(PrivateSum, epsilon=NO_NOISE, clip=clip, noise=noise)(
            PersonRows.of(values=values), rng=rng()
        ).view
        assert view.values[0] == pytest.approx(4 * 2.0**62, rel=1e-2)
    mean = made(PrivateMean, epsilon=NO_NOISE, clip=Clip(0, 2**62, whole=True))(
        PersonRows.of(values=np.full(9, 2**62)), rng=rng()
    )
    assert mean.view.only("mean").values[0] == pytest.approx(2.0**62, rel=1e-2)
    assert sum(group_sums(np.full(2**20, 2**62), np.zeros(2**20, np.int64), 1)) == 2**82


# Exact without noise


def naive(data: PersonRows, function) -> list[float]:
    return [function(np.asarray(data.values)[data.codes == g]) for g in range(len(data.keys))]


def test_statistics_are_those_of_plain_numpy_without_noise() -> None:
    values, group = rng(1).uniform(-5, 20, 400), rng(2).integers(0, 4, 400)
    data = PersonRows.of(values=values, group=group, keys=(0, 1, 2))
    clip = Clip(-5, 20)
    total = made(PrivateSum, epsilon=NO_NOISE, clip=clip)(data, rng=rng()).view
    assert total.values == pytest.approx(naive(data, np.sum), abs=0.5)
    spread = made(PrivateVariance, epsilon=NO_NOISE, clip=clip)(data, rng=rng()).view
    assert spread.only("variance").values == pytest.approx(naive(data, lambda x: x.var(ddof=1)), rel=0.01)
    assert spread.only("deviation").values == pytest.approx(naive(data, lambda x: x.std(ddof=1)), rel=0.01)
    assert spread.only("mean").values == pytest.approx(naive(data, np.mean), rel=0.01)
    assert spread.only("count").values.tolist() == naive(data, len)
    edges = (-5.0, 0.0, 7.5, 20.0)
    bars = made(PrivateHistogram, epsilon=NO_NOISE, edges=edges)(PersonRows.of(values=values), rng=rng()).view
    assert bars.values.tolist() == np.histogram(values, edges)[0].tolist()


def test_bins_are_those_of_numpy_and_others_are_left_out() -> None:
    values = np.array([0.0, 1.0, 2.0, 3.0, -1.0, 9.0, np.nan, np.inf])
    mechanism = made(PrivateHistogram, epsilon=NO_NOISE, edges=(0, 1, 3))
    assert mechanism(PersonRows.of(values=values), rng=rng()).view.values.tolist() == [1, 3]
    whole = PersonRows.of(values=np.array([0, 1, 2, 3, 9]))
    assert mechanism(whole, rng=rng()).view.values.tolist() == [1, 3]
    with pytest.raises(PromiseError, match="that rise"):
        PrivateHistogram(epsilon=1.0, edges=(1, 1))
    with pytest.raises(DataError, match="without groups"):
        mechanism(PersonRows.of(values=[1.0], group=["a"]), rng=rng())


def test_all_given_keys_are_answered_in_their_order_and_no_other() -> None:
    data = PersonRows.of(group=np.array(["b"] * 50 + ["secret"] * 70), keys=("z", "b"))
    view = made(PrivateCounts, epsilon=NO_NOISE)(data, rng=rng()).view
    assert view.keys == ("z", "b") and view.values.tolist() == [0, 50]
    nobody = PersonRows.of(group=np.array([], np.str_), keys=("z", "b"))
    assert len(made(PrivateCounts)(nobody, rng=rng()).view) == 2


def test_people_are_counted_once_in_each_key_whatever_their_rows() -> None:
    data = PersonRows.of(person=[7, 7, 7, 8], group=["a", "a", "b", "a"], keys=("a", "b"))
    assert people(data) == [2, 1]
    counted = made(PrivateCounts, epsilon=NO_NOISE, at_most=9, of="people")(data, rng=rng()).view
    assert counted.values.tolist() == [2, 1]
    rows = made(PrivateCounts, epsilon=NO_NOISE, at_most=1)(data, rng=rng()).view
    assert rows.values.sum() == 2, "one row of each"


def test_where_noise_leaves_a_number_open_it_says_so() -> None:
    nobody = PersonRows.of(values=np.empty(0))
    view = made(PrivateVariance, epsilon=NO_NOISE, clip=Clip(0, 1))(nobody, rng=rng()).view
    assert np.isnan(view.only("mean").values).all() and np.isnan(view.only("variance").values).all()
    assert view.only("mean").noise.tolist() == [[0, 1]]
    # The largest variance of two values between 0 and 1.
    assert view.only("variance").noise.tolist() == [[0, 0.5]]
    with pytest.raises(DataError, match="no values"):
        made(PrivateSum, clip=WHOLE)(PersonRows(rows=3), rng=rng())
    with pytest.raises(PromiseError, match="2\\^32 apart"):
        made(PrivateVariance, clip=Clip(0, 2**40, whole=True))


# Nobody moves them further than the noise is made for


@pytest.mark.parametrize("groups", [1, 2])
@pytest.mark.parametrize("k", [1, 2])
def test_one_person_moves_sums_as_far_as_the_noise_is_made_for(k: int, groups: int) -> None:
    """Every person of k rows over a small column with too large values, by brute force: the L1 norm."""
    clip = Clip(-2, 3, whole=True)
    values, rows = (-9, -2, 0, 3, 9), list(product((-9, -2, 0, 3, 9), range(groups)))
    worst = dict.fromkeys(("plain", "centred", "squares", "rows", "people"), 0)
    for mine in product(rows, repeat=k):
        x = np.array([v for v, _ in mine])
        group = np.array([g for _, g in mine])
        data = PersonRows(
            rows=k, person=np.zeros(k, np.int64), values=x, group=group, keys=tuple(range(groups))
        )
        plain, centred = (coded(data, clip, from_zero=f)[0] for f in (True, False))
        sums = {
            "plain": group_sums(plain, group, groups),
            "centred": group_sums(centred, group, groups),
            "squares": group_sums(centred**2, group, groups),
            "rows": group_sums(np.ones(k, np.int64), group, groups),
            "people": people(data),
        }
        for name, found in sums.items():
            worst[name] = max(worst[name], sum(abs(f) for f in found))
    assert len(values) == 5
    assert worst == {
        "plain": k * clip.reach_from_zero,
        "centred": k * clip.reach,
        "squares": k * clip.reach**2,
        "rows": k,
        "people": min(k, groups),
    }


def test_the_noise_is_made_for_that_move() -> None:
    """By the scale of the law that each mechanism draws from: epsilon / parts is used up, and no more."""
    data = PersonRows.of(person=[1, 1, 2], values=[1.0, 2.0, 3.0])
    clip = Clip(0, 8, whole=True)
    rows = made(PrivateCounts, at_most=2).counted(data, rng())
    assert rows.law.scale == pytest.approx(2)
    assert made(PrivateCounts, at_most=2, of="people").counted(data, rng()).law.scale == pytest.approx(1)
    sums, count = moments(made(PrivateVariance, at_most=2, clip=clip), data, clip, powers=(2, 1), rng=rng())
    assert [s.unit * s.law.scale for s in (*sums, count)] == pytest.approx([3 * 2 * 16, 3 * 2 * 4, 3 * 2])


def test_the_sum_of_squared_deviations_moves_further_than_a_row_of_its_own() -> None:
    """opendp#2923: add one row, and all other terms move too; the sum of the moves is not bounded by R^2."""
    x = np.append(np.zeros(500), np.ones(500))
    more = np.append(x, 1.0)
    moved = np.abs((more[:-1] - more.mean()) ** 2 - (x - x.mean()) ** 2).sum()
    assert moved > 0.4 and abs(((more - more.mean()) ** 2).sum() - ((x - x.mean()) ** 2).sum()) < 1


# The noise of each

N = 4_000
"""Groups, each with noise of its own."""


def noise_of(kind: type, epsilon: float, **settings: Any) -> tuple[np.ndarray, float]:
    """What a mechanism adds to N groups of five rows of 3, and the scale that its promise needs."""
    values, group = np.full(5 * N, 3.0), np.repeat(np.arange(N), 5)
    data = PersonRows(rows=5 * N, values=values, group=group, keys=tuple(range(N)))
    mechanism = made(kind, epsilon=epsilon, **settings)
    if kind is PrivateHistogram:
        data = PersonRows(rows=5 * N, values=np.repeat(np.arange(N) + 0.5, 5))
    elif kind is PrivateMean:
        sums, _ = moments(mechanism, data, mechanism.clip, powers=(1,), rng=rng(1))
        return sums[0].numbers - 5 * -2, 2 * 5 / 0.25
    elif kind is PrivateVariance:
        sums, _ = moments(mechanism, data, mechanism.clip, powers=(2, 1), rng=rng(1))
        return sums[0].numbers - 5 * 4, 3 * 25 / 0.25
    truth, move = (15, 10) if kind is PrivateSum else (5, 1)
    return mechanism(data, rng=rng(1)).view.values - truth, move / 0.25


@pytest.mark.parametrize(
    ("kind", "settings"),
    [
        (PrivateCounts, {}),
        (PrivateSum, {"clip": WHOLE}),
        (PrivateHistogram, {"edges": tuple(range(N + 1))}),
        (PrivateMean, {"clip": WHOLE}),
        (PrivateVariance, {"clip": WHOLE}),
    ],
    ids=lambda x: getattr(x, "__name__", ""),
)
def test_the_noise_of_each_has_the_law_that_its_promise_needs(kind: type, settings: dict[str, Any]) -> None:
    """Kolmogorov and Smirnov on 4,000 numbers, smoothed within a step; a quarter less noise is refuted."""
    smooth = rng(9).uniform(-0.5, 0.5, N)
    for epsilon, held in ((0.25, True), (0.25 / 0.75, False)):
        noise, scale = noise_of(kind, epsilon, **settings)
        # The law of a whole number plus a uniform half on each side, by its definition.
        k = np.arange(-3_000, 3_001) if scale < 50 else np.arange(-9_000, 9_001)
        weight = np.exp(-np.abs(k) / scale)
        ends = np.concatenate([[0.0], np.cumsum(weight / weight.sum())])
        p_value = kstest(
            noise + smooth, lambda x, k=k, ends=ends: np.interp(x, np.append(k - 0.5, k[-1] + 0.5), ends)
        ).pvalue
        assert (p_value > 1e-3) == held


@pytest.mark.parametrize(
    "mechanism",
    [
        PrivateCounts(epsilon=0.01),
        PrivateSum(epsilon=0.01, clip=WHOLE),
        PrivateMean(epsilon=1.0, delta=1e-6, clip=WHOLE),
        PrivateVariance(epsilon=0.01, clip=WHOLE),
        PrivateHistogram(epsilon=0.01, edges=(0, 5, 10)),
    ],
)
def test_a_seed_replays_a_rehearsal_and_no_release(mechanism) -> None:
    """Five releases, all the same: once in 10^9."""
    data = PersonRows.of(values=rng().uniform(0, 10, 200))
    one, *others = (mechanism(data, rng=rng(3)) for _ in range(5))
    assert isinstance(one, Release)
    assert any((one.view.values != other.view.values).any() for other in others)
    rehearsal = dataclasses.replace(mechanism, noise="rehearsal")
    three, four = (rehearsal(data, rng=rng(3)) for _ in range(2))
    assert isinstance(three, Rehearsal) and (three.view.values == four.view.values).all()
    assert one.budget == mechanism.budget == three.budget
