"""ROC: naive references, hand cases, and the mistakes of other tools as known answers."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm

from confide.core.errors import EvidenceError
from confide.measure.rates import precision_at, tpr_at
from confide.measure.roc import auc, roc

SCORES = st.lists(st.integers(-6, 6).map(float) | st.just(-np.inf), min_size=1, max_size=40).map(np.array)


def naive_auc(exposed: np.ndarray, control: np.ndarray) -> float:
    wins = sum(1.0 if x > y else 0.5 if x == y else 0.0 for x in exposed for y in control)
    return wins / (len(exposed) * len(control))


@given(SCORES, SCORES)
def test_auc_is_the_share_of_pairs_won(exposed: np.ndarray, control: np.ndarray) -> None:
    got = auc(exposed, control)
    assert got.value == pytest.approx(naive_auc(exposed, control), abs=1e-12)
    assert 0 <= got.low <= got.value + 1e-12
    assert got.value <= got.high + 1e-12 <= 1 + 2e-12


@given(SCORES, SCORES, st.sampled_from([0.05, 0.1, 0.25, 0.5]))
def test_the_empirical_rate_is_the_best_that_keeps_the_fpr(
    exposed: np.ndarray, control: np.ndarray, fpr: float
) -> None:
    got = tpr_at(exposed, control, fpr=fpr)
    if got.rate is None:
        assert 0 < fpr * len(control) < 1
        return
    allowed = [t for t in control if np.mean(control > t) <= fpr]
    assert got.empirical == pytest.approx(max(np.mean(exposed > t) for t in allowed))
    assert 0 <= got.rate.low <= got.rate.value <= got.rate.high <= 1


@given(SCORES, SCORES)
def test_roc_rises_inside_its_band(exposed: np.ndarray, control: np.ndarray) -> None:
    curve = roc(exposed, control)
    assert (np.diff(curve.fpr) > 0).all()
    assert (np.diff(curve.tpr) >= 0).all()
    assert ((curve.low <= curve.tpr) & (curve.tpr <= curve.high)).all()
    assert (curve.fpr[0], curve.tpr[0], curve.fpr[-1]) == (0, 0, 1)
    assert curve.tpr[-1] == np.mean(exposed > -np.inf)


def test_roc_of_many_scores_is_short_and_sharp_at_both_ends() -> None:
    rng = np.random.default_rng(0)
    curve = roc(rng.standard_normal(50_000) + 1, rng.standard_normal(50_000))
    assert len(curve.fpr) <= 202
    assert curve.fpr[1] == 1 / 50_001
    assert np.trapezoid(curve.tpr, curve.fpr) == pytest.approx(0.760, abs=0.005)


def test_delong_covers() -> None:
    """2000 repeats of a nominal 95 %: at a true 93.5 % fewer than 1820 occur once in 1e5."""
    rng = np.random.default_rng(1)
    truth, covered, narrow = 0.7602, 0, 0
    for _ in range(2000):
        exposed, control = rng.standard_normal(60) + 1, rng.standard_normal(80)
        got = auc(exposed, control)
        covered += got.low <= truth <= got.high
        got = auc(exposed, control, confidence=0.8)
        narrow += got.low <= truth <= got.high
    assert covered >= 1820
    assert narrow < 1820, "this test could not have failed"


def test_delong_by_hand() -> None:
    """Exposed 2, 4; control 1, 3: placements 1/2, 1 and 1, 1/2, so variance 1/8 / 2 twice.

    The largest variance of an AUC of 3/4 with 2 a side is 3/32. It weighs as much as the 2 rows: 7/64.
    """
    got = auc(np.array([2.0, 4.0]), np.array([1.0, 3.0]))
    half = 1.959964 * np.sqrt(7 / 64) / (0.75 * 0.25)
    logit = np.log(3.0)
    assert got.value == 0.75
    assert (got.low, got.high) == pytest.approx(
        (1 / (1 + np.exp(half - logit)), 1 / (1 + np.exp(-half - logit))), rel=1e-5
    )


@pytest.mark.parametrize(
    ("few", "many"), [(10, 10), (10, 1000), (1000, 10), pytest.param(10, 100, marks=pytest.mark.slow)]
)
@pytest.mark.parametrize("shift", [0.0, 1.0, 2.0, 3.0])
def test_the_interval_holds_with_ten_on_one_side(few: int, many: int, shift: float) -> None:
    """Normal scores, 500 repeats: fewer than .93 are held once in 20,000 times at the true .965 or more.

    DeLong's variance alone holds in about .76 of them with 10 against 1,000 far apart.
    """
    rng, truth, held, plain = np.random.default_rng(4), norm.cdf(shift / np.sqrt(2)), 0, 0
    for _ in range(500):
        exposed, control = rng.standard_normal(few) + shift, rng.standard_normal(many)
        found = auc(exposed, control)
        held += found.low <= truth <= found.high
        above = np.searchsorted(np.sort(control), exposed) / many
        below = 1 - np.searchsorted(np.sort(exposed), control) / few
        noise = np.sqrt(above.var(ddof=1) / few + below.var(ddof=1) / many)
        spread = max(found.value * (1 - found.value), 1e-9)
        half = 1.959964 * noise / spread
        centre = np.log(max(found.value, 1e-9) / max(1 - found.value, 1e-9))
        plain += abs(np.log(truth / (1 - truth)) - centre) <= half
    assert held >= 0.93 * 500
    if few != many and shift == 3:
        assert plain < 0.9 * 500


def test_auc_of_degenerate_scores() -> None:
    same = auc(np.ones(20), np.ones(30))
    assert same.value == 0.5
    assert same.low < 0.35 < 0.65 < same.high
    apart = auc(np.ones(20), np.zeros(30))
    assert apart.value == apart.high == 1
    assert apart.low == pytest.approx(0.025 ** (1 / 20))
    empty = auc(np.ones(3), np.array([]))
    assert np.isnan(empty.value)
    assert (empty.low, empty.high) == (0, 1)


def test_equal_scores_are_claimed_by_lot() -> None:
    """Where all scores are equal the ROC is the diagonal: a rate is the false-positive rate."""
    for fpr in (0.1, 0.01):
        at = tpr_at(np.ones(100), np.ones(100), fpr=fpr)
        assert at.rate is not None
        assert at.rate.value == pytest.approx(fpr)
        assert at.empirical == 0


@pytest.mark.parametrize(
    ("fpr", "controls", "k"), [(0.001, 1000, 1), (0.29, 100, 29), (0.07, 100, 7), (0.1, 30, 3)]
)
def test_no_rank_is_lost_to_floating_point(fpr: float, controls: int, k: int) -> None:
    control = np.arange(float(controls))
    exposed = np.arange(controls) - 0.5  # the score c - 1/2 is just under control c
    # c - 1/2 above b[k] = controls - 1 - k: exactly k of them
    assert tpr_at(exposed, control, fpr=fpr).empirical == pytest.approx(k / controls)


def test_an_unresolvable_rate_is_not_a_number() -> None:
    """Another tool interpolates thresholds and prints 4.7 % at FPR 0.001 % of 10 000."""
    rng = np.random.default_rng(0)
    got = tpr_at(rng.standard_normal(10_000) + 2, rng.standard_normal(10_000), fpr=1e-5)
    assert got.rate is None
    assert got.why == "n/a (needs at least 100000 non-members, has 10000)"
    assert tpr_at(np.ones(5), np.zeros(10_000), fpr=1e-4).rate is not None
    assert tpr_at(np.ones(5), np.zeros(9_999), fpr=1e-4).rate is None


def test_wrong_claims_are_never_found() -> None:
    rate = tpr_at(np.array([-np.inf, 1.0]), np.full(10, -np.inf), fpr=0.1).rate
    assert rate is not None
    assert rate.value == pytest.approx(0.5)


def test_precision_by_hand() -> None:
    control = np.arange(100.0)
    exposed = np.concatenate([np.full(40, 200.0), np.full(60, -1.0)])
    half, tenth, hundredth = precision_at(exposed, control, fpr=0.01)
    assert [p.value.value for p in (half, tenth, hundredth) if p.value] == pytest.approx(
        [0.4 / 0.41, 0.04 / (0.04 + 0.009), 0.004 / (0.004 + 0.0099)]
    )
    assert half.value is not None
    assert half.value.low == 0 < half.value.value < half.value.high <= 1, "of 100 controls one is expected"
    assert precision_at(exposed, control, fpr=0.001)[0].value is None


@pytest.mark.parametrize("fpr", [-0.1, 0.0, 1.0, 5.0])
def test_an_fpr_out_of_range_is_named(fpr: float) -> None:
    with pytest.raises(EvidenceError, match=f"fpr is {fpr}"):
        tpr_at(np.ones(2), np.ones(2), fpr=fpr)
