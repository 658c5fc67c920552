"""Per-record gradients of layers, computed from their inputs and the slopes of their outputs.

A layer that multiplies by its weights, a_t -> W a_t + b at each position t of a record, has the gradient
sum_t d_t a_t^T (Goodfellow 2015, "Efficient per-example gradient computations"). The slope d_t is the
derivative of the record's loss in the output at t. Norms and inner products need only a_t . a_s and
d_t . d_s. With one position |g|^2 = |d|^2 |a|^2. A convolution is such a layer whose a_t are patches
(Rochette et al. 2019), and an embedding one whose a_t are unit vectors. If the gradient itself is smaller
than its factors, it is made.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Protocol

import torch
from torch import Tensor, nn
from torch.nn import functional

from confide.models.torch.convolutions import Convolution, gradients_in_weights, patches_of


class Factors(Protocol):
    """The gradients of b records in one layer with p parameters, in the form that is smallest."""

    @property
    def size(self) -> int:
        """p, the number of parameters."""
        ...

    def gradients(self) -> Tensor:
        """The gradients [b, p], in the number type of the module."""
        ...

    def squares(self) -> Tensor:
        """The squared norms, float64[b]."""
        ...

    def along(self, direction: Tensor) -> Tensor:
        """The inner products with a direction float64[p]: float64[b]."""
        ...

    @property
    def work(self) -> int:
        """The bytes that the methods above take for each record."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """Gradients [b, p] that are small, or that only `vmap(grad)` can make."""

    made: Tensor

    @property
    def size(self) -> int:
        return self.made.shape[1]

    @property
    def work(self) -> int:
        return 3 * self.size * self.made.element_size()

    def gradients(self) -> Tensor:
        return self.made

    def squares(self) -> Tensor:
        return torch.linalg.vector_norm(self.made, dim=1, dtype=torch.float64).square()

    def along(self, direction: Tensor) -> Tensor:
        return self.made.double() @ direction


@dataclass(frozen=True, slots=True, kw_only=True)
class Products:
    """Gradients that are sums over T positions of d_t a_t^T, in each of G groups of channels.

    Args:
        given, slope: the input [b, ...] and the derivative in the output [b, ...], shaped as in the module.
        spread: converts the two to [b, G, T, i] and [b, G, T, o]. Instead of the first it may give codes
            [b, T], which stand for unit vectors of length `vocabulary`.
        shape: G, T, i and o.
        weight, bias: which of the two is trained.
        vocabulary: the number of codes; 0 if the input is not codes.
        weigh: a faster function from the two to the gradients in the weights.
    """

    given: Tensor
    slope: Tensor
    spread: Callable[[Tensor, Tensor], tuple[Tensor, Tensor]]
    shape: tuple[int, int, int, int]
    weight: bool
    bias: bool
    vocabulary: int = 0
    weigh: Callable[[Tensor, Tensor], Tensor] | None = None

    @property
    def size(self) -> int:
        groups, _, inputs, outputs = self.shape
        return groups * outputs * ((self.vocabulary or inputs) * self.weight + self.bias)

    @property
    def pair_cost(self) -> int:
        """The multiplications for the inner product of two records' gradients without making them."""
        groups, positions, inputs, outputs = self.shape
        return groups * positions**2 * (inputs + outputs)

    @property
    def kept(self) -> int:
        """The bytes of input and slope for each record."""
        return sum(t[:1].numel() * t.element_size() for t in (self.given, self.slope))

    @property
    def work(self) -> int:
        groups, positions, inputs, outputs = self.shape
        spread = 8 * groups * positions * (inputs + outputs)  # both factors in float64
        if positions == 1:
            return spread
        return spread + (16 * groups * positions**2 if self._by_pairs else 8 * self.size)

    @property
    def _by_pairs(self) -> bool:
        positions = self.shape[1]
        # Pairs of positions against making the gradient; the factor 2 is for float64.
        return positions == 1 or 2 * self.pair_cost < positions * self.size

    def gradients(self) -> Tensor:
        """The gradients, summed over positions in the module's number type as in its own backward pass."""
        if self.weigh is not None:
            made = [self.weigh(self.given, self.slope).flatten(1)] if self.weight else []
            return torch.cat([*made, *([self.slope.flatten(2).sum(2)] if self.bias else [])], dim=1)
        given, slope = self.spread(self.given, self.slope)
        parts: list[Tensor] = []
        if self.weight and self.vocabulary:
            # A product with unit vectors adds each slope to the row of its code.
            made = slope.new_zeros(len(slope), self.vocabulary, slope.shape[-1])
            place = given[..., None].expand(-1, -1, slope.shape[-1])
            parts.append(made.scatter_add_(1, place, slope[:, 0]).flatten(1))
        elif self.weight:
            parts.append((slope.transpose(2, 3) @ given).flatten(1))
        if self.bias:
            parts.append(slope.sum(2).flatten(1))
        return parts[0] if len(parts) == 1 else torch.cat(parts, dim=1)

    def squares(self) -> Tensor:
        if not self._by_pairs:
            return Made(made=self.gradients()).squares()
        given, slope = self.spread(self.given, self.slope)
        if self.shape[1] == 1 and not self.vocabulary:
            norm = torch.linalg.vector_norm
            left = norm(given, dim=3, dtype=torch.float64).square() * self.weight + float(self.bias)
            return (left * norm(slope, dim=3, dtype=torch.float64).square()).sum((1, 2))
        slope = slope.double()
        return (self._inner(given, given) * (slope @ slope.mT)).sum((1, 2, 3))

    def _inner(self, one: Tensor, other: Tensor) -> Tensor:
        """The products of the inputs at any two positions, plus 1 for a bias: [..., T, T]."""
        if self.vocabulary:
            return (one[:, None, :, None] == other[:, None, None, :]).double()
        if not self.weight:
            return torch.ones((), dtype=torch.float64, device=one.device)
        return one.double() @ other.double().mT + float(self.bias)

    def along(self, direction: Tensor) -> Tensor:
        given, slope = self.spread(self.given, self.slope)
        groups, _, inputs, outputs = self.shape
        # The direction holds the weights first and the biases from `end` on.
        slope, end = slope.double(), self.size - groups * outputs * self.bias
        found = torch.zeros(len(slope), dtype=torch.float64, device=slope.device)
        if self.weight and self.vocabulary:
            found += (direction[:end].view(-1, outputs)[given][:, None] * slope).sum((1, 2, 3))
        elif self.weight:
            weight = direction[:end].view(groups, outputs, inputs)
            found += ((given.double() @ weight.mT) * slope).sum((1, 2, 3))
        if self.bias:
            found += (slope.sum(2) * direction[end:].view(groups, outputs)).sum((1, 2))
        return found

    def joined(self, others: Sequence[Products]) -> Products:
        """The records of several, concatenated."""
        every = (self, *others)
        return replace(
            self, given=torch.cat([p.given for p in every]), slope=torch.cat([p.slope for p in every])
        )

    def add_gram(self, gram: Tensor, room: int) -> None:
        """Add the inner products of all records' gradients to the upper triangle of `gram` [b, b], float64.

        All products are computed and summed in float64, so the only errors are those of `given` and `slope`.
        """
        groups, positions, inputs, outputs = self.shape
        # As many records at once as the products and both factors in float64 leave room for.
        side = math.isqrt(max(1, room // (24 * groups))) // positions
        side = max(1, min(side, room // (32 * groups * positions * (inputs + outputs)), 1024))
        for rows, given, slope in self._blocks(side):
            for columns, other, its_slope in self._blocks(side, start=rows.start):  # only the upper triangle
                inner = self._inner_pairs(given, other) * (slope @ its_slope.mT)
                n, m = slope.shape[1] // positions, its_slope.shape[1] // positions
                gram[rows, columns] += inner.view(groups, n, positions, m, positions).sum((0, 2, 4))

    def _inner_pairs(self, given: Tensor, other: Tensor) -> Tensor:
        if self.vocabulary:
            return (given[:, :, None] == other[:, None, :]).double()
        return (given @ other.mT + float(self.bias)) if self.weight else torch.ones_like(given[:, :1, :1])

    def _blocks(self, side: int, start: int = 0) -> Iterator[tuple[slice, Tensor, Tensor]]:
        """Yield blocks of records with all their positions in one dimension: [G, b T, i] and [G, b T, o]."""
        for begin in range(start, len(self.given), side):
            here = slice(begin, begin + side)
            given, slope = self.spread(self.given[here], self.slope[here])
            flat = slope.double().transpose(0, 1).flatten(1, 2)
            if self.vocabulary:
                yield here, given.reshape(1, -1), flat
            else:
                yield here, given.double().transpose(0, 1).flatten(1, 2), flat


def factors_of(part: nn.Module, given: Tensor, slope: Tensor, trained: frozenset[str]) -> Factors:
    """The gradients in the parameters `trained` ("weight", "bias") of a layer with a rule."""
    weight, bias = "weight" in trained, "bias" in trained
    if isinstance(part, nn.Linear | nn.Embedding | Convolution):
        looks_up = isinstance(part, nn.Embedding)
        spread = (
            _looked_up(part) if looks_up else patches_of(part) if isinstance(part, Convolution) else _rows
        )
        one, its = spread(given[:1], slope[:1])
        shape = (its.shape[1], its.shape[2], 1 if looks_up else one.shape[3], its.shape[3])
        vocabulary = part.num_embeddings if looks_up else 0
        return Products(
            given=given,
            slope=slope,
            spread=spread,
            shape=shape,
            weight=weight,
            bias=bias,
            vocabulary=vocabulary,
            weigh=partial(gradients_in_weights, part) if isinstance(part, Convolution) else None,
        )
    # A normalisation layer multiplies each feature by its own weight, so its gradient is small: make it.
    keep = _kept_axes(part, slope)
    gone = [axis for axis in range(1, slope.ndim) if axis not in keep]
    total = (lambda t: t.sum(gone)) if gone else (lambda t: t)
    made = [total(slope * _normed(part, given)).flatten(1)] if weight else []
    return Made(made=torch.cat([*made, *([total(slope).flatten(1)] if bias else [])], dim=1))


def has_rule(part: nn.Module) -> bool:
    """Whether `factors_of` knows this kind of layer; a subclass can compute anything, so it is refused."""
    if type(part) is nn.Embedding:
        # These two options change the weights or their gradients beyond the rule.
        return part.max_norm is None and not part.scale_grad_by_freq
    return type(part) in _RULES


_BATCH_NORMS = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d)
_RULES = {nn.Linear, nn.Conv1d, nn.Conv2d, nn.Conv3d, nn.LayerNorm, nn.GroupNorm, *_BATCH_NORMS}


def _rows(given: Tensor, slope: Tensor) -> tuple[Tensor, Tensor]:
    """The factors of a linear layer: all dimensions between the record and the features are positions."""
    b = len(given)
    return given.reshape(b, 1, -1, given.shape[-1]), slope.reshape(b, 1, -1, slope.shape[-1])


def _looked_up(part: nn.Embedding) -> Callable[[Tensor, Tensor], tuple[Tensor, Tensor]]:
    def spread(given: Tensor, slope: Tensor) -> tuple[Tensor, Tensor]:
        codes = given.reshape(len(given), -1)
        rows = slope.reshape(*codes.shape, slope.shape[-1])
        if part.padding_idx is not None:  # torch gives the padding code no gradient
            rows = rows * (codes != part.padding_idx)[..., None]
        return codes.long(), rows[:, None]

    return spread


def _kept_axes(part: nn.Module, slope: Tensor) -> range:
    if isinstance(part, nn.LayerNorm):
        return range(slope.ndim - len(part.normalized_shape), slope.ndim)
    return range(1, 2)


def _normed(part: nn.Module, given: Tensor) -> Tensor:
    """The normalised input of a normalisation layer, which its weights multiply."""
    if isinstance(part, nn.LayerNorm):
        return functional.layer_norm(given, part.normalized_shape, eps=part.eps)
    if isinstance(part, nn.GroupNorm):
        return functional.group_norm(given, part.num_groups, eps=part.eps)
    return functional.batch_norm(given, part.running_mean, part.running_var, eps=part.eps)  # pyright: ignore
