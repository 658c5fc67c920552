"""Independent margins: each column of a synthetic table is drawn by itself, from its noised counts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from confide.core.arrays import Rng
from confide.mechanisms.synthesize.concentrated import Concentrated
from confide.mechanisms.synthesize.graphs.fitting import fit
from confide.mechanisms.synthesize.measured import Synthesised, synthesised
from confide.views.table import Table


@dataclass(frozen=True, slots=True, kw_only=True)
class IndependentMargins(Concentrated):
    """Synthesises rows whose columns say nothing about each other: the least that a synthesiser must beat.

    *Statement.* The release keeps (epsilon, delta) for the budget's unit.

    *Proof.* Each of d columns is counted with Gaussian noise that costs at most rho / d; costs add up to rho,
    which the budget allows. Model and rows are functions of the noised counts and of the public domains.

    *Conditions.* The domains are public, and nobody has more rows than the unit says.

    Args:
        budget: for everything together.
        noise: "secure" for a release; "rehearsal" for audits and tests.
        rows: the number of rows made; None to make as many as the noised counts add up to.

    >>> from confide.core.budget import Budget
    >>> from confide.views.table import Domain
    >>> people = Table.of([Domain("smokes", ("no", "yes"))], np.repeat([[0], [1]], (3_000, 1_000), axis=0))
    >>> made = IndependentMargins(budget=Budget(1.0, 1e-6), noise="rehearsal", rows=100)
    >>> made(people, rng=np.random.default_rng(0)).view.low.sum().item()
    25
    """

    rows: int | None = None

    def __call__(self, table: Table, *, rng: Rng) -> Synthesised:
        """Count each column, and draw rows.

        Args:
            table: of codes, under public domains.
            rng: of a rehearsal's noise, and of the rounding and shuffling of rows.
        """
        noising, drawing = rng.spawn(2)
        d = len(table.domains)
        margins = tuple(self.measure(table, (i,), rho=self.rho / d, rng=noising) for i in range(d))
        model = fit(tuple(np.asarray(table.sizes).tolist()), margins)
        n = round(model.total) if self.rows is None else self.rows
        view = Table.of(table.domains, model.rows(n, rng=drawing))
        spent = sum(margin.rho for margin in margins)
        return synthesised(
            self.noise, view, self.budget, "IndependentMargins", margins=margins, model=model, spent=spent
        )
