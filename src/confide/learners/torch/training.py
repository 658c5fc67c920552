"""The training loop of one module, with its own random numbers and one thread."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import torch
from torch import Tensor, nn
from torch.optim import SGD, Adam, AdamW, Optimizer
from torch.optim.lr_scheduler import LRScheduler

from confide.core.arrays import Rng
from confide.learners.torch.direct_sgd import stepper
from confide.models.torch.batches import number_type
from confide.models.torch.losses import Loss

Precision: TypeAlias = Literal["float32", "bfloat16"]
MakeOptimiser: TypeAlias = Callable[[Iterable[Tensor]], Optimizer]
MakeSchedule: TypeAlias = Callable[[Optimizer], LRScheduler]


@dataclass(frozen=True, slots=True)
class Recipe:
    """The settings of training besides the module; `TorchLearner` explains each."""

    epochs: int
    batch_size: int
    optimiser: MakeOptimiser
    schedule: MakeSchedule | None
    loss: Loss
    bfloat16: bool


@dataclass(frozen=True, slots=True)
class Seeds:
    """The seeds of one model: for its first weights, for its batches, and for its dropout."""

    weights: int
    batches: int
    dropout: int

    @classmethod
    def draw(cls, rng: Rng) -> Seeds:
        return cls(*(int(seed) for seed in rng.integers(2**63, size=3)))

    def orders(self, rows: Tensor) -> Iterator[Tensor]:
        """Yield `rows` in a new random order for each epoch, without end."""
        generator = torch.Generator().manual_seed(self.batches)
        while True:
            yield rows[torch.randperm(len(rows), generator=generator)]


def adam(parameters: Iterable[Tensor]) -> Optimizer:
    """Adam with a learning rate of 0.001, fused: the default optimiser."""
    return Adam(parameters, lr=1e-3, fused=True)


def fused(optimiser: Optimizer) -> Optimizer:
    """The same optimiser in its fused form, if torch has one and the user chose no form."""
    if type(optimiser) in (Adam, AdamW, SGD):
        for group in optimiser.param_groups:
            plain = not (group.get("capturable") or group.get("differentiable"))
            if group["fused"] is None and group["foreach"] is None and plain:
                group["fused"] = all(p.is_floating_point() for p in group["params"])
    return optimiser


def laid_out(module: nn.Module) -> nn.Module:
    """The module with channels last if it has 2-d convolutions, which makes it 1.4 times as fast on a CPU."""
    return module.to(memory_format=torch.channels_last) if _convolves(module) else module  # pyright: ignore


def batches_of(count: int, size: int, *, whole: bool) -> list[slice]:
    """The places of `count` records that are trained on in batches.

    Args:
        whole: join a last batch of one record to the one before it: a batch norm cannot train on it.

    >>> batches_of(129, 64, whole=True), len(batches_of(129, 64, whole=False))
    ([slice(0, 64, None), slice(64, 129, None)], 3)
    """
    starts = list(range(0, count, size))
    if whole and len(starts) > 1 and count - starts[-1] == 1:
        starts.pop()
    return [slice(start, end) for start, end in zip(starts, [*starts[1:], count], strict=True)]


def train(module: nn.Module, x: Tensor, y: Tensor, rows: Tensor, seeds: Seeds, recipe: Recipe) -> None:
    """Train one module in place on the records `rows` of (x, y)."""
    module.train()
    # The layout of the batches must be that of the weights, or torch converts in every layer.
    last = torch.channels_last if x.ndim == 4 and _convolves(module) else torch.contiguous_format
    kind = number_type(module, x)
    optimiser = fused(recipe.optimiser(module.parameters()))
    schedule = recipe.schedule(optimiser) if recipe.schedule else None
    step = stepper(optimiser)
    whole = any(isinstance(part, nn.modules.batchnorm._BatchNorm) for part in module.modules())
    with seeded(seeds.dropout, x.device):
        for _, order in zip(range(recipe.epochs), seeds.orders(rows), strict=False):
            for span in batches_of(len(order), recipe.batch_size, whole=whole):
                batch = order[span].to(x.device)
                features = x.index_select(0, batch).to(kind).contiguous(memory_format=last)
                with torch.autocast(x.device.type, torch.bfloat16, enabled=recipe.bfloat16):
                    out = module(features)
                out = out.unsqueeze(1) if out.ndim == 1 else out
                recipe.loss(out.float() if recipe.bfloat16 else out, y[batch]).backward()
                step()
            if schedule:
                schedule.step()


@contextmanager
def without_compiler() -> Iterator[None]:
    """Let optimisers be made inside the block without loading torch's compiler, which takes over a second.

    Torch marks for its compiler that it must leave a new optimiser's weights alone, and loads it for that.
    """
    made: Any = getattr(Optimizer.add_param_group, "__wrapped__", None)
    mark = "__dynamo_disable"  # what torch looks for; where it is missing, the compiler is loaded as ever
    if made is None or "torch._dynamo" in sys.modules or hasattr(made, mark):
        yield
        return
    setattr(made, mark, made)
    try:
        yield
    finally:
        vars(made).pop(mark, None)


# Torch's generator and its number of threads belong to the whole process.
_generator = threading.RLock()
_threads = threading.Lock()
_inside: dict[str, int] = {"depth": 0, "before": 1}


@contextmanager
def seeded(seed: int, device: torch.device) -> Iterator[None]:
    """Seed torch's global generator inside the block and restore its state afterwards.

    The generator belongs to the whole process, so only one thread at a time enters the block.
    """
    kind: dict[str, Any] = {"devices": []} if device.type == "cpu" else {"device_type": device.type}
    with _generator, torch.random.fork_rng(**kind):
        # Not `torch.manual_seed` on a CPU: it also seeds accelerators, whose state is not restored.
        (torch.default_generator.manual_seed if device.type == "cpu" else torch.manual_seed)(seed)
        yield


@contextmanager
def one_thread() -> Iterator[None]:
    """Let torch compute with one thread inside the block, so that sums are always computed in one order.

    Torch keeps this number partly for a thread and partly for the process; the last block to end restores it.
    """
    with _threads:
        if not _inside["depth"]:
            _inside["before"] = torch.get_num_threads()
        _inside["depth"] += 1
        torch.set_num_threads(1)
    try:
        yield
    finally:
        with _threads:
            _inside["depth"] -= 1
            if not _inside["depth"]:
                torch.set_num_threads(_inside["before"])


def has_bfloat16(device: torch.device) -> bool:
    """Whether the processor has instructions that multiply bfloat16 numbers."""
    if device.type == "cpu":
        return bool(torch.backends.mkldnn.is_available() and _cpu_has("avx512_bf16", "amx_bf16", "bf16"))
    return device.type != "cuda" or torch.cuda.is_bf16_supported()


def _cpu_has(*features: str) -> bool:
    known: dict[str, object] = getattr(torch.cpu, "get_capabilities", dict)()  # older versions lack it
    return any(known.get(feature) for feature in features)


def _convolves(module: nn.Module) -> bool:
    return any(isinstance(part, nn.Conv2d) for part in module.modules())
