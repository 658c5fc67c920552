"""Search of the lattice of generalisations: one level for each column, and the node that loses least."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from confide.core.arrays import Bools, Ints
from confide.core.errors import PromiseError
from confide.mechanisms.anonymize.keyed_table import Keyed
from confide.views.hierarchy import Hierarchy
from confide.views.table_keys import packed

TIE = 1e-12
"""Losses that differ by less are equal; of equal nodes the one of the finest first columns is taken."""
PICKED = 0.95
"""Where among the open nodes, by bound, the next is taken: measured (benchmarks/tables_recoding.py)."""
WORD = 2**62
DENSE = 2**16
"""Cells of a cross table that is counted as it is; larger ones are sorted, as almost all cells are empty."""


@dataclass(frozen=True, slots=True)
class Found:
    """The best node of a lattice.

    Args:
        node: the level of each column.
        loss: of the table.
        suppressed: bool[q], the keys whose rows are suppressed.
        nodes: in the lattice.
        counted: for how many nodes rows were counted.
    """

    node: tuple[int, ...]
    loss: float
    suppressed: Bools
    nodes: int
    counted: int


@dataclass(frozen=True, slots=True)
class Counted:
    """What was counted for a node.

    Args:
        suppressed: bool[q], the keys whose rows are suppressed.
        rows: the number of these rows; at least, if they are too many.
        excess: how much more the table loses by suppression than by generalisation alone.
        below: what every finer node loses by suppression at least.
    """

    suppressed: Bools
    rows: int
    excess: float
    below: float


@dataclass(eq=False)
class Lattice:
    """The nodes of a lattice and their losses.

    The loss of a table is the mean over its cells of (leaves covered - 1) / (leaves - 1); a suppressed row
    loses 1 in each cell.

    Args:
        keyed: the table.
        hierarchies: of its known columns.
        most: the largest number of suppressed rows.
    """

    keyed: Keyed
    hierarchies: Sequence[Hierarchy]
    most: int
    _words: dict[tuple[int, int], Ints] = field(default_factory=dict[tuple[int, int], Ints])
    _plain: dict[tuple[int, int], Ints] = field(default_factory=dict[tuple[int, int], Ints])

    def __post_init__(self) -> None:
        self.n = int(self.keyed.rows.sum())
        self.shape = tuple(h.levels for h in self.hierarchies)
        d = len(self.hierarchies)
        codes = self.keyed.codes
        # What each key loses in each column at each level; a column of one value loses nothing.
        self._lost = [[h.loss(level) / d for level in range(h.levels)] for h in self.hierarchies]
        counts = [
            np.bincount(codes[:, i], weights=self.keyed.rows, minlength=h.values)
            for i, h in enumerate(self.hierarchies)
        ]
        self.mean = [
            np.array([float(counts[i] @ lost) / self.n for lost in levels])
            for i, levels in enumerate(self._lost)
        ]
        sizes = [h.values for h in self.hierarchies]
        self._strides = [int(np.prod(sizes[i + 1 :], dtype=object)) for i in range(d)]
        self._bits = max(len(codes) - 1, 1).bit_length()
        self._keys = np.arange(len(codes))
        self._fits = int(np.prod(sizes, dtype=object)) << self._bits < WORD
        self._number = [[int(level[-1]) + 1 for level in h.group] for h in self.hierarchies]

    def count(self, node: Sequence[int]) -> Counted:
        """Count the classes of a node."""
        group, number = self._groups(node)
        few = ~self.keyed.enough(group, number)[group]
        few_rows = int(self.keyed.rows[few].sum())
        excess = self._excess(node, few) if few_rows <= self.most else np.inf
        if self.keyed.secret is None or few_rows > self.most:
            return Counted(few, few_rows, excess, excess)
        bad = ~self.keyed.passes(group, number)[group]
        more = self._excess(node, bad)
        return Counted(bad, int(self.keyed.rows[bad].sum()), more, more if self.keyed.rules.grows else excess)

    def bound(self, node: Sequence[int]) -> float:
        """What the generalisation of a node alone loses: the table loses at least that."""
        return float(sum(self.mean[i][level] for i, level in enumerate(node)))

    def _excess(self, node: Sequence[int], bad: Bools) -> float:
        at = np.flatnonzero(bad)
        lost = sum(
            (self._lost[i][level][self.keyed.codes[at, i]] for i, level in enumerate(node)), np.zeros(len(at))
        )
        return float(self.keyed.rows[at] @ (1 - lost)) / self.n

    def _groups(self, node: Sequence[int]) -> tuple[Ints, int]:
        """The class of each key at a node, and how many there are."""
        if not self._fits:
            codes = np.column_stack(
                [
                    h.group[level][self.keyed.codes[:, i]]
                    for i, (h, level) in enumerate(zip(self.hierarchies, node, strict=True))
                ]
            )
            _, group = np.unique(
                packed(codes, np.array([h.values for h in self.hierarchies])), return_inverse=True
            )
            return group, int(group.max(initial=-1)) + 1
        if (
            cells := int(np.prod([self._number[i][level] for i, level in enumerate(node)], dtype=object))
        ) <= DENSE:
            return self._cells(node), cells
        word = self._word(0, node[0]).copy()
        for i, level in enumerate(node[1:], 1):
            word += self._word(i, level)
        # The key's number in the last bits comes back sorted by class: faster than sorting positions.
        word = np.sort((word << self._bits) + self._keys)
        key = word & ((1 << self._bits) - 1)
        word >>= self._bits
        starts = np.empty(len(word), np.bool_)
        starts[:1], starts[1:] = True, word[1:] != word[:-1]
        number = np.cumsum(starts)
        group = np.empty(len(word), np.int64)
        group[key] = number - 1
        return group, int(number[-1])

    def _cells(self, node: Sequence[int]) -> Ints:
        """The cell of each key in the cross table of all groups: there are few, most with nobody in them."""
        cell = np.zeros(len(self.keyed.codes), np.int64)
        for i, level in enumerate(node):
            if (number := self._number[i][level]) > 1:
                cell *= number
                cell += self._group(i, level)
        return cell

    def _word(self, column: int, level: int) -> Ints:
        return self._cached(self._words, column, level, self._strides[column])

    def _group(self, column: int, level: int) -> Ints:
        return self._cached(self._plain, column, level, 1)

    def _cached(self, held: dict[tuple[int, int], Ints], column: int, level: int, stride: int) -> Ints:
        if (column, level) not in held:
            group = self.hierarchies[column].group[level].astype(np.int64) * stride
            held[column, level] = group[self.keyed.codes[:, column]]
        return held[column, level]


def best_node(lattice: Lattice, *, most_nodes: int, seconds: float) -> Found:
    """The node that loses least, exactly as if all nodes had been counted.

    Four things spare counting. A node loses at least what its generalisation alone loses, a sum over columns
    that no row is needed for. What too few people make a node suppress, all finer nodes suppress too: so
    below a node that suppresses too much nothing is counted. If classes that pass keep passing when others
    are joined to them (k, distinct l), suppression also adds to the loss of every finer node at least what
    it adds to this node's.

    Raises:
        PromiseError: if no node below the root keeps the rules, or the lattice is too large for the memory or
            the time allowed.
    """
    nodes = int(np.prod(lattice.shape, dtype=object))
    if nodes > most_nodes:
        raise PromiseError(f"the lattice has {nodes:,} nodes, and {most_nodes:,} are allowed: {_AID}")
    open_ = _Open(lattice)
    began, counted = time.process_time(), 0
    best, best_loss, suppressed = (), np.inf, np.zeros(0, np.bool_)
    while (node := open_.next(best_loss)) is not None:
        if time.process_time() - began > seconds:
            raise PromiseError(
                f"the lattice has {nodes:,} nodes, and after {seconds:g} s {len(open_):,} were open: {_AID}"
            )
        seen = lattice.count(node)
        counted += 1
        if np.isinf(seen.excess) or (lattice.most == 0 and seen.rows):
            # Too few people, or, where nothing may be suppressed, a class that fails: so do all finer nodes.
            open_.drop_below(node)
            continue
        open_.raise_below(node, seen.below)
        loss = lattice.bound(node) + seen.excess
        if seen.rows <= lattice.most and (
            loss < best_loss - TIE or (loss <= best_loss + TIE and node < best)
        ):
            best, best_loss, suppressed = node, min(loss, best_loss), seen.suppressed
    if not best:
        raise PromiseError(
            f"none of the {nodes:,} nodes of the lattice keeps the rules with at most {lattice.most:,} "
            "suppressed rows and leaves anything in the known columns: allow more of them, or ask for less."
        )
    return Found(best, best_loss, suppressed, nodes, counted)


_AID = (
    "take local recoding, which needs no lattice, or join levels, or name fewer columns. Nothing was "
    "approximated."
)


class _Open:
    """The nodes that may still be the best, with lower bounds of their losses."""

    def __init__(self, lattice: Lattice) -> None:
        bound = np.zeros(lattice.shape)
        for i, mean in enumerate(lattice.mean):
            bound += mean.reshape([-1 if j == i else 1 for j in range(len(lattice.shape))])
        # Sorted by their bounds: coarse nodes stand at the end.
        order = np.argsort(bound.reshape(-1), kind="stable")
        if any(h.values > 1 for h in lattice.hierarchies):
            # The root, and what shows no more than it, would suppress all rows.
            order = order[~self._empty(lattice, order)]
        self._bound = bound.reshape(-1)[order]
        self._more = np.zeros(len(order))
        # All levels of a node in one word, with a free bit before each: one subtraction compares them all.
        self._shifts = np.cumsum([0] + [int(n - 1).bit_length() + 1 for n in lattice.shape])
        self._kind = np.uint32 if self._shifts[-1] <= 32 else np.uint64
        self._guard = self._kind(sum(1 << int(shift) - 1 for shift in self._shifts[1:]))
        self._shape = lattice.shape
        self._word = np.zeros(len(order), self._kind)
        for level, shift in zip(np.unravel_index(order, lattice.shape), self._shifts, strict=False):
            self._word |= level.astype(self._kind) << self._kind(shift)
        self._open = np.ones(len(order), np.bool_)
        self._best, self._stale = np.inf, False

    def __len__(self) -> int:
        return int(self._open.sum())

    def next(self, best: float) -> tuple[int, ...] | None:
        """A node that is still open, and not open any more; None if there is none."""
        if self._stale or best < self._best:
            self._open &= self._bound + self._more <= best + TIE
            self._best, self._stale = best, False
        left = np.flatnonzero(self._open)
        if len(left) < 0.8 * len(self._open):
            self._bound, self._more = self._bound[left], self._more[left]
            self._word = self._word[left]
            self._open = np.ones(len(left), np.bool_)
            left = np.arange(len(left))
        if not len(left):
            return None
        at = left[int(PICKED * (len(left) - 1))]
        self._open[at] = False
        word = int(self._word[at])
        ends = zip(self._shifts, self._shifts[1:], strict=False)
        return tuple(word >> int(start) & (1 << int(end - start - 1)) - 1 for start, end in ends)

    def drop_below(self, node: Sequence[int]) -> None:
        """No node below this one can be the best."""
        self._open &= ~self._below(node)

    def raise_below(self, node: Sequence[int], excess: float) -> None:
        """Nodes below this one lose at least this excess by suppression."""
        if excess > 0:
            below = np.flatnonzero(self._below(node))
            self._more[below] = np.maximum(self._more[below], excess)
            self._stale = True

    def _below(self, node: Sequence[int]) -> Bools:
        word = sum(level << int(shift) for level, shift in zip(node, self._shifts, strict=False))
        left = self._kind(word | int(self._guard)) - self._word
        left &= self._guard
        return left == self._guard

    @staticmethod
    def _empty(lattice: Lattice, order: Ints) -> Bools:
        levels = np.unravel_index(order, lattice.shape)
        empty = np.ones(len(order), np.bool_)
        for h, level in zip(lattice.hierarchies, levels, strict=True):
            groups = np.array([int(group[-1]) + 1 for group in h.group])
            empty &= (groups == 1)[level]
        return empty
