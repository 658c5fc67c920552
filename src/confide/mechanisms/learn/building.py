"""Untrained PyTorch modules from a user's function build(features, classes)."""

from __future__ import annotations

from collections.abc import Callable
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
    return net
