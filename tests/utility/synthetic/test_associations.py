"""Associations of columns, against loops from the definition, closed forms and simulated coverage."""

from __future__ import annotations

from collections import Counter
from math import log

import numpy as np
import pytest
from tests.utility.synthetic.populations import domains, family, people, sampled

from confide.core.errors import DataError
from confide.utility.synthetic.associations import associations, normalised_information
from confide.views.table import Table


def loops(table: Table, i: int, j: int) -> float:
    """Mutual information over the smaller entropy, corrected, from counts of values."""
    n = len(table)
    a, b = table.low[:, i].tolist(), table.low[:, j].tolist()
    both, one, other = Counter(zip(a, b, strict=True)), Counter(a), Counter(b)
    plain = sum(c / n * log(c * n / (one[x] * other[y])) for (x, y), c in both.items())
    bias = (len(both) - len(one) - len(other) + 1) / (2 * n)
    entropies = [-sum(c / n * log(c / n) for c in counts.values()) for counts in (one, other)]
    return min(max(plain - bias, 0.0) / min(entropies), 1.0)


def test_the_matrix_is_that_of_loops() -> None:
    rng = np.random.default_rng(2)
    real, made = people(400, 0.5, rng=rng), people(250, 0.3, rng=rng)
    found = associations(real, made)
    for matrix, table in ((found.real, real), (found.synthetic, made)):
        for i in range(5):
            for j in range(5):
                expected = 1.0 if i == j else loops(table, i, j)
                assert matrix[i, j] == pytest.approx(expected, abs=1e-12)
    at = np.triu_indices(5, 1)
    assert found.apart.value == pytest.approx(np.abs(found.real[at] - found.synthetic[at]).mean())
    assert found.of_shuffled == pytest.approx(found.real[at].mean())


def test_the_effect_of_a_cell_is_the_derivative() -> None:
    # A share s more of a cell, and all others s less in proportion: a finite difference of the value.
    joint = np.array([[0.3, 0.1, 0.05], [0.1, 0.25, 0.2]])
    value, effect = normalised_information(joint, 10**12)
    assert float((joint * effect).sum()) == pytest.approx(0, abs=1e-9)
    for cell in np.ndindex(2, 3):
        unit = np.zeros_like(joint)
        unit[cell] = 1
        moved = normalised_information(joint + 1e-6 * (unit - joint), 10**12)[0]
        assert (moved - value) / 1e-6 == pytest.approx(effect[cell], abs=1e-4)


def test_a_constant_column_has_no_dependence_and_one_column_no_pair() -> None:
    table = Table.of(domains((2, 2)), np.array([[0, 0], [0, 1], [0, 1]]))
    assert associations(table, table).real[0, 1] == 0
    with pytest.raises(DataError, match="one column"):
        associations(table.only(["c0"]), table.only(["c0"]))


def test_dependence_that_a_sampler_makes_up_is_named() -> None:
    rng = np.random.default_rng(5)
    real = family(4_000, rng=rng)
    right = associations(real, sampled(real, rng=rng))
    broken = associations(real, sampled(real, rng=rng, sort=True))
    assert not right.stronger.any()
    # All pairs of children, no pair with the parent.
    assert broken.stronger[1:, 1:].sum() == 20
    assert not broken.stronger[0].any()


RUNS, LEAST = 200, 171
"""Of 200 intervals that hold with 95 % each, fewer cover in 6e-7 of all tests (binomial)."""


@pytest.mark.parametrize("made_tie", [0.2, 0.6])
def test_the_interval_covers_the_mean_over_files(made_tie: float) -> None:
    found = []
    for run in range(RUNS):
        rng = np.random.default_rng([11, run])
        found.append(associations(people(800, 0.5, rng=rng), people(800, made_tie, rng=rng)).apart)
    true = float(np.mean([e.value for e in found]))
    assert sum(e.low <= true <= e.high for e in found) >= LEAST
    assert sum(abs(e.value - true) <= (e.high - e.low) / 5 for e in found) < LEAST  # the test has power
