"""White box on scikit-learn's linear models and networks, with gradients in closed form."""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass, field, replace

import numpy as np

from confide.core.access import Task, WhiteBox
from confide.core.arrays import Array, Batch, Bools, Floats, Ints
from confide.core.errors import KnowledgeError, ModelError
from confide.core.language import keep
from confide.models.chain import Chain, Factors, chosen_layers
from confide.models.linear_form import LinearForm
from confide.models.replies import Classes
from confide.models.sklearn.known_forms import chain_of
from confide.models.sklearn.model import Estimator, SklearnModel, ask, presented, task_of


@dataclass(frozen=True, slots=True, eq=False)
class SklearnInside(SklearnModel):
    """A fitted linear model or network of scikit-learn, also at the end of a pipeline, as a white box.

    Its layers are "coef" for a linear model and "layer 1", "layer 2", ... for a network: the weights, row by
    row [outputs, inputs], then the bias if there is one. Losses are those that the estimator minimised, with
    class weights that were given as a dict. Balanced class weights depend on the training records and are
    taken as 1.

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
            raise ModelError(f"the inside of {self.name} is not known here: give it as a black box.")
        object.__setattr__(self, "_chain", chain)

    @property
    def layers(self) -> tuple[str, ...]:
        """The names of the layers, in order."""
        count = len(self._chain.weights)
        return tuple(f"layer {i + 1}" for i in range(count)) if _is_network(self.estimator) else ("coef",)

    @property
    def snapshots(self) -> tuple[WhiteBox, ...]:
        """No snapshots: an estimator keeps no earlier states."""
        return ()

    def weights(self) -> tuple[Floats, ...]:
        """The parameters of each layer, flattened: L arrays float64[p_l]."""
        return self._chain.parameters()

    def penalty_gradient(self) -> tuple[Floats, ...]:
        """The gradient of the penalty without its strength: of |w|^2 / 2, of |w|_1, or of their mixture."""
        return self._chain.penalty_gradient()

    def loss(self, x: Batch, y: Array) -> Floats:
        """The training loss of each record, float64[n]."""
        losses = self._chain.losses(self._chain.run(self._features(x))[1][-1], self._own_numbers(y))
        return np.where(self._of_unknown_class(y), np.inf, losses)

    def gradient(self, x: Batch, y: Array, *, layers: Sequence[str] | None = None) -> Floats:
        """Each record's gradient in the parameters of these layers (all by default), float64[n, p]."""
        return self._chain.gradient(self._factors(x, y), chosen_layers(layers, self.layers))

    def gradient_norms(self, x: Batch, y: Array) -> Floats:
        """The Euclidean norm of each record's gradient in each layer, float64[n, L]."""
        return self._chain.gradient_norms(self._factors(x, y))

    def gradient_along(self, x: Batch, y: Array, direction: Sequence[Floats]) -> Floats:
        """Each record's gradient times a direction (shaped as `weights`), by layer: float64[n, L]."""
        return self._chain.gradient_along(self._factors(x, y), direction)

    def gradient_gram(self, x: Batch, y: Array, *, layers: Sequence[str] | None = None) -> Floats:
        """The inner products of all records' gradients, in these layers (all by default): float64[n, n]."""
        return self._chain.gradient_gram(self._factors(x, y), chosen_layers(layers, self.layers))

    def layer_outputs(self, x: Batch, *, layers: Sequence[str] | None = None) -> tuple[Floats, ...]:
        """The outputs of these layers (all by default) before activation: float64[n, f_l] each."""
        answers = self._chain.run(self._features(x))[1]
        return tuple(answers[place] for place in chosen_layers(layers, self.layers))

    def linear_form(self) -> LinearForm | None:
        """The weights, and features as the last step of the pipeline sees them; None for a network."""
        if len(self._chain.weights) > 1:
            return None
        return LinearForm(chain=self._chain, features=self._features, own_numbers=self._own_numbers)

    def softened(self, temperature: float) -> SklearnInside:
        """The same model with the loss computed from logits / temperature.

        Raises:
            KnowledgeError: in a regression, whose outputs are not logits.
        """
        if self.task == "regression":
            raise KnowledgeError(keep("a regression has no logits to soften: ask at temperature 1."))
        # A copy and not a new record: `__post_init__` would build the chain again, at temperature 1.
        other = copy(self)
        chain = replace(self._chain, temperature=self._chain.temperature * temperature)
        object.__setattr__(other, "_chain", chain)
        return other

    def _factors(self, x: Batch, y: Array) -> Factors:
        factors = self._chain.factors(self._features(x), self._own_numbers(y))
        unknown = self._of_unknown_class(y)
        if not unknown.any():
            return factors
        # The loss of a record of an unknown class is infinite, and has no gradient.
        return [(given, np.where(unknown[:, None], np.nan, slope)) for given, slope in factors]

    def _features(self, x: Batch) -> Floats:
        """The input of the last step of the pipeline."""
        steps = getattr(self.estimator, "steps", [None])
        before = self.estimator[:-1].transform if len(steps) > 1 else (lambda same: same)
        made = ask(before, presented(x, self.estimator, self.name), name=self.name)
        # One-hot encoders give sparse matrices, and some transformers give frames.
        made = made.toarray() if hasattr(made, "toarray") else made
        return np.asarray(made.to_numpy() if hasattr(made, "to_numpy") else made, dtype=np.float64)

    def _own_numbers(self, y: Array) -> Array:
        """The values of a regression; for class codes the positions of the classes in the estimator."""
        if self.task == "regression":
            return np.asarray(y, np.float64)
        codes: Ints = np.asarray(y, np.int64)
        # The estimator's classes may stand in another order than their codes.
        order = np.argsort(self._codes)
        return order[np.searchsorted(self._codes, codes, sorter=order).clip(max=len(order) - 1)]

    def _of_unknown_class(self, y: Array) -> Bools:
        """Which records are of a class that was not in the estimator's training, bool[n].

        Raises:
            ModelError: if there are any and the view is not `partial`.
        """
        if self.task == "regression":
            return np.zeros(len(y), np.bool_)
        unknown = ~np.isin(np.asarray(y, np.int64), self._codes)
        if unknown.any() and not self.partial:
            raise ModelError(
                f"{self.name} was not trained on the class with code {y[unknown.argmax()]}, so a record of "
                "that class has no gradient: leave these records out."
            )
        return unknown


def sklearn_view(
    estimator: Estimator, *, task: Task | None = None, classes: Classes = None, partial: bool = False
) -> SklearnModel:
    """The strongest view on a fitted estimator: white-box if its form is known here, else black-box.

    Args:
        estimator, task, classes, partial: as in `SklearnModel`. Records of a class that was not in a partial
            model's training have an infinite loss and NaN gradients.

    Raises:
        ModelError: as `SklearnModel` does.
    """
    task = task or task_of(estimator)
    view = SklearnModel(estimator, task=task, classes=classes, partial=partial)
    # A classifier that is asked as a regression minimised another loss than the one shown.
    if chain_of(_last(estimator)) is not None and task == task_of(estimator):
        return SklearnInside(estimator, task=task, classes=classes, partial=partial)
    return view


def _last(estimator: Estimator) -> Estimator:
    steps = getattr(estimator, "steps", None)
    return steps[-1][1] if steps and type(estimator).__name__ == "Pipeline" else estimator


def _is_network(estimator: Estimator) -> bool:
    return hasattr(_last(estimator), "coefs_")
