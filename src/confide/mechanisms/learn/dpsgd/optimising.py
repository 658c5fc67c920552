"""Steps on noised gradients: SGD, momentum, Adam, and averages of the weights. All is post-processing."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from typing import Literal, TypeAlias

import torch
from torch import Tensor, nn
from torch.optim import SGD, Adam, Optimizer

from confide.core.errors import DataError
from confide.mechanisms.learn.dpsgd.groups import trainable

OptimiserName: TypeAlias = Literal["sgd", "adam"]


class Stepper:
    """An optimiser on noised gradients, with an exponential average of the weights.

    Args:
        module: whose trainable parameters are moved.
        name: "sgd" or "adam".
        rate: the learning rate.
        momentum: of SGD.
        average: the share of the average that stays at each step; 0 for none.
    """

    def __init__(
        self, module: nn.Module, *, name: OptimiserName, rate: float, momentum: float, average: float
    ) -> None:
        self._there = trainable(module)
        weights = list(self._there.values())
        self._optimiser: Optimizer = (
            Adam(weights, lr=rate) if name == "adam" else SGD(weights, lr=rate, momentum=momentum)
        )
        self._keep = average
        self._steps = 0
        self._mean = {n: torch.zeros_like(p) for n, p in self._there.items()} if average else {}

    def step(self, gradient: Tensor) -> None:
        """Move the weights.

        Args:
            gradient: of all trainable parameters in their order, [p].
        """
        start = 0
        for p in self._there.values():
            p.grad = gradient[start : start + p.numel()].view_as(p).to(p.dtype)
            start += p.numel()
        self._optimiser.step()
        self._optimiser.zero_grad()
        self._steps += 1
        with torch.no_grad():
            for name, mean in self._mean.items():
                mean.lerp_(self._there[name].detach(), 1 - self._keep)

    @contextmanager
    def shown(self) -> Generator[None]:
        """The average in place of the last weights inside the block, where one is kept."""
        last = {name: p.detach().clone() for name, p in self._there.items()} if self._mean else {}
        self.finish()
        try:
            yield
        finally:
            with torch.no_grad():
                for name, p in last.items():
                    self._there[name].copy_(p)

    def finish(self) -> None:
        """Put the average in place of the last weights, where one is kept."""
        if self._mean and self._steps:
            # The average began at 0: without this its first steps would weigh too little.
            share = 1 - self._keep**self._steps
            with torch.no_grad():
                for name, mean in self._mean.items():
                    self._there[name].copy_(mean / share)

    def state(self) -> dict[str, Tensor]:
        """Everything that the next steps depend on besides the weights."""
        found: dict[str, Tensor] = {f"average/{name}": mean for name, mean in self._mean.items()}
        for name, p in self._there.items():
            for key, value in self._optimiser.state.get(p, {}).items():
                if isinstance(value, Tensor):
                    found[f"optimiser/{name}/{key}"] = value
        found["steps"] = torch.tensor([self._steps])
        return found

    def restore(self, state: Mapping[str, Tensor]) -> None:
        """Go on from a state.

        Raises:
            DataError: if it is another optimiser's.
        """
        self._steps = int(state["steps"][0])
        if {f"average/{name}" for name in self._mean} != {k for k in state if k.startswith("average/")}:
            raise DataError("the checkpoint keeps another average of the weights: train from the start.")
        for name, mean in self._mean.items():
            mean.copy_(state[f"average/{name}"])
        for key, value in state.items():
            if key.startswith("optimiser/"):
                name, _, part = key.removeprefix("optimiser/").rpartition("/")
                self._optimiser.state[self._there[name]][part] = value.clone()
