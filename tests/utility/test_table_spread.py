"""The distinct rows of a table are counted once, and kept no longer than the table."""

from __future__ import annotations

import gc

import numpy as np
import pytest

from confide.utility.table import _spread
from confide.utility.table._spread import DistinctRows
from confide.views.table import Domain, Table


def test_distinct_rows_are_counted_once_and_let_go_with_their_table() -> None:
    sex = Domain("sex", ("f", "m"))
    before = len(_spread._COUNTED)  # pyright: ignore[reportPrivateUsage]
    one, other = Table.of([sex], np.array([[0], [1], [1]])), Table.of([sex], np.array([[0], [0], [1]]))
    rows = DistinctRows.of(one)
    assert DistinctRows.of(one) is rows and rows.count.tolist() == [1, 2]
    assert DistinctRows.of(other).count.tolist() == [2, 1]
    with pytest.raises(ValueError, match="read-only"):
        rows.count[0] = 9
    del one, other
    gc.collect()
    assert len(_spread._COUNTED) == before  # pyright: ignore[reportPrivateUsage]
