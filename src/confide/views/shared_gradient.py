"""Shared gradients: what one party of a collaboration sends, with the network that it was computed on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal, TypeAlias

import numpy as np

from confide.core.arrays import Array, Floats
from confide.core.errors import DataError

LayerKind: TypeAlias = Literal["linear", "convolution", "embedding"]
Activation: TypeAlias = Literal["identity", "relu", "logistic", "tanh"]
Parameters: TypeAlias = tuple[tuple[Array, Array | None], ...]
"""The weights of each layer and its biases, or None: as parameters, gradients or changes."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Layer:
    """One layer of a network as arrays: what it computes, and its parameters before the step.

    Args:
        weight: [outputs, inputs] of a linear layer, [outputs, channels, height, width] of a convolution, and
            [words, d] of an embedding, which answers with the mean over a record's words.
        bias: [outputs]; None if the layer has none.
        kind: of the layer. Before a linear layer, what comes from a convolution is flattened.
        activation: the function of the layer's outputs.
        stride, padding: of a convolution.
    """

    weight: Array
    bias: Array | None = None
    kind: LayerKind = "linear"
    activation: Activation = "identity"
    stride: int = 1
    padding: int = 0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SharedGradient:
    """The gradient of one batch, or the change of a model by one step on it, and the network before.

    The loss is the mean cross-entropy over the batch of a softmax of the last layer's outputs. The number of
    records is known: parties send it as their weight in the mean.

    Args:
        layers: the network that the gradient was computed on.
        shared: what was sent, shaped as the parameters of each layer.
        records: how many records are in the batch.
        rate: the learning rate if a change was sent; None if a gradient was.
        steps: how many local steps the change sums up. With more than one, `gradients` is their mean, and
            attacks that solve for records are no longer exact.

    Raises:
        DataError: if shapes differ, a number is not finite, or a count is below 1.

    >>> layer = Layer(weight=np.zeros((2, 3)), bias=np.zeros(2))
    >>> sent = SharedGradient.of_vector((layer,), -0.1 * np.arange(8.0), records=4, rate=0.1)
    >>> sent.gradients[0][1].round(6).tolist()
    [6.0, 7.0]
    """

    shown: ClassVar[str] = "updates"

    layers: tuple[Layer, ...]
    shared: Parameters
    records: int
    rate: float | None = None
    steps: int = 1

    def __post_init__(self) -> None:
        if len(self.layers) != len(self.shared) or not self.layers:
            raise DataError(
                f"{len(self.layers)} layers, and gradients of {len(self.shared)}: give as many, at least one."
            )
        for place, (layer, sent) in enumerate(zip(self.layers, self.shared, strict=True)):
            for own, its in zip((layer.weight, layer.bias), sent, strict=True):
                _need_same(place, own, its)
        if self.records < 1 or self.steps < 1 or (self.rate is not None and not 0 < self.rate < np.inf):
            raise DataError(
                f"{self.records} records, {self.steps} steps at the rate {self.rate}: give at least 1 record "
                "and step, and a rate above 0 (None for a gradient)."
            )

    @classmethod
    def of_vector(
        cls,
        layers: Sequence[Layer],
        vector: Array,
        *,
        records: int,
        rate: float | None = None,
        steps: int = 1,
    ) -> SharedGradient:
        """Read a flat vector: of each layer the weights row by row, then the biases.

        Raises:
            DataError: if the vector is not as long as the layers have parameters.
        """
        sizes = [(one.weight.size, 0 if one.bias is None else one.bias.size) for one in layers]
        if vector.shape != (sum(map(sum, sizes)),):
            raise DataError(
                f"a vector of shape {vector.shape} for layers with {sum(map(sum, sizes))} parameters: give "
                "one number each."
            )
        shared, start = list[tuple[Array, Array | None]](), 0
        for layer, (weights, biases) in zip(layers, sizes, strict=True):
            end = start + weights
            bias = None if layer.bias is None else vector[end : end + biases]
            shared.append((vector[start:end].reshape(layer.weight.shape), bias))
            start = end + biases
        return cls(layers=tuple(layers), shared=tuple(shared), records=records, rate=rate, steps=steps)

    @property
    def gradients(self) -> tuple[tuple[Floats, Floats | None], ...]:
        """The mean gradient over the batch of each layer's weights and biases, in float64."""
        # One step of descent changes parameters by minus the rate times the gradient.
        factor = 1.0 if self.rate is None else -1.0 / (self.rate * self.steps)
        return tuple(
            (
                factor * np.asarray(weight, np.float64),
                None if bias is None else factor * np.asarray(bias, np.float64),
            )
            for weight, bias in self.shared
        )

    @property
    def vector(self) -> Floats:
        """All gradients as one vector, in the order of `of_vector`: float64[p]."""
        parts = [part.ravel() for pair in self.gradients for part in pair if part is not None]
        return np.concatenate(parts)


def _need_same(place: int, own: Array | None, sent: Array | None) -> None:
    """Refuse what was sent of a parameter if it has another shape, or is no number."""
    shapes = [None if one is None else one.shape for one in (own, sent)]
    if shapes[0] != shapes[1]:
        raise DataError(
            f"layer {place} has parameters of shape {shapes[0]}, and {shapes[1]} was sent: give the gradient "
            "of this network."
        )
    if any(one is not None and not np.isfinite(one).all() for one in (own, sent)):
        raise DataError(f"layer {place} has numbers that are not finite: leave this update out.")
