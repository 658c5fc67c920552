"""Networks of one hidden layer of ReLU units, homogeneous in their weights: what such a network is inside."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np

from confide.core.arrays import Array, Batch, Floats
from confide.core.errors import DataError


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class HiddenLayer:
    """A network f(x) = sum over units of outgoing * max(0, incoming . [x, 1]), with one output.

    A positive output says class 1, a negative one class 0. Multiplied by c, all weights multiply the output
    by c^2: the network is homogeneous of degree two.

    Args:
        incoming: of each of h units, the bias last, float64[h, d + 1].
        outgoing: float64[h].
    """

    incoming: Floats
    outgoing: Floats

    def before(self, x: Floats) -> Floats:
        """What goes into each unit, float64[n, h].

        Args:
            x: float64[n, d].

        >>> net = HiddenLayer(incoming=np.array([[1.0, -1.0], [-1.0, 0.0]]), outgoing=np.array([2.0, -1.0]))
        >>> net.before(np.array([[3.0]])).tolist(), net.outputs(np.array([[3.0]])).tolist()
        ([[2.0, -3.0]], [4.0])
        """
        return x @ self.incoming[:, :-1].T + self.incoming[:, -1]

    def outputs(self, x: Floats) -> Floats:
        """The output for each record, float64[n]."""
        return np.maximum(self.before(x), 0) @ self.outgoing

    @property
    def square(self) -> float:
        """The squared Euclidean norm of all weights."""
        return float((self.incoming**2).sum() + (self.outgoing**2).sum())


@runtime_checkable
class HasHiddenLayer(Protocol):
    """A model that can say whether it is such a network."""

    def hidden_layer(self) -> HiddenLayer | None:
        """The network; None if the model is another one."""
        ...


def hidden_layer_of(view: object) -> HiddenLayer | None:
    """The one hidden layer of a model; None if it is another network, or does not show it.

    >>> hidden_layer_of(object()) is None
    True
    """
    return view.hidden_layer() if isinstance(view, HasHiddenLayer) else None


def flat(x: Batch) -> Floats:
    """Records as such a network sees them, float64[n, d].

    Raises:
        DataError: if they are no numbers.
    """
    if not isinstance(x, np.ndarray):
        raise DataError("a network takes numbers: give an array, and no table with names.")
    return x.reshape(len(x), -1).astype(np.float64)


def signs(y: Array) -> Floats:
    """1 for class 1, and -1 for class 0, float64[n]."""
    return np.where(np.asarray(y) > 0, 1.0, -1.0)
