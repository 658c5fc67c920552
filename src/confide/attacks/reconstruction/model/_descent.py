"""The descent of the KKT attack: records and multipliers whose gradients add up to a network's weights."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from confide.attacks.reconstruction.model._stationarity import multipliers
from confide.core.arrays import Floats
from confide.knowledge.rebuilding import KnownRange
from confide.learners.torch.training import one_thread
from confide.models.hidden_layer import HiddenLayer

PRIOR = 10.0
"""The weight of numbers beyond the range, squared, in ranges."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Found:
    """Candidates, the surest first.

    Args:
        x: float64[m, d].
        sign: 1 or -1, float64[m].
        multipliers: float64[m].
        residual: |weights - what the candidates add up to| / |weights|.
    """

    x: Floats
    sign: Floats
    multipliers: Floats
    residual: float


def descended(
    net: HiddenLayer, start: Floats, known: KnownRange, *, steps: int, rate: float, sharpness: float
) -> Found:
    """Descend from these records, each tried with both labels.

    Args:
        net: the network.
        start: float64[m, d].
        known: the range of features.
        steps: of Adam, whose rate falls to nothing as a cosine.
        rate: its first rate, in ranges of a feature.
        sharpness: of the sigmoid in place of the derivative of the ReLU, whose own has no gradient; in units
            of what goes into a unit whose weights have length 1.
    """
    if not len(start):
        return Found(x=start, sign=np.empty(0), multipliers=np.empty(0), residual=1.0)
    x, sign = np.concatenate([start, start]), np.repeat([1.0, -1.0], len(start))
    slope = 1 / (1 + np.exp(-np.clip(sharpness * net.before(x) / _lengths(net), -50, 50)))
    first, _ = multipliers(net, x, slope, sign)
    kept = first > 1e-3 * first.max(initial=0.0)
    if not kept.any():
        return Found(x=x[:0], sign=sign[:0], multipliers=first[:0], residual=1.0)
    with one_thread():
        return _adam(net, x[kept], sign[kept], first[kept], known, steps, rate, sharpness)


def _adam(
    net: HiddenLayer,
    start: Floats,
    sign: Floats,
    first: Floats,
    known: KnownRange,
    steps: int,
    rate: float,
    sharpness: float,
) -> Found:
    scale, width = float(first.mean()), known.high - known.low
    parts = _Parts.of(net, sign, sharpness)
    x = _tensor(start).requires_grad_()
    pull = _tensor(first / scale).requires_grad_()
    optimiser = torch.optim.Adam([{"params": [x], "lr": rate * width}, {"params": [pull], "lr": rate}])
    full = [group["lr"] for group in optimiser.param_groups]
    left = torch.ones(())
    for step in range(steps):
        for group, lr in zip(optimiser.param_groups, full, strict=True):
            group["lr"] = lr * (1 + math.cos(math.pi * step / steps)) / 2
        left = parts.left(x, scale * pull)
        beyond = (torch.relu(known.low - x) + torch.relu(x - known.high)) / width
        optimiser.zero_grad()
        (left + PRIOR * beyond.square().mean()).backward()
        optimiser.step()
        with torch.no_grad():
            pull.clamp_(min=0)
    made, sure = x.detach().double().numpy(), scale * pull.detach().double().numpy()
    order = np.argsort(-sure, kind="stable")
    return Found(
        x=made[order],
        sign=sign[order],
        multipliers=sure[order],
        residual=math.sqrt(max(float(left.detach()), 0.0)),
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Parts:
    """The network as tensors, with the labels of the candidates."""

    incoming: Tensor
    outgoing: Tensor
    lengths: Tensor
    sign: Tensor
    square: float
    sharpness: float

    @classmethod
    def of(cls, net: HiddenLayer, sign: Floats, sharpness: float) -> _Parts:
        incoming, outgoing = _tensor(net.incoming), _tensor(net.outgoing)
        lengths, labels = _tensor(_lengths(net)), _tensor(sign)
        return cls(incoming, outgoing, lengths, labels, net.square, sharpness)

    def left(self, x: Tensor, pull: Tensor) -> Tensor:
        """The squared length of the weights less the candidates' gradients, over that of the weights."""
        rows = torch.cat([x, torch.ones(len(x), 1)], dim=1)
        before, each = rows @ self.incoming.T, (pull * self.sign)[:, None]
        slope = each * self.outgoing * torch.sigmoid(self.sharpness * before / self.lengths)
        inner = (self.incoming - slope.T @ rows).square().sum()
        outer = (self.outgoing - (each * torch.relu(before)).sum(dim=0)).square().sum()
        return (inner + outer) / self.square


def _lengths(net: HiddenLayer) -> Floats:
    return np.linalg.norm(net.incoming, axis=1) + 1e-12


def _tensor(values: Floats) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(values)).float()
