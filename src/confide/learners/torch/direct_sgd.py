"""Steps of plain gradient descent without `Optimizer.step`, which loads torch's compiler for over a second.

Of a network that is trained for a few steps, as a party of a collaboration does, this is most of the time.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch.optim import SGD, Optimizer

from confide.learners.torch.direct_adam import is_hooked


def stepper(optimiser: Optimizer) -> Callable[[], None]:
    """What takes a step of an optimiser and drops the gradients; plain SGD is done directly.

    Args:
        optimiser: with its hooks and schedules, before its first step; its weights have no gradients yet.
    """
    if not _plain(optimiser):

        def step() -> None:
            optimiser.step()
            optimiser.zero_grad()

        return step
    (group,) = optimiser.param_groups

    def direct() -> None:
        with torch.no_grad():
            for weight in group["params"]:
                if weight.grad is not None:
                    weight.add_(weight.grad, alpha=-group["lr"])
                    weight.grad = None

    return direct


def _plain(optimiser: Optimizer) -> bool:
    """Whether a step is w - rate x gradient and nothing else. A schedule hooks into the optimiser."""
    if type(optimiser) is not SGD or len(optimiser.param_groups) != 1 or optimiser.state:
        return False
    (group,) = optimiser.param_groups
    besides = ("momentum", "weight_decay", "nesterov", "maximize", "differentiable")
    plain = isinstance(group["lr"], float) and not any(group[name] for name in besides)
    return plain and not is_hooked(optimiser)
