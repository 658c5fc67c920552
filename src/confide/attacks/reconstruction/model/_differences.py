"""First candidates from differences between units: two that disagree on one record differ by that record."""

from __future__ import annotations

import numpy as np

from confide.core.arrays import Floats
from confide.models.hidden_layer import HiddenLayer

NEIGHBOURS = 12
"""Units that each unit is compared with: those that it disagrees with on fewest records."""
MOST_UNITS = 600
SAME = 0.9
"""Differences with at least this cosine are the same record's."""


def directions(net: HiddenLayer, *, most: int) -> Floats:
    """Find the directions [x, 1], of length 1, that differences between units share most: float64[m, d + 1].

    At a KKT point incoming_j / outgoing_j is the sum of lambda_i y_i [x_i, 1] over the records that are in
    the open half of unit j. Units that disagree on one record differ by a multiple of [x_i, 1]. Differences
    that recur are such ones: they are counted by how many others point the same way.

    Args:
        net: the network.
        most: how many are wanted.
    """
    length = np.linalg.norm(net.incoming, axis=1)
    # Units that hardly moved hold their first weights, and no records.
    big = np.flatnonzero((length > 0.1 * length.max()) & (net.outgoing != 0))
    if not len(big):
        return np.empty((0, net.incoming.shape[1]))
    big = big[np.argsort(-length[big], kind="stable")[:MOST_UNITS]]
    # A unit that is open for nobody has the sum 0: one that is open for one record differs by it from that.
    sums = np.vstack([net.incoming[big] / net.outgoing[big, None], np.zeros(net.incoming.shape[1])])
    found = _differences(sums)
    return _shared(found, most) if len(found) else found


def _differences(sums: Floats) -> Floats:
    """Differences of each row to the nearest others, with a positive last number and of length 1."""
    squares = (sums**2).sum(axis=1)
    far = squares[:, None] + squares - 2 * sums @ sums.T
    np.fill_diagonal(far, np.inf)
    near = np.argsort(far, axis=1, kind="stable")[:, : min(NEIGHBOURS, len(sums) - 1)]
    pairs = np.column_stack([np.repeat(np.arange(len(sums)), near.shape[1]), near.ravel()])
    pairs = np.unique(np.sort(pairs, axis=1), axis=0)
    apart = sums[pairs[:, 0]] - sums[pairs[:, 1]]
    length = np.linalg.norm(apart, axis=1)
    more = length > 1e-3 * np.sqrt(np.median(squares[:-1]))  # rounding alone is no difference
    apart = apart[more] / length[more, None]
    # Without a share of the bias a direction has no end.
    apart = apart[np.abs(apart[:, -1]) > 1e-3]
    return apart * np.sign(apart[:, -1])[:, None]


def _shared(found: Floats, most: int) -> Floats:
    """The most frequent directions, each as the mean of those that point the same way."""
    cosine = found @ found.T
    weight = np.clip((cosine - SAME) / (1 - SAME), 0, 1)
    left, picked = np.ones(len(found), np.bool_), list[Floats]()
    while left.any() and len(picked) < most:
        votes = np.where(left, weight @ left, -1.0)
        best = int(votes.argmax())
        same = left & (cosine[best] > SAME)
        mean = weight[best, same] @ found[same]
        picked.append(mean / np.linalg.norm(mean))
        left &= ~(cosine[best] > SAME)
    return np.stack(picked)
