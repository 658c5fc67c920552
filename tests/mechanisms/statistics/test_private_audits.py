"""Audits of private sums: 200 worlds stay below the promise, and every broken twin is found."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest
from scipy.stats import chisquare
from tests.mechanisms.statistics.audited import Claims, proved

from confide.core.nouns import Rehearsal
from confide.mechanisms.statistics.bounded_rows import kept_rows
from confide.mechanisms.statistics.bounded_sum import PrivateSum
from confide.mechanisms.statistics.clip import Clip
from confide.mechanisms.statistics.counts import PrivateCounts
from confide.mechanisms.statistics.histogram import PrivateHistogram
from confide.mechanisms.statistics.mean import PrivateMean
from confide.mechanisms.statistics.variance import PrivateVariance
from confide.views.statistics import PersonRows, Statistics

WHOLE = Clip(0, 10, whole=True)


def made(kind: type, **settings: Any) -> Any:
    return kind(**{"epsilon": 1.0, "noise": "rehearsal"} | settings)


def with_and_without(value: float, rows: int = 1, others: float = 5.0) -> tuple[PersonRows, PersonRows]:
    """300 people at the middle of 0 to 10, without and with a person of `rows` rows of this value."""
    person, values = np.arange(300), np.full(300, others)
    without = PersonRows(rows=300, person=person, values=values)
    n = 300 + rows
    within = PersonRows(
        rows=n,
        person=np.append(person, np.full(rows, 999)),
        values=np.append(values, np.full(rows, value)),
    )
    return without, within


def total_of(view: Statistics) -> float:
    """The noisy sum from the noisy mean and count, in bounds from the middle, plus the count's move."""
    mean, count = view.only("mean").values[0], view.only("count").values[0]
    return (mean - 5) / 5 * count + (count - 300)


def squares_of(view: Statistics) -> float:
    """The noisy squares, sum and count together, each divided by what one person moves it."""
    variance, count = view.only("variance").values[0] / 25, view.only("count").values[0]
    mean = (view.only("mean").values[0] - 5) / 5
    return variance * (count - 1) + mean**2 * count + mean * count + count - 300


