"""McKenna, Mullins, Sheldon, Miklau: AIM, an Adaptive and Iterative Mechanism (VLDB 2022)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from confide.core.arrays import Rng
from confide.core.errors import DataError
from confide.mechanisms.synthesize.adaptive_rounds import Chosen, adaptive
from confide.mechanisms.synthesize.concentrated import Concentrated
from confide.mechanisms.synthesize.estimators import Model, estimator
from confide.mechanisms.synthesize.measured import Synthesised, synthesised
from confide.mechanisms.synthesize.workload import Workload, closure, weights_of
from confide.views.table import Table

CELL = 8
"""Bytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AIM(Concentrated):
    """Synthesises a table by adaptive measurements: in each round, the margin that the model gets most wrong.

    *Statement.* The release is differentially private with `budget`. Every measurement and every choice has a
    cost in rho-zero-concentrated differential privacy; together they are at most the rho of the budget.
    Everything else is computed from their results.

    *Method.* All single columns are measured. Then, in rounds, a margin r from the downward closure of the
    workload is chosen by the exponential mechanism with the score

        w_r (|M_r(data) - M_r(model)|_1 - sqrt(2 / pi) sigma cells_r),    w_r = sum over s of c_s |r and s|,

    the error that a measurement is expected to remove; one row moves it by w_r at most. It is measured, and
    the model fitted again. Where the model's margin has moved by less than the noise, sigma is halved for the
    rounds that follow. Candidates are only margins with which the model stays within its share of the memory,
    which grows with the budget that is spent. The last round takes what is left.

    Args:
        budget: epsilon, delta and the unit, for everything together.
        workload: the margins that matter: all sets of k columns, or named sets, with weights where wanted.
        model: "tree" for rows; "margins" (residual reconstruction) for workloads whose tree would not fit: it
            answers margins only, and the released table has no row.
        megabytes: of the model's cells, at most.
        rows: of the released table; the noised number of rows where None.
        noise: "secure" for a release; "rehearsal" draws it from `rng`, for audits and tests.

    Raises:
        PromiseError: if the budget cannot be spent so.
        DataError: if another setting cannot be used.
    """

    workload: Workload = 2
    model: Model = "tree"
    megabytes: float = 1.0
    rows: int | None = None

    def __post_init__(self) -> None:
        # A class with slots is another than the one that `super` would know here.
        Concentrated.__post_init__(self)
        estimator(self.model)
        if not 0 < self.megabytes < float("inf"):
            raise DataError(f"megabytes is {self.megabytes}: give a number above 0, such as 1.")
        if self.rows is not None and self.rows < 0:
            raise DataError(f"rows is {self.rows}: give 0 or more, or nothing for the noised number of rows.")

    def __call__(self, data: Table, *, rng: Rng) -> Synthesised:
        """Measure, fit and draw.

        Args:
            data: codes under public domains; nobody has more rows than the unit says.
            rng: draws the rows, and the noise of a rehearsal.

        Raises:
            DataError: if the workload names other columns, or the single columns alone exceed the memory.
        """
        noising, drawing = rng.spawn(2)
        weights = closure(weights_of(self.workload, data.names))
        cells = int(self.megabytes * 2**20 / CELL)
        found = adaptive(data, weights, self, estimator(self.model), cells=cells, rng=noising)
        return synthesised(
            self.noise,
            Table.of(data.domains, self._drawn(found, drawing)),
            self.budget,
            "AIM",
            margins=found.margins,
            model=found.model,
            spent=found.rho,
            selection=found.selection,
        )

    def _drawn(self, found: Chosen, rng: Rng) -> NDArray[np.int32]:
        if self.model == "margins":
            return np.zeros((0, len(found.model.sizes)), np.int32)
        n = max(round(found.model.total), 0) if self.rows is None else self.rows
        return found.model.rows(n, rng=rng)
