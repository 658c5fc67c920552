"""Stacked training of several small networks: stacked weights, one batched product per layer, one optimiser.

It is used only if the result is certain to be the same. The network must be a chain of layers
(`nn.Sequential`) that treat each record by itself and draw no random numbers, and the optimiser must treat
each weight by itself. Convolutions are stacked too if that is faster (see `stacked_conv`). All other
networks are trained one by one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import torch
from torch import Tensor, nn, optim
from torch.nn import functional

from confide.learners.torch.direct_sgd import stepper
from confide.learners.torch.explicit import LARGE, explicit, has_onednn, product, train_explicitly
from confide.learners.torch.stacked_conv import SPATIAL, Front, depends_on_batch, on_pictures, pays, supported
from confide.learners.torch.training import Recipe, Seeds, batches_of, fused
from confide.models.torch.batches import number_type
from confide.models.torch.losses import cross_entropy, squared_residual

# Layers that treat each number by itself, so that stacking does not change them.
BY_ELEMENT = (
    nn.Identity, nn.ReLU, nn.LeakyReLU, nn.ELU, nn.SELU, nn.SiLU, nn.GELU, nn.Tanh, nn.Sigmoid, nn.Softplus,
)  # fmt: skip
# Optimisers that treat each weight by itself; one that uses norms over a layer would mix the models.
BY_WEIGHT = (
    optim.SGD, optim.Adam, optim.AdamW, optim.NAdam, optim.RAdam, optim.Adamax, optim.Adagrad, optim.Adadelta,
    optim.RMSprop,
)  # fmt: skip


def layers_of(module: nn.Module) -> list[nn.Module] | None:
    """The layers of a chain that can be stacked, in order; None for any other module."""
    if any(_altered(part) for part in module.modules()):
        return None
    if type(module) is nn.Sequential:
        inner = [layers_of(part) for part in module]
        if any(layers is None for layers in inner):
            return None
        return [layer for layers in inner if layers is not None for layer in layers]
    flat = type(module) is nn.Flatten and (module.start_dim, module.end_dim) == (1, -1)
    by_row = type(module) is nn.LayerNorm and len(module.normalized_shape) == 1
    pictures = isinstance(module, SPATIAL) and supported(module)
    return [module] if flat or by_row or pictures or type(module) in (nn.Linear, *BY_ELEMENT) else None


def can_stack(modules: Sequence[nn.Module], recipe: Recipe) -> bool:
    """Whether these modules can be trained together, faster and with the same result as alone."""
    chains = [layers_of(module) for module in modules]
    first = chains[0]
    if len(modules) < 2 or not first or any(str(chain) != str(first) for chain in chains):
        return False
    weights = [list(module.parameters()) for module in modules]
    pictures = on_pictures(first)
    if pictures is None or (pictures and not pays(first, recipe.batch_size, _device(weights[0]))):
        return False
    own = [p for p in weights[0] if p.requires_grad and p.dtype == torch.float32]
    # Tied weights are listed once for the module and once for each layer that owns them.
    tied = sum(len(list(layer.parameters())) for layer in first) != len(weights[0])
    if tied or not own or len(own) != len(weights[0]):
        return False
    # A user's optimiser can treat biases differently by their shape, which stacking changes: compare both.
    stacked = _stack(weights)
    alone, together = recipe.optimiser(iter(weights[0])), recipe.optimiser(iter(stacked))
    return type(alone) in BY_WEIGHT and _groups(alone, weights[0]) == _groups(together, stacked)


def train_stacked(
    modules: Sequence[nn.Module],
    x: Tensor,
    y: Tensor,
    subsets: Sequence[Tensor],
    seeds: Sequence[Seeds],
    recipe: Recipe,
) -> None:
    """Train modules that `can_stack` in place, each on its own records and in its own order.

    All subsets need the same number of batches. If the last batches differ in size, the shorter ones are
    filled with a record of weight 0. With `nn.BatchNorm2d` all subsets need the same size, because that
    record would count in the statistics of a batch.
    """
    chains = [layers_of(module) or [] for module in modules]
    if explicit(chains[0], recipe, x):
        train_explicitly(modules, chains, x, y, subsets, seeds, recipe)
        return
    front = Front(chains) if on_pictures(chains[0]) else None
    layers = chains[0][on_pictures(chains[0]) :] if front else chains[0]
    kind = number_type(modules[0], x)
    stacked = _stack([list(module.parameters()) for module in modules])
    optimiser = fused(recipe.optimiser(iter(stacked)))
    schedule = recipe.schedule(optimiser) if recipe.schedule else None
    step = stepper(optimiser)
    sizes = torch.tensor([len(rows) for rows in subsets], device=x.device)
    orders = [seed.orders(rows) for seed, rows in zip(seeds, subsets, strict=True)]
    for _ in range(recipe.epochs):
        order = nn.utils.rnn.pad_sequence([next(o) for o in orders], batch_first=True)
        for span in batches_of(order.shape[1], recipe.batch_size, whole=depends_on_batch(modules[0])):
            batch = order[:, span].to(x.device)
            counts = (sizes - span.start).clamp(
                max=batch.shape[1]
            )  # real records of each model in this batch
            weights = iter(stacked)
            if front:
                features = front(front.of_batch(x, batch, kind), weights, recipe.bfloat16)
            else:
                features = x.index_select(0, batch.flatten()).to(torch.bfloat16 if recipe.bfloat16 else kind)
                features = features.unflatten(0, batch.shape)
            out = _forward(layers, weights, features, recipe.bfloat16)
            _loss(recipe, out.float(), y[batch], counts).backward()
            step()
        if schedule:
            schedule.step()
    if front:
        front.end()
    with torch.no_grad():
        for k, module in enumerate(modules):
            for own, all_of_them in zip(module.parameters(), stacked, strict=True):
                own.copy_(all_of_them[k])


def _forward(layers: Sequence[nn.Module], weights: Iterator[Tensor], x: Tensor, bfloat16: bool) -> Tensor:
    """The outputs [K, b, C] of all models on their batches [K, b, ...]."""
    for layer in layers:
        if isinstance(layer, nn.Linear):
            weight, bias = next(weights), None if layer.bias is None else next(weights)
            rows = x.flatten(1, -2)
            x = _linear(rows, weight, bias, bfloat16).unflatten(1, x.shape[1:-1])
        elif isinstance(layer, nn.LayerNorm):
            # Normalised without the weights, which differ between models and are applied below.
            kind, x = x.dtype, functional.layer_norm(x.float(), layer.normalized_shape, eps=layer.eps)
            for own, combine in ((layer.weight, torch.mul), (layer.bias, torch.add)):
                x = x if own is None else combine(x, next(weights).view(len(x), *[1] * (x.ndim - 2), -1))
            x = x.to(kind)
        else:
            x = x.flatten(2) if isinstance(layer, nn.Flatten) else layer(x)
    return x


def _linear(x: Tensor, weight: Tensor, bias: Tensor | None, bfloat16: bool) -> Tensor:
    """The linear layers of all models: x [K, b, i], weight [K, o, i], bias [K, o] -> [K, b, o]."""
    if bfloat16:
        x, weight, bias = x.bfloat16(), weight.bfloat16(), None if bias is None else bias.bfloat16()
    elif x[0].numel() * weight.shape[1] >= LARGE and has_onednn(x.device.type):
        return _EachByOneDnn.apply(x, weight, bias)  # pyright: ignore[reportReturnType]
    if bias is None:
        return torch.bmm(x, weight.transpose(1, 2))
    return torch.baddbmm(bias.unsqueeze(1), x, weight.transpose(1, 2))


class _EachByOneDnn(torch.autograd.Function):
    """`_linear` by one oneDNN product for each model."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        ctx.save_for_backward(x, weight)
        return _products(x, weight, bias)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, Tensor, Tensor | None]:
        x, weight = ctx.saved_tensors
        of_x, _, of_bias = ctx.needs_input_grad
        (grad,) = grads
        return (
            _products(grad, weight.transpose(1, 2)) if of_x else None,
            _products(grad.transpose(1, 2), x.transpose(1, 2)),
            grad.sum(1) if of_bias else None,
        )


