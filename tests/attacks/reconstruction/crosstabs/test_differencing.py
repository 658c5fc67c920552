"""Differencing: derivations computed by hand, and the span against naive enumeration."""

from __future__ import annotations

from fractions import Fraction
from itertools import product

import numpy as np
import pytest
from tests.attacks.reconstruction.crosstabs.naive import fitting, made

from confide.attacks.reconstruction.crosstabs._exact import coefficients, combined, in_span
from confide.attacks.reconstruction.crosstabs._released import Mean, released_cells, released_queries
from confide.attacks.reconstruction.crosstabs.contradictions import require_consistent
from confide.attacks.reconstruction.crosstabs.differencing import changes, derived, isolated
from confide.attacks.reconstruction.crosstabs.hidden_cells import hidden_cells
from confide.core.errors import DataError
from confide.views.crosstabs import ALL, Crosstab, Crosstabs
from confide.views.table import Domain

RNG = np.random.default_rng
SEX, AGE = Domain("sex", ("f", "m")), Domain("age", ("young", "old"))
REGION = Domain("region", ("north", "south"))


def tab(name: str, columns: tuple[int, ...], cells: dict[tuple[int, ...], int | tuple[int, int]]) -> Crosstab:
    """A table from its cells: a count each, or the range of a hidden one."""
    low = np.array([c if isinstance(c, int) else c[0] for c in cells.values()])
    high = np.array([c if isinstance(c, int) else c[1] for c in cells.values()])
    return Crosstab(name, columns, np.array(list(cells), np.int32), low, high)


def test_a_hidden_cell_is_a_total_less_another() -> None:
    view = Crosstabs((SEX,), (tab("t", (0,), {(0,): 7, (1,): (1, 4), (ALL,): 9}),))
    told = hidden_cells(view)
    assert told.disclosed.all() and told.bounds.least.tolist() == [2]
    one = told.derivations[0]
    assert one is not None and (one.how, one.low, one.high, one.shortest) == ("subtraction", 2, 2, True)
    assert one.text == "all people in t (9) - sex=f in t (7) = 2" and one.integers


def test_published_elsewhere() -> None:
    tables = (tab("a", (0,), {(0,): 7, (1,): (1, 4)}), tab("b", (0,), {(1,): 3}))
    one = hidden_cells(Crosstabs((SEX,), tables)).derivations[0]
    assert one is not None and (one.how, one.text) == ("published", "sex=m in b (3) = 3")


def test_the_shortest_of_several_derivations_is_written() -> None:
    """The hidden cell is its row's total less one cell; over the columns it takes three terms."""
    three = Domain("age", ("a", "b", "c"))
    cells: dict[tuple[int, ...], int | tuple[int, int]] = {
        (0, 0): (1, 4), (0, 1): 8, (0, 2): 9, (1, 0): 6, (1, 1): 7, (1, 2): 5,
        (0, ALL): 20, (ALL, 0): 9, (ALL, 1): 15, (ALL, 2): 14,
    }  # fmt: skip
    one = hidden_cells(Crosstabs((SEX, three), (tab("t", (0, 1), cells),))).derivations[0]
    # sex=f, age=a: the column of age a has two cells only.
    assert (
        one is not None
        and one.how == "subtraction"
        and one.text == ("age=a in t (9) - sex=m, age=a in t (6) = 3")
    )


def test_a_longer_combination_is_found_and_proved_shortest() -> None:
    """One of three cells in a row: the total less the two others, and nothing shorter."""
    three = Domain("age", ("a", "b", "c"))
    view = Crosstabs((three,), (tab("t", (0,), {(0,): (1, 4), (1,): 8, (2,): 9, (ALL,): 20}),))
    one = hidden_cells(view).derivations[0]
    assert one is not None and (one.how, one.shortest, one.low) == ("linear span", True, 3)
    assert one.text == "all people in t (20) - age=b in t (8) - age=c in t (9) = 3"


def test_halves_of_people_follow_in_rationals_only() -> None:
    """From the sums of three pairs of people each one's value follows: (a + b + ac - bc) / 2."""
    pairs = np.array([[1, 1, 0], [1, 0, 1], [0, 1, 1]], bool)
    found = isolated(released_queries(pairs, np.array([1, 2, 1])))
    assert [(one.low, one.high, one.integers) for one in found] == [
        (1, 1, False),
        (0, 0, False),
        (1, 1, False),
    ]
    assert all(one.shortest and len(one.terms) == 3 for one in found)
    assert "1/2 x query 1 (1)" in found[0].text


