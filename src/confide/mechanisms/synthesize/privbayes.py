"""Zhang, Cormode, Procopiuc, Srivastava, Xiao: PrivBayes (ACM TODS 42:4, 2017)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from confide.core.arrays import Array, Floats, Rng
from confide.core.errors import PromiseError
from confide.mechanisms.synthesize.concentrated import Concentrated
from confide.mechanisms.synthesize.graphs.fitting import fit_weighted
from confide.mechanisms.synthesize.graphs.model import TreeModel
from confide.mechanisms.synthesize.graphs.rows import code_of, shared_out
from confide.mechanisms.synthesize.graphs.triangulation import Columns, size_of
from confide.mechanisms.synthesize.measured import Measured, Synthesised, counted, synthesised
from confide.views.table import Table

COUNTING, NETWORK = 0.01, 0.3
"""The shares of rho for the number of rows and for the network (the paper's beta); tables get the rest."""
MOVE = 2.0
"""How far one row moves a score, in rows: see the proof."""
LARGEST = 4_000_000
"""Cells of a model that answers margins: about 160 MB."""
NEVER = 1e-9
"""The odds of a value that nobody has, where a logarithm is needed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PrivBayes(Concentrated):
    """Synthesises rows from a Bayesian network: each column is drawn given a few columns before it.

    The paper promises pure epsilon with Laplace noise. This promises what the other synthesisers promise, in
    zero-concentrated privacy with Gaussian noise, so that they can be compared.

    *Statement.* The release keeps (epsilon, delta) for the budget's unit.

    *Proof.* Let rho be what the budget allows. (1) The rows are counted with noise, for at most rho / 100.
    (2) d - 1 times a column and its parents are chosen by the exponential mechanism, for .3 rho together. The
    candidates follow from the noised count, the public domains and the choices before. The score is the
    paper's R in rows: half the L1 distance between the exact margin A of column and parents, and the product
    of both exact margins over n, B. A further row changes A by 1 in L1. B becomes (c_x + [x])(c_p + [p]) /
    (n + 1), which changes it by at most n^2 / (n (n + 1)) + (2 n + 1) / (n + 1) < 3. So the score moves by
    less than (1 + 3) / 2 = 2. (3) The d joint margins of columns and parents are counted with noise, each for
    (.69 / d) rho at most. Costs add up to rho at most. All else follows from these results and from coins.

    *Conditions.* The domains are public, and nobody has more rows than the unit says.

    Args:
        budget: for everything together.
        noise: "secure" for a release; "rehearsal" for audits and tests.
        rows: the number of rows made; None to make as many as were counted under noise.
        usefulness: theta: the cells of a column and its parents hold this many deviations of the noise on
            average, at least.

    Raises:
        PromiseError: if theta is not above 0.

    >>> from confide.core.budget import Budget
    >>> from confide.views.table import Domain
    >>> yes = Domain("smokes", ("no", "yes")), Domain("coughs", ("no", "yes"))
    >>> people = Table.of(yes, np.repeat([[0, 0], [1, 1]], 4_000, axis=0))
    >>> made = PrivBayes(budget=Budget(1.0, 1e-6), noise="rehearsal", rows=1_000)
    >>> release = made(people, rng=np.random.default_rng(0))
    >>> bool((release.view.low[:, 0] == release.view.low[:, 1]).mean() > 0.98), release.spent <= made.rho
    (True, True)
    """

    rows: int | None = None
    usefulness: float = 4.0

    def __post_init__(self) -> None:
        Concentrated.__post_init__(self)
        if not self.usefulness > 0:
            raise PromiseError(f"theta is {self.usefulness}: give a number above 0; the paper has 4.")

    def __call__(self, table: Table, *, rng: Rng) -> Synthesised:
        """Count, choose a network, count its tables, and draw rows.

        Args:
            table: of codes, under public domains.
            rng: of a rehearsal's noise, and of what is drawn from the noised tables.
        """
        noising, drawing = rng.spawn(2)
        d = len(table.domains)
        count = self.measure(table, (), rho=self.rho * COUNTING, rng=noising)
        total = max(float(count.counts), 1.0)
        each = self.rho * (1 - COUNTING - NETWORK) / d
        room = total / (self.usefulness * self.deviation(each))
        network, choosing = self.network(table, room, rng=noising)
        tables = [
            self.measure(table, tuple(sorted((column, *parents))), rho=each, rng=noising, chosen=True)
            for column, parents in network
        ]
        n = round(total) if self.rows is None else self.rows
        drawn = ancestral(network, tables, n, rng=drawing)
        margins = (count, *tables)
        return synthesised(
            self.noise,
            Table.of(table.domains, drawn),
            self.budget,
            "PrivBayes",
            margins=margins,
            model=model_of(tuple(table.sizes.tolist()), network, tables, total),
            spent=sum(margin.rho for margin in margins) + choosing,
        )

    def network(self, table: Table, room: float, *, rng: Rng) -> tuple[list[tuple[int, Columns]], float]:
        """Columns with their parents, each after its parents, and what the choices cost.

        Args:
            table: the exact one.
            room: the largest number of cells of a column and its parents.
            rng: of a rehearsal.
        """
        sizes = tuple(table.sizes.tolist())
        # The paper draws the first column. A public rule does too: the one with the most values.
        found: list[tuple[int, Columns]] = [(max(range(len(sizes)), key=lambda i: (sizes[i], -i)), ())]
        seen: dict[tuple[int, Columns], float] = {}
        cost = 0.0
        while len(found) < len(sizes):
            before = tuple(sorted(column for column, _ in found))
            open_ = [
                (column, parents)
                for column in range(len(sizes))
                if column not in before
                for parents in parent_sets(before, sizes, room / sizes[column])
            ]
            for pair in open_:
                if pair not in seen:
                    seen[pair] = dependence(table, *pair)
            rho = self.rho * NETWORK / (len(sizes) - 1)
            scores = np.array([seen[pair] for pair in open_])
            chosen, paid = self.choose(scores, move=MOVE, rho=rho, rng=rng)
            found.append(open_[chosen])
            cost += paid
        return found, cost


def parent_sets(columns: Columns, sizes: Columns, room: float) -> list[Columns]:
    """All sets of these columns of at most `room` cells to which none can be added; the empty set if none is.

    >>> parent_sets((0, 1, 2), (2, 3, 5), 10)
    [(0, 1), (0, 2)]
    """
    found: list[Columns] = []

    def extend(kept: Columns, cells: int, start: int) -> None:
        for place in range(start, len(columns)):
            if cells * sizes[columns[place]] <= room:
                extend((*kept, columns[place]), cells * sizes[columns[place]], place + 1)
        if not any(cells * sizes[c] <= room for c in columns if c not in kept):
            found.append(kept)

    extend((), 1, 0)
    return sorted(found)


def dependence(table: Table, column: int, parents: Columns) -> float:
    """R of the paper times n: half the L1 distance of a joint margin from the product of both, in rows.

    >>> from confide.views.table import Domain
    >>> yes = Domain("a", ("no", "yes")), Domain("b", ("no", "yes"))
    >>> dependence(Table.of(yes, np.repeat([[0, 0], [1, 1]], 10, axis=0)), 0, (1,))
    10.0
    """
    if not parents or not len(table):
        return 0.0
    joint = np.asarray(counted(table, (column, *parents)), np.float64).reshape(len(table.domains[column]), -1)
    product = np.outer(joint.sum(axis=1), joint.sum(axis=0)) / len(table)
    return float(np.abs(joint - product).sum()) / 2


def ancestral(
    network: list[tuple[int, Columns]], tables: list[Measured], n: int, *, rng: Rng
) -> NDArray[np.int32]:
    """n rows, int32[n, d]: each column is shared out given its parents, as `rows_of` shares out."""
    drawn = np.zeros((len(network), n), np.int32)
    sizes = [0] * len(network)
    for (column, parents), margin in zip(network, tables, strict=True):
        odds = conditional(column, parents, margin)
        sizes[column] = odds.shape[1]
        drawn[column] = shared_out(odds, code_of(drawn, parents, tuple(sizes)), rng=rng)
    return np.ascontiguousarray(drawn.T)


def conditional(column: int, parents: Columns, margin: Measured) -> Floats:
    """The noised counts, negative ones as 0: float64[cells of the parents, values of the column]."""
    order = [margin.columns.index(c) for c in (*parents, column)]
    counts = np.maximum(margin.counts, 0).transpose(order)
    return np.ascontiguousarray(counts).reshape(-1, counts.shape[-1])


def model_of(
    sizes: Columns, network: list[tuple[int, Columns]], tables: list[Measured], total: float
) -> TreeModel | None:
    """The network as a tree model, which answers margins exactly; None where it would be too large."""
    sets = [margin.columns for margin in tables]
    if size_of(sizes, sets) > LARGEST:
        return None
    logs = [_log_odds(column, margin) for (column, _), margin in zip(network, tables, strict=True)]
    parameters = tuple(zip(sets, logs, strict=True))
    start = TreeModel(sizes, total, (), parameters)
    return fit_weighted(sizes, {s: (a, 1.0) for s, a in parameters}, total, start=start, steps=0)


def _log_odds(column: int, margin: Measured) -> Array:
    """The logarithm of the odds of a column given its parents, one axis a column of the margin."""
    axis = margin.columns.index(column)
    counts = np.maximum(margin.counts, 0)
    others = tuple(i for i in range(counts.ndim) if i != axis)
    sums = counts.sum(axis=axis, keepdims=True)
    spread = np.where(sums > 0, counts, counts.sum(axis=others, keepdims=True))
    whole = spread.sum(axis=axis, keepdims=True)
    odds = np.divide(spread, whole, out=np.full(counts.shape, 1 / counts.shape[axis]), where=whole > 0)
    return np.log(np.maximum(odds, NEVER))
