"""Questions to HiGHS about all data sets that fit: proofs rest on its dual bound, examples on arithmetic."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

import numpy as np
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from confide.attacks.reconstruction.crosstabs._combinations import Combinations
from confide.attacks.reconstruction.crosstabs._highs import Rows, program
from confide.attacks.reconstruction.crosstabs._propagation import Bounds, ContradictionError, totals
from confide.core.arrays import Array, Floats, Ints

NEAR = 1e-3
"""How far a dual bound may miss a whole number: the solver keeps its constraints within 1e-6."""
SHORTEST = 0.02
"""Seconds below which no question is begun."""


@dataclass(slots=True)
class Clock:
    """The time that is left for all questions.

    Args:
        seconds: for all of them.
    """

    seconds: float
    start: float = field(default_factory=time.monotonic)

    @property
    def left(self) -> float:
        return self.seconds - (time.monotonic() - self.start)

    @property
    def over(self) -> bool:
        return self.left < SHORTEST


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """What the solver found out.

    Args:
        bound: no data set that fits has a smaller value: the dual bound, rounded up. None if none is proved.
        example: a data set that fits, int64[N], checked in whole numbers; None if none was found.
        none: whether it is proved that no data set fits.
    """

    bound: int | None
    example: Ints | None
    none: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class System:
    """The data sets that fit: of those combinations whose count is not settled.

    Args:
        matrix: int64[m, k], of the open combinations.
        low, high: int64[m], without what the settled ones count.
        least, most: int64[k].
        open: int64[k], the positions of these combinations among all.
    """

    matrix: sparse.csr_array
    low: Ints
    high: Ints
    least: Ints
    most: Ints
    open: Ints

    @classmethod
    def of(cls, found: Combinations, bounds: Bounds, only: Ints | None = None) -> System:
        """The open combinations, or only these of them; the others must not share a cell with them."""
        at = np.flatnonzero(bounds.free) if only is None else only
        settled = np.where(bounds.free, 0, bounds.least)
        counted = totals(found.matrix, settled)
        matrix = sparse.csr_array(found.matrix[:, at])
        says = (np.diff(matrix.indptr) > 0) & ~found.redundant
        low, high = (found.low - counted)[says], (found.high - counted)[says]
        return cls(sparse.csr_array(matrix[says]), low, high, bounds.least[at], bounds.most[at], at)

    @property
    def size(self) -> int:
        return len(self.least)

    def fits(self, x: Ints) -> bool:
        """Whether this is a data set that fits, in whole numbers."""
        count = totals(self.matrix, x)
        inside = (self.least <= x) & (x <= self.most)
        return bool(inside.all() and (self.low <= count).all() and (count <= self.high).all())

    def minimise(
        self,
        cost: Array,
        *,
        seconds: float,
        beside: sparse.csr_array | None = None,
        at_most: Array | None = None,
        extra: Array | None = None,
        gap: float = 0.0,
    ) -> Answer:
        """The least cost of a data set that fits: a proved bound, and the best example.

        Args:
            cost: [k + e], whole numbers if the bound is to mean anything.
            seconds: until the solver gives up.
            beside, at_most: further rows, [r, k + e] and [r]: beside @ (x, z) <= at_most.
            extra: [e], up to where each of the whole variables z goes that stand behind the data set.
            gap: stop when the example is within this share of the bound.
        """
        if not self.size:  # everything is settled: one data set is left, and it costs nothing
            return Answer(0, self.least)
        k = self.size
        tops = np.zeros(0) if extra is None else extra
        none = sparse.csr_array((len(self.low), len(tops)))
        rows: list[Rows] = [(sparse.csr_array(sparse.hstack([self.matrix, none])), self.low, self.high)]
        if beside is not None and at_most is not None:
            rows.append((beside, -np.inf, at_most))
        reply = program(
            cost,
            rows,
            least=np.append(self.least, np.zeros(len(tops))),
            most=np.append(self.most, tops),
            whole=True,
            seconds=seconds,
            gap=gap,
        )
        if reply.infeasible:
            return Answer(None, None, none=True)
        x = None if reply.x is None else np.round(reply.x[:k]).astype(np.int64)
        bound = None if reply.bound is None else _rounded_up(reply.bound)
        return Answer(bound, x if x is not None and self.fits(x) else None)

    def vertex(self, cost: Floats) -> Floats | None:
        """The cheapest point of the relaxation, where counts may be fractions, float64[k]; None if none."""
        if not self.size:
            return np.zeros(0)
        rows: list[Rows] = [(self.matrix, self.low, self.high)]
        return program(cost, rows, least=self.least, most=self.most, whole=False).x


def _rounded_up(bound: float) -> int:
    """The whole number that a dual bound proves; less of it where its last digits may be wrong.

    >>> _rounded_up(2.0001), _rounded_up(2.1), _rounded_up(5e6 + 0.5)
    (2, 3, 4999996)
    """
    return int(np.ceil(bound - NEAR * max(1.0, abs(bound) / 1_000)))


def components(found: Combinations, free: Array) -> list[Ints]:
    """The open combinations in groups that share no cell, so that each is asked about alone.

    A published total is no link where its parts are published.
    """
    at = np.flatnonzero(free)
    if not len(at):
        return []
    part = sparse.csr_array(found.matrix[~found.redundant][:, at])
    # Cells and combinations as the two sides of a graph: the graph of combinations alone would be dense.
    linked = sparse.block_array([[None, part], [part.T, None]], format="csr")
    label = connected_components(linked, directed=False)[1][len(part.indptr) - 1 :]
    order = np.argsort(label, kind="stable")
    groups = np.split(at[order], np.flatnonzero(np.diff(label[order])) + 1)
    return sorted(groups, key=len)


def example(system: System, *, seconds: float) -> Answer:
    """Any data set that fits.

    Raises:
        ContradictionError: if there is none.
    """
    # One example is enough: whatever its cost, the gap is wide open.
    answer = system.minimise(np.zeros(system.size), seconds=seconds, gap=1.0)
    if answer.none:
        raise ContradictionError
    return answer
