"""Search of the lattice of generalisations: one level for each column, and the node that loses least."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from confide.core.arrays import Bools, Ints
from confide.core.errors import PromiseError
from confide.mechanisms.anonymize.class_rules import PEOPLE, Keyed
from confide.views.hierarchy import Hierarchy
from confide.views.table_keys import packed

TIE = 1e-12
"""Losses that differ by less are equal; of equal nodes the one of the finest first columns is taken."""
PICKED = 0.9
"""Where among the open nodes, by their bounds, the next one is taken. Measured: see benchmarks/tables.py."""
WORD = 2**62


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
        self._fits = int(np.prod(sizes, dtype=object)) * max(len(codes), 1) < WORD

    def count(self, node: Sequence[int]) -> Counted:
        """Count the classes of a node."""
        group, number = self._groups(node)
        people = np.bincount(group, weights=self.keyed.people, minlength=number)
        few = (people < self.keyed.rules.k - PEOPLE)[group]
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
        lost = sum((self._lost[i][level][self.keyed.codes[at, i]] for i, level in enumerate(node)), np.zeros(len(at)))
        return float(self.keyed.rows[at] @ (1 - lost)) / self.n

    def _groups(self, node: Sequence[int]) -> tuple[Ints, int]:
        """The class of each key at a node, and how many there are."""
        if not self._fits:
            codes = np.column_stack(
                [h.group[level][self.keyed.codes[:, i]] for i, (h, level) in enumerate(zip(self.hierarchies, node, strict=True))]
            )
            _, group = np.unique(packed(codes, np.array([h.values for h in self.hierarchies])), return_inverse=True)
            return group, int(group.max(initial=-1)) + 1
        q = len(self.keyed.codes)
        word = self._word(0, node[0]).copy()
        for i, level in enumerate(node[1:], 1):
            word += self._word(i, level)
        # The key's number in the last digits comes back sorted by class: faster than sorting positions.
        word = np.sort(word * q + np.arange(q))
        word, key = np.divmod(word, q)
        starts = np.empty(q, np.bool_)
        starts[:1], starts[1:] = True, word[1:] != word[:-1]
        group = np.empty(q, np.int64)
        group[key] = np.cumsum(starts) - 1
        return group, int(starts.sum())

    def _word(self, column: int, level: int) -> Ints:
        if (column, level) not in self._words:
            group = self.hierarchies[column].group[level].astype(np.int64) * self._strides[column]
            self._words[column, level] = group[self.keyed.codes[:, column]]
        return self._words[column, level]


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
                f"the lattice has {nodes:,} nodes, and after {seconds:g} seconds {len(open_)} were open: {_AID}"
            )
        seen = lattice.count(node)
        counted += 1
        if np.isinf(seen.excess) or (lattice.most == 0 and seen.rows):
            # Too few people, or, where nothing may be suppressed, a class that fails: so do all finer nodes.
            open_.drop_below(node)
            continue
        open_.raise_below(node, seen.below)
        loss = lattice.bound(node) + seen.excess
        if seen.rows <= lattice.most and (loss < best_loss - TIE or (loss <= best_loss + TIE and node < best)):
            best, best_loss, suppressed = node, min(loss, best_loss), seen.suppressed
    if not best:
        raise PromiseError(
            f"none of the {nodes:,} nodes of the lattice keeps the rules with {lattice.most:,} suppressed rows or "
            "less and leaves anything in the known columns: allow more suppression, or ask for less."
        )
    return Found(best, best_loss, suppressed, nodes, counted)


_AID = (
    "take local recoding, which needs no lattice, join levels, or name fewer columns. Nothing was approximated."
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
        levels = np.unravel_index(order, lattice.shape)
        self._levels = np.array(levels, np.uint8)
        self._open = np.ones(len(order), np.bool_)

    def __len__(self) -> int:
        return int(self._open.sum())

    def next(self, best: float) -> tuple[int, ...] | None:
        """A node that is still open, and not open any more; None if there is none."""
        self._open &= self._bound + self._more <= best + TIE
        left = np.flatnonzero(self._open)
        if len(left) < 0.8 * len(self._open):
            self._bound, self._more = self._bound[left], self._more[left]
            self._levels = self._levels[:, left]
            self._open = np.ones(len(left), np.bool_)
            left = np.arange(len(left))
        if not len(left):
            return None
        at = left[int(PICKED * (len(left) - 1))]
        self._open[at] = False
        return tuple(self._levels[:, at].tolist())

    def drop_below(self, node: Sequence[int]) -> None:
        """No node below this one can be the best."""
        self._open &= ~self._below(node)

    def raise_below(self, node: Sequence[int], excess: float) -> None:
        """Nodes below this one lose at least so much by suppression."""
        if excess > 0:
            np.maximum(self._more, excess, out=self._more, where=self._below(node))

    def _below(self, node: Sequence[int]) -> Bools:
        below = self._levels[0] <= node[0]
        for levels, level in zip(self._levels[1:], node[1:], strict=True):
            below &= levels <= level
        return below

    @staticmethod
    def _empty(lattice: Lattice, order: Ints) -> Bools:
        levels = np.unravel_index(order, lattice.shape)
        empty = np.ones(len(order), np.bool_)
        for h, level in zip(lattice.hierarchies, levels, strict=True):
            groups = np.array([int(group[-1]) + 1 for group in h.group])
            empty &= (groups == 1)[level]
        return empty
