"""Ranks against the naive matrix of all pairs."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from confide.attacks.membership.black_box._ranks import interpolated_rank, share_at_most
from confide.attacks.membership.black_box._shadow_targets import known_auc as auc

values = st.lists(st.integers(-5, 5), min_size=1, max_size=30).map(lambda v: np.array(v, np.float64))


@given(values, values, st.integers(0, 2))
def test_share_is_the_share_of_all_pairs_and_rises_with_x(x, among, margin):
    got = share_at_most(x, among, margin=margin)
    naive = (among[None, :] <= x[:, None] - margin).sum(axis=1)
    assert (np.floor(got * (len(among) + 1)) == naive).all()
    for i in range(len(x)):
        assert ((got > got[i]) == (x > x[i])).all(), "the order is x's, ties are ties"


@given(values, st.lists(st.booleans(), min_size=30, max_size=30))
def test_auc_is_the_share_of_ordered_pairs(x, coins):
    member = np.array(coins[: len(x)])
    if member.all() or not member.any():
        assert np.isnan(auc(x, member))
        return
    yes, no = x[member][:, None], x[~member][None, :]
    assert auc(x, member) == pytest.approx(float(((yes > no) + (yes == no) / 2).mean()))


def test_rank_between_order_statistics_by_hand():
    among = np.array([[10.0], [20.0], [30.0], [40.0]])
    for x, rank in [(5, 0), (10, 0), (15, 0.25), (20, 0.375), (25, 0.5), (40, 0.875), (41, 1)]:
        assert interpolated_rank(np.array([float(x)]), among)[0] == pytest.approx(rank), x
    assert np.isnan(interpolated_rank(np.array([1.0]), np.array([[np.nan]]))[0])
