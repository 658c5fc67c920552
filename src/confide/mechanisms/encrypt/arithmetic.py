"""Models as arithmetic: matrices and squares, which is all that an encrypted computation can do."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Literal, TypeAlias

import numpy as np

from confide.core.arrays import Floats
from confide.core.errors import ModelError

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


@dataclass(frozen=True, slots=True)
class Square:
    """The activation x -> x^2."""


Layer: TypeAlias = Affine | Square


@dataclass(frozen=True, slots=True, eq=False)
class Arithmetic:
    """A model written as sums, products and squares, and the link that the client applies.

    Args:
        layers: first to last; the first and the last are affine.
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
        if not ends or not all(isinstance(layer, Affine) for layer in ends):
            raise ModelError("the first and the last layer must be linear: add a linear layer there.")
        width = self.inputs
        for number, layer in enumerate(self.layers, 1):
            if isinstance(layer, Square):
                continue
            if layer.weights.ndim != 2 or layer.offset.shape != layer.weights.shape[:1]:
                raise ModelError(
                    f"layer {number} has weights {layer.weights.shape}, offset {layer.offset.shape}."
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
        last = self.layers[-1]
        assert isinstance(last, Affine)
        return last.weights.shape[0]

    @property
    def depth(self) -> int:
        """Multiplications after each other: one for each layer."""
        return len(self.layers)

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
        return found.hexdigest()

    def scores(self, rows: Floats) -> Floats:
        """The scores of rows float[n, inputs] in the clear, before the link: float[n, outputs]."""
        for layer in self.layers:
            rows = rows**2 if isinstance(layer, Square) else rows @ layer.weights.T + layer.offset
        return rows

    def bounds(self, bound: float) -> list[float]:
        """The largest absolute value after each layer if no input is above `bound` (interval arithmetic)."""
        upper, found = np.full(self.inputs, bound), list[float]()
        for layer in self.layers:
            square = isinstance(layer, Square)
            upper = upper**2 if square else np.abs(layer.weights) @ upper + np.abs(layer.offset)
            found.append(float(upper.max()))
        return found


def applied(link: Link, scores: Floats) -> Floats:
    """Apply the link to scores float[n, outputs], as the client does after decryption."""
    if link == "sigmoid":
        return 0.5 * (1 + np.tanh(scores / 2))
    if link == "softmax":
        raised = np.exp(scores - scores.max(axis=1, keepdims=True))
        return raised / raised.sum(axis=1, keepdims=True)
    return scores


def read_model(model: Any) -> Arithmetic:
    """Read a linear or logistic model of scikit-learn, or a `torch.nn.Sequential`, as arithmetic.

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
            "or a torch.nn.Sequential of Linear layers and squares."
        )
    layers, link = list[Layer](), "identity"
    for step in model:
        kind = type(step).__name__
        if kind == "Linear":
            offset = np.zeros(step.out_features) if step.bias is None else _numbers(step.bias)
            layers.append(Affine(_numbers(step.weight), offset))
        elif kind == "Square":
            layers.append(Square())
        elif kind in ("Sigmoid", "Softmax") and step is model[-1]:
            link = "sigmoid" if kind == "Sigmoid" else "softmax"
        elif kind not in ("Flatten", "Identity", "Dropout"):
            raise ModelError(_refusal(kind))
    return Arithmetic(tuple(layers), link)


def _link(model: Any, outputs: int) -> Link:
    if not hasattr(model, "predict_proba"):
        return "identity"
    return "sigmoid" if outputs == 1 else "softmax"


def _numbers(tensor: Any) -> Floats:
    return np.asarray(tensor.detach().cpu().numpy(), float)


def _refusal(kind: str) -> str:
    if kind.startswith("BatchNorm"):
        return f"{kind} cannot be computed on encrypted rows: fold it into the linear layer before it."
    if kind.startswith("Conv"):
        return f"{kind} is not read yet: write the convolution as a Linear layer (its matrix)."
    if kind in ("ReLU", "GELU", "Tanh", "Sigmoid", "SiLU", "LeakyReLU", "ELU"):
        return f"{kind} cannot be computed on encrypted rows: train with squares (x * x) in its place."
    return f"{kind} cannot be computed on encrypted rows: use Linear layers and squares alone."