def test_two_hidden_cells_cannot_be_subtracted_and_are_bounded() -> None:
    """Totals 5 and 4 over two columns: with 8 and 1 beside, each hidden one has a range of its own."""
    cells: dict[tuple[int, ...], int | tuple[int, int]] = {
        (0, 0): (1, 9), (0, 1): (1, 9), (1, 0): 8, (1, 1): 6, (0, ALL): 5, (ALL, 0): 9,
    }  # fmt: skip
    told = hidden_cells(Crosstabs((SEX, AGE), (tab("t", (0, 1), cells),)))
    # The first: 9 - 8 = 1, so the second: 5 - 1 = 4, which takes three terms.
    assert told.bounds.least.tolist() == told.bounds.most.tolist() == [1, 4]
    assert [one.how for one in told.derivations if one] == ["subtraction", "linear span"]
    free = {key: count for key, count in cells.items() if key != (ALL, 0)}
    told = hidden_cells(Crosstabs((SEX, AGE), (tab("t", (0, 1), free),)))
    assert not told.disclosed.any() and told.narrowed.all()
    assert (told.bounds.least.tolist(), told.bounds.most.tolist()) == ([1, 1], [4, 4])
    one = told.derivations[0]
    assert one is not None and one.how == "bounds"
    assert one.text == ("at most sex=f in t (5) - sex=f, age=old in t (1 to 9) = 4")


def test_bounds_pin_a_cell_that_no_sum_reaches() -> None:
    """All 6 men are old or from the north, none both hidden: 4 old, 2 north leave no man old and north."""
    cells = {(1, 1): (1, 4), (1, 0): (1, 4), (1, ALL): 2}
    told = hidden_cells(Crosstabs((SEX, AGE), (tab("t", (0, 1), cells),)))
    assert told.bounds.least.tolist() == told.bounds.most.tolist() == [1, 1]
    assert [one.how for one in told.derivations if one] == ["bounds", "bounds"]
    one = told.derivations[0]
    assert one is not None and one.text == ("at most sex=m in t (2) - sex=m, age=young in t (1 to 4) = 1")


