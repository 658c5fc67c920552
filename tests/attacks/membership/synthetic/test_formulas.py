"""Attacks on synthetic data against hand-computed cases, plain loops, and the ceiling of a bootstrap."""

from __future__ import annotations

from math import exp, factorial
from typing import Any

import numpy as np
import pytest
from scipy.stats import nbinom, norm
from tests.contracts.case import naive_auc, naive_tpr

from confide.attacks.membership.synthetic import (
    FILES,
    RELATIVE,
    BoostedTrees,
    ExactCopies,
    KernelDensity,
    NearCopies,
    NearestRelative,
    NearestSynthetic,
    NeighbourDensity,
)
from confide.attacks.membership.synthetic._likelihood import counts_of, likelihood
from confide.attacks.membership.synthetic._neighbours import distances
from confide.attacks.membership.synthetic._numbers import columns, standardised
from confide.attacks.membership.synthetic.copies import log_ratio
from confide.attacks.membership.synthetic.kernel_density import density, principal
from confide.core.errors import DataError
from confide.core.nouns import Case
from confide.core.play import play
from confide.games.membership.synthetic import SyntheticFile
from confide.knowledge.synthetic import SyntheticKnowledge
from confide.measure.bootstrap import Ceiling
from confide.views.table import Domain, Table
from confide.views.table_nearest import ranges

SEX = Domain("sex", ("f", "m"))
AGE = Domain("age", tuple(map(str, range(11))), np.arange(11.0))


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def people(*rows: tuple[int, int]) -> Table:
    return Table.of([SEX, AGE], np.array(rows, np.int32).reshape(-1, 2))


def scores(attack: Any, synthetic: Table, targets: Table, reference: Table | None = None) -> list[float]:
    case = Case(synthetic, SyntheticKnowledge(reference=reference), targets)
    return attack(case, rng=rng()).score.tolist()


THREE = people((0, 0), (0, 10), (1, 4))
TWO = people((0, 1), (1, 10))


def test_the_nearest_rows_by_hand() -> None:
    """(f, 1) is .1 from (f, 0). (m, 10) is .6 from (m, 4), and 1.8 from the only other person, (f, 2)."""
    other = people((0, 2), (0, 2))
    assert scores(NearestSynthetic(), THREE, TWO) == pytest.approx([-0.1, -0.6])
    assert scores(NearestRelative(), THREE, TWO, other) == pytest.approx([0.0, 1.2])
    assert scores(NeighbourDensity(), THREE, TWO, other) == pytest.approx([0, np.log(3)], abs=1e-6)
    # The third-nearest synthetic rows are 1.3 and 2 away; there are no three other people.
    assert scores(NeighbourDensity(k=2), THREE, TWO, other) == pytest.approx(
        [np.log(0.1 / 0.9), np.log(1.8 / 1)], abs=1e-6
    )


def test_near_copies_by_hand() -> None:
    """The ball is .35 wide, the median of .1 and .6; one row is in that of (f, 1)."""
    assert scores(NearCopies(), THREE, TWO) == pytest.approx([np.log(3.5), 0], abs=1e-5)


def test_near_copies_sees_a_file_that_is_all_copies() -> None:
    """Most nearest distances are 0 then, and no wider ball is a median of all."""
    found = scores(NearCopies(), THREE, people((0, 0), (0, 10), (1, 4), (1, 9)))
    assert min(found[:3]) > found[3]


def test_copies_are_counted_with_the_chances_of_two_distributions() -> None:
    """Poisson(1) plus negative binomial over negative binomial, summed term by term."""
    for expected in (1e-6, 0.03, 2.0, 40.0):
        for shape in (0.1, 3.0):
            chance = [nbinom.pmf(c, shape, shape / (shape + expected)) for c in range(6)]
            member = [sum(exp(-1) / factorial(j) * chance[c - j] for j in range(c + 1)) for c in range(6)]
            found = log_ratio(np.arange(6), np.full(6, expected), shape)
            assert found == pytest.approx(np.log(np.array(member) / chance), abs=1e-9)


def test_a_rare_copy_comes_before_common_ones() -> None:
    """(f, 0) is most of the file and of the people; (m, 9) is there once, and nobody else has it."""
    synthetic = people(*[(0, 0)] * 40, (1, 9), (0, 3))
    others = people(*[(0, 0)] * 40, (0, 3), (1, 2))
    common, rare, absent = scores(ExactCopies(), synthetic, people((0, 0), (1, 9), (1, 5)), others)
    assert rare > common and rare > absent
    common, rare, absent = scores(ExactCopies(), synthetic, people((0, 0), (1, 9), (1, 5)))
    assert rare > common and rare > absent


