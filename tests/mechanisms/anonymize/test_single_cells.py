"""Single cells of the people at risk, against loops over pairs of rows."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from confide.core.errors import PromiseError
from confide.measure.anonymity import classes
from confide.mechanisms.anonymize.class_rules import Rules
from confide.mechanisms.anonymize.local_recoding import LocalRecoding
from confide.mechanisms.anonymize.mondrian import Mondrian
from confide.mechanisms.anonymize.single_cells import SingleCells
from confide.mechanisms.in_order import in_order
from confide.views.table import Domain, Table

SIZES = (3, 5, 2)
KNOWN = ("c0", "c1", "c2")


def people(n: int, seed: int) -> Table:
    rng = np.random.default_rng(seed)
    domains = [Domain(f"c{i}", tuple(f"v{v}" for v in range(m))) for i, m in enumerate((*SIZES, 4))]
    return Table.of(domains, np.stack([rng.integers(0, len(d), n) for d in domains], axis=1))


def shown(table: Table, row: int, columns: range | list[int]) -> tuple[tuple[int, int], ...]:
    return tuple((int(table.low[row, j]), int(table.high[row, j])) for j in columns)


@settings(max_examples=30)
@given(st.integers(1, 25), st.integers(0, 10_000), st.integers(2, 6))
def test_the_cell_is_the_one_that_a_loop_over_pairs_finds(n: int, seed: int, k: int) -> None:
    table = people(n, seed)
    view = SingleCells(known=KNOWN, k=k)(table, rng=None).view
    for i in range(n):
        like = [
            sum(
                shown(table, i, [c for c in range(3) if c != j])
                == shown(table, r, [c for c in range(3) if c != j])
                for r in range(n)
            )
            for j in range(3)
        ]
        now = sum(shown(table, i, range(3)) == shown(table, r, range(3)) for r in range(n))
        lost = [j for j in range(4) if shown(view, i, [j]) != shown(table, i, [j])]
        assert lost == ([like.index(max(like))] if now < k and max(like) > now else [])
        assert all(view.suppressed[i, j] for j in lost)


@settings(max_examples=20)
@given(st.integers(12, 60), st.integers(0, 10_000), st.sampled_from([LocalRecoding, Mondrian]))
def test_no_class_becomes_smaller_so_that_what_was_claimed_before_still_holds(n, seed, recoding) -> None:
    table = people(n, seed)
    before = recoding(known=KNOWN, rules=Rules(k=2))
    first = before(table, rng=np.random.default_rng(0)).view
    then = in_order([before, SingleCells(known=KNOWN, k=9)])(table, rng=np.random.default_rng(0)).view
    was, now = (classes(view, KNOWN) for view in (first, then))
    together = was.row[:, None] == was.row
    assert (now.row[:, None] == now.row)[together].all(), "people of one class stay together"
    assert now.k >= 2 or now.suppressed == n
    assert all(claim.holds for claim in before.claims(then))


def test_a_cell_that_says_nothing_already_is_no_choice() -> None:
    table = people(30, 1)
    low, high = table.low.copy(), table.high.copy()
    low[:, 1], high[:, 1] = 0, SIZES[1] - 1
    view = SingleCells(known=KNOWN, k=30)(Table(table.domains, low, high), rng=None).view
    assert view.suppressed[:, [0, 2]].any() and view.suppressed[:, 1].all()


def test_everybody_is_like_themselves() -> None:
    with pytest.raises(PromiseError, match="give 2 or more"):
        SingleCells(known=KNOWN, k=1)
