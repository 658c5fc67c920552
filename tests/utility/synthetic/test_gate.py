"""The utility gate: a sampler with a known fault is caught, a right one is not."""

from __future__ import annotations

import numpy as np
import pytest
from tests.utility.synthetic.populations import family, independent, people, sampled

from confide.core.errors import DataError
from confide.utility.synthetic.gate import gate, gate_of
from confide.utility.synthetic.margins import compare_margins
from confide.views.table import Table


@pytest.mark.parametrize("n", [400, 6_000])
def test_values_sorted_inside_parent_groups_are_caught_and_shuffled_ones_pass(n: int) -> None:
    # Both files have exactly the same margins of one column, and of the parent with each child.
    rng = np.random.default_rng(n)
    real = family(n, rng=rng)
    right = gate(real, sampled(real, rng=rng), rng=rng)
    broken = gate(real, sampled(real, rng=rng, sort=True), rng=rng)
    assert (right.standing, broken.standing) == ("settled better", "settled worse")
    assert broken.difference.low > 0 > right.difference.high
    assert not right.worse
    # All ten pairs of children, and no pair with the parent.
    assert len(broken.worse) == 10
    assert all("c0" not in names for names, _ in broken.worse)
    assert broken.pairs == 15


def test_the_sentence_says_both_numbers_and_the_interval_of_their_difference() -> None:
    rng = np.random.default_rng(0)
    real = family(2_000, rng=rng)
    found = gate(real, sampled(real, rng=rng, sort=True), rng=rng)
    for number in (found.synthetic.value, found.shuffled.value, found.difference.low, found.difference.high):
        assert f"{number:.4f}" in found.sentence
    assert found.sentence.startswith("This file is further")


def test_a_shuffled_file_itself_is_seldom_settled() -> None:
    # At 95 % one in 40 on each side; of 60 at most 10 in all but 2e-5 of tests.
    settled = 0
    for run in range(60):
        rng = np.random.default_rng([3, run])
        real = people(500, 0.4, rng=rng)
        mixed = type(real).of(real.domains, np.stack([rng.permutation(c) for c in real.low.T], axis=1))
        settled += gate(real, mixed, rng=rng).standing != "not settled"
    assert settled <= 10


SIZES = [(2,) * 14, (2, 2, 3, 4, 5, 8, 16, 16), (16,) * 6]


@pytest.mark.slow
@pytest.mark.parametrize("sizes", SIZES)
def test_a_perfect_generator_of_independent_columns_is_not_called_worse_than_shuffled(
    sizes: tuple[int, ...],
) -> None:
    # At 95 % one in 40; of 40 at most 8 in all but 4e-6 of tests. Against the shuffle itself more than half
    # would be: its columns are exactly right, and those of the generator are other people's.
    called, further = 0, 0
    for run in range(40):
        rng = np.random.default_rng([5, run])
        real, made = (independent(1_000, sizes, rng=rng) for _ in range(2))
        found = gate(real, made, rng=rng)
        called += found.standing == "settled worse"
        further += found.difference.low > 0
    assert called <= 8 < further


def test_a_few_rows_with_a_wrong_dependence_are_enough() -> None:
    # Real neighbours rise together, and in these rows one falls. All else is shuffled real rows, so that the
    # file's columns are right.
    rng = np.random.default_rng(8)
    real = people(4_000, 0.3, rng=rng)
    codes = rng.permuted(real.low, axis=0)
    codes[:600] = np.sort(codes[:600], axis=0)
    codes[:600, 1::2] = codes[:600, 1::2][::-1]
    assert gate(real, Table.of(real.domains, codes), rng=rng).standing == "settled worse"


def test_columns_that_are_wrong_are_caught_though_no_dependence_is_claimed() -> None:
    rng = np.random.default_rng(9)
    real = people(4_000, 0.1, rng=rng)
    codes = np.stack([rng.permutation(column // 2) for column in real.low.T], axis=1)
    found = gate(real, Table.of(real.domains, codes), rng=rng)
    assert found.standing == "settled worse"
    assert found.own.low < 0 < found.other_people.low


def test_other_margins_than_pairs_are_refused() -> None:
    rng = np.random.default_rng(0)
    real = people(50, 0.4, rng=rng)
    with pytest.raises(DataError, match="margins of two columns"):
        gate_of(compare_margins(real, real, ways=3, rng=rng))