def test_the_share_of_a_row_is_a_mixture_in_the_proportion_of_good_and_turing() -> None:
    """Two of the five people are of rows seen once, so 2/5 of the share is the columns' product."""
    synthetic = people(*[(0, 1)] * 3, (1, 2))
    others = people((0, 1), (0, 1), (0, 1), (1, 1), (1, 3))
    product = (3 + 0.5) / (4 + 1) * (3 + 0.5) / (4 + 5.5)
    assert likelihood(people((0, 1)), synthetic, None) == pytest.approx([product])
    assert likelihood(people((0, 1)), synthetic, others) == pytest.approx([3 / 5 * 3 / 5 + 2 / 5 * product])
    assert counts_of(people((0, 1), (1, 1)), synthetic).tolist() == [3, 0]


@pytest.mark.parametrize("categories", [0, 3, 30])
def test_distances_are_those_of_gower_by_plain_loops(categories: int) -> None:
    """Missing numbers are as far from others as can be; a target's own numbers do not set the range."""
    draw = rng(categories)
    worth = np.append(draw.normal(size=19).round(2), np.nan)
    parts = [Domain(f"c{i}", tuple("abcd")) for i in range(categories)]
    parts += [Domain(f"n{i}", tuple(map(str, range(20))), worth, missing=True) for i in range(2)]
    rows = Table.of(parts, draw.integers(3, [*[4] * categories, 20, 20], (60, categories + 2)))
    asked = Table.of(parts, draw.integers(0, [*[4] * categories, 20, 20], (25, categories + 2)))
    found = distances(asked, rows, ranges(rows), count=5)
    for i, target in enumerate(asked.low):
        every = [naive_distance(target, row, rows) for row in rows.low]
        assert found[i] == pytest.approx(sorted(every)[:5], abs=1e-5)


def naive_distance(one: np.ndarray, other: np.ndarray, rows: Table) -> float:
    total = 0.0
    for i, domain in enumerate(rows.domains):
        if domain.numbers is None:
            total += float(one[i] != other[i])
            continue
        held = domain.numbers[rows.low[:, i]]
        x, y = domain.numbers[one[i]], domain.numbers[other[i]]
        if np.isnan(x) or np.isnan(y):
            total += float(np.isnan(x) != np.isnan(y))
        else:
            total += min(abs(x - y) / (np.nanmax(held) - np.nanmin(held)), 1)
    return total


def test_what_was_found_for_one_question_is_not_taken_for_another() -> None:
    """The same tables, asked again with more neighbours, and with other ranges."""
    one = distances(TWO, THREE, ranges(THREE), count=1)
    assert distances(TWO, THREE, ranges(THREE), count=7).shape == (2, 7)
    assert distances(TWO, THREE, 2 * ranges(THREE))[0, 0] == pytest.approx(one[0, 0] / 2)


def test_missing_rows_are_as_far_as_can_be() -> None:
    assert distances(TWO, people(), np.ones(2)).tolist() == [[2.0], [2.0]]


def test_the_kernel_density_is_the_mean_of_normal_densities() -> None:
    rows, asked = (rng(i).normal(size=(n, 2)).astype(np.float32) for i, n in ((1, 30), (2, 9)))
    width = 30 ** (-1 / 6)
    for place, found in zip(asked, density(rows, asked), strict=True):
        each = [norm.pdf(place, row, width).prod() for row in rows]
        assert found == pytest.approx(np.mean(each), rel=1e-4)


def test_principal_components_have_variance_one_and_follow_the_tables() -> None:
    draw = rng(3)
    mixed = (draw.normal(size=(400, 5)) @ draw.normal(size=(5, 5))).astype(np.float32)
    parts = principal([mixed[:200], mixed[200:], mixed[:7]], 3)
    both = np.concatenate(parts[:2])
    assert np.cov(both.T, bias=True) == pytest.approx(np.eye(3), abs=1e-3)
    assert parts[2] == pytest.approx(parts[0][:7], abs=1e-5)


def test_rows_become_numbers() -> None:
    """Ages in deviations, sex as indicators of total variance 1, a missing age at the mean with a mark."""
    age = Domain("age", ("1", "3", ""), np.array([1.0, 3.0, np.nan]), missing=True)
    table = Table.of([SEX, age], np.array([[0, 0], [1, 1], [0, 2], [1, 2]]))
    found = standardised(table, table, values=50)
    assert found.shape == (4, 4)
    assert found[:, 2].tolist() == [-1, 1, 0, 0]
    assert found.mean(axis=0) == pytest.approx(np.zeros(4), abs=1e-6)
    assert found[:, :2].var(axis=0).sum() == pytest.approx(1, abs=1e-6)
    numbers, category = columns(table, table, most=2)
    assert category.tolist() == [True, False] and numbers[:2].tolist() == [[0, 1], [1, 3]]
    numbers, category = columns(table, table, most=1)
    assert not category.any() and numbers[:, 0].tolist() == [2, 2, 2, 2]


