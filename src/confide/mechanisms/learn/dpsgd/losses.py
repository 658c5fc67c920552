"""The losses of rows: one number for each, so that each row has a gradient of its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeAlias

from torch import Tensor

from confide.core.errors import ModelError

Losses: TypeAlias = Callable[[Any, Tensor], Tensor]
"""The loss of each row: (the module's outputs, labels [b]) -> [b]."""


def row_losses(losses: Losses, out: Any, y: Tensor) -> Tensor:
    """The losses of rows, checked for their shape.

    Raises:
        ModelError: if there is not one for each row.
    """
    found = losses(out, y)
    if not isinstance(found, Tensor) or found.ndim != 1 or found.shape[0] != y.shape[0]:
        shape = tuple(found.shape) if isinstance(found, Tensor) else type(found).__name__
        raise ModelError(
            f"the loss of {y.shape[0]} rows has shape {shape}: return one loss for each row, shape "
            f"({y.shape[0]},), such as nn.CrossEntropyLoss(reduction='none') does."
        )
    return found


def default_losses(loss: Callable[..., Tensor]) -> Losses:
    """The losses of rows by a loss of this house, which takes "none" for its reduction."""
    return partial(_of_rows, loss)


def _of_rows(loss: Callable[..., Tensor], out: Tensor, y: Tensor) -> Tensor:
    return loss(out.unsqueeze(1) if out.ndim == 1 else out, y, "none")


@dataclass(frozen=True, slots=True)
class MeanLoss:
    """The mean loss of a batch, made of the losses of its rows."""

    losses: Losses

    def __call__(self, outputs: Tensor, y: Tensor) -> Tensor:
        return row_losses(self.losses, outputs, y).mean()
