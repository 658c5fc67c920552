"""Modules of PyTorch that are one hidden layer of ReLU units, as their weights in float64."""

from __future__ import annotations

import numpy as np
from torch import nn

from confide.models.hidden_layer import HiddenLayer
from confide.models.torch.linear_form import SHAPES


def hidden_layer_of_module(module: nn.Module) -> HiddenLayer | None:
    """The hidden layer of a sequence of linear, ReLU and linear, with one output; None for any other module.

    Biases may stand in the first layer alone: with one behind the hidden layer the network is not
    homogeneous. A hidden layer without biases has zeros.

    >>> nets = [nn.Sequential(nn.Linear(4, 3), nn.ReLU(), nn.Linear(3, 1, bias=b)) for b in (False, True)]
    >>> [hidden_layer_of_module(net) is None for net in nets]
    [False, True]
    """
    # The exact types: a subclass can compute anything, and so can a module of the user's own.
    parts = [part for part in _parts(module) if type(part) not in SHAPES]
    if [type(part) for part in parts] != [nn.Linear, nn.ReLU, nn.Linear]:
        return None
    first, _, last = parts
    assert isinstance(first, nn.Linear) and isinstance(last, nn.Linear)
    if last.bias is not None or last.out_features != 1:
        return None
    weight = first.weight.detach().double().cpu().numpy()
    bias = np.zeros(len(weight)) if first.bias is None else first.bias.detach().double().cpu().numpy()
    outgoing = last.weight.detach().double().cpu().numpy()[0]
    return HiddenLayer(incoming=np.column_stack([weight, bias]), outgoing=outgoing)


def _parts(module: nn.Module) -> list[nn.Module]:
    if type(module) is not nn.Sequential:
        return [module]
    return [one for part in module for one in _parts(part)]
