"""Downcoding: what is ruled out is never the truth, whichever column the recoding splits first.

The reference recoding is a naive one: it splits a class by any column, and holds back any groups. So the
statement is tested for all recodings that go down level by level, and not for one of them.
"""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from confide.attacks.reconstruction.table import downcoding
from confide.attacks.reconstruction.table._boxes import Boxes, Contradiction, ruled_out
from confide.attacks.reconstruction.table.downcoding import downcoded
from confide.core.errors import DataError, KnowledgeError
from confide.core.sentence import said
from confide.views.hierarchy import Hierarchy
from confide.views.table import Domain, Table

GROUPS = (
    [[0, 1, 2, 3, 4, 5, 6, 7], [0, 0, 1, 1, 1, 2, 3, 3], [0, 0, 0, 0, 0, 1, 1, 1], [0] * 8],
    [[0, 1, 2, 3], [0, 0, 0, 1], [0] * 4],
    [[0, 1, 2], [0, 1, 2], [0] * 3],
    [[0, 1], [0, 0]],
)
HIERARCHIES = tuple(
    Hierarchy(f"c{i}", np.array(g, np.int32), tuple(tuple(map(str, range(level[-1] + 1))) for level in g))
    for i, g in enumerate(GROUPS)
)
DOMAINS = tuple(Domain(h.name, h.labels[0]) for h in HIERARCHIES)


def skewed(n: int, rng: np.random.Generator) -> np.ndarray:
    return np.column_stack([(h.values * rng.random(n) ** 2).astype(np.int32) for h in HIERARCHIES])


def recoded(codes: np.ndarray, k: int, rng: np.random.Generator) -> Table:
    """Top-down, one class after the other, a random column each time; rows of one group stay together."""
    level = np.tile([h.levels - 1 for h in HIERARCHIES], (len(codes), 1))
    work = [np.arange(len(codes))]
    while work:
        rows = work.pop()
        for i in rng.permutation(len(HIERARCHIES)):
            at = level[rows[0], i]
            if not at:
                continue
            child = HIERARCHIES[i].group[at - 1][codes[rows, i]]
            down = [c for c in rng.permutation(np.unique(child)) if (child == c).sum() >= k]
            while down and 0 < (~np.isin(child, down)).sum() < k:
                down.pop()
            if down:
                for c in down:
                    level[rows[child == c], i] -= 1
                    work.append(rows[child == c])
                if len(stay := rows[~np.isin(child, down)]):
                    work.append(stay)
                break
    return boxed(codes, level)


def boxed(codes: np.ndarray, level: np.ndarray) -> Table:
    low, high = codes.copy(), codes.copy()
    for i, h in enumerate(HIERARCHIES):
        for row, at in enumerate(level[:, i]):
            group = h.group[at, codes[row, i]]
            low[row, i], high[row, i] = h.start[at][group], h.stop[at][group] - 1
    return Table(DOMAINS, low, high)


def test_what_is_ruled_out_is_never_true() -> None:
    rng, refined = np.random.default_rng(0), []
    for n, k in product((12, 60, 200), (2, 3, 5)):
        for _ in range(4):
            codes = skewed(n, rng)
            view = recoded(codes, k, rng)
            found = downcoded(view, HIERARCHIES, stepwise=True)
            assert found.possible(codes).all()
            assert (found.view.low >= view.low).all() and (found.view.high <= view.high).all()
            assert not (found.cells & (view.low == view.high)).any()
            for i in np.flatnonzero(found.cells.any(axis=1)):
                ruled = [not found.possible(np.where(np.arange(4) == c, v, codes))[i, c]
                         for c in np.flatnonzero(found.cells[i])
                         for v in range(view.low[i, c], view.high[i, c] + 1)]  # fmt: skip
                assert any(ruled), "a cell that is said to be finer has lost a value"
            refined.append(found.rows.mean())
    assert np.mean(refined) > 0.05


def test_a_bolder_rule_would_be_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    """The test above can fail: each statement taken to be about every one of its columns is wrong soon."""

    def bold(inside: np.ndarray, blocks: np.ndarray) -> np.ndarray:
        out = np.zeros((len(blocks), int(blocks.max())), np.bool_)
        for i in range(len(blocks)):
            out[i, inside[inside[:, i] >= 0, i]] = True
            out[i] &= not out[i, : blocks[i]].all()
        return out

    monkeypatch.setattr(downcoding, "ruled_out", bold)
    rng = np.random.default_rng(0)
    wrong = 0
    for _ in range(10):
        codes = skewed(200, rng)
        wrong += (~downcoded(recoded(codes, 2, rng), HIERARCHIES, stepwise=True).possible(codes)).sum()
    assert wrong > 0


def test_by_hand() -> None:
    """Ages 0-1 were shown exactly or by their group: of the range of all ages the others are 2-4 or 5-7."""
    age = HIERARCHIES[0]
    view = Table(
        DOMAINS[:1], np.array([[0], [0], [0], [0]], np.int32), np.array([[1], [1], [7], [4]], np.int32)
    )
    found = downcoded(view, [age], stepwise=True)
    # The row that is any age would have moved with those of 0 to 4, and that of 0 to 4 with those of 0 to 1.
    assert [found.view.cell(i, 0) for i in range(4)] == ["0 to 1", "0 to 1", "5 to 7", "2 to 4"]
    assert found.rows.tolist() == [False, False, True, True]
    assert said(found.remark).startswith("Of 4 rows 2 can be made finer for certain")


def test_suppressed_rows_of_full_domain_generalisation_are_in_no_released_box() -> None:
    rng = np.random.default_rng(1)
    refined = []
    for k, node in product((2, 3, 6), ([2, 1, 2, 1], [1, 2, 2, 1], [2, 2, 2, 0], [1, 2, 0, 1])):
        codes = skewed(60, rng)
        level = np.tile(node, (60, 1))
        view = boxed(codes, level)
        _, row, count = np.unique(view.low, axis=0, return_inverse=True, return_counts=True)
        level[count[row.ravel()] < k] = [h.levels - 1 for h in HIERARCHIES]
        found = downcoded(boxed(codes, level), HIERARCHIES, stepwise=False)
        assert found.possible(codes).all()
        refined.append(found.rows.sum())
    assert sum(refined) > 0


def test_follows_by_brute_force() -> None:
    """What is ruled out is in no solution of the statements, found by trying all of them."""
    rng = np.random.default_rng(2)
    blocks = np.array([2, 3, 2])
    for _ in range(200):
        inside = rng.integers(-1, blocks, (rng.integers(1, 9), 3))
        inside = inside[(inside >= 0).any(axis=1)]
        if not len(inside):
            continue
        solutions = [
            x for x in product(*map(range, blocks)) if all(((s >= 0) & (s != x)).any() for s in inside)
        ]
        try:
            out = ruled_out(inside, blocks)
        except Contradiction:
            assert not solutions
            continue
        for x in solutions:
            assert not out[np.arange(3), list(x)].any()


def test_says_when_the_release_was_made_in_another_way() -> None:
    low = np.array([[0], [0], [2], [5]], np.int32)
    view = Table(DOMAINS[:1], low, np.array([[4], [1], [4], [7]], np.int32))
    with pytest.raises(KnowledgeError, match=r"ranges of 1 rows, given .* not made by"):
        downcoded(view, HIERARCHIES[:1], stepwise=True)
    with pytest.raises(DataError, match=r"1 to 2 is no group of the hierarchy of 'c0'"):
        Boxes.of(np.array([[1]], np.int32), np.array([[2]], np.int32), HIERARCHIES[:1], stepwise=True)
