"""Learners that are fitted whole, as local learners: a softmax regression, and a kernel machine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from confide.core.access import BlackBox
from confide.core.arrays import Array, Rng
from confide.core.errors import DataError, ModelError
from confide.mechanisms.federate.students import (
    KernelModel,
    KernelRidge,
    SoftmaxRegression,
    one_hot,
)
from confide.models.linear import LinearModel
from confide.views.records import Records


@dataclass(frozen=True, slots=True, kw_only=True)
class Fitted:
    """Fits a softmax regression or a kernel machine to its optimum, wherever training begins.

    Such a learner has no steps whose updates could be averaged: parties that exchange predictions take it.
    A kernel machine is as large as the records behind it, which it holds: parameters of a party's own one
    are its records, and leave it nowhere; those of a student on public records may be published.

    Args:
        recipe: what is fitted.
        features, classes: d and C.

    >>> records = Records(np.array([[0.0], [1.0]] * 5), np.array([0, 1] * 5))
    >>> fitted = Fitted(recipe=KernelRidge(width=0.5), features=1, classes=2)
    >>> (found,) = fitted.train(np.zeros((1, 0)), [records], rngs=[np.random.default_rng(0)])
    >>> len(found), fitted.model(found).predict(np.array([[1.0]])).argmax()
    (32, np.int64(1))
    """

    soft_targets: ClassVar[bool] = True
    recipe: SoftmaxRegression | KernelRidge
    features: int
    classes: int

    @property
    def shapes(self) -> tuple[tuple[int, ...], ...]:
        """Those of a softmax regression; a kernel machine has no fixed ones."""
        return () if isinstance(self.recipe, KernelRidge) else ((self.classes, self.features + 1),)

    def start(self, *, rng: Rng) -> Array:
        """Zeros: training does not depend on them."""
        return np.zeros(sum(rows * columns for rows, columns in self.shapes), np.float32)

    def train(self, starts: Array, records: Sequence[Records], *, rngs: Sequence[Rng]) -> Array:
        """Fit one model to each party's records, float64[K, p]; kernel machines of equal sizes alone."""
        return np.stack([self._fit(own, rng) for own, rng in zip(records, rngs, strict=True)])

    def gradients(self, starts: Array, records: Sequence[Records]) -> Array:
        """There are none.

        Raises:
            ModelError: always.
        """
        raise ModelError("a model that is fitted whole has no gradients to exchange: choose another learner.")

    def model(self, parameters: Array) -> BlackBox:
        """The model with these parameters.

        Raises:
            DataError: if no such model has as many.
        """
        numbers = np.asarray(parameters, np.float64)
        d, c = self.features, self.classes
        if isinstance(self.recipe, SoftmaxRegression):
            if numbers.shape != (c * (d + 1),):
                raise DataError(f"{numbers.shape} parameters: this regression has ({c * (d + 1)},).")
            return LinearModel(numbers.reshape(c, d + 1))
        n, odd = divmod(len(numbers) - c, d + c)
        if numbers.ndim != 1 or odd or n < 1:
            raise DataError(f"{numbers.shape} parameters: no kernel machine of these records has as many.")
        centres, weights, middle = np.split(numbers, [n * d, n * (d + c)])
        return KernelModel(centres.reshape(n, d), weights.reshape(n, c), middle, self.recipe.width)

    def _fit(self, own: Records, rng: Rng) -> Array:
        targets = one_hot(own.y, self.classes) if own.y.ndim == 1 else own.y
        model = self.recipe.fit(own.x, targets, rng=rng)
        if isinstance(model, KernelModel):
            return np.concatenate([model.centres.ravel(), model.weights.ravel(), model.middle])
        assert isinstance(model, LinearModel)
        return model.rows.ravel()