CASES = {
    "count": (PrivateCounts, {}, lambda view: view.values[0] - 300, 0.5),
    "people": (PrivateCounts, {"of": "people"}, lambda view: view.values[0] - 300, 0.5),
    "sum": (PrivateSum, {"clip": WHOLE}, lambda view: (view.values[0] - 1_500) / 10, 0.5),
    "histogram": (PrivateHistogram, {"edges": (0, 6, 11)}, lambda view: view.values[1], 0.5),
    "mean": (PrivateMean, {"clip": WHOLE}, total_of, 1.0),
    "variance": (PrivateVariance, {"clip": WHOLE}, squares_of, 1.5),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", CASES)
def test_an_audit_stays_below_the_promise_and_finds_a_quarter_of_the_noise(name: str) -> None:
    """200 worlds, each a coin of its own."""
    kind, settings, score, above = CASES[name]
    without, within = with_and_without(10.0)
    honest = made(kind, at_most=1, **settings)
    twin = Claims(honest, made(kind, at_most=1, epsilon=4.0, **settings))
    assert proved(honest, without, within, score, above=above) <= 1.0
    assert proved(twin, without, within, score, above=above) > 1.0


@dataclasses.dataclass(frozen=True)
class NoClipping:
    """It publishes the sum of whatever the column holds, with noise for the bounds."""

    honest: PrivateSum

    @property
    def budget(self):
        return self.honest.budget

    def __call__(self, data: PersonRows, *, rng):
        view = self.honest(data, rng=rng).view
        beyond = np.maximum(np.asarray(data.values) - self.honest.clip.high, 0).sum()
        return Rehearsal(dataclasses.replace(view, values=view.values + beyond), self.budget, "NoClipping")


@dataclasses.dataclass(frozen=True)
class NoBounding:
    """It takes each row for another person, and so keeps all of them."""

    honest: PrivateCounts

    @property
    def budget(self):
        return self.honest.budget

    def __call__(self, data: PersonRows, *, rng):
        return self.honest(dataclasses.replace(data, person=np.arange(data.rows)), rng=rng)


@dataclasses.dataclass(frozen=True)
class KeysOfTheData:
    """It answers the keys that the data have, in place of those that are given."""

    honest: PrivateCounts

    @property
    def budget(self):
        return self.honest.budget

    def __call__(self, data: PersonRows, *, rng):
        seen = tuple(data.keys[g] for g in np.unique(data.codes))
        return self.honest(PersonRows.of(group=np.array(data.keys)[data.codes], keys=seen), rng=rng)


@pytest.mark.slow
def test_audits_find_no_clipping_no_bounding_and_keys_of_the_data() -> None:
    summing, counting = made(PrivateSum, clip=WHOLE, at_most=1), made(PrivateCounts, at_most=1)
    without, within = with_and_without(5_000.0)

    def total(view: Statistics) -> float:
        return (view.values[0] - 1_500) / 10

    assert proved(summing, without, within, total, above=1) <= 1.0
    assert proved(NoClipping(summing), without, within, total, above=1) > 1.0
    many = with_and_without(5.0, rows=40)

    def count(view: Statistics) -> float:
        return view.values[0] - 300

    assert proved(counting, *many, count, above=1) <= 1.0
    assert proved(NoBounding(counting), *many, count, above=1) > 1.0
    keys = [PersonRows.of(group=np.array(["a"] * 30 + more), keys=("a", "mine")) for more in ([], ["mine"])]
    plain = made(PrivateCounts)

    def there(view: Statistics) -> float:
        return float("mine" in view.keys)

    assert proved(plain, *keys, there, above=0.5) <= 1.0
    assert proved(KeysOfTheData(plain), *keys, there, above=0.5) > 1.0


@dataclasses.dataclass(frozen=True)
class KeepsTheCommonest:
    """It cuts each person to the rows in the largest groups, and so looks at everybody's."""

    honest: PrivateCounts

    @property
    def budget(self):
        return self.honest.budget

    def __call__(self, data: PersonRows, *, rng):
        size = np.bincount(data.codes, minlength=len(data.keys))[data.codes]
        assert data.person is not None
        return self.honest(data.take(kept_rows(data.person, 1, lambda n: -size)), rng=rng)


@pytest.mark.slow
def test_an_audit_finds_a_bound_that_looks_at_other_peoples_rows() -> None:
    """Sixty people with a row in each of two groups, and one whose row makes one group the larger."""
    person, group = np.repeat(np.arange(60), 2), np.tile([0, 1], 60)
    without = PersonRows(rows=120, person=person, group=group, keys=("a", "b"))
    within = PersonRows(rows=121, person=np.append(person, 60), group=np.append(group, 1), keys=("a", "b"))
    honest = made(PrivateCounts, at_most=1)

    def score(view: Statistics) -> float:
        return view.values[1]

    assert proved(honest, without, within, score, above=30.5) <= 1.0
    assert proved(KeepsTheCommonest(honest), without, within, score, above=30.5) > 1.0


def test_no_low_bit_tells_neighbours_apart() -> None:
    """Sums are whole steps, and the last four bits of 4,000 are even with each neighbour (1 in 10^6)."""
    mechanism, n = made(PrivateSum, epsilon=1e-3, clip=Clip(0, 0.7)), 4_000
    for value in (0.1, 0.3):
        data = PersonRows.of(values=np.full(n, value), group=np.arange(n), keys=tuple(range(n)))
        view = mechanism(data, rng=np.random.default_rng(1)).view
        # Noise is more than 2^30 steps: what is coarser than a code is a power of two too.
        unit = mechanism.clip.step * 2 ** round(np.log2(mechanism.clip.reach_from_zero / 1e-3 / 2**30.5))
        steps = view.values / unit - 0.5  # each sum is the middle of its step
        assert (steps == np.rint(steps)).all()
        last = np.bincount(steps.astype(np.int64) % 16, minlength=16)
        assert chisquare(last).pvalue > 1e-6
