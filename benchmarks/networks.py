"""The networks of the white-box table: CIFAR variants of AlexNet, ResNet, DenseNet, and fully connected ones.

Own code from the papers: Krizhevsky, Sutskever, Hinton 2012; He, Zhang, Ren, Sun 2016; Huang, Liu, van der
Maaten, Weinberger 2017; the fully connected ones are those of Nasr, Shokri, Houmansadr 2019. The defaults are
the published sizes for pictures of 3 x 32 x 32; `width` and `depth` make small ones for a laptop.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

Activation = Literal["tanh", "relu"]


def alexnet(classes: int = 100, *, width: int = 64) -> nn.Sequential:
    """Five convolutions, three poolings, one linear layer: 2.5 million parameters at width 64."""
    a, b, c, d = width, 3 * width, 6 * width, 4 * width
    return nn.Sequential(
        *(nn.Conv2d(3, a, 11, stride=4, padding=5), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Conv2d(a, b, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Conv2d(b, c, 3, padding=1), nn.ReLU()),
        *(nn.Conv2d(c, d, 3, padding=1), nn.ReLU()),
        *(nn.Conv2d(d, d, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Flatten(), nn.Linear(d, classes)),
    )


def resnet(classes: int = 100, *, depth: int = 110, width: int = 16) -> nn.Sequential:
    """Three stages of (depth - 2) / 6 basic blocks, with 1, 2 and 4 times `width` channels."""
    blocks = _whole(depth - 2, 6, "ResNet", "20, 32, 56, 110")
    layers: list[nn.Module] = [_convolution(3, width, 3), nn.BatchNorm2d(width), nn.ReLU()]
    channels = width
    for stage in range(3):
        for i in range(blocks):
            layers.append(Residual(channels, width * 2**stage, stride=2 if stage and not i else 1))
            channels = width * 2**stage
    return nn.Sequential(*layers, *_head(channels, classes))


def densenet(classes: int = 100, *, depth: int = 100, growth: int = 12) -> nn.Sequential:
    """DenseNet-BC: three blocks of (depth - 4) / 6 bottleneck layers each, halved in between."""
    per_block = _whole(depth - 4, 6, "DenseNet-BC", "22, 40, 100")
    channels = 2 * growth
    layers: list[nn.Module] = [_convolution(3, channels, 3)]
    for block in range(3):
        for _ in range(per_block):
            layers.append(Dense(channels, growth))
            channels += growth
        if block < 2:
            half = channels // 2
            layers += [nn.BatchNorm2d(channels), nn.ReLU(), _convolution(channels, half, 1), nn.AvgPool2d(2)]
            channels = half
    return nn.Sequential(*layers, nn.BatchNorm2d(channels), nn.ReLU(), *_head(channels, classes))


def fully_connected(
    features: int, classes: int, *, width: int = 1024, layers: int = 4, activation: Activation = "tanh"
) -> nn.Sequential:
    """Hidden layers of width, half of it, ...: 1024-512-256-128 as published."""
    sizes = [features, *(width // 2**i for i in range(layers))]
    kind = nn.Tanh if activation == "tanh" else nn.ReLU
    hidden = [part for size, after in pairwise(sizes) for part in (nn.Linear(size, after), kind())]
    return nn.Sequential(*hidden, nn.Linear(sizes[-1], classes))


class Residual(nn.Module):
    """relu(x + two convolutions of x); where the shape changes, x is projected by a convolution of 1 x 1."""

    def __init__(self, channels: int, out: int, *, stride: int) -> None:
        super().__init__()
        self.first = nn.Sequential(_convolution(channels, out, 3, stride), nn.BatchNorm2d(out), nn.ReLU())
        self.second = nn.Sequential(_convolution(out, out, 3), nn.BatchNorm2d(out))
        same = stride == 1 and channels == out
        project = (_convolution(channels, out, 1, stride), nn.BatchNorm2d(out))
        self.across = nn.Identity() if same else nn.Sequential(*project)

    def forward(self, x: Tensor) -> Tensor:
        return functional.relu(self.second(self.first(x)) + self.across(x))


class Dense(nn.Module):
    """x, and beside it `growth` new channels made from all of x through a bottleneck."""

    def __init__(self, channels: int, growth: int) -> None:
        super().__init__()
        self.new = nn.Sequential(
            *(nn.BatchNorm2d(channels), nn.ReLU(), _convolution(channels, 4 * growth, 1)),
            *(nn.BatchNorm2d(4 * growth), nn.ReLU(), _convolution(4 * growth, growth, 3)),
        )

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([x, self.new(x)], dim=1)


def _convolution(channels: int, out: int, size: int, stride: int = 1) -> nn.Conv2d:
    return nn.Conv2d(channels, out, size, stride, padding=size // 2, bias=False)


def _head(channels: int, classes: int) -> tuple[nn.Module, ...]:
    return nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, classes)


def _whole(layers: int, parts: int, kind: str, depths: str) -> int:
    if layers < parts or layers % parts:
        raise ValueError(f"no {kind} has this depth: give one of {depths}, ...")
    return layers // parts
