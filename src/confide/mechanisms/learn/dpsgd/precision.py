"""Mixed precision: the passes through the module in bfloat16, and all that the promise rests on in float32.

With `precision="bfloat16"` the module runs under `torch.autocast`, and so does its backward pass. Then a
layer's inputs and slopes become float32, and from these very tensors both the norm (in float64) and the
clipped sum (in float32) are computed. So a unit's contribution is as long as its norm says, up to rounding in
float32, and the thousandth of the clip that is charged for that covers it (`noise.SLACK`). What bfloat16 does
to a gradient changes what is learned, and not how far one unit moves the sum.

*One thing more is needed.* A unit's gradient must not depend on who else is in its pass. Numbers in bfloat16
have eight binary digits: a kernel that adds up in another order for another number of rows would move
thousands of gradients by up to 2^-9 of themselves, all because of one unit more. So all passes have the same
number of rows, the last rows being repeated where there are fewer, and before anything is charged it is
checked bit for bit that a row's slopes are the same wherever it stands, and beside whom (`check_places`). A
kernel's order depends on shapes alone, so what holds there holds in every step. Where it does not hold, the
module is refused, with the advice to train in float32.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from confide.learners.torch.training import Precision
from confide.mechanisms.learn.dpsgd.rows import Rows
from confide.mechanisms.learn.dpsgd.tapping import Tap


def outputs(module: Callable[[Tensor], Any], x: Tensor, precision: Precision) -> Any:
    """The module's outputs in float32, computed in this precision."""
    if precision == "float32":
        return module(x)
    # Without its cache, which keeps converted weights beyond the inside of a `vmap`.
    with torch.autocast(x.device.type, torch.bfloat16, cache_enabled=False):
        out = module(x)
    return _in_float32(out)


def _in_float32(out: Any) -> Any:
    if isinstance(out, Tensor):
        return out.float() if out.dtype == torch.bfloat16 else out
    if isinstance(out, dict):
        return {key: _in_float32(value) for key, value in out.items()}
    return type(out)(map(_in_float32, out)) if type(out) in (list, tuple) else out


def padded(rows: Rows, count: int) -> Rows:
    """These rows and copies of the last one, `count` in all; units of copies are nobody's."""
    missing = count - len(rows.x)
    if missing <= 0 or not len(rows.x):
        return rows
    x = torch.cat([rows.x, rows.x[-1:].expand(missing, *rows.x.shape[1:])])
    y = torch.cat([rows.y, rows.y[-1:].expand(missing, *rows.y.shape[1:])])
    return Rows(x, y, None, count, rows.weight)


def settle(tap: Tap, slopes: dict[str, list[Tensor]], rows: int) -> dict[str, list[Tensor]]:
    """Slopes of the first rows in float32; the inputs that the tap holds become the same."""
    for name, calls in tap.calls.items():
        tap.calls[name] = [replace(call, given=_first(call.given, rows)) for call in calls]
    return {name: [_first(slope, rows) for slope in each] for name, each in slopes.items()}


def _first(tensor: Tensor, rows: int) -> Tensor:
    return _in_float32(tensor[:rows])
