"""A self-check before the first charge: norms against plain autograd, and whether every weight can move."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn

from confide.core.errors import ModelError
from confide.learners.torch.training import Precision
from confide.mechanisms.learn.dpsgd.clipping import Clipper
from confide.mechanisms.learn.dpsgd.groups import Group, trainable
from confide.mechanisms.learn.dpsgd.losses import Losses, row_losses
from confide.mechanisms.learn.dpsgd.mixing import check_constant, close, mixing, tensors
from confide.mechanisms.learn.dpsgd.optimising import Stepper
from confide.mechanisms.learn.dpsgd.per_row import looped_gradients
from confide.mechanisms.learn.dpsgd.planning import without_dropout
from confide.mechanisms.learn.dpsgd.rows import Rows
from confide.mechanisms.learn.dpsgd.unwritten import same_values, unwritten

CHECKED = 4
"""Records that are checked: one alone would not show what mixes them."""
CLOSE: dict[Precision, float] = {"float32": 1e-4, "bfloat16": 0.1}
"""The relative difference of a squared norm that rounding explains. In bfloat16 autograd rounds each factor
and each gradient by up to 2^-9 of itself, several times over; a rule that is wrong is not wrong by a tenth,
and is held to the float32 limit as well."""
TINY: dict[Precision, float] = {"float32": 1e-4, "bfloat16": 1e-2}
"""The share of the whole squared norm below which a layer's part is nothing but rounding."""


def check_before(module: nn.Module, losses: Losses, rows: Rows) -> None:
    """Refuse a module or a loss that mixes rows, writes to its tensors, or leaves weights unused.

    Args:
        module: in the mode in which it is trained.
        losses: of rows.
        rows: `CHECKED` rows or fewer.

    Raises:
        ModelError: with what was found, and what to do.
    """
    with unwritten(module), same_values(module), without_dropout(module), torch.enable_grad():
        check_constant(module, rows.x)
        out = module(rows.x)
        together = row_losses(losses, out, rows.y)
        alone = [module(row) for row in rows.x.split(1)]
        each = [row_losses(losses, one, y) for one, y in zip(alone, rows.y.split(1), strict=True)]
    if not close(tensors(out), [torch.cat(parts) for parts in zip(*map(tensors, alone), strict=True)]):
        raise mixing("output")
    if not close([together], [torch.cat(each)]):
        raise mixing("loss")
    there = trainable(module)
    found = torch.autograd.grad(together.sum(), list(there.values()), allow_unused=True)
    unused = [name for name, g in zip(there, found, strict=True) if g is None]
    if unused:
        raise ModelError(
            f"the loss does not depend on {', '.join(unused[:5])}{' and more' if len(unused) > 5 else ''}, "
            "and noise alone would move it: freeze it by requires_grad_(False), or use it."
        )


def check_norms(clipper: Clipper, losses: Losses, rows: Rows) -> None:
    """Compare the norms of a plan with those of plain autograd, layer by layer, and the clipped sum.

    In bfloat16 all is compared in float32 first, where a difference cannot hide behind rounding.

    Raises:
        ModelError: with the layer whose norms differ, or whose weights did not move.
    """
    if clipper.precision != "float32":
        check_norms(replace(clipper, precision="float32"), losses, rows)
        check_places(clipper, rows)
    module, groups = clipper.module, clipper.groups
    names = [name for group in groups for name in group.names]
    with without_dropout(module):
        shares = clipper.shares(rows)
        truth = looped_gradients(module, losses, names, rows, clipper.precision)
        found = clipper.clipped(rows)
    units = rows.units
    made = {name: units.added(truth[name].flatten(1)).double() for name in names}
    whole = torch.stack([m.square().sum(1) for m in made.values()]).sum(0)
    close, tiny = CLOSE[clipper.precision], TINY[clipper.precision]
    for share in shares:
        expected = torch.stack([made[name].square().sum(1) for name in share.group.names]).sum(0)
        # Against the whole gradient too: a layer whose part is nothing but rounding is not compared by it.
        off = (share.squares - expected).abs() > close * (expected + tiny * whole)
        if bool((off & torch.isfinite(expected)).any()):
            raise ModelError(
                f"the gradient norms of layer {share.group.title!r} differ from those of plain autograd, so "
                "that clipping would not bound them: write the layer with torch's own layers, used as they "
                "are, or report it."
            )
    _check_sum(groups, clipper.clip, made, whole, found.total, close=close)