def _products(left: Tensor, right: Tensor, bias: Tensor | None = None) -> Tensor:
    """The products left[k] @ right[k].T + bias[k] for each k."""
    biases = [None] * len(left) if bias is None else bias
    return torch.stack([product(a, b, c) for a, b, c in zip(left, right, biases, strict=True)])


def _loss(recipe: Recipe, outputs: Tensor, y: Tensor, counts: Tensor) -> Tensor:
    """The sum of the models' mean losses, so that each model gets the same gradient as alone."""
    if recipe.loss in (cross_entropy, squared_residual):
        each = recipe.loss(outputs.flatten(0, 1), y.flatten(), reduction="none")  # pyright: ignore[reportCallIssue]
        real = torch.arange(y.shape[1], device=y.device) < counts.unsqueeze(1)
        return (each.view(y.shape) * (real / counts.unsqueeze(1))).sum()
    sizes = counts.tolist()
    return torch.stack([recipe.loss(o[:n], t[:n]) for o, t, n in zip(outputs, y, sizes, strict=True)]).sum()


def _stack(weights: Sequence[Sequence[Tensor]]) -> list[Tensor]:
    return [torch.stack([p.detach() for p in same]).requires_grad_() for same in zip(*weights, strict=True)]


def _groups(optimiser: optim.Optimizer, weights: Sequence[Tensor]) -> list[dict[str, object]]:
    """The settings of an optimiser for each group of weights, given by their positions."""
    place = {id(p): i for i, p in enumerate(weights)}
    return [{**group, "params": [place[id(p)] for p in group["params"]]} for group in optimiser.param_groups]


def _altered(part: nn.Module) -> bool:
    """Whether hooks or another `forward` change this layer, or it has a state of its own."""
    hooks = (part._forward_hooks, part._forward_pre_hooks, part._backward_hooks, part._backward_pre_hooks)
    state = bool(part._buffers) and not isinstance(part, nn.BatchNorm2d)
    return any(hooks) or "forward" in vars(part) or state


def _device(weights: Sequence[Tensor]) -> str:
    return weights[0].device.type if weights else "cpu"
