"""Stacked training of convolutional chains: the channels of all models side by side in grouped convolutions.

K models of C channels are one model of K C channels whose convolutions have K times as many groups.
Pooling, activations and the statistics of a batch treat each channel by itself in any case.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import prod

import torch
from torch import Tensor, nn
from torch.nn import functional

BY_CHANNEL = (nn.MaxPool2d, nn.AvgPool2d, nn.AdaptiveMaxPool2d, nn.AdaptiveAvgPool2d)
SPATIAL = (nn.Conv2d, nn.BatchNorm2d, *BY_CHANNEL)
# Up to this number of outputs of one model's largest layer, a grouped call is faster than a call per model.
SMALL = 2**17


def supported(layer: nn.Module) -> bool:
    """Whether this layer can treat the channels of all models at once."""
    if type(layer) is nn.Conv2d:
        return layer.padding_mode == "zeros"
    if type(layer) is nn.BatchNorm2d:
        return layer.momentum is not None
    return type(layer) in BY_CHANNEL and not getattr(layer, "return_indices", False)


def on_pictures(chain: Sequence[nn.Module]) -> int | None:
    """The number of layers that work on images: those before the chain's `nn.Flatten`; 0 if there are none.

    It is None if the chain mixes them with layers that work on rows.
    """
    spatial = [i for i, layer in enumerate(chain) if isinstance(layer, SPATIAL)]
    if not spatial:
        return 0
    flat = next((i for i, layer in enumerate(chain) if isinstance(layer, nn.Flatten)), -1)
    rows = any(isinstance(layer, nn.Linear | nn.LayerNorm) for layer in chain[:flat])
    return None if rows or spatial[-1] > flat else flat


def pays(chain: Sequence[nn.Module], batch_size: int, device: str) -> bool:
    """Whether grouped convolutions of these layers are faster than separate ones.

    An accelerator is mostly idle with one small model. A CPU is not: its grouped convolutions are slower than
    the same number of plain ones, and faster only if the call of a layer costs more than its computation
    (measured by `benchmarks/conv_pool_speed.py`). The sizes of the layers are derived backwards from the
    first linear layer. If this is not possible (global pooling), models are trained one by one.
    """
    return device != "cpu" or 0 < _largest(chain) * batch_size <= SMALL


def depends_on_batch(module: nn.Module) -> bool:
    """Whether the effect of one record on the module depends on the rest of its batch."""
    return any(isinstance(part, nn.BatchNorm2d) for part in module.modules())


class Front:
    """The stacked image layers of several equal chains; `end` gives each model its running statistics.

    Args:
        chains: the layers of each of the K models.
    """

    def __init__(self, chains: Sequence[Sequence[nn.Module]]) -> None:
        self.layers = chains[0][: on_pictures(chains[0])]
        self._models = len(chains)
        norms = ([layer for layer in chain if isinstance(layer, nn.BatchNorm2d)] for chain in chains)
        self._norms = list(zip(*norms, strict=True))
        self._running = [_joined(same) for same in self._norms]
        self._steps = 0

    def of_batch(self, x: Tensor, batch: Tensor, kind: torch.dtype) -> Tensor:
        """The images of the rows `batch` [K, b] of x, as [b, K C, H, W]."""
        pictures = x.index_select(0, batch.t().flatten()).to(kind).view(batch.shape[1], -1, *x.shape[2:])
        return pictures.contiguous(memory_format=torch.channels_last)

    def __call__(self, x: Tensor, weights: Iterator[Tensor], bfloat16: bool) -> Tensor:
        """Compute rows [K, b, F] from images [b, K C, H, W] with the first of the weights."""
        running = iter(self._running)
        self._steps += 1
        for layer in self.layers:
            if isinstance(layer, nn.Conv2d):
                x = _convolved(layer, x, weights, self._models, bfloat16)
            elif isinstance(layer, nn.BatchNorm2d):
                weight, bias = (next(weights).flatten() if layer.affine else None for _ in range(2))
                rate = layer.momentum or 0.0
                x = functional.batch_norm(x, *next(running), weight, bias, True, rate, layer.eps)
            else:
                x = layer(x)
        return x.unflatten(1, (self._models, -1)).flatten(2).transpose(0, 1)

    def end(self) -> None:
        """Copy the running statistics to the models."""
        for same, (mean, variance) in zip(self._norms, self._running, strict=True):
            for k, norm in enumerate(same):
                if mean is not None and variance is not None and norm.num_batches_tracked is not None:
                    norm.running_mean = mean.chunk(self._models)[k].clone()
                    norm.running_var = variance.chunk(self._models)[k].clone()
                    norm.num_batches_tracked += self._steps


def _convolved(layer: nn.Conv2d, x: Tensor, weights: Iterator[Tensor], models: int, bfloat16: bool) -> Tensor:
    weight = next(weights).flatten(0, 1)
    bias = None if layer.bias is None else next(weights).flatten()
    if bfloat16:
        x, weight, bias = x.bfloat16(), weight.bfloat16(), None if bias is None else bias.bfloat16()
    groups = models * layer.groups
    return functional.conv2d(x, weight, bias, layer.stride, layer.padding, layer.dilation, groups)


def _joined(same: Sequence[nn.BatchNorm2d]) -> tuple[Tensor | None, Tensor | None]:
    """The running means and variances of one layer of all models, side by side: [K C] each."""
    means = [m.running_mean for m in same if m.running_mean is not None]
    variances = [m.running_var for m in same if m.running_var is not None]
    return (torch.cat(means), torch.cat(variances)) if means else (None, None)


def _largest(chain: Sequence[nn.Module]) -> int:
    """The number of outputs of the largest convolution for one image; 0 if it cannot be derived."""
    front = chain[: on_pictures(chain)]
    head = next((layer for layer in chain[len(front) :] if isinstance(layer, nn.Linear)), None)
    convolutions = [layer for layer in front if isinstance(layer, nn.Conv2d)]
    if head is None or not convolutions or any(hasattr(layer, "output_size") for layer in front):
        return 0
    area, largest = head.in_features // convolutions[-1].out_channels, 0
    for layer in reversed(front):
        largest = max(largest, area * layer.out_channels) if isinstance(layer, nn.Conv2d) else largest
        stride = getattr(layer, "stride", 1)
        area *= stride**2 if isinstance(stride, int) else prod(stride)
    return largest
