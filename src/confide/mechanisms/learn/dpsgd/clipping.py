"""Clipped sums of gradients: one forward pass, one backward pass to the layers' outputs, one product a layer.

For each unit (a record, or all rows of a person) with gradient g the sum holds g min(1, C / |g|): a vector of
length C at most, whatever the unit is. The order is: inputs and slopes, norms over all layers, factors, sums.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

from confide.core.errors import ModelError
from confide.learners.torch.training import Precision
from confide.mechanisms.learn.dpsgd.groups import Group, trainable
from confide.mechanisms.learn.dpsgd.losses import Losses, row_losses
from confide.mechanisms.learn.dpsgd.per_row import per_row_gradients
from confide.mechanisms.learn.dpsgd.precision import outputs, padded, settle
from confide.mechanisms.learn.dpsgd.products import Units, made_gradients, paired_squares, weighted_sum
from confide.mechanisms.learn.dpsgd.rows import Rows
from confide.mechanisms.learn.dpsgd.tapping import Tap
from confide.models.torch.layers import Products, factors_of

LONGEST = 1e30
"""Clips: a longer gradient counts as not finite. Factors below 1e-38 have lost digits in float32."""


@dataclass(frozen=True, slots=True)
class Share:
    """One group's part of the gradients.

    Args:
        group: whose.
        squares: the squared norms, float64[units].
        total: from the units' factors [units] and the rows' [rows] to the weighted sum, [p].
    """

    group: Group
    squares: Tensor
    total: Callable[[Tensor, Tensor], Tensor]


@dataclass(frozen=True, slots=True)
class Clipped:
    """A clipped sum.

    Args:
        total: by parameter's name, in the parameter's shape.
        norms: of the units' gradients before clipping, float64[units]; NaN for those left out.
        unusable: how many units had a gradient that was not finite. They are clipped to zero.
    """

    total: Mapping[str, Tensor]
    norms: Tensor
    unusable: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Clipper:
    """Computes clipped sums of one module.

    Args:
        module: in the mode in which it is trained.
        losses: of rows.
        groups: all trainable parameters, each with its way.
        clip: C.
        at_once: the largest number of units in one pass; in bfloat16 the number of rows in every pass.
        precision: of the passes through the module (`precision.py`).
    """

    module: nn.Module
    losses: Losses
    groups: Sequence[Group]
    clip: float
    at_once: int
    precision: Precision = "float32"
    _tapped: Mapping[str, nn.Module] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        layers = [layer for g in self.groups if g.way != "vmap" for layer in g.layers]
        object.__setattr__(self, "_tapped", {layer: self.module.get_submodule(layer) for layer in layers})

    def clipped(self, rows: Rows) -> Clipped:
        """The clipped sum of a sample; zeros for an empty one."""
        parts = [self._pass(some) for some in self.passes(rows)]
        if not parts:
            zero = {name: torch.zeros_like(p) for name, p in trainable(self.module).items()}
            return Clipped(zero, torch.zeros(0, dtype=torch.float64), 0)
        if len(parts) == 1:
            return parts[0]
        # Micro-batches are added in float64, so that their number does not show in the last digits.
        total = {
            name: torch.stack([p.total[name] for p in parts]).sum(0, dtype=torch.float64)
            for name in parts[0].total
        }
        return Clipped(total, torch.cat([p.norms for p in parts]), sum(p.unusable for p in parts))

    def passes(self, rows: Rows) -> Iterator[Rows]:
        """The rows of a sample, pass by pass."""
        start = 0
        while start < rows.count:
            stop = start + self.at_once
            if self.precision != "float32":
                stop = rows.fitting(start, self.at_once)
            yield rows.of_units(start, min(stop, rows.count))
            start = stop

    def _pass(self, rows: Rows) -> Clipped:
        shares = self.shares(rows)
        squares = torch.stack([share.squares for share in shares]).sum(0)
        good = squares < (self.clip * LONGEST) ** 2  # not where it is NaN
        if not bool(good.all()):
            return self._without(rows, good)
        norms = squares.sqrt()
        scale = (self.clip / norms.clamp(min=self.clip)).to(self._dtype)
        of_rows = scale if rows.owner is None else scale[rows.owner]
        total: dict[str, Tensor] = {}
        there = trainable(self.module)
        for share in shares:
            sizes = [there[name].numel() for name in share.group.names]
            for name, flat in zip(share.group.names, share.total(scale, of_rows).split(sizes), strict=True):
                total[name] = flat.view_as(there[name])
        return Clipped(total, norms, 0)

    def _without(self, rows: Rows, good: Tensor) -> Clipped:
        """The sum without the units whose gradients cannot be shortened: 0 times infinity would not be 0."""
        norms = torch.full((rows.count,), torch.nan, dtype=torch.float64, device=good.device)
        if not bool(good.any()):
            zero = {name: torch.zeros_like(p) for name, p in trainable(self.module).items()}
            return Clipped(zero, norms, rows.count)
        rest = self._pass(rows.only(good))
        norms[good] = rest.norms
        return Clipped(rest.total, norms, int((~good).sum()) + rest.unusable)

    @property
    def _dtype(self) -> torch.dtype:
        return next(p.dtype for p in self.module.parameters() if p.requires_grad)

    def shares(self, rows: Rows) -> list[Share]:
        """Each group's part, in the order of the groups.

        Raises:
            ModelError: if a layer is used in another way than the plan foresees.
        """
        found: dict[tuple[str, ...], Share] = {}
        if self._tapped:
            tap, slopes, _ = self.slopes(rows)
            slopes = settle(tap, slopes, len(rows.x))
            for group in self.groups:
                if group.way != "vmap":
                    found[group.names] = self.share_of(group, tap, slopes, rows.units)
        slow = [group for group in self.groups if group.way == "vmap"]
        if slow:
            found |= {share.group.names: share for share in self._vmapped(slow, rows)}
        return [found[group.names] for group in self.groups]

    def slopes(self, rows: Rows) -> tuple[Tap, dict[str, list[Tensor]], Tensor]:
        """What the layers were given, the derivatives in their outputs, and the rows' losses."""
        rows = self._whole(rows)
        with Tap(self._tapped) as tap, torch.enable_grad():
            losses = row_losses(self.losses, outputs(self.module, rows.x, self.precision), rows.y)
            _need_whole(tap)
            return tap, tap.slopes(losses.sum() * rows.weight), losses.detach()

    def per_row(self, names: Sequence[str], rows: Rows) -> dict[str, Tensor]:
        """Each row's gradient in some parameters, [rows, ...]."""
        made = per_row_gradients(self.module, self.losses, names, self._whole(rows), self.precision)
        return {name: each[: len(rows.x)] for name, each in made.items()}

    def _whole(self, rows: Rows) -> Rows:
        return rows if self.precision == "float32" else padded(rows, self.at_once)

    def share_of(self, group: Group, tap: Tap, slopes: Mapping[str, list[Tensor]], units: Units) -> Share:
        if group.way == "shared":
            return _of_made(group, self._added_uses(group, tap, slopes, units))
        ((layer, own),) = group.layers.items()
        if len(tap.calls[layer]) != 1:
            raise ModelError(
                f"layer {layer!r} was used {len(tap.calls[layer])} times in a step, and once when it was "
                "tried: a module must use its layers in one way for all rows."
            )
        part = self._tapped[layer]
        factors = factors_of(part, tap.calls[layer][0].given, slopes[layer][0], frozenset(own))
        if not isinstance(factors, Products):
            return _of_made(group, units.added(factors.gradients()))
        if group.way == "pairs":
            return Share(
                group,
                paired_squares(factors, units),
                lambda _, of_rows: weighted_sum(factors, part, of_rows),
            )
        return _of_made(group, made_gradients(factors, units, by_patches=group.way == "patches"))

    def _added_uses(self, group: Group, tap: Tap, slopes: Mapping[str, list[Tensor]], units: Units) -> Tensor:
        there = trainable(self.module)
        made: dict[str, Tensor] = {}
        for layer, own in group.layers.items():
            part, keys = self._tapped[layer], sorted(own, key="bias".__eq__)
            for call, slope in zip(tap.calls[layer], slopes[layer], strict=True):
                factors = factors_of(part, call.given, slope, frozenset(own))
                each = units.added(factors.gradients())
                sizes = [there[own[key]].numel() for key in keys]
                for key, some in zip(keys, each.split(sizes, dim=1), strict=True):
                    made[own[key]] = made[own[key]] + some if own[key] in made else some
        count = units.count
        blank = {name: there[name].new_zeros(count, there[name].numel()) for name in group.names}
        return torch.cat([made.get(name, blank[name]) for name in group.names], dim=1)

    def _vmapped(self, groups: Sequence[Group], rows: Rows) -> list[Share]:
        names = [name for group in groups for name in group.names]
        made = self.per_row(names, rows)
        return [
            _of_made(group, rows.units.added(torch.cat([made[name].flatten(1) for name in group.names], 1)))
            for group in groups
        ]


def _need_whole(tap: Tap) -> None:
    for layer, calls in tap.calls.items():
        if not all(call.whole for call in calls):
            raise ModelError(
                f"the input of layer {layer!r} is changed in place after the layer was used, perhaps by an "
                "activation with inplace=True: use inplace=False."
            )


def _of_made(group: Group, made: Tensor) -> Share:
    squares = torch.linalg.vector_norm(made, dim=1, dtype=torch.float64).square()
    return Share(group, squares, lambda scale, _: scale @ made)
