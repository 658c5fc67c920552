"""Local training of PyTorch modules from flat parameters: many small networks together."""

from __future__ import annotations

import math
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor, nn

from confide.core.access import BlackBox
from confide.core.arrays import Array, Rng
from confide.core.errors import DataError, ModelError
from confide.learners.torch.learner import TorchLearner
from confide.learners.torch.training import Seeds, one_thread, without_compiler
from confide.models.torch.batches import number_type, tensor_of, truth_of
from confide.models.torch.losses import default_loss
from confide.views.records import Records


@dataclass(frozen=True, slots=True, eq=False)
class TorchLocal:
    """A local learner of a PyTorch module, trained by the loop, batches and optimiser of a `TorchLearner`.

    Small networks of several parties are stacked and take their steps together, where `TorchLearner` does so.
    The optimiser begins again each time: only parameters are exchanged. Labels may be a share of each class
    (`soft_targets`), as those of a student are; modules are trained one by one then.

    Args:
        learner: module, epochs, batches and optimiser of one party's local training.

    Raises:
        ModelError: for a module with buffers (such as running means), which are no parameters and would not
            be exchanged.

    >>> from functools import partial
    >>> local = TorchLocal(TorchLearner(factory=partial(nn.Linear, 2, 3), epochs=1))
    >>> start = local.start(rng=np.random.default_rng(0))
    >>> records = [Records(np.eye(2, dtype=np.float32), np.array([0, 2]))] * 2
    >>> rngs = [np.random.default_rng(k) for k in range(2)]
    >>> local.shapes, local.train(np.stack([start, start]), records, rngs=rngs).shape
    (((3, 2), (3,)), (2, 9))
    """

    soft_targets: ClassVar[bool] = True
    learner: TorchLearner
    shapes: tuple[tuple[int, ...], ...] = field(init=False)
    # Modules that are not in use: to build one takes longer than a step. Pop and append are atomic.
    _idle: list[nn.Module] = field(init=False, repr=False, default_factory=list)

    def __post_init__(self) -> None:
        module = self.learner.built(0)
        if buffers := [name for name, _ in module.named_buffers()]:
            raise ModelError(
                f"the module keeps {buffers[0]}, which is no parameter and would not be exchanged: normalise "
                "within a record, such as by nn.LayerNorm or nn.GroupNorm."
            )
        object.__setattr__(self, "shapes", tuple(tuple(p.shape) for p in module.parameters()))

    @property
    def size(self) -> int:
        """The number p of parameters."""
        return sum(math.prod(shape) for shape in self.shapes)

    def steps(self, records: int) -> int:
        """How many steps local training takes on this many records."""
        return self.learner.epochs * math.ceil(records / self.learner.batch_size)

    @property
    def rate(self) -> float | None:
        """The learning rate of plain gradient descent; None for any other way of training."""
        optimiser = self.learner.optimiser(self.learner.built(0).parameters())
        if type(optimiser) is not torch.optim.SGD or self.learner.schedule is not None:
            return None
        (group,) = optimiser.param_groups
        return None if group["momentum"] or group["weight_decay"] else float(group["lr"])

    def start(self, *, rng: Rng) -> Array:
        """The parameters of an untrained model, float32[p]."""
        return _flat(self.learner.built(int(rng.integers(2**63))))

    @without_compiler()
    def train(self, starts: Array, records: Sequence[Records], *, rngs: Sequence[Rng]) -> Array:
        """Train one model from each vector of parameters, float32[K, p], as `LocalLearner` says."""
        modules = self._modules(starts)
        x, y = self._tensors(Records.concat(records))
        ends = np.cumsum([len(r) for r in records])
        rows = [torch.arange(int(end) - len(r), int(end)) for end, r in zip(ends, records, strict=True)]
        with one_thread():
            self.learner.train_in_place(modules, x, y, rows, [Seeds.draw(rng) for rng in rngs])
        return self._returned(modules)

    def gradients(self, starts: Array, records: Sequence[Records]) -> Array:
        """The gradient of the mean loss of each party's records at its parameters, float32[K, p]."""
        modules, loss = self._modules(starts), self.learner.loss or default_loss(self.learner.task)
        found: list[Array] = []
        with one_thread():
            for module, own in zip(modules, records, strict=True):
                x, y = self._tensors(own)
                module.eval()
                with torch.enable_grad():
                    slopes = torch.autograd.grad(
                        loss(module(x.to(number_type(module, x))), y), list(module.parameters())
                    )
                found.append(torch.cat([s.flatten() for s in slopes]).cpu().numpy())
        self._idle.extend(modules)
        return np.stack(found)

    def model(self, parameters: Array) -> BlackBox:
        """The model with these parameters, float[p]."""
        module = self.learner.built(0)
        self._fill(module, parameters)
        return self.learner.shown(module)

    def _tensors(self, records: Records) -> tuple[Tensor, Tensor]:
        device = self.learner.device
        return tensor_of(records.x).to(device), truth_of(records.y, self.learner.task).to(device)

    def _modules(self, starts: Array) -> list[nn.Module]:
        found: list[nn.Module] = []
        for parameters in starts:
            module = None
            with suppress(IndexError):
                module = self._idle.pop()
            module = module or self.learner.built(0)
            self._fill(module, parameters)
            found.append(module)
        return found

    def _fill(self, module: nn.Module, parameters: Array) -> None:
        if parameters.shape != (self.size,):
            raise DataError(f"{parameters.shape} parameters: this module takes ({self.size},).")
        given = torch.from_numpy(np.array(parameters, np.float32))
        parts = given.split([math.prod(shape) for shape in self.shapes])
        with torch.no_grad():
            for own, part in zip(module.parameters(), parts, strict=True):
                own.copy_(part.view_as(own))

    def _returned(self, modules: Sequence[nn.Module]) -> Array:
        found = np.stack([_flat(module) for module in modules])
        for module in modules:
            module.zero_grad(set_to_none=True)
        self._idle.extend(modules)
        return found


def _flat(module: nn.Module) -> Array:
    parts = [p.detach().cpu().float().flatten() for p in module.parameters()]
    return torch.cat(parts).numpy()
