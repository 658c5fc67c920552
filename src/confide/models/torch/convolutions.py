"""Convolutions in 1, 2 or 3 dimensions, for `torch_layers`: patches, and all records' gradients at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from torch import Tensor, nn
from torch.nn import functional
from torch.nn.grad import conv1d_weight, conv2d_weight, conv3d_weight

Convolution: TypeAlias = nn.Conv1d | nn.Conv2d | nn.Conv3d


def gradients_in_weights(part: Convolution, given: Tensor, slope: Tensor) -> Tensor:
    """Each record's gradient in the weights: the records as groups of one convolution."""
    seen, b = _padded(part, given), len(given)
    ways: dict[int, Any] = {3: conv1d_weight, 4: conv2d_weight, 5: conv3d_weight}
    every: Tensor = ways[given.ndim](
        seen.reshape(1, -1, *seen.shape[2:]),
        (b * part.out_channels, *part.weight.shape[1:]),
        slope.reshape(1, -1, *slope.shape[2:]),
        stride=part.stride,
        dilation=part.dilation,
        groups=b * part.groups,
    )
    return every.view(b, -1)


def _padded(part: Convolution, given: Tensor) -> Tensor:
    mode = "constant" if part.padding_mode == "zeros" else part.padding_mode
    return functional.pad(given, part._reversed_padding_repeated_twice, mode=mode)


def patches_of(part: Convolution) -> Callable[[Tensor, Tensor], tuple[Tensor, Tensor]]:
    """A convolution as a product: from what it is given and its slope to [b, G, T, i] and [b, G, T, o]."""

    def spread(given: Tensor, slope: Tensor) -> tuple[Tensor, Tensor]:
        seen = _padded(part, given)
        windows = _volumes(seen, part) if seen.ndim == 5 else _planes(seen, part)
        b, groups = len(given), part.groups
        patches = windows.reshape(b, groups, -1, windows.shape[-1]).transpose(2, 3)
        return patches, slope.reshape(b, groups, -1, windows.shape[-1]).transpose(2, 3)

    return spread


def _planes(seen: Tensor, part: Convolution) -> Tensor:
    """The windows [b, C k, T] of pictures or lines."""
    if seen.ndim == 4:
        return functional.unfold(seen, part.kernel_size, dilation=part.dilation, stride=part.stride)
    (k,), (gap,), (step,) = part.kernel_size, part.dilation, part.stride
    return functional.unfold(seen[:, :, None], (1, k), dilation=(1, gap), stride=(1, step))


def _volumes(seen: Tensor, part: Convolution) -> Tensor:
    """The same of volumes."""
    each = zip(part.kernel_size, part.dilation, part.stride, strict=True)
    for axis, (k, gap, step) in enumerate(each, start=2):
        seen = seen.unfold(axis, gap * (k - 1) + 1, step)[..., ::gap]
    return seen.permute(0, 1, 5, 6, 7, 2, 3, 4).flatten(5).flatten(1, 4)
