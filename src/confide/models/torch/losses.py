"""Training losses of modules, for a batch or for each record."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeAlias

from torch import Tensor
from torch.nn import functional

from confide.core.access import Task

Loss: TypeAlias = Callable[[Tensor, Tensor], Tensor]
"""The mean loss of a batch: (outputs [b, C], y [b]) -> scalar, like `nn.CrossEntropyLoss()`."""


class LossOf(Protocol):
    """A loss of this module: the mean of a batch, or the loss of each record with "none"."""

    def __call__(self, outputs: Tensor, y: Tensor, reduction: str = "mean", /) -> Tensor: ...


def default_loss(task: Task) -> LossOf:
    """The default loss of a task: cross-entropy (binary for one logit), or the mean squared residual."""
    return cross_entropy if task == "classification" else squared_residual


def cross_entropy(outputs: Tensor, y: Tensor, reduction: str = "mean") -> Tensor:
    """The cross-entropy of logits [b, C], or of a binary logit [b, 1]; y may be shares of classes [b, C]."""
    if outputs.shape[1] == 1:
        second = y[:, 1] if y.ndim == 2 else y
        return functional.binary_cross_entropy_with_logits(
            outputs[:, 0], second.to(outputs.dtype), reduction=reduction
        )
    return functional.cross_entropy(outputs, y, reduction=reduction)


def squared_residual(outputs: Tensor, y: Tensor, reduction: str = "mean") -> Tensor:
    """The mean squared residual of values [b, 1]."""
    return functional.mse_loss(outputs[:, 0], y.to(outputs.dtype), reduction=reduction)
