"""Top-down specialisation: all classes of a round are split at once, each by its own best column."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from confide.core.arrays import Bools, Floats, Ints
from confide.mechanisms.anonymize.keyed_table import Keyed
from confide.views.hierarchy import Hierarchy

FREE = 1e-9
"""What a row wins by a level at which its group is no smaller: it must be passed to come to finer ones."""
SPARSE = 8
"""Cells for each key from which on they are sorted, not counted in a cross table."""


def specialised(
    keyed: Keyed, hierarchies: Sequence[Hierarchy], most: int
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """The ranges of each key, int32[q, d], after all splits that keep the rules.

    Args:
        keyed: the table.
        hierarchies: of its known columns.
        most: rows that may stay in the root without company, as they are suppressed.
    """
    q = len(keyed.codes)
    columns = [_Column.of(h, len(hierarchies)) for h in hierarchies]
    # The root is the finest level at which all values are one group.
    root_level = [[int((h.group[:, -1] > 0).sum())] for h in hierarchies]
    level = np.array(root_level, np.int64).repeat(q, axis=1)
    # Keys of classes that are split no further leave. Class 0 is what is left in the root, as long as any is.
    keys, group, rooted = np.arange(q), np.zeros(q, np.int64), True
    while len(keys):
        best = _best(keyed, columns, level, keys, group, most if rooted else -1)
        child = np.zeros(len(keys), np.int64)
        for i, column in enumerate(columns):
            down = np.flatnonzero(best.down & (best.column[group] == i))
            at = keys[down]
            child[down] = 1 + column.child[level[i, at], keyed.codes[at, i]]
            level[i, at] -= 1
        goes_on = best.column[group] >= 0
        if rooted:
            root = group == 0
            rooted = bool((goes_on & root & (child == 0)).any()) and not best.final
            goes_on &= ~(root & (child == 0)) | rooted
        keys, word = keys[goes_on], (group * (child.max(initial=0) + 1) + child)[goes_on]
        _, group = np.unique(word, return_inverse=True)
    return _ranges(keyed, hierarchies, level)


@dataclass(frozen=True, slots=True, eq=False)
class _Column:
    """A hierarchy as tables over [levels, m]: the child of a code's group that it is in, and what it wins.

    Args:
        child: int32, counted from 0 in each group; 0 at level 0.
        win: float64, the loss of a cell that a step down from a level spares; 0 at level 0.
        widest: the most children of a group.
    """

    child: NDArray[np.int32]
    win: Floats
    widest: int

    @classmethod
    def of(cls, h: Hierarchy, d: int) -> _Column:
        child, win = np.zeros(h.group.shape, np.int32), np.zeros(h.group.shape)
        for level in range(1, h.levels):
            finer = h.group[level - 1]
            child[level] = finer - finer[h.start[level][h.group[level]]]
            win[level] = (h.loss(level) - h.loss(level - 1)) / d
        return cls(child, win, int(child.max(initial=0)) + 1)


@dataclass(eq=False)
class _Best:
    """The best split of each class so far.

    Args:
        column: int64[c], -1 for none.
        score: float64[c], rows times what they win; in the root, a clean split comes before all others.
        down: bool[keys], the keys that move a level down.
        final: whether those that stay in the root are suppressed, and need no company.
    """

    column: Ints
    score: Floats
    down: Bools
    final: bool = False


def _best(keyed: Keyed, columns: Sequence[_Column], level: Ints, keys: Ints, group: Ints, most: int) -> _Best:
    """Try all columns for all classes; `most` is below 0 if no class is the root."""
    number = int(group.max()) + 1
    rows = keyed.rows[keys]
    total = np.bincount(group, weights=rows, minlength=number)
    best = _Best(np.full(number, -1, np.int64), np.zeros(number), np.zeros(len(keys), np.bool_))
    for i, column in enumerate(columns):
        at = level[i, keys]
        if not at.any():
            continue
        code = keyed.codes[keys, i]
        cell, cells, owner = _cells(group, column.child[at, code], number, column.widest)
        win = np.zeros(cells)
        win[cell] = column.win[at, code] + FREE * (at > 0)
        score = np.bincount(cell, weights=rows, minlength=cells) * win
        good = (score > 0) & keyed.passes(cell, cells, keys=keys)
        stays_ok = np.zeros(number, np.bool_)
        if most >= 0:
            stay = total[0] - rows[good[cell] & (group == 0)].sum()
            stays_ok[0] = stay <= most
        _with_company(keyed, keys, group, cell, owner, score, good, stays_ok)
        won = np.bincount(owner, weights=score * good, minlength=number)
        if most >= 0 and won[0] > 0:
            stay = total[0] - rows[good[cell] & (group == 0)].sum()
            # A clean split of the root comes first, then one that suppresses no more rows than allowed.
            won[0] += total[0] * (4.0 if stay == 0 else 2.0 if stay <= most else 0.0)
        better = won > best.score
        if better.any():
            if most >= 0 and better[0]:
                best.final = bool(stays_ok[0])
            best.column[better], best.score[better] = i, won[better]
            best.down = np.where(better[group], good[cell], best.down)
    return best


def _cells(group: Ints, child: NDArray[np.int32], number: int, widest: int) -> tuple[Ints, int, Ints]:
    """The cell (class and child) of each key, how many there are, and the class of each."""
    word = group * widest + child
    if number * widest <= SPARSE * len(word):
        there = np.zeros(number * widest, np.bool_)
        there[word] = True
        found = np.flatnonzero(there)
        return (np.cumsum(there) - 1)[word], len(found), found // widest
    found, cell = np.unique(word, return_inverse=True)
    return cell, len(found), found // widest


def _with_company(
    keyed: Keyed, keys: Ints, group: Ints, cell: Ints, owner: Ints, score: Floats, good: Bools, fine: Bools
) -> None:
    """Keep cells back, those that win least first, until what stays in each class keeps the rules.

    Args:
        keyed, keys, group, cell, owner, score: as in `_best`.
        good: bool[cells], those that would move; changed in place.
        fine: bool[c], classes in which those that stay need no company.
    """
    number = len(fine)
    mixed = np.bincount(owner, weights=~good, minlength=number) > 0
    asked = mixed & (np.bincount(owner, weights=good, minlength=number) > 0) & ~fine
    while asked.any():
        stays = np.flatnonzero(~good[cell] & asked[group])
        asked &= ~keyed.passes(group[stays], number, keys=keys[stays])
        open_ = np.flatnonzero(good & asked[owner])
        order = open_[np.lexsort((score[open_], owner[open_]))]
        first = np.append(True, owner[order][1:] != owner[order][:-1])
        good[order[: len(first)][first[: len(order)]]] = False
        asked &= np.bincount(owner, weights=good, minlength=number) > 0


def _ranges(
    keyed: Keyed, hierarchies: Sequence[Hierarchy], level: Ints
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    low, high = np.empty_like(keyed.codes), np.empty_like(keyed.codes)
    for i, h in enumerate(hierarchies):
        start = np.array([h.start[at][group] for at, group in enumerate(h.group)], np.int32)
        stop = np.array([h.stop[at][group] for at, group in enumerate(h.group)], np.int32)
        low[:, i] = start[level[i], keyed.codes[:, i]]
        high[:, i] = stop[level[i], keyed.codes[:, i]] - 1
    return low, high
