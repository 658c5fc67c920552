"""Sums over subsets: the noise has its law, the promise holds, a broken twin is caught."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from scipy.stats import kstest, norm

from confide.core.budget import Budget, Unit
from confide.core.errors import PromiseError
from confide.measure.intervals import clopper_pearson
from confide.mechanisms.noise.gaussian import gaussian_sigma
from confide.mechanisms.statistics.rounded_sums import RoundedSums
from confide.mechanisms.statistics.sticky_noise import StickyNoise
from confide.mechanisms.statistics.subset_sums import SubsetSums, laplace_deviation
from confide.mechanisms.statistics.suppressed_sums import SuppressedSums
from confide.views.answers import AskedSubsets, Subsets

ALPHA = 1e-6
ALONE = Subsets.of(np.eye(2_000))
"""Each person is in one subset of their own: one release shows 2,000 independent answers."""


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def noise(mechanism, subsets: Subsets, *, seed: int = 0, bit: bool = False) -> np.ndarray:
    data = AskedSubsets(subsets=subsets, bits=np.full(subsets.people, bit))
    return mechanism(data, rng=rng(seed)).view.answers


def test_exact_answers_count():
    data = AskedSubsets(
        subsets=Subsets.of(np.array([[1, 1, 0], [0, 1, 1]])), bits=np.array([True, True, False])
    )
    view = SubsetSums()(data, rng=rng()).view
    assert view.answers.tolist() == [2.0, 1.0] and view.noise == 0.0


def test_the_noise_has_its_law_for_the_person_in_most_subsets():
    three = Subsets(packed=np.tile(ALONE.packed, 3), people=2_000)  # everybody is in three
    found = noise(SubsetSums(epsilon=1.5, noise="rehearsal"), three)
    rate = 0.5
    for k in range(-3, 4):
        chance = np.tanh(rate / 2) * np.exp(-rate * abs(k))
        low, high = (norm.ppf(q) for q in (ALPHA / 2, 1 - ALPHA / 2))
        error = (chance * (1 - chance) / 6_000) ** 0.5
        assert low * error < (found == k).mean() - chance < high * error
    assert found.std() == pytest.approx(laplace_deviation(rate), rel=0.08)
    # A twin that forgets that a person is in three subsets has other noise: the test could have failed.
    assert noise(SubsetSums(epsilon=4.5, noise="rehearsal"), three).std() < 0.5 * laplace_deviation(rate)


def test_stated_noise_is_normal():
    found = noise(SubsetSums(deviation=2.5, noise="rehearsal"), ALONE)
    assert kstest(found / 2.5, "norm").pvalue > ALPHA
    for wrong in (2 / 3, 3 / 2):
        assert kstest(found / 2.5 * wrong, "norm").pvalue < ALPHA


def loss(mechanism) -> float:
    """The largest log-ratio of answers with a bit of 1 and of 0, certain at 1 - 1e-6 for each threshold."""
    yes = np.concatenate([noise(mechanism, ALONE, seed=s, bit=True) for s in range(10)])
    no = np.concatenate([noise(mechanism, ALONE, seed=100 + s) for s in range(10)])
    found = []
    for t in range(-2, 6):
        low, _ = clopper_pearson((yes >= t).sum(), len(yes), confidence=1 - ALPHA)
        _, high = clopper_pearson((no >= t).sum(), len(no), confidence=1 - ALPHA)
        found.append(np.log(max(float(low), 1e-12) / float(high)))
    return max(found)


def test_the_promise_holds_and_a_twin_with_a_quarter_of_the_noise_breaks_it():
    kept = SubsetSums(epsilon=1.0, noise="rehearsal")
    assert kept.budget is not None and kept.budget.unit == Unit.cells(["secret"])
    assert 0.7 < loss(kept) <= 1.0
    assert loss(dataclasses.replace(kept, epsilon=4.0)) > 1.0


def test_normal_noise_keeps_its_epsilon_and_delta_and_a_twin_does_not():
    """P(answer >= t) with the bit is at most e^epsilon times that without it, plus delta, at each t."""

    def excess(mechanism) -> float:
        """The largest delta that is certain, at 1 - 1e-6 for each threshold."""
        yes = np.concatenate([noise(mechanism, ALONE, seed=s, bit=True) for s in range(10)])
        no = np.concatenate([noise(mechanism, ALONE, seed=100 + s) for s in range(10)])
        found = []
        for t in np.linspace(-2, 5, 15):
            low, _ = clopper_pearson((yes >= t).sum(), len(yes), confidence=1 - ALPHA)
            _, high = clopper_pearson((no >= t).sum(), len(no), confidence=1 - ALPHA)
            found.append(float(low) - np.e * float(high))
        return max(found)

    kept = SubsetSums(epsilon=1.0, delta=0.05, noise="rehearsal")
    assert kept.budget is not None and kept.budget.delta == 0.05
    assert excess(kept) <= 0.05 < excess(SubsetSums(deviation=0.35, noise="rehearsal"))
    view = kept(AskedSubsets(subsets=ALONE, bits=np.zeros(2_000, np.bool_)), rng=rng()).view
    # The analytic Gaussian mechanism for a sensitivity of 1, from its own formula.
    expected = gaussian_sigma(Budget(1.0, 0.05), sensitivity=1.0)
    assert view.noise == pytest.approx(expected, rel=1e-4)
    assert kstest(view.answers / expected, "norm").pvalue > ALPHA


def test_the_deviation_grows_with_the_root_of_the_subsets_of_a_person():
    four = Subsets(packed=np.tile(ALONE.packed[:, :50], 4), people=2_000)
    mechanism = SubsetSums(epsilon=1.0, delta=1e-5, noise="rehearsal")
    data = AskedSubsets(subsets=four, bits=np.zeros(2_000, np.bool_))
    assert mechanism(data, rng=rng()).view.noise == pytest.approx(
        gaussian_sigma(Budget(1.0, 1e-5), sensitivity=2.0), rel=1e-4
    )


def test_rounding_and_suppression_of_small_counts():
    subsets = Subsets.of(np.tril(np.ones((12, 12))))
    data = AskedSubsets(subsets=subsets, bits=np.arange(12) > 0)  # the sums are 0, 1, ..., 11
    rounded = RoundedSums(step=5)(data, rng=rng()).view
    assert rounded.answers.tolist() == [0, 0, 0, 5, 5, 5, 5, 5, 10, 10, 10, 10]
    shown = SuppressedSums(below=4)(data, rng=rng()).view
    assert shown.answers.tolist() == [0, 4, 5, 6, 7, 8, 9, 10, 11]
    assert (shown.subsets.sizes == [1, 5, 6, 7, 8, 9, 10, 11, 12]).all()
    for wrong in (lambda: RoundedSums(step=1), lambda: SuppressedSums(below=1)):
        with pytest.raises(PromiseError, match="is 1"):
            wrong()


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"epsilon": 0.0}, "epsilon is 0.0"),
        ({"epsilon": float("inf")}, "epsilon is inf"),
        ({"epsilon": 1.0, "deviation": 1.0}, "two noises"),
        ({"deviation": -1.0}, "-1.0"),
        ({"delta": 0.1}, "delta is 0.1"),
        ({"epsilon": 1.0, "delta": 1.0}, "delta is 1.0"),
        ({"noise": "none"}, "'none'"),
    ],
)
def test_what_cannot_be_kept_is_refused(settings, says):
    with pytest.raises(PromiseError, match=says):
        SubsetSums(**settings)


def test_sticky_noise_belongs_to_the_text():
    subsets = Subsets.of(np.ones((6, 4)))
    data = AskedSubsets(subsets=subsets, bits=np.ones(4, np.bool_), wording=np.array([5, 5, 9, 9, 9, 2]))
    found = StickyNoise(deviation=3.0, noise="rehearsal")(data, rng=rng()).view.answers
    assert found[0] == found[1] and found[2] == found[3] == found[4]
    assert len(np.unique(found)) == 3


def test_each_wording_has_noise_of_its_own():
    data = AskedSubsets(
        subsets=Subsets.of(np.eye(3)), bits=np.zeros(3, np.bool_), wording=np.array([4, 4, 1])
    )
    view = StickyNoise(deviation=3.0, wordings=5, noise="rehearsal")(data, rng=rng()).view
    assert len(view) == 15 and view.wording is not None
    pairs = {(int(text), float(answer)) for text, answer in zip(view.wording, view.answers, strict=True)}
    assert len(pairs) == 10, "two texts in five wordings"
    assert (np.tile(np.eye(3), (5, 1)) == view.subsets.members(0, 15).T).all()
    with pytest.raises(PromiseError, match="wordings is 0"):
        StickyNoise(wordings=0)
