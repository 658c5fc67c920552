"""Explicit gradients: trains several small networks together without autograd, one product after another.

A network's weights, gradients and moments stay in the processor's cache while it takes its step, and torch
records no graph. The steps are those of the usual loop. It is used for chains of linear layers and
activations under the cross-entropy whose products are large (`stacked` trains the others).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cache
from typing import Any, TypeAlias

import torch
from torch import Tensor, nn

from confide.learners.torch.direct_adam import direct_steps
from confide.learners.torch.training import Recipe, Seeds, fused
from confide.models.torch.losses import cross_entropy

_aten: Any = torch.ops.aten
_Activation: TypeAlias = tuple[str, Callable[[Tensor], Tensor], Callable[[Tensor, Tensor], Tensor]]
ACTIVATIONS: dict[type[nn.Module], _Activation] = {
    nn.Identity: ("none", lambda z: z, lambda grad, _: grad),
    nn.Tanh: ("tanh", torch.tanh_, lambda grad, out: _aten.tanh_backward(grad, out)),
    nn.ReLU: ("relu", torch.relu_, lambda grad, out: _aten.threshold_backward(grad, out, 0)),
    nn.Sigmoid: ("sigmoid", torch.sigmoid_, lambda grad, out: _aten.sigmoid_backward(grad, out)),
}
"""Of each activation: oneDNN's name, torch's in place, and its gradient from its output's and its output."""

_Step: TypeAlias = tuple[Tensor, Tensor | None, _Activation]

LARGE = 2**20
"""From this number of multiplications in one product its time counts, and not that of the call."""
LARGER = 2**22
"""From this number oneDNN gains more by its product than it loses by laying out what is transposed."""


def explicit(layers: Sequence[nn.Module], recipe: Recipe, x: Tensor) -> bool:
    """Whether networks of these layers can be trained so on records x, with a gain."""
    chain = [type(layer) for layer in flat(layers)]
    linear = [layer for layer in layers if isinstance(layer, nn.Linear)]
    # Each activation follows a linear layer, so that oneDNN computes both at once.
    pairs = zip([nn.Identity, *chain], chain, strict=False)
    chained = all(b is nn.Linear or (b in ACTIVATIONS and a is nn.Linear) for a, b in pairs)
    if not chained or chain[-1:] != [nn.Linear] or recipe.loss is not cross_entropy or recipe.bfloat16:
        return False
    rows = x.ndim == 2 or type(layers[0]) is nn.Flatten
    large = any(recipe.batch_size * layer.weight.numel() >= LARGE for layer in linear)
    return (
        rows
        and large
        and linear[-1].out_features > 1
        and has_onednn(x.device.type)
        and _alike(linear, recipe)
    )


def flat(layers: Sequence[nn.Module]) -> list[nn.Module]:
    """The layers without those that only lay out the records."""
    return [layer for layer in layers if not isinstance(layer, nn.Flatten)]


def _alike(linear: Sequence[nn.Linear], recipe: Recipe) -> bool:
    """Whether the optimiser treats all weights in the same way: then several networks can share it."""
    weights = [p for layer in linear for p in layer.parameters()]
    groups = recipe.optimiser(iter(weights)).param_groups
    return len(groups) == 1 and len(groups[0]["params"]) == len(weights)


def train_explicitly(
    modules: Sequence[nn.Module],
    chains: Sequence[Sequence[nn.Module]],
    x: Tensor,
    y: Tensor,
    subsets: Sequence[Tensor],
    seeds: Sequence[Seeds],
    recipe: Recipe,
) -> None:
    """Train modules with these chains of layers (`explicit`) in place, each on its own records.

    All subsets need the same number of batches.
    """
    every = [list(module.parameters()) for module in modules]
    optimiser = fused(recipe.optimiser(p for weights in every for p in weights))
    schedule = recipe.schedule(optimiser) if recipe.schedule else None
    direct = None if schedule else direct_steps(optimiser, every)
    orders = [seed.orders(rows) for seed, rows in zip(seeds, subsets, strict=True)]
    plain = [list(_steps(flat(chain))) for chain in chains]
    batches = _Batches(x, y, recipe.batch_size)
    with torch.no_grad():
        if direct:
            for step, order, layers in zip(direct, orders, plain, strict=True):
                for _ in range(recipe.epochs):
                    for rows, truth in batches.of(next(order)):
                        step(_gradients(layers, batches.records(rows), truth))
            return
        for _ in range(recipe.epochs):
            for now in zip(*(batches.of(next(order)) for order in orders), strict=True):
                for weights, layers, (rows, truth) in zip(every, plain, now, strict=True):
                    gradients = _gradients(layers, batches.records(rows), truth)
                    for weight, gradient in zip(weights, gradients, strict=True):
                        weight.grad = gradient
                # One step for all: of a small network the call costs as much as the arithmetic.
                optimiser.step()
            if schedule:
                schedule.step()
    optimiser.zero_grad()


