"""Linear steps of a trained network as matrices: convolutions, mean pooling, batch norms, by unit vectors."""

from __future__ import annotations

import copy
import math
from importlib import import_module
from typing import Any

import numpy as np

from confide.core.arrays import Floats
from confide.core.errors import ModelError

LINEAR_STEPS = (
    *("Conv1d", "Conv2d", "AvgPool1d", "AvgPool2d", "AdaptiveAvgPool1d", "AdaptiveAvgPool2d"),
    *("BatchNorm1d", "BatchNorm2d"),
)
LARGEST_MATRIX = 2**26  # half a gigabyte; no encrypted computation of that size ends in time


def matrix_of(step: Any, shape: tuple[int, ...]) -> tuple[Floats, Floats, tuple[int, ...]]:
    """Write a step of torch on inputs of a shape as weights float[outputs, inputs] and offset float[outputs].

    The third value is the shape of its outputs. A linear map is known by what it makes of the unit vectors.

    Raises:
        ModelError: if the step does not take the shape, pads with anything but zeros, takes its mean from
            the batch, or is too large.
    """
    torch = import_module("torch")
    name, inputs = type(step).__name__, math.prod(shape)
    if getattr(step, "padding_mode", "zeros") != "zeros":
        raise ModelError(f"{name} pads with {step.padding_mode}: pad with zeros.")
    if name.startswith("BatchNorm") and step.running_mean is None:
        raise ModelError(f"{name} keeps no mean of the training: train it with track_running_stats=True.")
    # In single precision the offset would round the weights.
    double = copy.deepcopy(step).double().cpu().eval()
    with torch.no_grad():
        try:
            nothing = double(torch.zeros(1, *shape, dtype=torch.float64))
        except (RuntimeError, ValueError) as error:
            raise ModelError(f"{name} does not take inputs of shape {shape}: say the right one.") from error
        if inputs * nothing.numel() > LARGEST_MATRIX:
            raise ModelError(f"{name} on {shape} is a matrix of {nothing.numel()} x {inputs}: too large.")
        found = double(torch.eye(inputs, dtype=torch.float64).reshape(inputs, *shape)) - nothing
    weights = np.ascontiguousarray(found.reshape(inputs, -1).numpy().T)
    return weights, nothing.reshape(-1).numpy().copy(), tuple(nothing.shape[1:])
