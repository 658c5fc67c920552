"""Whether a row's view, output or loss depends on other rows: one record more would move their gradients."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from confide.core.errors import ModelError
from confide.mechanisms.learn.dpsgd.losses import Losses, row_losses
from confide.mechanisms.learn.dpsgd.masks import drawing
from confide.mechanisms.learn.dpsgd.planning import without_dropout
from confide.mechanisms.learn.dpsgd.rows import Rows
from confide.mechanisms.learn.dpsgd.tensors import Augment
from confide.mechanisms.learn.dpsgd.unwritten import same_values, unwritten

FEW = 4
"""Rows that stand in a small batch and in a large one."""
FAR = 1000
"""An outlier is this many times the largest number of a batch: means over a batch show it."""


def check_views(augment: Augment, x: Tensor) -> None:
    """Refuse an `augment` whose view of a row is not made of that row and the generator alone.

    At three places a row, and then all other rows, are replaced by outliers, under the same draws. The views
    of all that were not replaced must stay.

    Args:
        augment: makes the views.
        x: rows of a whole batch [b, ...], since small ones may be treated otherwise.

    Raises:
        ModelError: with what was found, and what to do.
    """

    def views(rows: Tensor) -> Tensor:
        with drawing(0, x.device) as generator:
            return augment(rows.clone(), generator)

    count = len(x)
    first = views(x)
    if not isinstance(first, Tensor) or first.ndim < 1 or len(first) != count:
        shape = tuple(first.shape) if isinstance(first, Tensor) else type(first).__name__
        raise ModelError(
            f"augment made {shape} of {count} rows: return one view of each row, [{count}, ...]."
        )
    if not _same(first, views(x)):
        raise ModelError(
            "augment draws random numbers of its own, which somebody else may replay: draw them from the "
            "generator that it is given, such as torch.rand(..., generator=generator)."
        )
    least, most = _outliers(x)
    for place in sorted({0, count // 2, count - 1}) if count > 1 else []:
        alone = torch.arange(count, device=x.device) == place
        for replaced, by in ((alone, x[place - 1]), (alone, most), (~alone, least), (~alone, most)):
            other = x.clone()
            other[replaced] = by
            found = views(other)
            if found.shape != first.shape or not _same(found[~replaced], first[~replaced]):
                raise ModelError(
                    "augment's view of a row depends on the other rows of the batch, as mixtures of rows and "
                    "statistics of a batch do, so that no row has a gradient of its own: make each view of "
                    "its row alone."
                )


def check_constant(module: nn.Module, x: Tensor) -> None:
    """Refuse a module whose output for the same rows is not the same, with dropout switched off.

    Raises:
        ModelError: with what was found, and what to do.
    """
    outs: list[list[Tensor]] = []
    for key in (0, 0, 1):
        with torch.no_grad(), without_dropout(module), drawing(key, x.device):
            outs.append(tensors(module(x)))
    if not close(outs[0], outs[1]):
        raise ModelError(
            "the module's output for the same rows changes from call to call: it remembers what it saw, or "
            "draws random numbers that are not torch's. Leave that out."
        )
    if not close(outs[0], outs[2]):
        raise ModelError(
            "the module draws random numbers in its forward pass, such as by functional.dropout, and no "
            "layer of it can be asked to stop while gradients are checked: use nn.Dropout instead."
        )


def check_passes(module: nn.Module, losses: Losses, rows: Rows) -> None:
    """Refuse a module or a loss that mixes the rows of a whole pass: small batches may be spared.

    Args:
        module: in the mode in which it is trained.
        losses: of rows.
        rows: as many as a pass takes.

    Raises:
        ModelError: with what was found, and what to do.
    """
    found: list[list[Tensor]] = []
    with torch.no_grad(), unwritten(module), same_values(module), without_dropout(module):
        for x, y in ((rows.x, rows.y), (rows.x.flip(0), rows.y.flip(0)), (rows.x[:FEW], rows.y[:FEW])):
            out = module(x)
            found.append([*tensors(out), row_losses(losses, out, y)])
    # Rounding moves rows that are far from all others by more; what they do to others is seen all the same.
    x = rows.x.flatten(1)
    plain = (x.abs() < FAR**2).all(1) if x.is_floating_point() else torch.ones_like(x[:, 0], dtype=torch.bool)
    whole, turned, few = found
    for one, back, some in zip(whole, turned, few, strict=True):
        mixes = not close([one[plain]], [back.flip(0)[plain]])
        if mixes or not close([one[:FEW][plain[:FEW]]], [some[plain[:FEW]]]):
            raise mixing("loss" if one is whole[-1] and len(whole) > 1 else "output")


def mixing(what: str) -> ModelError:
    """The error for an output or a loss that depends on other rows."""
    if what == "loss":
        return ModelError(
            "the loss of a row depends on the other rows of the batch: return one loss for each row, of its "
            "own outputs and label alone (no mean over the batch, no contrast between rows)."
        )
    return ModelError(
        "the module's output for a row depends on the other rows of the batch, so that no row has a "
        "gradient of its own: normalise and pool within a row only."
    )


def tensors(out: Any) -> list[Tensor]:
    """The tensors among outputs, in their order."""
    if isinstance(out, Tensor):
        return [out]
    if isinstance(out, dict):
        return [t for value in out.values() for t in tensors(value)]
    return [t for value in out for t in tensors(value)] if isinstance(out, list | tuple) else []


def close(one: Sequence[Tensor], other: Sequence[Tensor]) -> bool:
    """Whether tensors are the same but for rounding; numbers that are none equal each other."""
    return all(
        a.shape == b.shape and torch.allclose(a, b, rtol=1e-3, atol=1e-5, equal_nan=True)
        for a, b in zip(one, other, strict=True)
    )


def _outliers(x: Tensor) -> tuple[Tensor, Tensor]:
    """Rows far below and above all others; of the least and the largest number where they are no reals."""
    if not x.is_floating_point():
        return x.amin().expand_as(x[0]), x.amax().expand_as(x[0])
    far = FAR * (1 + float(x[torch.isfinite(x)].abs().amax() if bool(torch.isfinite(x).any()) else 0))
    return torch.full_like(x[0], -far), torch.full_like(x[0], far)


def _same(one: Tensor, other: Tensor) -> bool:
    if one.shape != other.shape:
        return False
    if not one.is_floating_point():
        return torch.equal(one, other)
    return torch.allclose(one, other, rtol=1e-5, atol=1e-6, equal_nan=True)
