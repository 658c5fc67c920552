"""How far from its optimum a linear model is, and what that does to a record that is solved for."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from confide.core.arrays import Floats
from confide.models.linear_form import LinearForm
from confide.views.records import Records


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Optimality:
    """What is left of the optimality condition when all training records are known.

    Args:
        penalty: the strength of the penalty that was used.
        residual: the sum of all gradients with the penalty's, float64[k, d + 1]; 0 at the optimum.
        records: how many trained the model.
        free_intercept: whether the penalty left intercepts alone.
    """

    penalty: float
    residual: Floats
    records: int
    free_intercept: bool = False

    @property
    def mean_gradient(self) -> float:
        """The Euclidean norm of the residual, for one record."""
        return float(np.linalg.norm(self.residual)) / self.records


def optimality(form: LinearForm, members: Records, *, penalty: float | None) -> Optimality:
    """Compute the residual; a penalty that is not known is the one that leaves least.

    A module does not say whether its intercepts were penalised: whichever leaves less.

    Args:
        form: the model.
        members: all its training records.
        penalty: of half the squared weights, beside the sum of losses; None fits it.
    """
    x = form.features(members.x)
    total = form.errors(x, form.own_numbers(members.y)).T @ np.column_stack([x, np.ones(len(x))])
    ways = [_left(total, form, penalty, free_intercept=free) for free in (False, True)]
    strength, residual, free = min(ways, key=lambda way: float(np.linalg.norm(way[1])))
    return Optimality(penalty=strength, residual=residual, records=len(members), free_intercept=free)


def _left(
    total: Floats, form: LinearForm, penalty: float | None, *, free_intercept: bool
) -> tuple[float, Floats, bool]:
    pull = form.pull(free_intercept=free_intercept)
    square = float((pull**2).sum())
    if penalty is None:
        penalty = max(-float((total * pull).sum()) / square, 0.0) if square else 0.0
    return penalty, total + penalty * pull, free_intercept


def foretold_errors(form: LinearForm, some: Records, found: Optimality) -> Floats:
    """Forecast the largest error of a feature for each record, from the residual: float64[n].

    What is left of a member's gradient e [x, 1]^T is that plus the negative residual -r. To first order the
    solution is off by -(sum over outputs of e (r_x - x r_b)) / |e|^2, where r_b is the residual of the
    intercept.
    """
    x = form.features(some.x)
    e = form.errors(x, form.own_numbers(some.y))
    with np.errstate(divide="ignore", invalid="ignore"):
        off = (e @ found.residual[:, :-1] - x * (e @ found.residual[:, -1])[:, None]) / (e**2).sum(1)[:, None]
    return np.nan_to_num(np.abs(off).max(axis=1), nan=np.inf, posinf=np.inf)


def usual_errors(form: LinearForm, some: Records, *, mean_gradient: float, records: int) -> Floats:
    """Forecast the usual error of a feature, had training ended at this mean gradient: float64[n].

    A residual of this length in a random direction has the same deviation in each of p parameters, so that
    the error of feature j has the deviation `n g / sqrt p * sqrt(1 + x_j^2) / |e|`. The answer is the root of
    the mean square over the features.

    Args:
        form: the model.
        some: records that are solved for.
        mean_gradient: g, where training ended.
        records: n, how many trained the model.
    """
    x = form.features(some.x)
    e = form.errors(x, form.own_numbers(some.y))
    parameters = form.penalty_gradient.size
    size = np.sqrt(1 + (x**2).mean(axis=1))
    with np.errstate(divide="ignore"):
        return records * mean_gradient / np.sqrt(parameters) * size / np.linalg.norm(e, axis=1)
