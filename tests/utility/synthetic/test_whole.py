"""All measures of a synthetic file together: equal files, broken ones, and tables of few columns."""

from __future__ import annotations

import numpy as np
import pytest
from tests.utility.synthetic.populations import family, people, sampled

from confide.core.errors import DataError
from confide.core.estimate import Estimate
from confide.utility.synthetic import SCORE, synthetic_utility
from confide.utility.table.marginals import ONE, THREE, TWO
from confide.utility.table.propensity import TOLD_APART


@pytest.mark.slow
def test_a_right_file_is_near_the_floor_and_a_broken_one_beyond_the_shuffle_in_every_measure_of_pairs() -> (
    None
):
    rng = np.random.default_rng(1)
    real, held = family(3_000, rng=rng), family(3_000, rng=rng)
    right = synthetic_utility(real, sampled(real, rng=rng), held, rng=rng)
    broken = synthetic_utility(real, sampled(real, rng=rng, sort=True), held, rng=rng)
    assert right.gate is not None and broken.gate is not None
    assert (right.gate.standing, broken.gate.standing) == ("settled better", "settled worse")
    assert right.associations is not None and broken.associations is not None
    assert right.associations.apart.value < 0.01 < broken.associations.apart.value
    apart = [found.measured[TOLD_APART] for found in (right, broken)]
    assert isinstance(apart[0], Estimate) and isinstance(apart[1], Estimate)
    assert apart[0].high < 0.6 < 0.8 < apart[1].low
    score = right.measured[SCORE], broken.measured[SCORE]
    assert isinstance(score[0], Estimate) and isinstance(score[1], Estimate)
    assert score[0].low > score[1].high


def test_the_same_file_is_at_no_distance() -> None:
    real = people(500, 0.5, rng=np.random.default_rng(0))
    found = synthetic_utility(real, real, rng=np.random.default_rng(1), target="c0")
    for name in (ONE, TWO, THREE):
        measured = found.measured[name]
        assert isinstance(measured, Estimate)
        assert measured.value == 0
    assert found.told_apart.floor is None
    assert [m.model for m in found.learned] == ["boosted trees", "logistic regression"]


@pytest.mark.parametrize("columns", [1, 2])
def test_tables_of_one_and_two_columns_get_the_margins_they_have(columns: int) -> None:
    real = people(200, 0.5, rng=np.random.default_rng(0)).only(["c0", "c1"][:columns])
    found = synthetic_utility(real, real, rng=np.random.default_rng(1))
    assert [m.ways for m in found.margins] == [1, 2][:columns]
    assert (found.gate is None) == (found.associations is None) == (columns == 1)
    assert SCORE not in found.measured


def test_a_target_that_is_constant_among_those_asked_loses_no_other_measure() -> None:
    real = people(300, 0.5, rng=np.random.default_rng(0))
    held = real.take(real.low[:, 0] == 0)
    found = synthetic_utility(real, real, held, rng=np.random.default_rng(1), target="c0")
    assert not found.learned
    assert "one value among" in found.not_learned
    assert found.gate is not None
    with pytest.raises(DataError, match="no column 'c9'"):
        synthetic_utility(real, real, held, rng=np.random.default_rng(1), target="c9")
