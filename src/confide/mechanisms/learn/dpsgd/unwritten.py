"""Tensors of a module that a forward pass may not write to: what it writes has no noise, and is published."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from confide.core.errors import ModelError


@contextmanager
def unwritten(module: nn.Module) -> Iterator[None]:
    """Refuse writes to any parameter or buffer inside the block, by torch's counters of writes: no cost.

    Raises:
        ModelError: with the tensor that was written to, or replaced.
    """
    before = {name: (t, _mark(t)) for name, t in _tensors(module).items()}
    yield
    for name, t in _tensors(module).items():
        old, mark = before.get(name, (None, None))
        if old is not t or _mark(t) != mark:
            raise _written(module, name)


@contextmanager
def same_values(module: nn.Module, *, frozen: bool = False) -> Iterator[None]:
    """Refuse that values change inside the block, also those written past the counters (`tensor.data`).

    At a change all values are put back.

    Args:
        module: whose parameters and buffers are compared.
        frozen: leave out trainable parameters, which steps move.

    Raises:
        ModelError: with the tensor that changed.
    """
    before = {
        name: t.detach().clone() for name, t in _tensors(module).items() if not (frozen and t.requires_grad)
    }
    yield
    now = _tensors(module)
    changed = [name for name, old in before.items() if name not in now or not _same(old, now[name].detach())]
    if changed:
        with torch.no_grad():
            for name in changed:
                if name in now and now[name].shape == before[name].shape:
                    now[name].copy_(before[name])
        raise _written(module, changed[0])


def _tensors(module: nn.Module) -> dict[str, Tensor]:
    return dict(module.named_parameters()) | dict(module.named_buffers())


def _mark(t: Tensor) -> tuple[int, int]:
    place = t.data_ptr() if t.layout == torch.strided else 0
    return place, 0 if t.is_inference() else t._version


def _same(one: Tensor, other: Tensor) -> bool:
    """Whether the numbers are the same; one that is none equals itself."""
    return one.shape == other.shape and torch.equal(one.nan_to_num(), other.nan_to_num())


def _written(module: nn.Module, name: str) -> ModelError:
    kind = "parameter" if name in dict(module.named_parameters()) else "buffer"
    return ModelError(
        f"{kind} {name!r} changes while the module is used, and may so hold what it saw, without any "
        "noise: leave it out, or keep it as it is in training."
    )
