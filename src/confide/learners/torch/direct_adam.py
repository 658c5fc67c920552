"""Adam's step for one of several networks, by one call of torch's fused operator.

`Optimizer.step` looks up each weight's moments and settings at every step, which takes as long as the
arithmetic of a small network. Here both are looked up once. A network steps as soon as it has its gradients,
while its weights are still in the processor's cache.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import torch
from torch import Tensor
from torch.optim import Adam, AdamW, Optimizer
from torch.optim.optimizer import _global_optimizer_post_hooks, _global_optimizer_pre_hooks

Step: TypeAlias = Callable[[list[Tensor]], None]
"""Takes the gradients of one network's weights, in their order, and updates the weights."""


def direct_steps(optimiser: Optimizer, weights_of_each: Sequence[Sequence[Tensor]]) -> list[Step] | None:
    """The steps of an optimiser that has not stepped, one for each network; None for what is not plain Adam.

    Args:
        optimiser: over the weights of all networks.
        weights_of_each: the weights of each network.
    """
    fused: Any = getattr(torch, "_fused_adam_", None)
    decoupled: Any = getattr(torch, "_fused_adamw_", None)
    if not fused or not decoupled or not _plain(optimiser):
        return None
    (group,) = optimiser.param_groups
    call = decoupled if _decouples(optimiser) else fused
    settings = {name: group[name] for name in ("lr", "weight_decay", "eps", "amsgrad", "maximize")}
    settings["beta1"], settings["beta2"] = group["betas"]
    return [_step(call, list(weights), settings) for weights in weights_of_each]


def _step(call: Callable[..., None], weights: list[Tensor], settings: dict[str, Any]) -> Step:
    means, squares = ([torch.zeros_like(w) for w in weights] for _ in range(2))
    taken = torch.zeros((), dtype=torch.float32)
    counts = [taken] * len(weights)

    def step(gradients: list[Tensor]) -> None:
        taken.add_(1)
        call(weights, gradients, means, squares, [], counts, **settings)

    return step


def _plain(optimiser: Optimizer) -> bool:
    """Whether a step is the operator alone: fused, one group, constant settings, nothing hooked in."""
    if type(optimiser) not in (Adam, AdamW) or len(optimiser.param_groups) != 1 or optimiser.state:
        return False
    (group,) = optimiser.param_groups
    numbers = (group["lr"], group["eps"], group["weight_decay"], *group["betas"])
    return (
        bool(group["fused"])
        and not (group["amsgrad"] or group["capturable"] or group["differentiable"])
        and all(isinstance(number, int | float) for number in numbers)
        and not is_hooked(optimiser)
    )


def is_hooked(optimiser: Optimizer) -> bool:
    """Whether something else than the optimiser's own step happens at a step."""
    hooks = (
        optimiser._optimizer_step_pre_hooks,
        optimiser._optimizer_step_post_hooks,
        _global_optimizer_pre_hooks,
        _global_optimizer_post_hooks,
    )
    return any(hooks) or "step" in vars(optimiser)


def _decouples(optimiser: Optimizer) -> bool:
    """Whether weight decay is AdamW's; newer versions of torch keep this among the settings."""
    return type(optimiser) is AdamW or bool(optimiser.param_groups[0].get("decoupled_weight_decay"))
