"""Generalised linear models as their own weights: what a linear, logistic or softmax model says inside."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np

from confide.core.arrays import Array, Batch, Floats
from confide.models.chain import Chain


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LinearForm:
    """A model whose outputs are weights times features, with the loss that its training minimised.

    Args:
        chain: of one layer, k outputs and d features; the loss, and what the penalty pulls.
        features: a batch -> the features as the weights see them, float64[n, d].
        own_numbers: class codes or values -> those that the model's loss takes; its classes may stand in
            another order.
    """

    chain: Chain
    features: Callable[[Batch], Floats]
    own_numbers: Callable[[Array], Array]

    @property
    def has_intercept(self) -> bool:
        """Whether the outputs have intercepts."""
        return self.chain.biases[0] is not None

    @property
    def penalty_gradient(self) -> Floats:
        """The derivative of the penalty of strength 1, float64[k, d + 1], intercepts last."""
        shrunk = self.chain.shrunk_biases[0]
        own = np.zeros(len(self.chain.weights[0])) if not len(shrunk) else shrunk
        return np.column_stack([self.chain.shrunk[0], own])

    def pull(self, *, free_intercept: bool) -> Floats:
        """The penalty's derivative as above, or with intercepts that were left free: float64[k, d + 1]."""
        found = self.penalty_gradient
        return np.column_stack([found[:, :-1], np.zeros(len(found))]) if free_intercept else found

    def errors(self, features: Floats, y: Array) -> Floats:
        """The derivative of each record's loss in the outputs, float64[n, k].

        The gradient of the loss in weights and intercepts is this, times the features with a 1 behind them.

        Args:
            features: float64[n, d], as the weights see them.
            y: the model's own numbers of classes, or values.
        """
        return self.chain.factors(features, y)[0][1]

    def outputs(self, features: Floats) -> Floats:
        """Weights times features plus intercepts, float64[n, k]."""
        return self.chain.run(features)[1][0]


@runtime_checkable
class HasLinearForm(Protocol):
    """A model that can say whether it is linear inside."""

    def linear_form(self) -> LinearForm | None:
        """The form; None if the model is not linear."""
        ...


def linear_form_of(view: object) -> LinearForm | None:
    """The linear form of a model; None if it has none, or does not show it.

    >>> from confide.models.linear import LinearModel
    >>> form = linear_form_of(LinearModel(np.array([[1.0, -1.0, 0.5]])))
    >>> form.outputs(np.array([[2.0, 1.0]])).tolist(), linear_form_of(object()) is None
    ([[1.5]], True)
    """
    return view.linear_form() if isinstance(view, HasLinearForm) else None
