"""White box on scikit-learn's linear models and networks: gradients in closed form, in NumPy and float64.

A record's gradient in a layer z = W a + b is d a^T, with d the derivative of its loss in z, so that norms and
products need a and d alone (`torch_layers.py` tells more).
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from confide.core.access import Task, WhiteBox
from confide.core.arrays import Array, Batch, Bools, Floats, Ints
from confide.core.errors import KnowledgeError, ModelError
from confide.models.replies import Classes
from confide.models.sklearn.chain import Chain, chain_of
from confide.models.sklearn.model import SklearnModel, ask, presented, task_of


@dataclass(frozen=True, slots=True, eq=False)
class SklearnInside(SklearnModel):
    """A fitted linear model or network of scikit-learn, also at the end of a pipeline, seen from inside.

    Its layers are "coef" for a linear model and "layer 1", "layer 2", ... for a network: the weights, row by
    row [outputs, inputs], then the bias if there is one. Losses are those that the estimator minimised, with
    the class weights it was given as a dict; balanced ones depend on who was there, and are taken as 1.

    >>> from sklearn.linear_model import LogisticRegression
    >>> x, y = np.array([[0.0], [1.0], [2.0], [4.0]]), np.array([0, 0, 1, 1])
    >>> model = SklearnInside(LogisticRegression(C=10, tol=1e-9).fit(x, y))
    >>> stationary = model.gradient(x, y).sum(0) + model.penalty_gradient()[0] / 10
    >>> bool(np.abs(stationary).max() < 1e-5)
    True
    """

    _chain: Chain = field(init=False, repr=False)

    def __post_init__(self) -> None:
        SklearnModel.__post_init__(self)
        chain = chain_of(_last(self.estimator))
        if chain is None:
            raise ModelError(f"{self.name} has no inside that is known here: give it as a black box.")
        object.__setattr__(self, "_chain", chain)

    @property
    def layers(self) -> tuple[str, ...]:
        """Their names, in order."""
        count = len(self._chain.weights)
        return tuple(f"layer {i + 1}" for i in range(count)) if _is_network(self.estimator) else ("coef",)

    @property
    def snapshots(self) -> tuple[WhiteBox, ...]:
        """None: an estimator keeps no earlier states."""
        return ()

    def weights(self) -> tuple[Floats, ...]:
        """The parameters of each layer, flattened: L arrays float64[p_l]."""
        return self._flat(
            self._chain.weights, [b if b is not None else np.empty(0) for b in self._chain.biases]
        )

    def penalty_gradient(self) -> tuple[Floats, ...]:
        """The gradient of the penalty without its strength: of |w|^2 / 2, of |w|_1, or of their mixture."""
        return self._flat(self._chain.shrunk, self._chain.shrunk_biases)

    def loss(self, x: Batch, y: Array) -> Floats:
        """The training loss of each record, float64[n]."""
        losses = self._chain.losses(self._chain.run(self._features(x))[1][-1], self._own_numbers(y))
        return np.where(self._strange(y), np.inf, losses)

    def gradient(self, x: Batch, y: Array, *, layers: Sequence[str] | None = None) -> Floats:
        """Each record's gradient in the parameters of these layers (all by default), float64[n, p]."""
        chosen = [place for place, _ in self._chosen(layers)]
        parts = [np.empty((len(y), 0))]
        for place, (given, slope) in enumerate(self._factors(x, y)):
            if place in chosen:
                weight = (slope[:, :, None] * given[:, None, :]).reshape(len(y), -1)
                parts += [weight, slope] if self._has_bias(place) else [weight]
        return np.concatenate(parts, axis=1)

    def gradient_norms(self, x: Batch, y: Array) -> Floats:
        """The Euclidean norm of each record's gradient in each layer, float64[n, L]."""
        each = [
            np.sqrt(((given**2).sum(1) + self._has_bias(place)) * (slope**2).sum(1))
            for place, (given, slope) in enumerate(self._factors(x, y))
        ]
        return np.stack(each, axis=1)

    def gradient_along(self, x: Batch, y: Array, direction: Sequence[Floats]) -> Floats:
        """Each record's gradient times a direction (given as `weights` are), by layer: float64[n, L]."""
        found: list[Floats] = []
        for (given, slope), way in zip(self._factors(x, y), direction, strict=True):
            size = given.shape[1] * slope.shape[1]
            along = ((given @ way[:size].reshape(slope.shape[1], -1).T) * slope).sum(1)
            found.append(along + slope @ way[size:] if len(way) > size else along)
        return np.stack(found, axis=1)

    def gradient_gram(self, x: Batch, y: Array, *, layers: Sequence[str] | None = None) -> Floats:
        """The inner products of all records' gradients, in these layers (all by default): float64[n, n]."""
        gram, factors = np.zeros((len(y), len(y))), self._factors(x, y)
        for place, _ in self._chosen(layers):
            given, slope = factors[place]
            product = given @ given.T
            product += self._has_bias(place)
            product *= slope @ slope.T
            gram += product
        return gram

    def layer_outputs(self, x: Batch, *, layers: Sequence[str] | None = None) -> tuple[Floats, ...]:
        """What these layers (all by default) answer, before activation: float64[n, f_l] each."""
        answers = self._chain.run(self._features(x))[1]
        return tuple(answers[place] for place, _ in self._chosen(layers))

    def softened(self, temperature: float) -> SklearnInside:
        """The same model, its loss taken of logits / temperature.

        Raises:
            KnowledgeError: in a regression, whose outputs are no logits.
        """
        if self.task == "regression":
            raise KnowledgeError("a regression has no logits to soften: ask at temperature 1.")
        other = copy(self)
        chain = replace(self._chain, temperature=self._chain.temperature * temperature)
        object.__setattr__(other, "_chain", chain)
        return other

    def _factors(self, x: Batch, y: Array) -> list[tuple[Floats, Floats]]:
        given, answers = self._chain.run(self._features(x))
        slopes = self._chain.slopes(answers, given, self._own_numbers(y))
        strange = self._strange(y)
        if strange.any():  # a loss that is infinite has no gradient
            slopes = [np.where(strange[:, None], np.nan, slope) for slope in slopes]
        return list(zip(given, slopes, strict=True))

    def _has_bias(self, place: int) -> bool:
        return self._chain.biases[place] is not None

    def _flat(self, weights: Sequence[Floats], biases: Sequence[Floats]) -> tuple[Floats, ...]:
        return tuple(np.concatenate([w.ravel(), b]) for w, b in zip(weights, biases, strict=True))

    def _chosen(self, layers: Sequence[str] | None) -> list[tuple[int, str]]:
        there = self.layers
        unknown = [name for name in layers or () if name not in there]
        if unknown:
            raise KnowledgeError(
                f"there is no layer {unknown[0]!r}: the layers with parameters are {', '.join(there)}."
            )
        return [(i, name) for i, name in enumerate(there) if layers is None or name in layers]

    def _features(self, x: Batch) -> Floats:
        """What the last step is given."""
        steps = getattr(self.estimator, "steps", [None])
        before = self.estimator[:-1].transform if len(steps) > 1 else _as_it_is
        made = ask(before, presented(x, self.estimator, self.name), name=self.name)
        made = made.toarray() if hasattr(made, "toarray") else made
        return np.asarray(made.to_numpy() if hasattr(made, "to_numpy") else made, dtype=np.float64)

    def _own_numbers(self, y: Array) -> Array:
        """Values; or for class codes the places of the classes in the estimator's own order."""
        if self.task == "regression":
            return np.asarray(y, np.float64)
        codes: Ints = np.asarray(y, np.int64)
        order = np.argsort(self._codes)
        return order[np.searchsorted(self._codes, codes, sorter=order).clip(max=len(order) - 1)]

    def _strange(self, y: Array) -> Bools:
        """Who is of a class that the estimator never met, bool[n].

        Raises:
            ModelError: if somebody is, unless the view is `partial`.
        """
        if self.task == "regression":
            return np.zeros(len(y), np.bool_)
        strange = ~np.isin(np.asarray(y, np.int64), self._codes)
        if strange.any() and not self.partial:
            raise ModelError(
                f"{self.name} never met the class with code {y[strange.argmax()]}, so that a record of "
                "it has no gradient: leave these records out."
            )
        return strange


def sklearn_view(
    estimator: Any, *, task: Task | None = None, classes: Classes = None, partial: bool = False
) -> SklearnModel:
    """The strongest view on a fitted estimator: white-box where its form is known, black-box elsewhere.

    Args:
        estimator, task, classes, partial: as in `SklearnModel`. Records of a class that a partial model
            never met have an infinite loss and NaN for a gradient.

    Raises:
        ModelError: as `SklearnModel` does.
    """
    task = task or task_of(estimator)
    view = SklearnModel(estimator, task=task, classes=classes, partial=partial)
    known = (task == "regression") == (task_of(estimator) == "regression")
    if known and chain_of(_last(estimator)) is not None:
        return SklearnInside(estimator, task=task, classes=classes, partial=partial)
    return view


def _last(estimator: Any) -> Any:
    steps = getattr(estimator, "steps", None)
    return steps[-1][1] if steps and type(estimator).__name__ == "Pipeline" else estimator


def _is_network(estimator: Any) -> bool:
    return hasattr(_last(estimator), "coefs_")


def _as_it_is(x: Any) -> Any:
    return x
