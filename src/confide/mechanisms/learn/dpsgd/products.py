"""Norms and weighted sums of gradients that are sums over positions, by units of one or more rows.

A layer that multiplies by its weights has for a row the gradient sum_t d_t a_t^T (input a, slope d: the
derivative of the row's loss in the output, at each position t). A *unit* is what is clipped: a row, or all
rows of a person or all views of a picture, whose gradients are added up. The rows of a unit are more
positions, so that one formula serves both.

- *pairs* ("ghost norms", Goodfellow 2015; Li et al. 2022): |g|^2 = sum over t, s of (a_t . a_s)(d_t . d_s).
  Nothing of the size of the weights is made.
- *made*: the gradient of each unit is made, and its norm taken.

The weighted sum sum_i c_i g_i needs no gradient of a unit: it is one product of all inputs with the slopes
times c ("book-keeping", Bu et al. 2023).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.grad import conv1d_weight, conv2d_weight, conv3d_weight

from confide.models.torch.convolutions import Convolution
from confide.models.torch.layers import Products


@dataclass(frozen=True, slots=True)
class Units:
    """Which unit each row belongs to.

    Args:
        owner: int64[rows], the unit's number; None if each row is a unit of its own.
        count: the number of units.
    """

    owner: Tensor | None
    count: int

    def added(self, of_rows: Tensor) -> Tensor:
        """Sums over the rows of each unit, [units, ...]."""
        if self.owner is None:
            return of_rows
        return of_rows.new_zeros(self.count, *of_rows.shape[1:]).index_add_(0, self.owner, of_rows)

    def stacked(self, of_rows: Tensor) -> Tensor:
        """The rows of each unit side by side, [units, most rows of a unit, ...]; zeros where it has fewer."""
        if self.owner is None:
            return of_rows[:, None]
        many = torch.bincount(self.owner, minlength=self.count)
        order = torch.argsort(self.owner, stable=True)
        first = many.cumsum(0) - many
        place = torch.empty_like(self.owner)
        place[order] = torch.arange(len(order), device=order.device) - first[self.owner[order]]
        most = int(many.max()) if len(order) else 1
        room = of_rows.new_zeros(self.count, most, *of_rows.shape[1:])
        room[self.owner, place] = of_rows
        return room


def paired_squares(factors: Products, units: Units) -> Tensor:
    """The squared norms by pairs of positions, float64[units]."""
    given, slope = _side_by_side(factors, units)
    if slope.shape[2] == 1 and not factors.vocabulary:
        norm = torch.linalg.vector_norm
        left = norm(given, dim=3, dtype=torch.float64).square() * factors.weight + float(factors.bias)
        return (left * norm(slope, dim=3, dtype=torch.float64).square()).sum((1, 2))
    slope = slope.double()  # the sum over pairs may cancel
    if factors.vocabulary:
        inner = (given[:, None, :, None] == given[:, None, None, :]).double()
    elif factors.weight:
        wide = given.double()
        inner = wide @ wide.mT + float(factors.bias)
    else:
        return slope.sum(2).square().sum((1, 2))
    return (inner * (slope @ slope.mT)).sum((1, 2, 3))


def made_gradients(factors: Products, units: Units, *, by_patches: bool = False) -> Tensor:
    """The gradient of each unit, [units, p], in the order weights, biases.

    Args:
        factors: inputs and slopes of the rows.
        units: whose gradients are added up.
        by_patches: multiply the patches of a convolution, instead of convolving by groups.
    """
    as_product = by_patches or (units.owner is not None and factors.weigh is None)
    if as_product and not factors.vocabulary and factors.weight:
        given, slope = _side_by_side(factors, units)
        made = [(slope.mT @ given).flatten(1)]
        return torch.cat([*made, *([slope.sum(2).flatten(1)] if factors.bias else [])], dim=1)
    return units.added(factors.gradients())


def weighted_sum(factors: Products, part: nn.Module, scale: Tensor) -> Tensor:
    """The sum of the rows' gradients, each times its factor, [p]: one product for all rows.

    Args:
        factors: inputs and slopes of the rows.
        part: the layer.
        scale: [rows].
    """
    slope = factors.slope * scale.view(-1, *[1] * (factors.slope.ndim - 1))
    parts: list[Tensor] = []
    if factors.weight:
        parts.append(_in_weights(factors, part, slope).flatten())
    if factors.bias:
        axis = 1 if factors.weigh is not None else slope.ndim - 1
        parts.append(slope.sum([k for k in range(slope.ndim) if k != axis]))
    return parts[0] if len(parts) == 1 else torch.cat(parts)


def _in_weights(factors: Products, part: nn.Module, slope: Tensor) -> Tensor:
    if factors.vocabulary:
        codes, rows = factors.spread(factors.given, slope)
        width = slope.shape[-1]
        return slope.new_zeros(factors.vocabulary, width).index_add_(
            0, codes.flatten(), rows.reshape(-1, width)
        )
    if factors.weigh is None:
        return slope.reshape(-1, slope.shape[-1]).T @ factors.given.reshape(-1, factors.given.shape[-1])
    assert isinstance(part, Convolution)
    if part.padding_mode == "zeros" and not isinstance(part.padding, str):
        ways: dict[int, Callable[..., Tensor]] = {3: conv1d_weight, 4: conv2d_weight, 5: conv3d_weight}
        way, shape = ways[factors.given.ndim], part.weight.shape
        return way(factors.given, shape, slope, part.stride, part.padding, part.dilation, part.groups)
    given, wide = factors.spread(factors.given, slope)
    return torch.einsum("bgto,bgti->goi", wide, given)


def _side_by_side(factors: Products, units: Units) -> tuple[Tensor, Tensor]:
    """Inputs [units, G, T, i] (codes [units, T]) and slopes [units, G, T, o], rows being positions too."""
    given, slope = factors.spread(factors.given, factors.slope)
    if units.owner is None:
        return given, slope
    slope = units.stacked(slope).transpose(1, 2).flatten(2, 3)
    given = units.stacked(given)
    return given.flatten(1, 2) if factors.vocabulary else given.transpose(1, 2).flatten(2, 3), slope
