"""Linear modules of PyTorch as their weights, in float64."""

from __future__ import annotations

import math

import numpy as np
from torch import nn

from confide.core.access import Task
from confide.core.arrays import Batch, Floats
from confide.core.errors import DataError
from confide.models.chain import Chain, Loss
from confide.models.linear_form import LinearForm

SHAPES = (nn.Flatten, nn.Identity, nn.Dropout)
"""Layers that leave the numbers as they are when the model is asked."""


def linear_form_of_module(module: nn.Module, *, task: Task) -> LinearForm | None:
    """The form of a module that is one linear layer, alone or in a sequence; None for any other.

    Torch's weight decay pulls the intercepts as it pulls the weights. The loss is cross-entropy, or the
    squared residual.

    >>> nets = nn.Sequential(nn.Flatten(), nn.Linear(4, 3)), nn.Sequential(nn.Linear(4, 3), nn.ReLU())
    >>> [linear_form_of_module(net, task="classification") is None for net in nets]
    [False, True]
    """
    layer = _only_linear(module)
    if layer is None:
        return None
    weight = layer.weight.detach().double().cpu().numpy()
    bias = None if layer.bias is None else layer.bias.detach().double().cpu().numpy()
    loss: Loss = "squared" if task == "regression" else "softmax" if len(weight) > 1 else "logistic"
    chain = Chain(
        weights=(weight,),
        biases=(bias,),
        shrunk=(weight,),
        shrunk_biases=(np.empty(0) if bias is None else bias,),
        loss=loss,
        scale=np.ones(max(2, len(weight))),
    )
    return LinearForm(chain=chain, features=_flat, own_numbers=np.asarray)


def _only_linear(module: nn.Module) -> nn.Linear | None:
    """The one linear layer of a module that is nothing else."""
    # The exact types: a subclass can compute anything, and so can a module of the user's own.
    if type(module) is nn.Linear:
        return module
    if type(module) is not nn.Sequential:
        return None
    found = [_only_linear(part) for part in module if type(part) not in SHAPES]
    return found[0] if len(found) == 1 else None


def _flat(x: Batch) -> Floats:
    if not isinstance(x, np.ndarray):
        raise DataError("a torch module takes numbers: give an array, and no table with names.")
    return x.reshape(len(x), math.prod(x.shape[1:])).astype(np.float64)
