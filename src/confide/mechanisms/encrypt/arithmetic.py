"""Models as arithmetic: matrices and polynomials, which is all that an encrypted computation can do."""

from __future__ import annotations

import math
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Literal, TypeAlias

import numpy as np

from confide.core.arrays import Floats
from confide.core.errors import ModelError
from confide.mechanisms.encrypt.approximation import (
    LARGEST_DEGREE,
    approximated,
    largest_value,
    refusal,
    sigmoid,
)
from confide.mechanisms.encrypt.linear_maps import LINEAR_STEPS, matrix_of

Link = Literal["identity", "sigmoid", "softmax"]
"""What the client does with the decrypted scores: the step that costs nothing there, and much inside."""


@dataclass(frozen=True, slots=True, eq=False)
class Affine:
    """A matrix and an offset: scores = x @ weights.T + offset.

    Args:
        weights: float[outputs, inputs].
        offset: float[outputs].
    """

    weights: Floats
    offset: Floats

    @property
    def depth(self) -> int:
        """Multiplications after each other."""
        return 1

    def plain(self, rows: Floats) -> Floats:
        """The layer on rows float[n, inputs] in the clear."""
        return rows @ self.weights.T + self.offset

    def largest(self, upper: Floats) -> Floats:
        """The largest absolute values behind the layer, where `upper` float[inputs] are those before it."""
        return np.abs(self.weights) @ upper + np.abs(self.offset)


@dataclass(frozen=True, slots=True)
class Square:
    """The activation x -> x^2."""

    @property
    def depth(self) -> int:
        """Multiplications after each other."""
        return 1

    def plain(self, rows: Floats) -> Floats:
        """The activation in the clear."""
        return rows**2

    def largest(self, upper: Floats) -> Floats:
        """The largest absolute values behind the activation."""
        return upper**2


@dataclass(frozen=True, slots=True)
class Polynomial:
    """The activation x -> c[0] + c[1] x + c[2] x^2 + ...

    Args:
        coefficients: constant first; the last is not zero.

    Raises:
        ModelError: if the degree is not 1 to 7, or a coefficient is not finite.

    >>> Polynomial((1.0, 0.0, 0.5, 2.0)).plain(np.array([2.0])), Polynomial((0.0, 1.0, 1.0)).depth
    (array([19.]), 2)
    """

    coefficients: tuple[float, ...]

    def __post_init__(self) -> None:
        found = self.coefficients
        if not 1 <= len(found) - 1 <= LARGEST_DEGREE or found[-1] == 0 or not np.isfinite(found).all():
            raise ModelError(
                f"a polynomial with coefficients {found}: the degree must be 1 to {LARGEST_DEGREE}, the last "
                "coefficient not zero, and all of them finite."
            )

    @property
    def depth(self) -> int:
        """Multiplications after each other: halving the polynomial each time."""
        return math.ceil(math.log2(len(self.coefficients)))

    def plain(self, rows: Floats) -> Floats:
        """The activation in the clear."""
        return np.asarray(np.polynomial.polynomial.polyval(rows, self.coefficients), float)

    def largest(self, upper: Floats) -> Floats:
        """The largest absolute values behind the activation."""
        return largest_value(self.coefficients, upper)


Layer: TypeAlias = Affine | Square | Polynomial


@dataclass(frozen=True, slots=True, eq=False)
class Arithmetic:
    """A model written as sums, products and squares, and the link that the client applies.

    Args:
        layers: first to last; the first is affine, the last affine or a polynomial.
        link: applied to the decrypted scores.

    Raises:
        ModelError: if the layers do not fit together, hold NaN, or an output depends on nothing.

    >>> model = Arithmetic((Affine(np.array([[2.0, 1.0]]), np.array([0.5])),))
    >>> model.scores(np.array([[1.0, 3.0]]))
    array([[5.5]])
    """

    layers: tuple[Layer, ...]
    link: Link = "identity"

    def __post_init__(self) -> None:
        ends = (self.layers[0], self.layers[-1]) if self.layers else ()
        if not ends or not isinstance(ends[0], Affine) or isinstance(ends[1], Square):
            raise ModelError("the first and the last layer must be linear: add a linear layer there.")
        width = self.inputs
        for number, layer in enumerate(self.layers, 1):
            if not isinstance(layer, Affine):
                continue
            if layer.weights.ndim != 2 or layer.offset.shape != layer.weights.shape[:1]:
                raise ModelError(
                    f"layer {number} has weights {layer.weights.shape}, offset {layer.offset.shape}."
                )
            if layer.weights.size == 0:
                raise ModelError(
                    f"layer {number} has no weights, shape {layer.weights.shape}: train it again."
                )
            if layer.weights.shape[1] != width:
                raise ModelError(f"layer {number} takes {layer.weights.shape[1]} values, and gets {width}.")
            if not (np.isfinite(layer.weights).all() and np.isfinite(layer.offset).all()):
                raise ModelError(f"layer {number} holds NaN or infinite weights: train the model again.")
            if not np.any(layer.weights, axis=1).all():
                raise ModelError(f"an output of layer {number} has no weight but zero: remove this output.")
            width = layer.weights.shape[0]

    @property
    def inputs(self) -> int:
        """Features of a row."""
        first = self.layers[0]
        assert isinstance(first, Affine)
        return first.weights.shape[1]

    @property
    def outputs(self) -> int:
        """Scores of a row."""
        return [layer.weights.shape[0] for layer in self.layers if isinstance(layer, Affine)][-1]

    @property
    def depth(self) -> int:
        """Multiplications after each other."""
        return sum(layer.depth for layer in self.layers)

    @property
    def squares(self) -> bool:
        """Whether values are multiplied with each other, which takes a key of its own."""
        return not all(isinstance(layer, Affine) for layer in self.layers)

    @property
    def digest(self) -> str:
        """SHA-256 of layers and link, by which both sides know the model."""
        found = sha256(self.link.encode())
        for layer in self.layers:
            found.update(type(layer).__name__.encode())
            if isinstance(layer, Affine):
                found.update(repr(layer.weights.shape).encode())
                found.update(np.ascontiguousarray(layer.weights, "<f8").tobytes())
                found.update(np.ascontiguousarray(layer.offset, "<f8").tobytes())
            elif isinstance(layer, Polynomial):
                found.update(np.array(layer.coefficients, "<f8").tobytes())
        return found.hexdigest()

    def scores(self, rows: Floats) -> Floats:
        """The scores of rows float[n, inputs] in the clear, before the link: float[n, outputs]."""
        for layer in self.layers:
            rows = layer.plain(rows)
        return rows

    def bounds(self, bound: float) -> list[float]:
        """The largest absolute value after each layer if no input is above `bound` (interval arithmetic)."""
        upper, found = np.full(self.inputs, bound), list[float]()
        with np.errstate(over="ignore"):  # infinite is an answer: no parameters hold it
            for layer in self.layers:
                upper = layer.largest(upper)
                found.append(float(upper.max()))
        return found


