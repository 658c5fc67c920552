"""Differencing of releases: against every pair of data sets that fits both, and by hand."""

from __future__ import annotations

from collections import Counter
from itertools import product

import numpy as np
import pytest
from tests.attacks.reconstruction.crosstabs.naive import fitting, made

from confide.attacks.reconstruction.crosstabs.between_releases import Between, between, changed_cells
from confide.core.errors import DataError
from confide.views.crosstabs import ALL, Crosstab, Crosstabs
from confide.views.table import Table

SIZES = (2, 3, 2)
SETS = [("c0", "c1"), ("c1", "c2"), ("c0", "c2")]


def tables(people: Table, *, below: int = 0) -> Crosstabs:
    view = Crosstabs.of(people, SETS)
    return view.hiding(below) if below else view


def joined(one: Table, other: Table) -> Table:
    return Table.of(one.domains, np.concatenate([one.low, other.low]))


def claims(told: Between) -> dict[tuple[int, ...], int]:
    """The proved people who came or left, by their values."""
    codes = told.found.found.codes[:, : len(SIZES)].tolist()
    counted = Counter[tuple[int, ...]]()
    for row, least in zip(codes, told.least.tolist(), strict=True):
        counted[tuple(row)] += least
    return {row: n for row, n in counted.items() if n}


def pairs(before: Crosstabs, after: Crosstabs, n: int, m: int):
    return product(list(fitting(before, n)), list(fitting(after, m)))


def always(found: list[Counter[tuple[int, ...]]]) -> dict[tuple[int, ...], int]:
    every = {row for one in found for row in one}
    return {row: n for row in every if (n := min(one[row] for one in found)) > 0}


@pytest.mark.parametrize("below", [0, 3])
@pytest.mark.parametrize("seed", range(4))
def test_who_came_is_what_all_pairs_have_in_which_nobody_left(seed: int, below: int) -> None:
    rng = np.random.default_rng(seed)
    first, new = made(rng, people=3, sizes=SIZES), made(rng, people=1 + seed % 2, sizes=SIZES)
    last = joined(first, new)
    before, after = tables(first, below=below), tables(last, below=below)
    there = [y - x for x, y in pairs(before, after, len(first), len(last)) if x <= y]
    told, back = between(before, after), between(after, before)
    assert told.direction == "came" and back.direction == "left" and not told.open.any()
    expected = always(there)
    assert claims(told) == claims(back) == expected
    if not below:
        assert told.people == len(new) and expected  # one person or two are never lost in their own tables


@pytest.mark.parametrize("seed", range(4))
def test_where_some_came_and_some_left_no_assumption_is_made(seed: int) -> None:
    rng = np.random.default_rng(seed)
    stayed = made(rng, people=2, sizes=SIZES)
    domains = stayed.domains
    before = tables(joined(stayed, Table.of(domains, np.array([[0, 0, 0]]))))
    after = tables(joined(stayed, Table.of(domains, np.array([[1, 2, 1]]))))
    told = between(before, after)
    assert told.direction == "both" and told.people is None
    # Of a pair as few came as can be: everybody who is in both stayed.
    came = always([y - x for x, y in pairs(before, after, 3, 3)])
    left = always([x - y for x, y in pairs(before, after, 3, 3)])
    assert claims(told) == {**came, **left}


def test_a_change_is_written_out_with_both_releases() -> None:
    domains = made(np.random.default_rng(0), people=1, sizes=SIZES).domains
    first = Table.of(domains, np.array([[0, 0, 0]] * 6 + [[1, 1, 1]] * 7))
    last = joined(first, Table.of(domains, np.array([[1, 1, 0]])))
    found = {one.target: one for one in changed_cells(tables(first), tables(last))}
    one = found["c0=1, c1=1"]
    assert one.low == one.high == 1
    assert one.text == "c0=1, c1=1 in c0 x c1 (8) - c0=1, c1=1 in c0 x c1 (7) = 1"
    assert "c0=0, c1=0" not in found


def test_a_change_of_a_hidden_cell_follows_from_the_others() -> None:
    """Each release hides one of three values and shows the total, which gives the hidden one away."""
    (domain,) = made(np.random.default_rng(0), people=1, sizes=(3,)).domains
    codes = np.array([[0], [1], [2], [ALL]], np.int32)

    def release(hidden: tuple[int, int], *shown: int) -> Crosstabs:
        low, high = (np.array([end, *shown], np.int64) for end in hidden)
        return Crosstabs((domain,), (Crosstab("one", (0,), codes, low, high),))

    found = changed_cells(release((1, 4), 7, 9, 18), release((1, 4), 7, 9, 19))
    assert {one.target: one.low for one in found} == {"c0=0": 1, "all people": 1}
    cell = next(one for one in found if one.target == "c0=0")
    assert cell.how == "linear span" and cell.integers and "all people in one (19)" in cell.text


def test_releases_without_a_common_cell_are_refused() -> None:
    people = made(np.random.default_rng(0), people=3, sizes=SIZES)
    with pytest.raises(DataError, match="no cell in common"):
        between(Crosstabs.of(people, [("c0",)]), Crosstabs.of(people, [("c1",)]))
