"""The losses that modules are trained by, of a batch or of each record."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeAlias

from torch import Tensor
from torch.nn import functional

from confide.core.access import Task

Loss: TypeAlias = Callable[[Tensor, Tensor], Tensor]
"""The mean loss of a batch: (outputs [b, C], y [b]) -> scalar, as `nn.CrossEntropyLoss()`."""


class LossOf(Protocol):
    """A loss of ours: the mean of a batch, or with "none" each record's."""

    def __call__(self, outputs: Tensor, y: Tensor, reduction: str = "mean", /) -> Tensor: ...


def default_loss(task: Task) -> LossOf:
    """Cross-entropy (binary where there is one logit), or the mean squared residual."""
    return cross_entropy if task == "classification" else squared_residual


def cross_entropy(outputs: Tensor, y: Tensor, reduction: str = "mean") -> Tensor:
    """Of logits [b, C], or of one binary logit [b, 1]."""
    if outputs.shape[1] == 1:
        return functional.binary_cross_entropy_with_logits(
            outputs[:, 0], y.to(outputs.dtype), reduction=reduction
        )
    return functional.cross_entropy(outputs, y, reduction=reduction)


def squared_residual(outputs: Tensor, y: Tensor, reduction: str = "mean") -> Tensor:
    """Of values [b, 1]."""
    return functional.mse_loss(outputs[:, 0], y.to(outputs.dtype), reduction=reduction)
