"""Networks that are given as arrays, in PyTorch: outputs, and gradients that can be differentiated again."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from confide.core.arrays import Array
from confide.views.shared_gradient import Layer, Parameters

_ACTIVATIONS = {
    "identity": lambda z: z,
    "relu": torch.relu,
    "logistic": torch.sigmoid,
    "tanh": torch.tanh,
}


def parameters_of(layers: Sequence[Layer], kind: torch.dtype) -> list[Tensor]:
    """The parameters of all layers, in order, as tensors that gradients are taken in."""
    arrays = [a for one in layers for a in (one.weight, one.bias) if a is not None]
    return [torch.tensor(np.ascontiguousarray(a), dtype=kind).requires_grad_() for a in arrays]


def outputs(layers: Sequence[Layer], parameters: Sequence[Tensor], x: Tensor) -> Tensor:
    """The outputs of the last layer, [n, classes].

    Args:
        layers: the form of the network.
        parameters: of all layers in order, as `parameters_of` gives them.
        x: [n, features], [n, channels, height, width], or words int64[n, length] with -1 for none.
    """
    left = iter(parameters)
    for layer in layers:
        weight, bias = next(left), None if layer.bias is None else next(left)
        if layer.kind == "embedding":
            there = (x >= 0).unsqueeze(-1)
            words = functional.embedding(x.clamp(min=0), weight) * there
            x = words.sum(dim=1) / there.sum(dim=1).clamp(min=1)
        elif layer.kind == "convolution":
            x = functional.conv2d(x, weight, bias, stride=layer.stride, padding=layer.padding)
        else:
            x = functional.linear(x.flatten(1), weight, bias)
        x = _ACTIVATIONS[layer.activation](x)
    return x


def batch_gradient(
    layers: Sequence[Layer], parameters: Sequence[Tensor], x: Tensor, y: Tensor, *, again: bool = False
) -> list[Tensor]:
    """The gradient of the mean cross-entropy of a batch in all parameters.

    Args:
        layers, parameters, x: as in `outputs`.
        y: classes int64[n], or a probability of each class [n, classes].
        again: keep the graph, so that the gradient can be differentiated in x and y.
    """
    loss = functional.cross_entropy(outputs(layers, parameters, x), y)
    return list(torch.autograd.grad(loss, list(parameters), create_graph=again))


def gradient_of_batch(layers: Sequence[Layer], x: Array, y: Array, *, kind: torch.dtype) -> Parameters:
    """The mean gradient over records, computed in this number type: arrays shaped as the parameters.

    >>> layer = Layer(weight=np.zeros((2, 1)), bias=np.zeros(2))
    >>> x, y = np.ones((1, 1)), np.zeros(1, np.int64)
    >>> ((weight, bias),) = gradient_of_batch((layer,), x, y, kind=torch.float64)
    >>> weight.tolist(), bias.tolist()
    ([[-0.5], [0.5]], [-0.5, 0.5])
    """
    words = layers[0].kind == "embedding"
    rows = torch.tensor(np.ascontiguousarray(x), dtype=torch.int64 if words else kind)
    found = iter(batch_gradient(layers, parameters_of(layers, kind), rows, torch.tensor(np.asarray(y))))
    return tuple((next(found).numpy(), None if one.bias is None else next(found).numpy()) for one in layers)
