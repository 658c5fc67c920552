"""What parties can compute together: settings, what is opened, how far one record moves it, the result."""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

import polars as pl

from confide.core.arrays import Array, Floats
from confide.core.budget import Budget
from confide.core.errors import DataError, PromiseError
from confide.core.fields import shown
from confide.mechanisms.share.joint import columns, fitting, inside, stepwise, tallies
from confide.mechanisms.share.joint.binomial import BinomialNoise
from confide.mechanisms.share.joint.engine import Engine
from confide.mechanisms.share.joint.noise import JointNoise
from confide.mechanisms.share.joint.plan import JointPlan
from confide.mechanisms.share.joint.summing import Totals
from confide.releases.join import results

Found: TypeAlias = Mapping[str, Floats]
Vector: TypeAlias = tuple[int, float]
"""Numbers in an opened vector, and how far a record moves it, with columns divided by their bounds."""
Stepwise: TypeAlias = Callable[[Floats | None, JointPlan, Totals, float], Awaitable[Found]]
"""With noise of this deviation in every step."""


@dataclass(frozen=True, slots=True)
class Range:
    """What a setting may be.

    Args:
        least, most: both allowed.
        whole: whether it is a whole number.
    """

    least: float
    most: float
    whole: bool = True

    def check(self, name: str, given: object) -> None:
        """Refuse another value.

        Raises:
            DataError: with the range.
        """
        types = (int,) if self.whole else (int, float)
        if not isinstance(given, types) or isinstance(given, bool) or not self.least <= given <= self.most:
            kind = "a whole number" if self.whole else "a number"
            raise DataError(f"{name} is {shown(given)}: give {kind} from {self.least:g} to {self.most:g}.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Computation:
    """A computation by its word.

    Args:
        by_rows: where owners hold other rows.
        frame: the result as a table.
        opened: what all parties learn beside the result, in words.
        settings: that it takes.
        target: whether one column is predicted from the others.
        by_columns: where owners hold other columns of the same rows; None if that cannot be.
        inside: solved on shares; None if that cannot be.
        vector: of a plan with noise.
        stepwise: where owners hold other rows and noise is in every step; None where one vector is opened.
    """

    by_rows: Callable[[Floats | None, JointPlan, Totals], Awaitable[Found]]
    frame: Callable[[JointPlan, Found], pl.DataFrame]
    opened: str
    settings: Mapping[str, Range] = field(default_factory=dict)
    target: bool = False
    by_columns: Callable[..., Awaitable[Found]] | None = None
    inside: Callable[[Floats | None, JointPlan, Engine], Awaitable[Found]] | None = None
    vector: Callable[[JointPlan], Vector]
    stepwise: Stepwise | None = None

    async def across(
        self,
        records: Mapping[str, Array] | None,
        plan: JointPlan,
        engine: Engine,
        *,
        name: str,
        identifiers: Sequence[str] = (),
    ) -> Found:
        """The result, where owners hold other columns."""
        assert self.by_columns is not None
        return await self.by_columns(records, plan, engine, name=name, identifiers=identifiers)


def _flat(plan: JointPlan, powers: int, count: int) -> Vector:
    """Sums of numbers of at most 1."""
    words = count + powers * len(plan.columns)
    return words, math.sqrt(words)


def _products(plan: JointPlan) -> Vector:
    """Sums of products of 1 and numbers of at most 1."""
    words = (len(plan.columns) + 1) * (len(plan.columns) + 2) // 2
    return words, math.sqrt(words)


def _bins(plan: JointPlan) -> Vector:
    """Counts, one of each column that a record is in."""
    return int(plan.setting("bins", 10)) * len(plan.columns), math.sqrt(len(plan.columns))


def _cells(plan: JointPlan) -> Vector:
    return math.prod(int(column.high - column.low) + 1 for column in plan.columns), 1.0


PENALTY = {"penalty": Range(0, 1e12, whole=False)}
MOMENTS = "the count, the sums and the sums of products of all columns"
COMPUTATIONS: Mapping[str, Computation] = {
    "sum": Computation(
        by_rows=tallies.sums,
        frame=results.sums,
        opened="nothing",
        vector=lambda plan: _flat(plan, 1, 0),
    ),
    "mean": Computation(
        by_rows=tallies.means,
        frame=results.means,
        opened="the count of rows",
        vector=lambda plan: _flat(plan, 1, 1),
    ),
    "variance": Computation(
        by_rows=tallies.moments,
        frame=results.means,
        opened="the count of rows and the means",
        vector=lambda plan: _flat(plan, 2, 1),
    ),
    "covariance": Computation(
        by_rows=fitting.covariance,
        by_columns=columns.covariance,
        frame=results.covariance,
        opened="the count of rows and the means",
        vector=_products,
    ),
    "histogram": Computation(
        by_rows=tallies.histogram,
        frame=results.histogram,
        opened="nothing",
        settings={"bins": Range(1, 100_000)},
        vector=_bins,
    ),
    "table": Computation(by_rows=tallies.table, frame=results.table, opened="nothing", vector=_cells),
    "ols": Computation(
        by_rows=fitting.least_squares,
        by_columns=columns.least_squares,
        inside=inside.least_squares,
        frame=results.coefficients,
        opened=MOMENTS,
        target=True,
        vector=_products,
    ),
    "ridge": Computation(
        by_rows=fitting.least_squares,
        by_columns=columns.least_squares,
        inside=inside.least_squares,
        frame=results.coefficients,
        opened=MOMENTS,
        settings=PENALTY,
        target=True,
        vector=_products,
    ),
    "logistic": Computation(
        by_rows=fitting.logistic,
        frame=results.coefficients,
        opened="the summed gradient and Hessian of each step",
        settings={**PENALTY, "steps": Range(1, 1_000), "length": Range(1.01, 1_000, whole=False)},
        target=True,
        vector=stepwise.logistic_vector,
        stepwise=stepwise.logistic,
    ),
    "kmeans": Computation(
        by_rows=fitting.k_means,
        frame=results.centres,
        opened="the sums and sizes of the clusters in each step",
        settings={"clusters": Range(1, 1_000), "steps": Range(1, 1_000), "start": Range(0, 2**31 - 1)},
        vector=stepwise.k_means_vector,
        stepwise=stepwise.k_means,
    ),
}
"""By the word that a plan has for it."""


def check_plan(plan: JointPlan) -> None:
    """Refuse what its computation cannot do, before anything is read or sent.

    Raises:
        ConfideError: with what to change.
    """
    made = COMPUTATIONS[plan.computation]
    if not plan.columns:
        raise DataError("the plan names no column: give each with its bounds.")
    if plan.computation == "ridge" and not plan.setting("penalty", 0.0):
        raise DataError("ridge has a penalty above 0: give it in [settings], or compute ols.")
    if plan.split == "columns" and made.by_columns is None:
        able = ", ".join(word for word, one in COMPUTATIONS.items() if one.by_columns is not None)
        raise DataError(
            f"{plan.computation} of columns that others hold: of columns choose {able}, or split rows."
        )
    if plan.split == "rows" and (held := [c for c in plan.columns if c.owner]):
        raise DataError(
            f"[owners] names {held[0].name!r:.60}, and every owner of rows has all columns: leave [owners] "
            'out, or write split = "columns".'
        )
    if plan.split == "columns" and (idle := set(plan.owners) - {c.owner for c in plan.columns}):
        raise DataError(f"{min(idle)!r:.60} owns no column: name its columns in [owners], or it in helpers.")
    if plan.inside and made.inside is None:
        raise DataError("inside is for ols and ridge: leave it out.")
    if plan.inside and plan.epsilon is not None:
        raise DataError(
            "inside hides moments, and with a budget their noise hides each record in them already: leave "
            "inside out."
        )
    if plan.epsilon is None and dict(plan.settings).get("length") is not None:
        raise DataError(
            "length shortens records so that less noise hides them: leave it out, or add a budget."
        )
    if plan.computation == "logistic" and (plan.columns[-1].low, plan.columns[-1].high) != (0, 1):
        raise DataError(f"the target {plan.columns[-1].name!r:.60} is 0 or 1: give it the bounds [0, 1].")
    if plan.computation == "table" and any(c.low % 1 or c.high % 1 for c in plan.columns):
        raise DataError("a table is of whole codes: give every column whole bounds, such as [0, 4].")
    counts = {"table": _cells, "histogram": _bins}.get(plan.computation)
    if counts is not None and (cells := counts(plan)[0]) > tallies.MOST_CELLS:
        raise DataError(f"{cells:,} counts: {tallies.MOST_CELLS:,} is the most; take fewer columns or bins.")
    results.refuse_names(plan)
    _ = noise_of(plan)


def noise_of(plan: JointPlan) -> JointNoise | BinomialNoise | None:
    """The noise that keeps the plan's promise; None for a plan without one.

    Raises:
        PromiseError: if there is none.
    """
    if plan.epsilon is None or plan.delta is None:
        return None
    if plan.split == "columns":
        raise PromiseError(
            "where columns are split, the number of rows is public, and no noise hides one row more or less: "
            "leave out [budget], or split rows."
        )
    made = COMPUTATIONS[plan.computation]
    words, moved = made.vector(plan)
    return (BinomialNoise if plan.noise == "binomial" else JointNoise)(
        budget=Budget(plan.epsilon, plan.delta),
        sensitivity=moved,
        words=words,
        parties=len(plan.parties),
        colluding=plan.colluding,
        times=1 if made.stepwise is None else stepwise.steps_of(plan),
        off=rounding(plan),
    )


def rounding(plan: JointPlan) -> float:
    """How far float64 may be off in a sum over one owner's rows of numbers of at most 1, added in any order.

    n numbers, each a product of few others, are off by at most (n + few) n 2^-53 together (Higham 2002,
    chapter 4). So plans that declare far more rows than there are get more noise.

    >>> from types import SimpleNamespace
    >>> bool(rounding(SimpleNamespace(rows=100_000, columns=[0] * 10)) < 2e-6)
    True
    """
    return (plan.rows + 4 * len(plan.columns) + 64) * plan.rows * 2.0**-53
