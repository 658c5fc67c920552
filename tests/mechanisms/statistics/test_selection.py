"""Selections have the law of permute-and-flip and cost what they say; an audit finds the broken twins."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction
from itertools import combinations, permutations, product
from typing import Any

import numpy as np
import pytest
from opendp.domains import atom_domain, vector_domain
from opendp.measurements import make_private_quantile
from opendp.measures import max_divergence
from opendp.metrics import symmetric_distance
from opendp.mod import enable_features
from opendp.transformations import make_quantile_score_candidates
from scipy.stats import chi2_contingency, chisquare
from tests.mechanisms.statistics.audited import Claims, proved

from confide.core.errors import DataError, PromiseError
from confide.core.nouns import Release
from confide.mechanisms.statistics.permute_and_flip import Selection
from confide.mechanisms.statistics.quantile import PrivateQuantile
from confide.mechanisms.statistics.top_k import PrivateTopK
from confide.views.statistics import PersonRows

RUNS = 2_000


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def first(scores, scale: float) -> list[float]:
    """The law of one name, over all outcomes of the coins: one of the heads, each as likely."""
    chance = np.exp(-(max(scores) - np.array(scores)) / scale)
    found = [0.0] * len(scores)
    for coins in product((False, True), repeat=len(scores)):
        mass = float(np.prod(np.where(coins, chance, 1 - chance)))
        for i in np.flatnonzero(coins):
            found[i] += mass / sum(coins)
    return found


def law(scores, scale: float, k: int) -> dict[tuple[int, ...], float]:
    """The law of k names in their order: one after the other, among those that are left."""
    found = {}
    for names in permutations(range(len(scores)), k):
        left, mass = list(range(len(scores))), 1.0
        for name in names:
            mass *= first([scores[i] for i in left], scale)[left.index(name)]
            left.remove(name)
        found[names] = mass
    return found


@pytest.mark.parametrize("k", [1, 2])
@pytest.mark.parametrize("noise", ["secure", "rehearsal"])
def test_names_have_the_law(noise, k: int) -> None:
    """chi-square; fails once in 10,000 runs where the noise has no seed, and half the noise is refuted."""
    scores, selection, draws = [3, 0, 2, 1], Selection(2.0, k, True), rng(k)
    seen = Counter(tuple(selection.names(scores, noise, draws).tolist()) for _ in range(RUNS))
    p_values = []
    for scale in (2.0, 1.0):
        expected = law(scores, scale, k)
        counts = [seen[names] for names in expected]
        p_values.append(float(chisquare(counts, RUNS * np.array(list(expected.values()))).pvalue))
    assert p_values[0] > 1e-4 > p_values[1]


@pytest.mark.parametrize(("k", "monotone"), [(1, False), (1, True), (2, False), (2, True)])
def test_the_price_is_the_worst_ratio_of_all_neighbours(k: int, monotone: bool) -> None:
    """Three scores from 0 to 6, all moves: what OpenDP's map says is kept, and reached but for a tenth."""
    selection = Selection.for_epsilon(Fraction(1), move=1, k=k, monotone=monotone)
    assert selection.epsilon(1) <= 1.0
    worst = 0.0
    starts = [(0, 0, 6), (0, 6, 6), (3, 0, 6), (0, 1, 2), (6, 0, 5), (1, 1, 1)]
    for scores, move in product(starts, product((0, 1) if monotone else (-1, 0, 1), repeat=3)):
        one = law(scores, selection.scale, k)
        two = law([s + m for s, m in zip(scores, move, strict=True)], selection.scale, k)
        worst = max(worst, *(abs(np.log(one[names] / two[names])) for names in one))
    assert 0.9 < worst <= 1.0 + 1e-9


def test_the_smallest_is_named_where_that_is_asked_for() -> None:
    for noise in ("secure", "rehearsal"):
        assert Selection(0.1, smallest=True).names([9, -5, 4], noise, rng()).tolist() == [1]
        assert Selection(0.1, 3).names([9, -5, 4], noise, rng()).tolist() == [0, 2, 1]
        assert len(Selection(0.1, 5).names([9, -5], noise, rng())) == 2, "no more than there are"


# Top-k


