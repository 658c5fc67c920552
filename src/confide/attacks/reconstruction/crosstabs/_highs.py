"""HiGHS through SciPy: linear and integer programs, with the dual bound of what was not solved to the end."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from scipy import optimize, sparse

from confide.core.arrays import Array, Bools, Floats

# SciPy's own annotations ask for one number where it takes arrays.
_LinearConstraint: Any = optimize.LinearConstraint
_Bounds: Any = optimize.Bounds
_milp: Any = optimize.milp

Rows: TypeAlias = tuple[sparse.csr_array, Array | float, Array | float]
"""Rows of a program: low <= matrix @ x <= high, each side [rows] or one number for all."""
INFEASIBLE = 2
"""SciPy's status of a program that nothing satisfies."""
LEAST_SECONDS = 0.02
"""HiGHS is given no less: with a limit of zero it may not look at its clock at all."""


@dataclass(frozen=True, slots=True, eq=False)
class Reply:
    """What HiGHS answers.

    Args:
        x: float64[n], the best point that was found; None if none was.
        bound: no point costs less: the dual bound. None if there is none.
        infeasible: whether it is proved that no point satisfies the rows.
    """

    x: Floats | None
    bound: float | None
    infeasible: bool


def program(
    cost: Array,
    rows: Sequence[Rows],
    *,
    least: Array | float,
    most: Array | float,
    whole: Bools | bool,
    seconds: float = np.inf,
    gap: float = 0.0,
) -> Reply:
    """The cheapest x with these rows and bounds.

    Args:
        cost: [n].
        rows: of the program.
        least, most: of each x, [n] or one number for all.
        whole: which x are whole numbers, bool[n] or one value for all.
        seconds: until HiGHS gives up; the best point and the dual bound until then are returned.
        gap: stop when the point is within this share of the bound.
    """
    options: dict[str, float] = {"mip_rel_gap": gap}
    if np.isfinite(seconds):
        options["time_limit"] = max(seconds, LEAST_SECONDS)
    with warnings.catch_warnings():
        # A time limit that is hit is an answer here, and no surprise.
        warnings.simplefilter("ignore", optimize.OptimizeWarning)
        result = _milp(
            np.asarray(cost, np.float64),
            constraints=[_LinearConstraint(*one) for one in rows if len(one[0].indptr) > 1],
            bounds=_Bounds(least, most),
            integrality=np.broadcast_to(whole, len(cost)).astype(np.int64),
            options=options,
        )
    dual = result.mip_dual_bound
    # An unfinished program has a bound of minus infinity, or none.
    bound = None if dual is None or not np.isfinite(dual) else float(dual)
    x = None if result.x is None else np.asarray(result.x, np.float64)
    return Reply(x, bound, result.status == INFEASIBLE)
