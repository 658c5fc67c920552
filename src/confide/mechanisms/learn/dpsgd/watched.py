"""Clipped sums that an audit watches: every gradient is made, shown, and clipped as it comes back.

The tap may put canaries in the place of gradients, or add some (`confide.learners.tap`). Sampling, clipping,
noise, division and steps are those of any run. The rules that make no gradient are not used here; each run
compares them with plain autograd before it begins.
"""

from __future__ import annotations

import torch
from torch import Tensor

from confide.core.arrays import Ints
from confide.learners.tap import Tap
from confide.mechanisms.learn.dpsgd.clipping import LONGEST, Clipped, Clipper
from confide.mechanisms.learn.dpsgd.groups import trainable
from confide.mechanisms.learn.dpsgd.rows import Rows


def watched_sum(clipper: Clipper, rows: Rows, positions: Ints, tap: Tap) -> Clipped:
    """The clipped sum of what a tap gives back.

    Args:
        clipper: of the module.
        rows: of the sample.
        positions: of the units in the data, int64[count].
        tap: that watches.
    """
    there = trainable(clipper.module)
    parts: list[Clipped] = []
    start = 0
    for some in clipper.passes(rows):
        made = clipper.per_row(list(there), some)
        each = some.units.added(torch.cat([made[name].flatten(1) for name in there], dim=1))
        parts.append(_clipped(tap.gradients(positions[start : start + some.count], each), clipper, there))
        start += some.count
    if not parts:
        return clipper.clipped(rows)
    total = {name: torch.stack([part.total[name] for part in parts]).sum(0) for name in there}
    norms = torch.cat([part.norms for part in parts])[: rows.count]
    return Clipped(total, norms, sum(part.unusable for part in parts))


def _clipped(each: Tensor, clipper: Clipper, there: dict[str, Tensor]) -> Clipped:
    norms = torch.linalg.vector_norm(each, dim=1, dtype=torch.float64)
    good = norms < clipper.clip * LONGEST
    scale = torch.where(good, clipper.clip / norms.clamp(min=clipper.clip), 0.0).to(each.dtype)
    flat = scale @ torch.where(good[:, None], each, 0.0)
    sizes = [p.numel() for p in there.values()]
    total = {name: g.view_as(there[name]) for name, g in zip(there, flat.split(sizes), strict=True)}
    return Clipped(total, norms, int((~good).sum()))
