"""Rankings of rows: by the population, and from counts with noise."""

from __future__ import annotations

import numpy as np
import pytest
from tests.attacks.reconstruction.crosstabs.naive import made

from confide.attacks.reconstruction.crosstabs._combinations import combinations
from confide.attacks.reconstruction.crosstabs._population import frequencies, match_rate
from confide.attacks.reconstruction.crosstabs.ranked_rows import nearest
from confide.views.crosstabs import Crosstabs
from confide.views.table import Domain, Table

SEX, AGE = Domain("sex", ("f", "m")), Domain("age", ("young", "old"))


def test_population_and_match_rate_by_hand() -> None:
    people = Table.of((SEX, AGE), np.array([[0, 0], [0, 0], [0, 1], [1, 1]]))
    assert frequencies(people, np.array([[0, 0], [1, 1], [1, 0]], np.int32)).tolist() == [0.5, 0.25, 0.0]
    block = Table.of((SEX, AGE), np.array([[0, 0], [1, 0]]))
    assert match_rate([(0, 0), (0, 1), (1, 0), (1, 1)], block) == 0.5
    with pytest.raises(ValueError, match="empty"):
        match_rate([], block)


def test_without_noise_the_nearest_data_set_is_the_data() -> None:
    """One table over all columns, called noisy: nothing is off, so only the data themselves come nearest."""
    people = made(np.random.default_rng(0), people=6, sizes=(2, 3, 2))
    view = Crosstabs.of(people, [people.names])
    found = combinations(Crosstabs(view.domains, view.tables, exact=False), prune=False)
    rank = nearest(found, draws=2, rng=np.random.default_rng(1))
    there = set(map(tuple, people.low.tolist()))
    assert np.allclose(rank.share, [tuple(codes) in there for codes in found.codes.tolist()])


def test_a_wrong_count_is_outvoted() -> None:
    """Nine people in one cell; of three tables that say so one is off by one: two are nearer than one."""
    people = Table.of((SEX,), np.zeros((9, 1), np.int32))
    one = Crosstabs.of(people, [["sex"]])
    off = type(one.tables[0])("off", (0,), one.tables[0].codes, np.array([9, 1]), np.array([9, 1]))
    view = Crosstabs(one.domains, (one.tables[0], one.tables[0], off), exact=False)
    rank = nearest(combinations(view, prune=False), draws=1, rng=np.random.default_rng(0))
    assert np.allclose(rank.share, [1, 0])