def applied(link: Link, scores: Floats) -> Floats:
    """Apply the link to scores float[n, outputs], as the client does after decryption."""
    if link == "sigmoid":
        return sigmoid(scores)
    if link == "softmax":
        raised = np.exp(scores - scores.max(axis=1, keepdims=True))
        return raised / raised.sum(axis=1, keepdims=True)
    return scores


def with_server_link(model: Arithmetic, *, degree: int, reach: float) -> tuple[Arithmetic, float]:
    """Replace a sigmoid of the client by a polynomial of the server; also its largest error.

    The client's last step is exact and free. This one costs levels, and is off by the error.

    Args:
        model: with the link sigmoid.
        degree: of the polynomial.
        reach: the largest absolute score that occurs; beyond it the polynomial means nothing.

    Raises:
        ModelError: if the model has another link.
    """
    if model.link != "sigmoid":
        raise ModelError(f"the link {model.link} has no polynomial: leave it to the client.")
    coefficients, error = approximated("Sigmoid", degree=degree, reach=reach)
    return Arithmetic((*model.layers, Polynomial(coefficients))), error


def read_model(model: Any, *, shape: tuple[int, ...] | None = None) -> Arithmetic:
    """Read a linear or logistic model of scikit-learn, or a `torch.nn.Sequential`, as arithmetic.

    Convolutions, mean pooling and trained batch norms become matrices; linear steps in a row become one.

    Args:
        model: trained.
        shape: of one input, where the first layer is a convolution: channels, then the sides.

    Raises:
        ModelError: if it has a step that an encrypted computation cannot do; says the nearest that works.
    """
    if hasattr(model, "coef_") and hasattr(model, "intercept_"):
        weights = np.atleast_2d(np.asarray(model.coef_, float))
        offset = np.broadcast_to(np.atleast_1d(np.asarray(model.intercept_, float)), weights.shape[:1]).copy()
        return Arithmetic((Affine(weights, offset),), _link(model, len(weights)))
    if type(model).__name__ != "Sequential":
        raise ModelError(
            f"{type(model).__name__} cannot be computed on encrypted rows: use a linear or logistic model, "
            "or a torch.nn.Sequential of Linear layers, convolutions, squares and polynomials."
        )
    layers, link = list[Layer](), "identity"
    for step in model:
        kind = type(step).__name__
        if kind == "Linear":
            offset = np.zeros(step.out_features) if step.bias is None else _numbers(step.bias)
            _append(layers, Affine(_numbers(step.weight), offset))
            shape = offset.shape
        elif kind in LINEAR_STEPS:
            if shape is None:
                raise ModelError(f"{kind} needs the shape of one input: give it, channels first (1,28,28).")
            weights, offset, shape = matrix_of(step, shape)
            _append(layers, Affine(weights, offset))
        elif kind == "Square":
            layers.append(Square())
        elif kind == "Polynomial":
            layers.append(Polynomial(tuple(float(c) for c in step.coefficients)))
        elif kind in ("Sigmoid", "Softmax") and step is model[-1]:
            link = "sigmoid" if kind == "Sigmoid" else "softmax"
        elif kind not in ("Flatten", "Identity", "Dropout"):
            raise ModelError(refusal(kind))
    return Arithmetic(tuple(layers), link)


def _append(layers: list[Layer], added: Affine) -> None:
    """A linear layer right after another is one with it, which saves a level."""
    if layers and isinstance(before := layers[-1], Affine):
        offset = added.weights @ before.offset + added.offset
        layers[-1] = Affine(added.weights @ before.weights, offset)
    else:
        layers.append(added)


def _link(model: Any, outputs: int) -> Link:
    if not hasattr(model, "predict_proba"):
        return "identity"
    return "sigmoid" if outputs == 1 else "softmax"


def _numbers(tensor: Any) -> Floats:
    return np.asarray(tensor.detach().cpu().numpy(), float)