def _check_sum(
    groups: Sequence[Group],
    clip: float,
    made: dict[str, Tensor],
    whole: Tensor,
    total: Any,
    *,
    close: float,
) -> None:
    scale = clip / whole.sqrt().clamp(min=clip)
    scale = torch.where(torch.isfinite(whole), scale, 0.0)
    length = float((scale * whole.sqrt()).nan_to_num(0.0).sum()) + 1e-30
    for group in groups:
        for name in group.names:
            expected = scale @ torch.where(torch.isfinite(whole)[:, None], made[name], 0.0)
            if float((total[name].double().flatten() - expected).norm()) > min(10 * close, 0.2) * length:
                raise ModelError(
                    f"the clipped sum of parameter {name!r} differs from that of plain autograd: report it."
                )


def check_places(clipper: Clipper, rows: Rows) -> None:
    """Check bit for bit that a row's slopes are the same wherever it stands in a pass, and beside whom.

    Args:
        clipper: in bfloat16, whose passes all have one number of rows.
        rows: a few, which fill a pass by turns.

    Raises:
        ModelError: if they are not: one person more would then move the gradients of all others.
    """
    some = Rows(rows.x[:CHECKED], rows.y[:CHECKED], None, len(rows.x[:CHECKED]), rows.weight)
    turn = torch.arange(clipper.at_once, device=some.x.device) % some.count
    order = torch.randperm(len(turn), generator=torch.Generator().manual_seed(0)).to(turn.device)
    with without_dropout(clipper.module):
        one, other = (
            _raw(clipper, Rows(some.x[place], some.y[place], None, len(place), some.weight))
            for place in (turn, turn[order])
        )
    # The numbers are compared as bits are, but that one that is none equals itself.
    if not all(torch.equal(a[order].nan_to_num(), b.nan_to_num()) for a, b in zip(one, other, strict=True)):
        raise ModelError(
            "in bfloat16 a row's gradient depends on where in a batch it stands, on this machine and with "
            "this module, so that one person more would move everybody's: give precision='float32'."
        )


def _raw(clipper: Clipper, rows: Rows) -> list[Tensor]:
    """All that a pass computes of single rows before norms: losses, slopes, inputs, or whole gradients."""
    found: list[Tensor] = []
    if any(group.way != "vmap" for group in clipper.groups):
        tap, slopes, losses = clipper.slopes(rows)
        found += [losses, *(s for each in slopes.values() for s in each)]
        found += [call.given for calls in tap.calls.values() for call in calls]
    slow = [name for group in clipper.groups if group.way == "vmap" for name in group.names]
    return found + (list(clipper.per_row(slow, rows).values()) if slow else [])


def check_moves(module: nn.Module, stepper: Stepper, size: float) -> None:
    """Check on a trial step that every trainable parameter can move; the weights are put back.

    Args:
        module: whose weights are moved.
        stepper: one that is used for nothing else.
        size: of the noise in each number of a step's gradient.

    Raises:
        ModelError: with the parameter that stands still.
    """
    there = trainable(module)
    before = {name: p.detach().clone() for name, p in there.items()}
    count = sum(p.numel() for p in there.values())
    signs = 2.0 * (torch.arange(count) % 2) - 1
    stepper.step(signs.to(next(iter(there.values()))) * size)
    stuck = [name for name, p in there.items() if torch.equal(p.detach(), before[name])]
    with torch.no_grad():
        for name, p in there.items():
            p.copy_(before[name])
    if stuck:
        raise ModelError(
            f"parameter {stuck[0]!r} does not move in a step: give a larger learning rate, or a number type "
            "that can express such a step."
        )
