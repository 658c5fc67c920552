"""Each row's gradient made whole: by `vmap`, or by plain autograd row by row."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from confide.learners.torch.training import Precision
from confide.mechanisms.learn.dpsgd.losses import Losses, row_losses
from confide.mechanisms.learn.dpsgd.precision import outputs
from confide.mechanisms.learn.dpsgd.rows import Rows


def per_row_gradients(
    module: nn.Module,
    losses: Losses,
    names: Sequence[str],
    rows: Rows,
    precision: Precision = "float32",
) -> dict[str, Tensor]:
    """Each row's gradient in some parameters by `vmap(grad)`; by a loop where vmap cannot: [rows, ...]."""
    every = {name: p.detach() for name, p in module.named_parameters()}
    chosen = {name: every.pop(name) for name in names}

    def of_one(weights: dict[str, Tensor], row: Tensor, label: Tensor) -> Tensor:
        def called(x: Tensor) -> Any:
            return torch.func.functional_call(module, {**every, **weights}, (x,))

        out = outputs(called, row.unsqueeze(0), precision)
        return row_losses(losses, out, label.unsqueeze(0)).sum() * rows.weight

    if not len(rows.x):
        return {name: _wide(p.new_zeros(0, *p.shape)) for name, p in chosen.items()}
    try:
        with warnings.catch_warnings():
            # vmap warns where it falls back to a loop for one operation; the result is the same.
            warnings.filterwarnings("ignore", message="There is a performance drop")
            one = torch.func.grad(of_one)
            made = torch.func.vmap(one, in_dims=(None, 0, 0), randomness="different")(chosen, rows.x, rows.y)
            return {name: _wide(g) for name, g in made.items()}
    except RuntimeError:
        return looped_gradients(module, losses, names, rows, precision)


def looped_gradients(
    module: nn.Module,
    losses: Losses,
    names: Sequence[str],
    rows: Rows,
    precision: Precision = "float32",
) -> dict[str, Tensor]:
    """Each row's gradient in some parameters by plain autograd, row by row: the naive reference."""
    there = dict(module.named_parameters())
    chosen, found = [there[name] for name in names], list[Sequence[Tensor]]()
    for row, label in zip(rows.x.split(1), rows.y.split(1), strict=True):
        with torch.enable_grad():
            loss = row_losses(losses, outputs(module, row, precision), label).sum() * rows.weight
        found.append(torch.autograd.grad(loss, chosen, allow_unused=True, materialize_grads=True))
    return {
        name: _wide(torch.stack(each)) for name, each in zip(names, zip(*found, strict=True), strict=True)
    }


def _wide(made: Tensor) -> Tensor:
    """[rows, 1] for a parameter that is one number without dimensions, so that all can be flattened."""
    return made[:, None] if made.ndim == 1 else made
