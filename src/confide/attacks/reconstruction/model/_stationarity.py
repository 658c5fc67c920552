"""How far a homogeneous network is from a KKT point of the margin problem of its training records."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import nnls

from confide.core.arrays import Bools, Floats
from confide.models.hidden_layer import HiddenLayer

EDGE = 1e-2
"""A record is on the edge of a unit where the cosine between them is at most this."""
ROUNDS, STEPS = 4, 60


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Stationarity:
    """How well records and multipliers of at least 0 explain a network's weights.

    Args:
        residual: |weights - sum of lambda_i y_i grad f(x_i)| / |weights|, least over all multipliers and,
            for records on the edge of a unit, over all derivatives of the ReLU from 0 to 1.
        right: the share of records with the output's right sign.
        margin: the least output y f(x) of a record.
        multipliers: lambda, float64[n].
    """

    residual: float
    right: float
    margin: float
    multipliers: Floats


def stationarity(net: HiddenLayer, x: Floats, sign: Floats) -> Stationarity:
    """Compute the residual of the KKT conditions at these records.

    Training drives records onto the edge of units and holds them there, where the ReLU has every derivative
    from 0 to 1. With 0 or 1 alone a network at a KKT point would look far from one. So multipliers (least
    squares of at least 0) and derivatives on edges (least squares from 0 to 1) are found in turns.

    Args:
        net: the network.
        x: float64[n, d].
        sign: y, 1 or -1, float64[n].

    >>> unit = HiddenLayer(incoming=np.array([[1.0, 1.0]]), outgoing=np.array([2.0**0.5]))
    >>> found = stationarity(unit, np.array([[1.0]]), np.ones(1))  # w = lambda v x and v = lambda w . [x, 1]
    >>> round(found.residual, 6), found.multipliers.round(4).tolist()
    (0.0, [0.7071])
    """
    rows, before = np.column_stack([x, np.ones(len(x))]), net.before(x)
    margins, size = sign * net.outputs(x), net.square
    edge = _edges(net, rows, before)
    open_, found, best = (before > 0).astype(np.float64), np.zeros(len(x)), np.inf
    for _ in range(ROUNDS):
        found, left = multipliers(net, x, open_, sign)
        best = min(best, left)
        open_ = _derivatives(net, rows, before, open_, edge, found * sign)
    return Stationarity(
        residual=float(np.sqrt(max(best, 0.0) / size)) if size else np.inf,
        right=float((margins > 0).mean()),
        margin=float(margins.min()),
        multipliers=found,
    )


def _edges(net: HiddenLayer, rows: Floats, before: Floats) -> Bools:
    longest = np.linalg.norm(rows, axis=1)[:, None] * np.linalg.norm(net.incoming, axis=1)
    return np.abs(before) <= EDGE * longest


def multipliers(net: HiddenLayer, x: Floats, open_: Floats, sign: Floats) -> tuple[Floats, float]:
    """The multipliers of at least 0 that leave least of the weights, and the squared length of what is left.

    Args:
        net: the network.
        x: float64[n, d].
        open_: the derivative of each unit's ReLU at each record, float64[n, h].
        sign: 1 or -1, float64[n].
    """
    rows, before = np.column_stack([x, np.ones(len(x))]), net.before(x)
    slope, after = sign[:, None] * net.outgoing * open_, sign[:, None] * np.maximum(before, 0)
    gram = (slope @ slope.T) * (rows @ rows.T) + after @ after.T
    along = (slope * before).sum(axis=1) + after @ net.outgoing
    # Any square root of the Gram matrix poses the same problem as the gradients, in n instead of p rows.
    size, ways = np.linalg.eigh(gram)
    root = np.sqrt(np.maximum(size, 1e-12 * max(float(size[-1]), 1e-300)))
    found, _ = nnls((ways * root).T, (ways / root).T @ along)
    return found, float(net.square - 2 * along @ found + found @ gram @ found)


def _derivatives(
    net: HiddenLayer, rows: Floats, before: Floats, open_: Floats, edge: Bools, pull: Floats
) -> Floats:
    """The derivatives on edges that explain each unit best, by projected gradient steps: float64[n, h]."""
    gram = (rows @ rows.T) * np.outer(pull, pull)
    longest = float(np.linalg.eigvalsh(gram)[-1])
    if not longest > 0:
        return open_
    with np.errstate(divide="ignore", invalid="ignore"):
        wanted = np.nan_to_num(pull[:, None] * before / net.outgoing, posinf=0.0, neginf=0.0)
    for _ in range(STEPS):
        open_ = np.where(edge, np.clip(open_ - (gram @ open_ - wanted) / longest, 0, 1), open_)
    return open_
