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

from confide.learners.torch.training import Recipe, Seeds, fused
from confide.models.torch.losses import cross_entropy

_aten: Any = torch.ops.aten
ACTIVATIONS: dict[type[nn.Module], tuple[str, Callable[[Tensor, Tensor], Tensor]]] = {
    nn.Identity: ("none", lambda grad, _: grad),
    nn.Tanh: ("tanh", lambda grad, out: _aten.tanh_backward(grad, out)),
    nn.ReLU: ("relu", lambda grad, out: _aten.threshold_backward(grad, out, 0)),
    nn.Sigmoid: ("sigmoid", lambda grad, out: _aten.sigmoid_backward(grad, out)),
}
"""Of each activation oneDNN's name, and its gradient from the gradient of its output and the output."""

_Step: TypeAlias = tuple[nn.Linear, tuple[str, Callable[[Tensor, Tensor], Tensor]]]

LARGE = 2**20
"""From this number of multiplications in one product its time counts, and not that of the call."""


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
    """Whether the optimiser treats all weights alike, so that those of several networks can share one."""
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
    every = [p for module in modules for p in module.parameters()]
    optimiser = fused(recipe.optimiser(iter(every)))
    schedule = recipe.schedule(optimiser) if recipe.schedule else None
    orders = [seed.orders(rows) for seed, rows in zip(seeds, subsets, strict=True)]
    plain = [list(_steps(flat(chain))) for chain in chains]
    place = x.new_empty(recipe.batch_size, *x.shape[1:])
    with torch.no_grad():
        for _ in range(recipe.epochs):
            now = [next(order) for order in orders]
            for start in range(0, max(map(len, now)), recipe.batch_size):
                for chain, order in zip(plain, now, strict=True):
                    batch = order[start : start + recipe.batch_size]
                    # Into the same place each time, which is still in the cache.
                    records = torch.index_select(x, 0, batch, out=place[: len(batch)])
                    _gradients(chain, records.float().flatten(1), y[batch])
                # One step for all: of a small network the call costs as much as the arithmetic.
                optimiser.step()
            if schedule:
                schedule.step()
    optimiser.zero_grad()


def _gradients(steps: Sequence[_Step], x: Tensor, y: Tensor) -> None:
    """Set the gradients of the mean cross-entropy of a batch: x [b, d], y [b]."""
    outs = [x]
    for layer, (name, _) in steps:
        outs.append(product(outs[-1], layer.weight, layer.bias, name))
    # The gradient of the logits is (probability - truth) / b.
    grad = torch.softmax(outs[-1], 1)
    grad.scatter_add_(1, y.unsqueeze(1), torch.full((len(y), 1), -1.0)).div_(len(y))
    for at, (layer, (_, slope)) in reversed(list(enumerate(steps))):
        grad = slope(grad, outs[at + 1])
        layer.weight.grad = _product(grad.T, outs[at].T)
        if layer.bias is not None:
            layer.bias.grad = grad.sum(0)
        grad = _product(grad, layer.weight.T) if at else grad


def _steps(chain: Sequence[nn.Module]) -> Iterator[_Step]:
    """Each linear layer with the activation behind it."""
    for layer, after in zip(chain, [*chain[1:], nn.Identity()], strict=True):
        if isinstance(layer, nn.Linear):
            yield layer, ACTIVATIONS.get(type(after), ACTIVATIONS[nn.Identity])


def _product(left: Tensor, right: Tensor) -> Tensor:
    """left @ right.T, by whichever is faster."""
    return product(left, right) if left.numel() * len(right) >= LARGE else left @ right.T


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