def test_whole_people_pin_a_cell_that_fractions_do_not() -> None:
    """Three columns of two values, each pair in one cell of one person or none: the relaxation has halves."""
    pair = {(0, 0): (0, 1), (1, 1): (0, 1), (0, 1): 1, (1, 0): (0, 1)}
    tables = [tab(name, at, pair) for name, at in (("ab", (0, 1)), ("ac", (0, 2)), ("bc", (1, 2)))]
    view = Crosstabs((SEX, AGE, REGION), (*tables, tab("all", (0,), {(ALL,): 2})))
    told = hidden_cells(view)
    every = list(fitting(view, 2))
    assert every and not told.undecided.any()
    for i, cell in enumerate(told.cells.tolist()):
        table = view.tables[cell // 4]
        row = table.codes[cell % 4].tolist()
        counts = [
            sum(n for key, n in data.items() if [key[j] for j in table.columns] == row) for data in every
        ]
        assert (told.bounds.least[i], told.bounds.most[i]) == (min(counts), max(counts))


def test_large_counts_are_subtracted_exactly() -> None:
    many = 10**9
    cells = {(0,): many + 7, (1,): (1, 4), (ALL,): many + 10}
    told = hidden_cells(Crosstabs((SEX,), (tab("t", (0,), cells),)))
    assert told.disclosed.all() and told.bounds.least.tolist() == [3]


def test_a_mean_gives_a_masked_number_away() -> None:
    """40 people, mean number of children .05 to two decimals: the sum is 2, and so are the parents."""
    children = Domain("children", ("0", "1"), np.array([0.0, 1.0]))
    view = Crosstabs((children,), (tab("t", (0,), {(1,): (1, 4)}),))
    mean = Mean(column="children", mean=0.05, decimals=2, people=40, among={})
    assert mean.range == (2, 2)
    released = released_cells(view, means=[mean])
    one = derived(released, [released.rows[0]], ["children=1"])[0]
    assert one is not None and (one.how, one.low) == ("published", 2)
    assert one.text == "sum of children over all people (2) = 2"
    rough = Mean(column="children", mean=0.1, decimals=1, people=40, among={})
    assert rough.range == (2, 6)  # .05 to .15 of 40 people


def test_two_releases_tell_who_came() -> None:
    before = released_cells(Crosstabs((SEX,), (tab("t", (0,), {(0,): 10, (1,): 20}),)))
    after = released_cells(Crosstabs((SEX,), (tab("t", (0,), {(0,): 11, (1,): 30}),)))
    assert [one.text for one in changes(before, after)] == ["sex=f in t (11) - sex=f in t (10) = 1"]


@pytest.mark.parametrize(
    "seed", [*range(3), *(pytest.param(s, marks=pytest.mark.slow) for s in range(3, 40))]
)
def test_what_follows_has_one_value_in_all_data_sets(seed: int) -> None:
    """Every derivation is right, and bounds are the extremes over all data sets that fit."""
    rng = RNG(seed)
    people = 5
    table = made(rng, people=people, sizes=(2, 3))
    full = Crosstabs.of(table, [("c0", "c1"), ("c0",), ("c1",)]).hiding(4)
    view = Crosstabs(full.domains, (*full.tables, tab("total", (0,), {(ALL,): people})))
    told = hidden_cells(view)
    every = list(fitting(view, people))
    for i, cell in enumerate(told.cells.tolist()):
        table_number, at = [(t, c) for t, one in enumerate(view.tables) for c in range(len(one))][cell]
        columns, codes = view.tables[table_number].columns, view.tables[table_number].codes[at]
        counts = [
            sum(
                n
                for row, n in data.items()
                if all(c in (ALL, row[j]) for j, c in zip(columns, codes, strict=True))
            )
            for data in every
        ]
        assert (told.bounds.least[i], told.bounds.most[i]) == (min(counts), max(counts))
        one = told.derivations[i]
        if one is not None:
            assert one.low <= min(counts) and max(counts) <= one.high


def naive_rank(rows: list[list[Fraction]]) -> int:
    """By elimination in fractions, row by row."""
    rank = 0
    for column in range(len(rows[0])):
        pivot = next((r for r in range(rank, len(rows)) if rows[r][column]), None)
        if pivot is None:
            continue
        rows[rank], rows[pivot] = rows[pivot], rows[rank]
        for r in range(rank + 1, len(rows)):
            factor = rows[r][column] / rows[rank][column]
            rows[r] = [a - factor * b for a, b in zip(rows[r], rows[rank], strict=True)]
        rank += 1
    return rank


@pytest.mark.parametrize("seed", range(20))
def test_span_and_coefficients_are_exact(seed: int) -> None:
    rng = RNG(seed)
    width, known = 6, [dict(enumerate(row)) for row in rng.integers(-2, 3, (4, 6)).tolist()]
    inside = combined([(Fraction(int(a)), row) for a, row in zip(rng.integers(-3, 4, 4), known, strict=True)])
    asked = [{k: int(v) for k, v in inside.items()}, dict(enumerate(rng.integers(-2, 3, 6).tolist()))]
    clean = [{k: v for k, v in row.items() if v} for row in known]
    told = in_span(clean, asked, width)
    for row, yes in zip(asked, told, strict=True):
        both = [[Fraction(r.get(i, 0)) for i in range(width)] for r in (*clean, row)]
        assert yes == (naive_rank(both[:-1]) == naive_rank(both))
        y = coefficients(clean, row)
        assert (y is not None) == yes
        if y is not None:
            assert combined(list(zip(y, clean, strict=True))) == {k: v for k, v in row.items() if v}


def test_patterns_of_equal_people_are_equal_vectors() -> None:
    """The sum of a table's cells over a column is its total, in every column."""
    view = Crosstabs.of(made(RNG(0), people=9, sizes=(2, 3, 2)), [("c0", "c1", "c2"), ("c0", "c2"), ("c1",)])
    released = released_cells(view)
    names = {name: i for i, name in enumerate(released.names)}
    for a, c in product("01", "01"):
        parts = [released.rows[names[f"c0={a}, c1={b}, c2={c} in c0 x c1 x c2"]] for b in "012"]
        total = released.rows[names[f"c0={a}, c2={c} in c0 x c2"]]
        assert combined([(Fraction(1), row) for row in parts]) == dict(total)


def test_contradictions_name_the_two_cells() -> None:
    tables = (
        tab("a.csv", (0,), {(0,): 10, (1,): 5}),
        tab("b.csv", (0, 1), {(0, 0): 6, (0, 1): 5, (1, 0): 5}),
    )
    with pytest.raises(
        DataError, match=r"^sex=f: 10 in a.csv, but 11 in b.csv \(added up over age\): correct"
    ):
        require_consistent(Crosstabs((SEX, AGE), tables))
    within = tab("c.csv", (0,), {(0,): 10, (1,): 5, (ALL,): 14})
    with pytest.raises(DataError, match=r"all people: .*14 in c.csv"):
        require_consistent(Crosstabs((SEX,), (within,)))
    hidden = (tab("a", (0,), {(0,): (1, 4)}), tab("b", (0,), {(0,): 7}))
    with pytest.raises(DataError, match="sex=f: 1 to 4 in a, but 7 in b"):
        require_consistent(Crosstabs((SEX,), hidden))


def test_tables_of_which_each_two_agree_but_not_all() -> None:
    """One person per pair whose two values differ: the third pair cannot differ too."""
    apart = {(0, 0): 0, (0, 1): 1, (1, 0): 1, (1, 1): 0}
    fair = tab("fine", (0,), {(0,): 1, (1,): 1})
    tables = (fair, tab("ab", (0, 1), apart), tab("ac", (0, 2), apart), tab("bc", (1, 2), apart))
    with pytest.raises(DataError, match="each two of them agree: ab, ac, bc contradict"):
        require_consistent(Crosstabs((SEX, AGE, REGION), tables))
    require_consistent(Crosstabs((SEX, AGE, REGION), tables[:3]))
