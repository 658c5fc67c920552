"""The rounds of AIM: choose the margin that the model gets most wrong, measure it, fit, lower the noise."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from confide.core.arrays import Floats, Ints, Rng
from confide.core.errors import DataError
from confide.mechanisms.synthesize.concentrated import Concentrated
from confide.mechanisms.synthesize.estimators import Estimator
from confide.mechanisms.synthesize.measured import Fitted
from confide.mechanisms.synthesize.selection import Passed, Round, Selection
from confide.mechanisms.synthesize.subsets import Columns
from confide.views.margins import Measured, counted
from confide.views.table import Table

MEAN_ABSOLUTE = math.sqrt(2 / math.pi)
"""Of normal noise of deviation 1."""
TO_MEASURE = 0.9
"""The share of a round's budget that goes into the measurement; the choice gets the rest."""
ROUNDS = 16
"""For each column, at most."""
EVEN = 4
"""For each column: the first noise is that of this many even rounds. The paper starts with `ROUNDS` of them.
Then the noise is twice as large, and on tables of tens of thousands of rows much of the budget is spent
before anything but the smallest margins can be chosen. Tables that no benchmark reports decided for 4."""
WITHIN = 1 - 1e-12
"""Of what is left: two parts of it, each rounded, must not add up to more."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Chosen:
    """What the rounds leave, all of it public."""

    margins: tuple[Measured, ...]
    model: Fitted
    selection: Selection

    @property
    def rho(self) -> float:
        """What all of it cost."""
        return math.fsum([*(m.rho for m in self.margins), *(r.rho for r in self.selection.rounds)])


def adaptive(
    data: Table,
    weights: Mapping[Columns, float],
    spends: Concentrated,
    fits: Estimator,
    *,
    cells: int,
    rng: Rng,
) -> Chosen:
    """Spend the whole budget on margins, chosen one after the other.

    Args:
        data: of codes.
        weights: of each candidate.
        spends: the budget.
        fits: the model.
        cells: of the model, at most.
        rng: of a rehearsal.

    Raises:
        DataError: if the single columns alone exceed the cells.
    """
    sizes = tuple(int(size) for size in data.sizes)
    single = [(c,) for c in range(len(sizes))]
    if fits.cells(sizes, single) > cells:
        raise DataError(
            f"the columns have {sum(sizes)} values together, and the model may have {cells} cells: give more "
            "megabytes, or fewer and coarser bins."
        )
    most = ROUNDS * len(sizes)
    spends.refuse_too_little(most, move=max(weights.values()))
    step = spends.rho / (EVEN * len(sizes))
    answers = {columns: counted(data, columns) for columns in weights}
    margins = [spends.measure(data, column, rho=TO_MEASURE * step, rng=rng) for column in single]
    model = fits.fit(sizes, margins, start=None, last=False)
    spent = math.fsum(margin.rho for margin in margins)
    rounds, passed = list[Round](), dict[Columns, Passed]()
    for t in range(most):
        left = spends.rho - spent
        last = left < 2 * step or t == most - 1
        part = left * WITHIN if last else step
        allowed = within(fits, sizes, margins, weights, cells * spent / spends.rho)
        before = {columns: model.margin(columns) for columns in allowed}
        made = _chosen(spends, answers, before, weights, part, measured=len(margins), rng=rng)
        found = spends.measure(data, made.chosen, rho=TO_MEASURE * part, rng=rng, chosen=True)
        passed |= {
            columns: Passed(columns=columns, round=t, weight=weights[columns], before=margin)
            for columns, margin in before.items()
        }
        rounds.append(made)
        margins.append(found)
        spent += made.rho + found.rho
        model = fits.fit(sizes, margins, start=model, last=last)
        if last:
            break
        moved = np.abs(model.margin(made.chosen) - made.before).sum()
        if moved <= MEAN_ABSOLUTE * found.sigma * found.counts.size:
            step *= 4  # half the noise
    selection = Selection(rounds=tuple(rounds), passed=tuple(passed.values()))
    return Chosen(margins=tuple(margins), model=model, selection=selection)


def within(
    fits: Estimator,
    sizes: Sequence[int],
    margins: Sequence[Measured],
    weights: Mapping[Columns, float],
    cells: float,
) -> list[Columns]:
    """The candidates with which the model has no more cells, and the single columns."""
    sets = {margin.columns for margin in margins}
    return [
        columns
        for columns in weights
        if len(columns) == 1 or columns in sets or fits.cells(sizes, sets | {columns}) <= cells
    ]


def _chosen(
    spends: Concentrated,
    answers: Mapping[Columns, Ints],
    before: Mapping[Columns, Floats],
    weights: Mapping[Columns, float],
    part: float,
    *,
    measured: int,
    rng: Rng,
) -> Round:
    """A candidate of a large score, by the exponential mechanism."""
    candidates = list(before)
    penalty = MEAN_ABSOLUTE * spends.deviation(TO_MEASURE * part)
    scores = np.array(
        [
            weights[columns]
            * (np.abs(answers[columns] - before[columns]).sum() - penalty * before[columns].size)
            for columns in candidates
        ]
    )
    # Which margins are candidates follows from results under noise, and so does the move.
    move, rho = max(weights[columns] for columns in candidates), (1 - TO_MEASURE) * part
    at, cost = spends.choose(scores, move=move, rho=rho, rng=rng)
    return Round(
        chosen=candidates[at],
        measured=measured,
        weight=weights[candidates[at]],
        candidates=len(candidates),
        rho=cost,
        scale=spends.wobble(move=move, rho=rho),
        penalty=penalty,
        before=before[candidates[at]],
    )
