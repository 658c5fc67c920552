"""Clipped sums of gradients: one forward pass, one backward pass to the layers' outputs, one product a layer.

For each unit (a record, or all rows of a person) with gradient g the sum holds g min(1, C / |g|): a vector of
length C at most, whatever the unit is. The order is: inputs and slopes, norms over all layers, factors, sums.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

from confide.core.errors import ModelError
from confide.mechanisms.learn.dpsgd.groups import Group, trainable
from confide.mechanisms.learn.dpsgd.losses import Losses, row_losses
from confide.mechanisms.learn.dpsgd.products import Units, made_gradients, paired_squares, weighted_sum
from confide.mechanisms.learn.dpsgd.tapping import Tap
from confide.models.torch.layers import Products, factors_of

LONGEST = 1e30
"""Clips: a longer gradient counts as not finite. Factors below 1e-38 have lost digits in float32."""


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows of a sample, and whose they are.

    Args:
        x: inputs [rows, ...].
        y: labels [rows].
        owner: int64[rows], rising, the unit of each row; None if each row is a unit.
        count: the number of units.
        weight: of a row's loss in its unit's: 1 for a person's rows, 1 / K for K views of a picture.
    """

    x: Tensor
    y: Tensor
    owner: Tensor | None
    count: int
    weight: float = 1.0

    @property
    def units(self) -> Units:
        return Units(self.owner, self.count)

    def of_units(self, start: int, stop: int) -> Rows:
        """The rows of units start to stop - 1."""
        if self.owner is None:
            return Rows(self.x[start:stop], self.y[start:stop], None, stop - start, self.weight)
        edges = torch.searchsorted(self.owner, torch.tensor([start, stop], device=self.owner.device))
        here = slice(int(edges[0]), int(edges[1]))
        return Rows(self.x[here], self.y[here], self.owner[here] - start, stop - start, self.weight)

    def only(self, kept: Tensor) -> Rows:
        """The rows of the units under a mask bool[count]."""
        if self.owner is None:
            return Rows(self.x[kept], self.y[kept], None, int(kept.sum()), self.weight)
        rows, number = kept[self.owner], kept.cumsum(0) - 1
        return Rows(self.x[rows], self.y[rows], number[self.owner[rows]], int(kept.sum()), self.weight)


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
        at_once: the largest number of units in one pass.
    """

    module: nn.Module
    losses: Losses
    groups: Sequence[Group]
    clip: float
    at_once: int
    _tapped: Mapping[str, nn.Module] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        layers = [layer for g in self.groups if g.way != "vmap" for layer in g.layers]
        object.__setattr__(self, "_tapped", {layer: self.module.get_submodule(layer) for layer in layers})

    def clipped(self, rows: Rows) -> Clipped:
        """The clipped sum of a sample; zeros for an empty one."""
        parts = [self._pass(rows.of_units(start, stop)) for start, stop in self._spans(rows.count)]
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

    def _spans(self, count: int) -> Iterator[tuple[int, int]]:
        for start in range(0, count, self.at_once):
            yield start, min(start + self.at_once, count)

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
            with Tap(self._tapped) as tap, torch.enable_grad():
                total = row_losses(self.losses, self.module(rows.x), rows.y).sum() * rows.weight
                _need_whole(tap)
                slopes = tap.slopes(total)
            for group in self.groups:
                if group.way != "vmap":
                    found[group.names] = self.share_of(group, tap, slopes, rows.units)
        slow = [group for group in self.groups if group.way == "vmap"]
        if slow:
            found |= {share.group.names: share for share in self._vmapped(slow, rows)}
        return [found[group.names] for group in self.groups]

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
        made = per_row_gradients(self.module, self.losses, names, rows)
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


def per_row_gradients(
    module: nn.Module, losses: Losses, names: Sequence[str], rows: Rows
) -> dict[str, Tensor]:
    """Each row's gradient in some parameters by `vmap(grad)`; by a loop where vmap cannot: [rows, ...]."""
    every = {name: p.detach() for name, p in module.named_parameters()}
    chosen = {name: every.pop(name) for name in names}

    def of_one(weights: dict[str, Tensor], row: Tensor, label: Tensor) -> Tensor:
        out = torch.func.functional_call(module, {**every, **weights}, (row.unsqueeze(0),))
        return row_losses(losses, out, label.unsqueeze(0)).sum() * rows.weight

    if not len(rows.x):
        return {name: p.new_zeros(0, *p.shape) for name, p in chosen.items()}
    try:
        with warnings.catch_warnings():
            # vmap warns where it falls back to a loop for one operation; the result is the same.
            warnings.filterwarnings("ignore", message="There is a performance drop")
            one = torch.func.grad(of_one)
            return torch.func.vmap(one, in_dims=(None, 0, 0), randomness="different")(chosen, rows.x, rows.y)
    except RuntimeError:
        return looped_gradients(module, losses, names, rows)


def looped_gradients(
    module: nn.Module, losses: Losses, names: Sequence[str], rows: Rows
) -> dict[str, Tensor]:
    """Each row's gradient in some parameters by plain autograd, row by row: the naive reference."""
    there = dict(module.named_parameters())
    chosen, found = [there[name] for name in names], list[Sequence[Tensor]]()
    for row, label in zip(rows.x.split(1), rows.y.split(1), strict=True):
        with torch.enable_grad():
            loss = row_losses(losses, module(row), label).sum() * rows.weight
        found.append(torch.autograd.grad(loss, chosen, allow_unused=True, materialize_grads=True))
    return {name: torch.stack(each) for name, each in zip(names, zip(*found, strict=True), strict=True)}
