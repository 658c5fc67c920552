"""The gradient of one batch as it is: what plain federated SGD sends (McMahan et al. 2017). No promise."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from confide.core.arrays import Rng
from confide.core.errors import DataError
from confide.core.nouns import Release
from confide.views.records import Records
from confide.views.shared_gradient import Layer, SharedGradient


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchGradient:
    """Shares the gradient of a batch, or the change of one step on it; the server sees it in the clear.

    This is a party of FedSGD without any protection, to be attacked: there is no promise.

    Args:
        network: the layers before the step, or what draws them from `rng`.
        rate: share the change of one step at this learning rate; None shares the gradient.
        precision: the number type of all computing, and of what is sent.

    Raises:
        DataError: if there is no record, or records are no numbers.
    """

    network: tuple[Layer, ...] | Callable[[Rng], tuple[Layer, ...]]
    rate: float | None = None
    precision: Literal["float32", "float64"] = "float64"

    @property
    def budget(self) -> None:
        """No promise."""
        return

    def __call__(self, data: Records, *, rng: Rng) -> Release[SharedGradient]:
        import torch

        from confide.models.torch.plain_network import gradient_of_batch

        if not len(data) or not isinstance(data.x, np.ndarray):
            raise DataError("a gradient needs at least one record of numbers: give arrays.")
        kind = getattr(torch, self.precision)
        before = self.network if isinstance(self.network, tuple) else self.network(rng)
        layers = tuple(_rounded(one, self.precision) for one in before)
        shared = gradient_of_batch(layers, data.x, data.y, kind=kind)
        if self.rate is not None:
            # The product stays in the precision that is sent.
            step = np.dtype(self.precision).type(-self.rate)
            shared = tuple((step * weight, None if bias is None else step * bias) for weight, bias in shared)
        view = SharedGradient(layers=layers, shared=shared, records=len(data), rate=self.rate)
        return Release(view, None, "BatchGradient")


def _rounded(layer: Layer, precision: str) -> Layer:
    bias = None if layer.bias is None else layer.bias.astype(precision)
    return Layer(
        weight=layer.weight.astype(precision),
        bias=bias,
        kind=layer.kind,
        activation=layer.activation,
        stride=layer.stride,
        padding=layer.padding,
    )
