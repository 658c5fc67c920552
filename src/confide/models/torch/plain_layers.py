"""Modules of PyTorch that are a plain network, as its layers: what a shared gradient is read by."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from torch import Tensor, nn

from confide.core.arrays import Array
from confide.views.shared_gradient import Activation, Layer

ACTIVATIONS: dict[type[nn.Module], Activation] = {
    nn.ReLU: "relu",
    nn.Sigmoid: "logistic",
    nn.Tanh: "tanh",
}


def plain_layers_of_module(module: nn.Module) -> tuple[Layer, ...] | None:
    """The layers of a sequence of linear layers and convolutions with an activation each; None for any other.

    Parameters stand in the order of `module.parameters()`. Dropout is no part of such a network: the gradient
    that was sent is then that of another one.

    >>> net = nn.Sequential(nn.Flatten(), nn.Linear(4, 3), nn.ReLU(), nn.Linear(3, 2))
    >>> [(layer.weight.shape, layer.activation) for layer in plain_layers_of_module(net)]
    [((3, 4), 'relu'), ((2, 3), 'identity')]
    >>> plain_layers_of_module(nn.Sequential(nn.Linear(4, 3), nn.Dropout(), nn.Linear(3, 2))) is None
    True
    """
    found: list[Layer] = []
    for part in _parts(module):
        # The exact types: a subclass can compute anything, and so can a module of the user's own.
        if type(part) in ACTIVATIONS:
            if not found or found[-1].activation != "identity":
                return None
            found[-1] = replace(found[-1], activation=ACTIVATIONS[type(part)])
        elif type(part) not in (nn.Flatten, nn.Identity):
            layer = _layer(part)
            if layer is None:
                return None
            found.append(layer)
    last = found[-1] if found else None
    if last is None or last.kind != "linear" or last.activation != "identity" or len(last.weight) < 2:
        return None
    parameters = sum(1 if one.bias is None else 2 for one in found)
    # Layers that share a parameter have fewer of them.
    return tuple(found) if parameters == len(list(module.parameters())) else None


def _layer(part: nn.Module) -> Layer | None:
    if type(part) is nn.Linear:
        return Layer(weight=_array(part.weight), bias=None if part.bias is None else _array(part.bias))
    if type(part) is not nn.Conv2d or part.groups != 1 or part.padding_mode != "zeros":
        return None
    stride, padding, dilation = set(part.stride), set(part.padding), set(part.dilation)
    if isinstance(part.padding, str) or len(stride) > 1 or len(padding) > 1 or dilation != {1}:
        return None
    return Layer(
        weight=_array(part.weight),
        bias=None if part.bias is None else _array(part.bias),
        kind="convolution",
        stride=part.stride[0],
        padding=int(part.padding[0]),
    )


def _array(parameter: Tensor) -> Array:
    return np.array(parameter.detach().cpu().numpy())


def _parts(module: nn.Module) -> list[nn.Module]:
    if type(module) is not nn.Sequential:
        return [module]
    return [one for part in module for one in _parts(part)]
