"""Untrained PyTorch modules from a user's function build(features, classes)."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from typing import TYPE_CHECKING, Any, TypeAlias

from confide.core.errors import ModelError

if TYPE_CHECKING:
    from torch import nn

Build: TypeAlias = Callable[[int, int], Any]
"""build(features, classes) -> an untrained PyTorch module."""


def built(build: Build, *, features: int, classes: int, name: str = "the function") -> nn.Module:
    """Call the user's function, and say what is wrong with it or with what it gives.

    Raises:
        ModelError: if it cannot be called so, or gives no module.
    """
    from torch import nn  # late, because it takes seconds

    try:
        net = build(features, classes)
    except Exception as error:
        raise ModelError(
            f"{name} cannot be called as build(features, classes): it gives {type(error).__name__}."
        ) from error
    if not isinstance(net, nn.Module):
        raise ModelError(f"{name} gives a {type(net).__name__}: let it return a PyTorch module.")
    _check_outputs(net, features=features, classes=classes, name=name)
    return net


def _check_outputs(net: nn.Module, *, features: int, classes: int, name: str) -> None:
    """Refuse a module that has not one output for each class; what it cannot take, training will say."""
    import torch

    parameter = next(net.parameters(), None)
    try:
        with torch.no_grad():
            # A copy is asked: the module stays as it was built, also if it keeps what it sees.
            out = deepcopy(net).eval()(
                torch.zeros(2, features, dtype=None if parameter is None else parameter.dtype)
            )
    except (RuntimeError, TypeError, ValueError, IndexError):
        return
    if isinstance(out, torch.Tensor) and tuple(out.shape) != (2, classes):
        raise ModelError(
            f"{name} gives a module whose outputs for two records have the shape {tuple(out.shape)}: let it "
            f"return {classes} outputs for each record, one for each class."
        )