def test_a_generator_that_crowds_is_seen_by_densities() -> None:
    """Members of an uncommon group are given, and the file has four times as many of them."""
    draw = rng(5)
    ages = Domain("age", tuple(map(str, range(200))), np.arange(200.0))

    def group(middle: int, n: int) -> np.ndarray:
        return np.clip(draw.normal(middle, 8, n).round(), 0, 199)

    def table(*parts: np.ndarray) -> Table:
        age = np.concatenate(parts)
        return Table.of([SEX, ages], np.stack([np.zeros(len(age)), age], axis=1))

    synthetic, others = table(group(60, 300), group(150, 300)), table(group(60, 500), group(150, 100))
    targets = table(group(150, 100), group(60, 100))
    for attack in (KernelDensity(), BoostedTrees()):
        found = np.array(scores(attack, synthetic, targets, others))
        assert np.median(found[:100]) > 0.3 > -0.1 > np.median(found[100:]), attack.name


def test_a_bootstrap_reaches_its_ceiling() -> None:
    """Rows that nobody shares: copies reach AUC 1 - q / 2 and TPR 1 - q + q / 100, within four errors.

    Of 2,000 members, the share that was drawn has a standard error below .011.
    """
    number = Domain("n", tuple(map(str, range(6_000))), np.arange(6_000.0))
    rows = Table.of(
        [SEX, number], np.stack([rng(0).integers(0, 2, 6_000), rng(1).permutation(6_000)], axis=1)
    )
    real, control = rows.take(np.arange(3_000)), rows.take(np.arange(3_000, 6_000))
    file = real.take(rng(2).integers(0, 3_000, 3_000))
    game = SyntheticFile.drawn(file, real, control, each=2_000, rng=rng(3))
    ceiling = Ceiling(3_000, 3_000)
    for attack in (ExactCopies(), NearestSynthetic()):
        evidence = play(game, attack, worlds=2, rng=rng(4))
        assert naive_auc(evidence) == pytest.approx(ceiling.auc, abs=0.03)
        assert naive_tpr(evidence, 0.01) == pytest.approx(ceiling.tpr(0.01), abs=0.045)


def test_the_ceiling_is_refused_where_nothing_can_be_drawn() -> None:
    with pytest.raises(DataError, match="5 rows drawn from 0"):
        Ceiling(0, 5)


@pytest.mark.parametrize("rows", [0, 1])
@pytest.mark.parametrize("attack", [attack() for attack in FILES], ids=lambda attack: attack.name)
def test_a_file_of_hardly_a_row_gets_an_answer(attack: Any, rows: int) -> None:
    """A generator may publish no row at all: then everybody has the same score, or nearly."""
    found = scores(attack, THREE.take(np.arange(rows)), TWO, people((0, 1), (1, 3), (0, 7)))
    assert len(found) == 2 and np.isfinite(found).all()


@pytest.mark.parametrize("domain", [SEX, AGE, Domain("one", ("x",)), Domain("one", ("1",), np.ones(1))])
@pytest.mark.parametrize("attack", [attack() for attack in FILES], ids=lambda attack: attack.name)
def test_a_table_of_one_column_gets_an_answer(attack: Any, domain: Domain) -> None:
    """A column of one value tells nobody apart."""
    codes = rng(4).integers(0, len(domain), (90, 1))
    synthetic, targets, others = (Table.of([domain], codes[i : i + 30]) for i in (0, 30, 60))
    found = np.array(scores(attack, synthetic, targets, others))
    assert np.isfinite(found).all() and len(np.unique(found)) <= len(domain)


@pytest.mark.parametrize(
    "attack", [NearCopies, NeighbourDensity, KernelDensity, BoostedTrees, ExactCopies], ids=lambda a: a.name
)
def test_settings_that_mean_nothing_are_refused(attack: Any) -> None:
    name = {"synthetic-near-copies": "most", "synthetic-knn-density": "k", "synthetic-copies": "shape"}
    setting = name.get(attack.name, "rows")
    with pytest.raises(DataError, match="give"):
        attack(**{setting: 0})
    assert set(RELATIVE) < set(FILES)