class _Batches:
    """Batches of records, each written over the one before, whose memory is still in the cache."""

    def __init__(self, x: Tensor, y: Tensor, size: int) -> None:
        self._x, self._y, self._size = _narrowed(x.flatten(1)), y, size
        self._taken = self._x.new_empty(size, self._x.shape[1])
        self._floats = torch.empty(self._taken.shape)

    def of(self, order: Tensor) -> Iterator[tuple[Tensor, Tensor]]:
        """The rows [b] and labels [b] of each batch of an epoch."""
        return zip(order.split(self._size), self._y[order].split(self._size), strict=True)

    def records(self, rows: Tensor) -> Tensor:
        """The records of these rows, float32[b, d]."""
        taken = torch.index_select(self._x, 0, rows, out=self._taken[: len(rows)])
        return taken if taken.dtype == torch.float32 else self._floats[: len(rows)].copy_(taken)


def _narrowed(x: Tensor) -> Tensor:
    """The same records in bytes if they are whole numbers up to 255: a quarter of the memory to read from."""
    if x.dtype != torch.float32 or not _bytes(x[:100]):
        return x
    return x.to(torch.uint8) if _bytes(x) else x


def _bytes(x: Tensor) -> bool:
    low, high = (float(end) for end in x.aminmax()) if x.numel() else (0.0, 0.0)
    return low >= 0 and high <= 255 and bool(torch.equal(x.to(torch.uint8).float(), x))


def _gradients(steps: Sequence[_Step], x: Tensor, y: Tensor) -> list[Tensor]:
    """The gradients of the mean cross-entropy of a batch in each weight and bias: x [b, d], y [b]."""
    outs = [x]
    for weight, bias, (name, activated, _) in steps:
        if _large(outs[-1], weight):
            outs.append(product(outs[-1], weight, bias, name))
        else:
            z = outs[-1] @ weight.T if bias is None else torch.addmm(bias, outs[-1], weight.T)
            outs.append(activated(z))
    # The gradient of the logits is (probability - truth) / b.
    grad = torch.softmax(outs[-1], 1)
    grad.scatter_add_(1, y.unsqueeze(1), _minus_one(len(y))).div_(len(y))
    found: list[Tensor] = []
    for at in reversed(range(len(steps))):
        weight, bias, (_, _, slope) = steps[at]
        grad = slope(grad, outs[at + 1])
        if bias is not None:
            found.append(grad.sum(0))
        found.append(_product(grad.T, outs[at].T))
        grad = _product(grad, weight.T) if at else grad
    return found[::-1]


@cache
def _minus_one(size: int) -> Tensor:
    return torch.full((size, 1), -1.0)


def _steps(chain: Sequence[nn.Module]) -> Iterator[_Step]:
    """The weight and bias of each linear layer with the activation behind it."""
    for layer, after in zip(chain, [*chain[1:], nn.Identity()], strict=True):
        if isinstance(layer, nn.Linear):
            yield layer.weight, layer.bias, ACTIVATIONS.get(type(after), ACTIVATIONS[nn.Identity])


def _large(left: Tensor, right: Tensor) -> bool:
    return left.numel() * len(right) >= LARGER


def _product(left: Tensor, right: Tensor) -> Tensor:
    """left @ right.T, by whichever is faster."""
    return product(left, right) if _large(left, right) else left @ right.T


def product(left: Tensor, right: Tensor, bias: Tensor | None = None, name: str = "none") -> Tensor:
    """left @ right.T + bias by oneDNN, and then the activation of this name.

    Torch multiplies float32 matrices by MKL, which does not use AVX-512 on processors that are not from
    Intel. oneDNN, which torch uses for convolutions and bfloat16, is twice as fast there.
    """
    made: Any = torch.ops.mkldnn._linear_pointwise(left, right, bias, name, [], "")
    return made


@cache
def has_onednn(device: str) -> bool:
    """Whether `product` is there, and faster than torch's own."""
    ours = device == "cpu" and torch.backends.cpu.get_cpu_capability() == "AVX512"
    return ours and torch.backends.mkldnn.is_available() and hasattr(torch.ops.mkldnn, "_linear_pointwise")