def test_top_k_names_the_keys_that_most_people_have_and_counts_each_person_once() -> None:
    rows = PersonRows.of(
        person=np.repeat(np.arange(3_000), 2),
        group=np.concatenate([["a", "a"] * 1_500, ["b", "c"] * 1_000, ["c", "c"] * 500]),
        keys=("z", "c", "b", "a"),
    )
    made = PrivateTopK(epsilon=8.0, k=2, at_most=2)(rows, rng=rng())
    assert isinstance(made, Release) and set(made.view.keys) == {"a", "c"}
    assert np.abs(made.view.values - 1_500).max() < 100
    assert PrivateTopK(epsilon=1.0, k=9, at_most=2)(rows, rng=rng()).view.keys[4:] == ()


@pytest.mark.slow
def test_an_audit_of_top_k_stays_below_its_promise_and_finds_a_quarter_of_the_noise() -> None:
    group = np.repeat(["a", "b"], [20, 20])
    without = PersonRows.of(group=group, keys=("a", "b"))
    within = PersonRows.of(group=np.append(group, "a"), keys=("a", "b"))
    honest = PrivateTopK(epsilon=1.0, k=1, noise="rehearsal")
    twin = Claims(honest, PrivateTopK(epsilon=4.0, k=1, noise="rehearsal"))

    def score(view) -> float:
        return view.values[0] - 20 if view.keys == ("a",) else -5.0

    assert proved(honest, without, within, score, above=0.5) <= 1.0
    assert proved(twin, without, within, score, above=0.5) > 1.0


# Quantiles


def quantile(**settings) -> PrivateQuantile:
    return PrivateQuantile(**{"epsilon": 1.0, "candidates": (0, 10, 20, 30), "noise": "rehearsal"} | settings)


def opendp_scores(values, mechanism: PrivateQuantile) -> tuple[list[int], float]:
    """The scores of OpenDP, and what its `make_private_quantile` costs for our scale in its unit."""
    asked = {"candidates": list(mechanism.candidates), "alpha": mechanism.p}
    scores = make_quantile_score_candidates(*rows_of_opendp(), **asked)
    return list(scores([int(v) for v in values])), float(whole_quantile(mechanism).map(mechanism.most))


def rows_of_opendp() -> tuple[Any, Any]:
    enable_features("contrib")
    return vector_domain(atom_domain(T="i64")), symmetric_distance()


def whole_quantile(mechanism: PrivateQuantile) -> Any:
    """OpenDP's own, at our scale: it counts scores in units of 1, we in units of 1 / denominator."""
    return make_private_quantile(
        *rows_of_opendp(),
        max_divergence(),
        candidates=list(mechanism.candidates),
        alpha=mechanism.p,
        scale=mechanism.selection.scale / mechanism.fraction.denominator,
    )


@pytest.mark.parametrize("p", [0.5, 0.25, 0.1])
@pytest.mark.parametrize("at_most", [None, 3])
def test_scores_and_price_are_those_of_opendp(p: float, at_most: int | None) -> None:
    values = np.sort(rng(5).integers(-5, 45, 60))
    mechanism = quantile(p=p, at_most=at_most)
    below, upto = (np.searchsorted(values, mechanism.candidates, side=s) for s in ("left", "right"))
    ours = np.array(mechanism.scores(below, len(values) - upto))
    theirs, cost = opendp_scores(values, mechanism)
    # OpenDP may count in another fraction with the same value.
    assert (ours * theirs[0] == np.array(theirs) * ours[0]).all()
    assert cost == pytest.approx(0.5, rel=1e-6)


@pytest.mark.slow
def test_quantiles_have_the_law_of_opendp() -> None:
    """1,500 each way: two samples by chi-square, fails once in 10,000 runs; four times epsilon is refuted."""
    values, mechanism = np.array([1, 4, 9, 12, 15, 18, 22, 35]), quantile(epsilon=1.0)
    whole = whole_quantile(mechanism)
    draws = rng(2)
    theirs = Counter(whole([int(v) for v in values]) for _ in range(1_500))

    def p_value(ours: PrivateQuantile) -> float:
        below, upto = (np.searchsorted(values, ours.candidates, side=s) for s in ("left", "right"))
        scores = ours.scores(below, len(values) - upto)
        named = [ours.selection.names(scores, "rehearsal", draws)[0] for _ in range(1_500)]
        seen = np.bincount(named, minlength=4)
        both = np.array([[theirs[c] for c in ours.candidates], seen])
        return float(chi2_contingency(both).pvalue)

    assert p_value(mechanism) > 1e-4 > p_value(quantile(epsilon=4.0))


