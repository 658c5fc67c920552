"""The gradient of a first linear layer: a sum of records, each times what it does to a unit."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from confide.core.arrays import Array, Floats, Ints
from confide.core.errors import KnowledgeError
from confide.core.language import keep
from confide.knowledge.updates import KnownInputs
from confide.views.shared_gradient import SharedGradient

# Relative to the strongest unit: what is below came from rounding, or from a unit that no record opened.
SILENT = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FirstLayer:
    """The mean gradient of h units that see the d features of a record.

    Args:
        weights: float64[h, d], the sum over records of slope times record.
        biases: float64[h], the sum of slopes.
    """

    weights: Floats
    biases: Floats


def first_layer(view: SharedGradient, attack: str) -> FirstLayer:
    """The gradient of the first layer, if it shows records.

    Raises:
        KnowledgeError: if the layer is not linear, or has no biases.
    """
    layer, (weights, biases) = view.layers[0], view.gradients[0]
    if layer.kind != "linear" or biases is None:
        raise KnowledgeError(
            keep(
                "{attack} reads a first layer that is linear and has biases, and this one is another. "
                "That is no sign that records are safe.",
                attack=attack,
            )
        )
    return FirstLayer(weights=weights, biases=biases)


def shared_rays(rows: Floats, *, tolerance: float) -> list[Ints]:
    """Groups of two or more rows that point the same way, or opposite ways, the largest first.

    Args:
        rows: float64[n, d] of length 1.
        tolerance: by how much the cosine may miss 1.

    >>> same = shared_rays(np.array([[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0]]), tolerance=1e-9)
    >>> [group.tolist() for group in same]
    [[0, 2]]
    """
    same = np.abs(rows @ rows.T) > 1 - tolerance
    left, found = np.ones(len(rows), np.bool_), list[Ints]()
    while left.any():
        votes = np.where(left, (same & left).sum(axis=1), 0)
        group = np.flatnonzero(same[int(votes.argmax())] & left)
        if len(group) < 2:
            break
        found.append(group)
        left[group] = False
    return found


def lone_records(layer: FirstLayer, known: KnownInputs, *, most: int, tolerance: float) -> Floats:
    """Records that open a unit alone, by the ratio of its gradients: float64[m, d], the surest first.

    A unit that one record opens has the gradient e x in its weights and e in its bias. If several units have
    the same ratio, one record opened each of them alone. Of units that nobody agrees with, those whose
    ratio is within the range of features come first.

    Args:
        layer: the gradient.
        known: the range of features.
        most: how many records are looked for.
        tolerance: of the cosine between two units of one record.
    """
    strength = np.linalg.norm(layer.weights, axis=1)
    open_ = np.flatnonzero(np.abs(layer.biases) > SILENT * np.abs(layer.biases).max(initial=0))
    rows = np.column_stack([layer.weights, layer.biases])[open_]
    if not len(rows):
        return np.empty((0, layer.weights.shape[1]))
    groups = shared_rays(rows / np.linalg.norm(rows, axis=1)[:, None], tolerance=tolerance)
    taken = np.concatenate([*groups, np.empty(0, np.int64)])
    single = np.setdiff1d(np.arange(len(rows)), taken)
    ratio = layer.weights[open_][single] / layer.biases[open_][single][:, None]
    beyond = np.maximum(known.low - ratio, ratio - known.high).max(axis=1, initial=0)
    order = np.lexsort([-strength[open_][single], np.maximum(beyond, 0)])
    parts = [_ratio(rows[group]) for group in groups] + list(ratio[order])
    return np.stack(parts[:most])


def _ratio(rows: Array) -> Floats:
    """The common ratio of several units, weighted by the squares of their biases' gradients."""
    return rows[:, :-1].T @ rows[:, -1] / (rows[:, -1] ** 2).sum()
