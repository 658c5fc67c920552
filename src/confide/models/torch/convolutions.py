"""Per-record gradients of convolutions in 1, 2 or 3 dimensions, by patches or grouped convolutions."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from torch import Tensor, nn
from torch.nn import functional
from torch.nn.grad import conv1d_weight, conv2d_weight, conv3d_weight

Convolution: TypeAlias = nn.Conv1d | nn.Conv2d | nn.Conv3d


def gradients_in_weights(part: Convolution, given: Tensor, slope: Tensor) -> Tensor:
    """Each record's gradient in the weights, computed by one convolution with the records as groups."""
    seen, b = _padded(part, given), len(given)
    ways: dict[int, Callable[..., Tensor]] = {3: conv1d_weight, 4: conv2d_weight, 5: conv3d_weight}
    every = ways[given.ndim](
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
    # Padding by hand covers "same" and other modes, so the rest can assume a convolution without any.
    return functional.pad(given, part._reversed_padding_repeated_twice, mode=mode)


def patches_of(part: Convolution) -> Callable[[Tensor, Tensor], tuple[Tensor, Tensor]]:
    """A convolution as a product: a function from its input and slope to [b, G, T, i] and [b, G, T, o]."""

    def spread(given: Tensor, slope: Tensor) -> tuple[Tensor, Tensor]:
        seen = _padded(part, given)
        windows = _volumes(seen, part) if seen.ndim == 5 else _planes(seen, part)
        b, groups = len(given), part.groups
        patches = windows.reshape(b, groups, -1, windows.shape[-1]).transpose(2, 3)
        return patches, slope.reshape(b, groups, -1, windows.shape[-1]).transpose(2, 3)

    return spread


def _planes(seen: Tensor, part: Convolution) -> Tensor:
    """The windows [b, C k, T] of inputs with one or two dimensions."""
    if seen.ndim == 4:
        return functional.unfold(seen, part.kernel_size, dilation=part.dilation, stride=part.stride)
    # `unfold` works on images only: a line is an image of height 1.
    (k,), (gap,), (step,) = part.kernel_size, part.dilation, part.stride
    return functional.unfold(seen[:, :, None], (1, k), dilation=(1, gap), stride=(1, step))


def _volumes(seen: Tensor, part: Convolution) -> Tensor:
    """The windows [b, C k, T] of inputs with three dimensions."""
    each = zip(part.kernel_size, part.dilation, part.stride, strict=True)
    for axis, (k, gap, step) in enumerate(each, start=2):
        seen = seen.unfold(axis, gap * (k - 1) + 1, step)[..., ::gap]
    return seen.permute(0, 1, 5, 6, 7, 2, 3, 4).flatten(5).flatten(1, 4)
