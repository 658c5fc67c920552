"""The difference of two AUCs on the same people: against sums over pairs, its interval against its law."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm

from confide.core.errors import EvidenceError
from confide.core.evidence import Evidence
from confide.measure import auc, difference, paired_auc


def naive(first: np.ndarray, second: np.ndarray, exposed: np.ndarray) -> tuple[float, float]:
    """DeLong's difference, and the correlation of both AUCs, by counting pairs as in the paper."""

    def won(scores: np.ndarray) -> np.ndarray:
        yes, no = scores[exposed], scores[~exposed]
        return np.array([[1.0 if a > b else 0.5 if a == b else 0.0 for b in no] for a in yes])

    pairs = [won(first), won(second)]
    cov = np.zeros((2, 2))
    for axis in (1, 0):  # the means over controls of each member, over members of each control
        places = np.array([p.mean(axis=axis) for p in pairs])
        cov += np.cov(places) / places.shape[1]
    size = (cov[0, 0] * cov[1, 1]) ** 0.5
    return pairs[0].mean() - pairs[1].mean(), cov[0, 1] / size if size else 0.0


@given(st.integers(0, 2**32 - 1), st.integers(2, 12), st.integers(2, 12))
def test_it_is_the_sum_over_pairs_with_the_covariances_of_the_paper(seed: int, yes: int, no: int) -> None:
    rng = np.random.default_rng(seed)
    exposed = rng.permutation(np.arange(yes + no) < yes)
    first, second = rng.integers(0, 5, (2, yes + no)).astype(float)  # with many ties
    got = paired_auc(Evidence.of(exposed, first), Evidence.of(exposed, second))
    value, r = naive(first, second, exposed)
    assert got.value == pytest.approx(value, abs=1e-12)
    a, b = (auc(scores[exposed], scores[~exposed]) for scores in (first, second))
    down, up = (a.value - a.low, b.high - b.value), (a.high - a.value, b.value - b.low)
    ends = [(x * x + y * y - 2 * r * x * y) ** 0.5 for x, y in (down, up)]  # Zou and Donner (2008)
    assert (got.value - got.low, got.high - got.value) == pytest.approx(ends, abs=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("exposed", "control", "shifts"), [(10, 1000, (3, 2)), (30, 30, (3, 2)), (10, 10, (4, 1))]
)
def test_it_holds_with_few_people_and_near_one(exposed: int, control: int, shifts: tuple[int, int]) -> None:
    """Of 400 intervals at 95 % 365 or more hold, but for 1 in 1,000 times (binomial). By the sum of variances
    alone .83, .89 and .92 of them hold."""
    rng, inside = np.random.default_rng(1), np.arange(exposed + control) < exposed
    truths = [norm.cdf(d / 2**0.5) for d in shifts]
    held = 0
    for _ in range(400):
        common, own = rng.standard_normal((2, len(inside)))
        scores = common + shifts[0] * inside, 0.5 * common + 0.75**0.5 * own + shifts[1] * inside
        found = paired_auc(*(Evidence.of(inside, s) for s in scores))
        held += found.low <= truths[0] - truths[1] <= found.high
    assert held >= 365


def test_rows_of_a_person_are_no_more_people() -> None:
    rng = np.random.default_rng(3)
    exposed, rows = np.arange(40) % 2 == 0, np.arange(80) % 40
    scores = rng.standard_normal((2, 40)) + exposed
    once = paired_auc(*(Evidence.of(exposed, s) for s in scores))
    twice = paired_auc(*(Evidence.of(exposed[rows], s[rows]).about(rows) for s in scores))
    assert (twice.value, twice.low, twice.high) == pytest.approx((once.value, once.low, once.high))


def test_people_are_paired_by_their_number_and_those_of_one_alone_left_out() -> None:
    rng = np.random.default_rng(0)
    exposed = np.arange(40) % 2 == 0
    first, second = rng.standard_normal((2, 40)) + exposed
    mixed, kept = rng.permutation(40), np.arange(30)
    one = Evidence.of(exposed[mixed], first[mixed], target=mixed)
    other = Evidence.of(exposed[kept], second[kept], target=kept)
    both = paired_auc(Evidence.of(exposed[kept], first[kept]), other)
    got = paired_auc(one, other)
    assert (got.value, got.low, got.high) == pytest.approx((both.value, both.low, both.high))


def draws(shift: float, rng: np.random.Generator) -> tuple[Evidence, Evidence]:
    """Two attacks that share most of their noise; the first sees `shift` more of a member."""
    exposed = np.arange(400) < 200
    noise = rng.standard_normal(400)
    first = noise + 0.3 * rng.standard_normal(400) + (1 + shift) * exposed
    second = noise + 0.3 * rng.standard_normal(400) + exposed
    return Evidence.of(exposed, first), Evidence.of(exposed, second)


@pytest.mark.slow
def test_the_interval_holds_the_truth_as_often_as_it_says_and_pairing_is_what_makes_it_narrow() -> None:
    """Of 400 equal pairs 5 % may be missed: 6 to 36 with probability above 0.999 (binomial). An interval
    twice as wide would miss none."""
    rng = np.random.default_rng(1)
    missed, seen, apart = 0, 0, 0
    for _ in range(400):
        same = paired_auc(*draws(0.0, rng))
        missed += not same.low <= 0 <= same.high
        one, other = draws(0.3, rng)
        seen += paired_auc(one, other).low > 0
        unpaired = [auc(e.claims[e.exposed], e.claims[~e.exposed]) for e in (one, other)]
        apart += difference(*unpaired).low > 0
    assert 6 <= missed <= 36
    assert seen > 390  # the paired interval sees what ...
    assert apart < 200  # ... the two by themselves mostly do not


def test_no_spread_is_no_certainty() -> None:
    exposed = np.arange(20) < 10
    perfect, equal = Evidence.of(exposed, exposed * 1.0), Evidence.of(exposed, np.zeros(20))
    same = paired_auc(perfect, perfect)
    assert same.value == 0
    assert same.low < -0.1
    assert same.high > 0.1
    assert paired_auc(perfect, equal).value == 0.5


def test_what_cannot_be_paired_is_refused() -> None:
    exposed = np.arange(6) < 3
    one = Evidence.of(exposed, np.arange(6.0))
    with pytest.raises(EvidenceError, match="1 and 2 worlds"):
        paired_auc(one, Evidence.of(exposed, np.arange(6.0), world=np.arange(6) % 2))
    with pytest.raises(EvidenceError, match="disagree about who is exposed"):
        paired_auc(one, Evidence.of(~exposed, np.arange(6.0)))
    with pytest.raises(EvidenceError, match="nobody in common"):
        paired_auc(one, Evidence.of(exposed[:3], np.arange(3.0)))
