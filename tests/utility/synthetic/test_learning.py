"""Train on synthetic, test on real: laws whose best AUC is known, and files that teach the opposite."""

from __future__ import annotations

import numpy as np
import pytest
from tests.utility.synthetic.populations import domains

from confide.core.errors import DataError
from confide.utility.synthetic.learning import learned
from confide.views.table import Table


def coin(n: int, right: float, *, seed: int) -> Table:
    """A fair target that equals a known column with probability `right`, and a column of noise."""
    rng = np.random.default_rng(seed)
    known = rng.integers(0, 2, n)
    target = np.where(rng.random(n) < right, known, 1 - known)
    return Table.of(domains((2, 2, 5)), np.stack([target, known, rng.integers(0, 5, n)], axis=1))


def test_the_auc_is_that_of_the_law_and_a_file_that_says_the_opposite_is_below_one_half() -> None:
    # One binary feature that is right with probability .8: the best AUC is .8, the worst .2.
    real, held = coin(4_000, 0.8, seed=1), coin(4_000, 0.8, seed=2)
    made = coin(3_000, 0.2, seed=3)
    for found in learned(real, made, held, target="c0", rng=np.random.default_rng(0)):
        assert found.real.value == pytest.approx(0.8, abs=0.04)  # 6 standard errors, with noise learned
        assert found.synthetic.value == pytest.approx(0.2, abs=0.04)
        assert (found.tested, found.unseen) == (4_000, True)


def test_without_a_hold_out_a_fifth_of_the_real_rows_is_asked_about() -> None:
    real = coin(2_000, 0.9, seed=4)
    for found in learned(real, real, target="c0", rng=np.random.default_rng(0)):
        assert (found.tested, found.unseen) == (400, False)
        assert found.real.value == pytest.approx(0.9, abs=0.1)


def test_several_values_and_values_that_the_file_lacks() -> None:
    rng = np.random.default_rng(6)
    known = rng.integers(0, 4, 3_000)
    real = Table.of(domains((4, 4)), np.stack([known, known], axis=1))
    lacking = real.take(known < 2)
    for found in learned(real, lacking, real, target="c0", rng=rng):
        assert found.real.value == pytest.approx(1.0)
        assert 0.5 < found.synthetic.value < 1
    constant = real.take(known == 0)
    for found in learned(real, constant, real, target="c0", rng=rng):
        assert found.synthetic.value == 0.5


def test_equal_seeds_give_equal_numbers() -> None:
    real, made = coin(500, 0.8, seed=7), coin(400, 0.7, seed=8)
    first, second = (learned(real, made, target="c0", rng=np.random.default_rng(9)) for _ in range(2))
    assert first == second


def test_targets_that_cannot_be_foretold_are_refused() -> None:
    rng = np.random.default_rng(0)
    real = coin(100, 0.8, seed=1)
    with pytest.raises(DataError, match="no column 'c9'"):
        learned(real, real, target="c9", rng=rng)
    with pytest.raises(DataError, match="only column"):
        learned(real.only(["c0"]), real.only(["c0"]), target="c0", rng=rng)
    with pytest.raises(DataError, match="one value among"):
        learned(real, real, real.take(real.low[:, 0] == 0), target="c0", rng=rng)
