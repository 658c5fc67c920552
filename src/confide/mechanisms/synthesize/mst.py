"""McKenna, Miklau, Sheldon: Winning the NIST contest (Journal of Privacy and Confidentiality 11:3, 2021)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np

from confide.core.arrays import Floats, Ints, Rng
from confide.mechanisms.synthesize.concentrated import Concentrated
from confide.mechanisms.synthesize.graphs.fitting import fit_weighted, pooled, total_of
from confide.mechanisms.synthesize.graphs.model import TreeModel
from confide.mechanisms.synthesize.measured import Synthesised, synthesised
from confide.mechanisms.synthesize.merging import Merging, Unmerged, merge
from confide.views.margins import Measured, counted
from confide.views.table import Table

RARE = 5.0
"""Values whose counts are under this many deviations of the noise are merged.

In the paper it is 3. An edge spreads a value over many cells, each with noise of its own. Of 0, 1, 2, 3
and 5, the last gave the best margins on the NIST ACS file of 2018.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class MST(Concentrated):
    """Synthesises rows from a maximum spanning tree of the columns: noised margins of all columns and edges.

    *Statement.* The release keeps (epsilon, delta) for the budget's unit.

    *Proof.* Let rho be what the budget allows. (1) Each of d columns is counted with Gaussian noise that
    costs at most rho / 3d. (2) d - 1 edges are chosen one after another by the exponential mechanism,
    each at most rho / 3(d - 1). The score of a pair is the L1 distance between its exact margin and the
    product of the two noised ones, which are public by then. A row moves one cell of the exact margin by
    one, and so the score by at most one; a person with K rows moves it by at most K. (3) The margins of
    the edges are counted with noise; they share evenly what is left of rho, which follows from public
    numbers. Costs add up (Bun and Steinke 2016), to rho at most. Which values are merged, the model, its
    total and the rows are functions of these results, and of the public domains.

    *Conditions.* The domains are public, and nobody has more than K rows.

    Args:
        budget: for everything together.
        noise: "secure" for a release; "rehearsal" for audits and tests.
        rows: the number of rows made; None to make as many as the noised margins add up to.
        steps: of the fit, at most.

    >>> from confide.core.budget import Budget
    >>> from confide.views.table import Domain
    >>> yes = Domain("smokes", ("no", "yes")), Domain("coughs", ("no", "yes"))
    >>> people = Table.of(yes, np.repeat([[0, 0], [1, 1]], 4_000, axis=0))
    >>> made = MST(budget=Budget(1.0, 1e-6), noise="rehearsal", rows=1_000)
    >>> release = made(people, rng=np.random.default_rng(0))
    >>> bool((release.view.low[:, 0] == release.view.low[:, 1]).mean() > 0.98), release.spent <= made.rho
    (True, True)
    """

    rows: int | None = None
    steps: int = 1000

    def __call__(self, data: Table, *, rng: Rng) -> Synthesised:
        """Measure, choose, measure, fit, and draw rows.

        Args:
            data: of codes, under public domains.
            rng: of a rehearsal's noise, and of the rounding and shuffling of rows.
        """
        noising, drawing = rng.spawn(2)
        d = len(data.domains)
        each = self.rho / (3 if d > 1 else 1)
        ones = [self.measure(data, (i,), rho=each / d, rng=noising) for i in range(d)]
        mergings = tuple(Merging.of(one, below=RARE) for one in ones)
        merged = merge(data, mergings)
        edges, choosing = self.tree(merged, independent(ones, mergings), each, noising)
        # Deviations are whole, and so what went before cost a little less than it might have.
        left = self.rho - sum(one.rho for one in ones) - choosing
        twos = [self.measure(merged, edge, rho=left / len(edges), rng=noising, chosen=True) for edge in edges]

        sizes = tuple(m.size for m in mergings)
        counts = {**pooled(twos), **_merged(ones, mergings)}
        inner = fit_weighted(sizes, counts, total_of([*ones, *twos]), steps=self.steps)
        model = Unmerged(inner, mergings)
        n = round(model.total) if self.rows is None else self.rows
        margins = *ones, *(replace(two, merged=_places(two.columns, mergings)) for two in twos)
        return synthesised(
            self.noise,
            Table.of(data.domains, model.rows(n, rng=drawing)),
            self.budget,
            "MST",
            margins=margins,
            model=model,
            spent=sum(margin.rho for margin in margins) + choosing,
        )

    def tree(
        self, table: Table, known: TreeModel, rho: float, rng: Rng
    ) -> tuple[list[tuple[int, int]], float]:
        """The edges of a spanning tree whose pairs depend on each other, chosen under noise, and their cost.

        Args:
            table: with merged values.
            known: a model in which columns are independent.
            rho: what all choices may cost.
            rng: of a rehearsal.
        """
        pairs = list(combinations(range(len(table.domains)), 2))
        gaps = np.array([np.abs(counted(table, pair) - known.margin(pair)).sum() for pair in pairs])
        group = np.arange(len(table.domains))
        edges: list[tuple[int, int]] = []
        cost = 0.0
        for _ in range(len(group) - 1):
            # Kruskal: an edge joins two groups that were apart.
            open_ = [k for k, (a, b) in enumerate(pairs) if group[a] != group[b]]
            chosen, paid = self.choose(gaps[open_], move=1.0, rho=rho / (len(group) - 1), rng=rng)
            a, b = pairs[open_[chosen]]
            group[group == group[b]] = group[a]
            edges.append((a, b))
            cost += paid
        return sorted(edges), cost


def independent(ones: list[Measured], mergings: tuple[Merging, ...]) -> TreeModel:
    """The model of independent columns with merged values."""
    return fit_weighted(tuple(m.size for m in mergings), _merged(ones, mergings), total_of(ones))


def _merged(
    ones: list[Measured], mergings: tuple[Merging, ...]
) -> dict[tuple[int, ...], tuple[Floats, Floats]]:
    return {
        one.columns: merging.merged(one.counts, one.sigma**2)
        for one, merging in zip(ones, mergings, strict=True)
    }


def _places(columns: tuple[int, ...], mergings: tuple[Merging, ...]) -> tuple[Ints, ...] | None:
    """Where the values of merged columns are on the axes of a margin; None where none was merged."""
    together = [mergings[column] for column in columns]
    return tuple(m.to for m in together) if any(m.size < len(m.to) for m in together) else None
