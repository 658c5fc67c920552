"""k, l and t of tables: hand-computed cases, a naive loop, and what went wrong in other tools."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from confide.core.errors import DataError, PromiseError
from confide.measure.anonymity import anonymity, classes, k_of_subsets, recursive
from confide.measure.class_secrets import Diversity, distance, effective, skew
from confide.views.table import Domain, Table


def domain(name: str, m: int, *, missing: bool = False, counted: bool = False) -> Domain:
    numbers = np.arange(m, dtype=float) if counted else None
    return Domain(name, tuple(f"{name}{i}" for i in range(m)), numbers, missing)


def table(sizes: dict[str, int], low: list[list[int]], high: list[list[int]] | None = None) -> Table:
    domains = tuple(domain(name, m) for name, m in sizes.items())
    first = np.array(low, np.int32)
    return Table(domains, first, first if high is None else np.array(high, np.int32))


def test_classes_are_rows_that_show_exactly_the_same():
    # 0-1 and 0-2 overlap, and are two classes all the same.
    seen = table({"a": 4}, [[0], [0], [0], [3], [3]], [[1], [1], [2], [3], [3]])
    assert classes(seen, ["a"]).size.tolist() == [2, 1, 2]
    assert anonymity(seen, ["a"]).k == 1


def test_wholly_suppressed_rows_are_no_class_and_no_company():
    sizes = {"a": 3, "b": 2, "one": 1}
    low = [[0, 0, 0]] * 3 + [[1, 1, 0]] * 2
    high = [[2, 1, 0]] * 3 + [[1, 1, 0]] * 2
    found = anonymity(table(sizes, low, high), ["a", "b", "one"])
    assert (found.k, found.classes, found.suppressed) == (2, 1, 3)
    # Suppressed in one column only: a class like others.
    assert anonymity(table(sizes, [[0, 0, 0]], [[2, 0, 0]]), ["a", "b", "one"]).k == 1
    nothing = anonymity(table(sizes, low[:3], high[:3]), ["a", "b"], secret="one")
    assert (nothing.k, nothing.classes, nothing.suppressed, nothing.distinct) == (0, 0, 3, 0)


def test_columns_of_one_value_suppress_nobody():
    assert anonymity(table({"one": 1}, [[0]] * 4), ["one"]).k == 4


def test_a_missing_value_is_a_value_of_its_own():
    a = Domain("a", ("x", "(missing)"), None, missing=True)
    seen = Table.of([a, domain("b", 2)], np.array([[0, 0], [0, 0], [1, 0], [0, 1], [0, 1]]))
    assert sorted(classes(seen, ["a", "b"]).size.tolist()) == [1, 2, 2]


def test_k_counts_people_where_somebody_has_several_rows():
    seen = table({"a": 2}, [[0]] * 3 + [[1]] * 2)
    assert anonymity(replace(seen, people=np.array([7, 7, 9, 7, 8])), ["a"]).k == 2
    assert anonymity(replace(seen, people=np.array([7, 7, 7, 7, 8])), ["a"]).k == 1
    with pytest.raises(DataError, match="2 people for 5 rows"):
        replace(seen, people=np.array([1, 2]))


def test_pairs_can_be_rarer_than_triples_where_cells_are_suppressed():
    # Each row is one of two in all three columns, and the value 0 of `a` is shown once only.
    low = [[0, 0, 0], [0, 0, 0], [0, 1, 1], [0, 1, 1]]
    high = [[1, 0, 0], [1, 0, 0], [1, 1, 1], [1, 1, 1]]
    seen = table({"a": 2, "b": 2, "c": 2}, low, high)
    found = k_of_subsets(seen, ["a", "b", "c"], 1)
    assert found == {("a",): 0, ("b",): 2, ("c",): 2}
    mixed = table({"a": 2, "b": 2}, [[0, 0], [0, 0], [1, 0]], [[1, 0], [1, 0], [1, 1]])
    assert k_of_subsets(mixed, ["a", "b"], 1)[("a",)] == 1
    with pytest.raises(DataError, match="subsets of 4 of 3"):
        k_of_subsets(seen, ["a", "b", "c"], 4)


def test_l_and_t_of_a_table_computed_by_hand():
    seen = table({"a": 2, "s": 3}, [[0, 0], [0, 0], [0, 1], [1, 0], [1, 1], [1, 2]])
    found = anonymity(seen, ["a"], secret="s")
    assert found.distinct == 2 and found.k == 3
    entropy = -(2 / 3 * math.log(2 / 3) + 1 / 3 * math.log(1 / 3))
    assert found.entropy == pytest.approx(math.exp(entropy))
    # Whole: 1/2, 1/3, 1/6; class 0: 2/3, 1/3, 0; class 1: 1/3 each. Equal distances: 1/6 for both.
    assert found.t == pytest.approx(1 / 6)
    ordered = anonymity(seen, ["a"], secret="s", ordered=True)
    # (|1/6| + |1/6|) / 2, and (|-1/6| + |-1/6|) / 2.
    assert ordered.t == pytest.approx(1 / 6)
    assert recursive(seen, ["a"], secret="s", l=2) == 2.0
    assert recursive(seen, ["a"], secret="s", l=3) == math.inf


def test_the_example_of_the_paper_on_closeness():
    # Li, Li, Venkatasubramanian (2007): salaries 3k..11k; {3k, 4k, 5k} is at .375, {6k, 8k, 11k} at .167.
    whole = np.ones(9)
    counts = np.zeros((2, 9))
    counts[0, [0, 1, 2]] = 1
    counts[1, [3, 5, 8]] = 1
    assert distance(counts, whole, ordered=True) == pytest.approx([0.375, 1 / 6])


def test_a_secret_that_is_generalised_or_known_is_refused():
    seen = table({"a": 2, "s": 2}, [[0, 0], [1, 0]], [[0, 1], [1, 1]])
    with pytest.raises(DataError, match="is generalised"):
        anonymity(seen, ["a"], secret="s")
    with pytest.raises(DataError, match="among the known"):
        anonymity(seen, ["a"], secret="a")
    with pytest.raises(DataError, match="no column is known"):
        anonymity(seen, [])


@given(st.lists(st.tuples(*[st.integers(0, 2)] * 5), min_size=1, max_size=25))
def test_a_naive_loop_finds_the_same(cells: list[tuple[int, ...]]):
    """Each row: a range of column a, a range of b, a secret."""
    low = [[min(r[0], r[1]), min(r[2], r[3]), r[4]] for r in cells]
    high = [[max(r[0], r[1]), max(r[2], r[3]), r[4]] for r in cells]
    seen = table({"a": 3, "b": 3, "s": 3}, low, high)
    groups: dict[tuple[int, ...], list[int]] = defaultdict(list)
    for lo, hi in zip(low, high, strict=True):
        box = (lo[0], hi[0], lo[1], hi[1])
        if box != (0, 2, 0, 2):
            groups[box].append(lo[2])
    found = anonymity(seen, ["a", "b"], secret="s")
    assert found.classes == len(groups) and found.suppressed == len(cells) - sum(map(len, groups.values()))
    if not groups:
        assert found.k == 0
        return
    whole = np.bincount([r[4] for r in cells], minlength=3) / len(cells)
    shares = [np.bincount(own, minlength=3) / len(own) for own in groups.values()]
    assert found.k == min(map(len, groups.values()))
    assert found.distinct == min(len(set(own)) for own in groups.values())
    entropies = [-sum(p * math.log(p) for p in share if p) for share in shares]
    assert found.entropy == pytest.approx(math.exp(min(entropies)))
    assert found.t == pytest.approx(max(abs(share - whole).sum() / 2 for share in shares))
    assert classes(seen, ["a"]).k == k_of_subsets(seen, ["a", "b"], 1)[("a",)]
    assert len(k_of_subsets(seen, ["a", "b", "s"], 2)) == len(list(combinations("abs", 2)))


@given(st.lists(st.lists(st.integers(0, 6), min_size=4, max_size=4), min_size=2, max_size=2))
def test_classes_that_pass_do_so_together(rows: list[list[int]]):
    """Why a failing node of a lattice fails all below it, when nothing may be suppressed."""
    counts = np.array(rows)
    counts[:, 0] += 1
    both, whole = counts.sum(axis=0, keepdims=True), np.array([3.0, 2, 2, 1])
    assert effective(both)[0] >= effective(counts).min() - 1e-12
    for l in (1, 2, 3):  # noqa: E741
        assert skew(both, l)[0] <= skew(counts, l).max() + 1e-12
    for ordered in (True, False):
        assert (
            distance(both, whole, ordered=ordered)[0]
            <= distance(counts, whole, ordered=ordered).max() + 1e-12
        )


@pytest.mark.parametrize(
    "text", ["", "x", "0", "2.5", "entropy", "recursive:3", "recursive:0,2", "near:3", "nan"]
)
def test_a_wrong_diversity_is_refused(text: str):
    with pytest.raises(PromiseError):
        Diversity.of(text)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("3", "distinct 3-diversity"),
        ("entropy:1.5", "entropy 1.5-diversity"),
        ("recursive:2,3", "recursive (2,3)-diversity"),
    ],
)
def test_a_diversity_is_read(text: str, said: str):
    assert str(Diversity.of(text)) == said