def test_one_row_moves_no_score_further_than_it_says() -> None:
    """Every data set of up to 4 values in 0..4, every row added, for several p."""
    for p, n in product((0.5, 0.25, 0.9), range(5)):
        mechanism = quantile(candidates=(1.0, 2.0, 3.0), p=p)
        moves = 0
        for values in combinations((0, 1, 2, 3, 4) * 2, n):
            base = scores_of(mechanism, values)
            for one in range(5):
                moves = max(moves, *np.abs(scores_of(mechanism, (*values, one)) - base))
        assert moves == mechanism.move


def test_no_quantile_is_likelier_by_more_than_its_part_of_epsilon() -> None:
    """All data sets of up to 4 values in 0..4, and all with one row more, by brute force."""
    mechanism = quantile(candidates=(1.0, 2.0, 3.0), epsilon=2.0)
    unit, worst = mechanism.selection.scale, 0.0
    for n in range(5):
        for values in combinations((0, 1, 2, 3, 4) * 2, n):
            here = np.array(first((-scores_of(mechanism, values)).tolist(), unit))
            for one in range(5):
                there = np.array(first((-scores_of(mechanism, (*values, one))).tolist(), unit))
                worst = max(worst, float(np.abs(np.log(here / there)).max()))
    assert 0.6 < worst <= 1.0 + 1e-9


def scores_of(mechanism: PrivateQuantile, values) -> np.ndarray:
    below = [sum(v < c for v in values) for c in mechanism.candidates]
    above = [sum(v > c for v in values) for c in mechanism.candidates]
    return np.array(mechanism.scores(below, above))


@pytest.mark.slow
def test_an_audit_of_a_quantile_stays_below_its_promise_and_finds_a_quarter_of_the_noise() -> None:
    """One person of 30 rows makes 0 worse by 30 and 10 better by 30, which costs all that is promised.

    A quarter of the noise is found with 7 of 8 seeds: half of epsilon pays for the intervals.
    """
    others = np.concatenate([np.full(23, -1.0), np.full(22, 5.0), [20.0]])
    n = len(others)
    without = PersonRows(rows=n, person=np.arange(n), values=others)
    within = PersonRows(
        rows=n + 30,
        person=np.append(np.arange(n), np.full(30, n)),
        values=np.append(others, np.full(30, 20.0)),
    )
    honest = quantile(candidates=(0, 10), at_most=30)
    unbounded = quantile(candidates=(0, 10), at_most=1)
    broken = Claims(honest, quantile(candidates=(0, 10), at_most=30, epsilon=4.0))

    class NoBound:
        """It takes everybody for people of one row, and keeps all rows that they have."""

        budget = honest.budget

        def __call__(self, data, *, rng):
            alone = PersonRows(rows=data.rows, person=np.arange(data.rows), values=data.values)
            return Claims(honest, unbounded)(alone, rng=rng)

    def score(view) -> float:
        return view.values[0]

    assert proved(honest, without, within, score, above=5) <= 1.0
    assert proved(broken, without, within, score, above=5) > 1.0
    assert proved(NoBound(), without, within, score, above=5) > 1.0


def test_missing_values_are_left_out_or_get_a_value() -> None:
    data = PersonRows.of(values=np.append(np.full(100, 10.0), np.full(900, np.nan)))
    assert quantile(epsilon=5.0)(data, rng=rng()).view.values.tolist() == [10.0]
    assert quantile(epsilon=5.0, missing=30)(data, rng=rng()).view.values.tolist() == [30.0]


@pytest.mark.parametrize(
    "wrong", [{"p": 0.0}, {"p": np.nan}, {"candidates": ()}, {"candidates": (2, 1)}, {"delta": 1e-6}]
)
def test_what_is_no_quantile_is_refused(wrong) -> None:
    with pytest.raises(PromiseError, match="give"):
        quantile(**wrong)
    with pytest.raises(DataError, match="without groups"):
        quantile()(PersonRows.of(values=[1.0], group=["a"]), rng=rng())
    with pytest.raises(PromiseError, match="delta"):
        PrivateTopK(epsilon=1.0, k=1, delta=1e-6)
    with pytest.raises(PromiseError, match="k is 0"):
        PrivateTopK(epsilon=1.0, k=0)
