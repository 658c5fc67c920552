"""A plan of how each layer's norms are computed: probed against plain autograd, chosen by cost, and timed.

A layer gets its rule only if on a few rows, with weights moved at random, the rule gives the gradient that
plain autograd gives. All other parameters go by `vmap`. Where a layer works at many positions, two or three
ways give the same norms at very different costs: each is timed on a few units of the data, and the whole plan
is timed against `vmap` for everything.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

import torch
from torch import Tensor, nn
from torch.autograd.graph import saved_tensors_hooks

from confide.mechanisms.learn.dpsgd.clipping import Clipper
from confide.mechanisms.learn.dpsgd.groups import Group, Way, groups_of, trainable
from confide.mechanisms.learn.dpsgd.losses import Losses, row_losses
from confide.mechanisms.learn.dpsgd.per_row import looped_gradients
from confide.mechanisms.learn.dpsgd.products import Units, made_gradients, paired_squares, weighted_sum
from confide.mechanisms.learn.dpsgd.rows import Rows
from confide.mechanisms.learn.dpsgd.tapping import Tap
from confide.models.torch.convolutions import Convolution
from confide.models.torch.layers import Products, factors_of

PROBED = 4
"""Units that a rule is tried on: one would not show a layer that mixes them."""
TIMED = 32
"""Units that ways are timed on."""
CACHE = 8 << 20
"""Bytes of gradients that are made at once: more leave the cache, and take twice as long."""
FEWEST = 32
"""Units in a pass, whatever the cache is, as long as the memory holds them."""
HOPELESS = 16
"""A way whose multiplications are this many times another's is not timed."""


def planned(module: nn.Module, losses: Losses, rows: Rows, *, timed: bool = True) -> list[Group]:
    """The groups of a module, each with the way that is right and cheapest.

    Args:
        module: in the mode in which it is trained; it is left unchanged.
        losses: of rows.
        rows: units of the data, `TIMED` of them or fewer.
        timed: whether costs are measured too. A rehearsal counts them only: two ways round differently, and
            it must end with the same weights each time.
    """
    few = rows.of_units(0, min(PROBED, rows.count))
    groups = _cheapest(module, losses, _probed(module, losses, few), rows, timed)
    if (
        not timed
        or all(group.way == "vmap" for group in groups)
        or not any(_dear(group, module) for group in groups)
    ):
        return groups
    slow = [replace(group, way="vmap") for group in groups]
    ours, theirs = (_timed(lambda g=g: _clipper(module, losses, g).clipped(rows)) for g in (groups, slow))
    return slow if theirs < 0.9 * ours else groups


def units_at_once(
    module: nn.Module, losses: Losses, groups: Sequence[Group], rows: Rows, *, memory_mb: int
) -> int:
    """How many units a pass takes: as the memory holds, and gradients as the processor's cache does."""
    most = memory_mb * 2**20 // unit_bytes(module, losses, groups, rows)
    there = trainable(module)
    made = sum(
        there[name].numel() * there[name].element_size()
        for group in groups
        if group.way != "pairs"
        for name in group.names
    )
    return max(1, min(most, max(FEWEST, CACHE // max(1, made))))


def rows_at_once(
    module: nn.Module, losses: Losses, groups: Sequence[Group], rows: Rows, *, memory_mb: int, batch: int,
    most: int,
) -> int:  # fmt: skip
    """How many rows every pass has, where all passes have one number of them: nobody's rows decide.

    Args:
        rows: a few, as units of their own.
        memory_mb: for one pass.
        batch: the expected number of rows in a sample. One pass holds nearly every sample, if the memory
            does; else several hold it, and few rows are repeated.
        most: rows of one unit.
    """
    single = Rows(rows.x, rows.y, None, len(rows.x), rows.weight)
    found = units_at_once(module, losses, groups, single, memory_mb=memory_mb)
    nearly_all = batch + 3 * math.sqrt(batch)
    return max(1, most, math.ceil(nearly_all / math.ceil(nearly_all / found)))


def unit_bytes(module: nn.Module, losses: Losses, groups: Sequence[Group], rows: Rows) -> int:
    """The bytes that a step needs for each unit, measured on a forward pass of these."""
    kept = {t.data_ptr() for t in (*module.parameters(), *module.buffers())}
    total = 0

    def weigh(tensor: Tensor) -> Tensor:
        nonlocal total
        if tensor.data_ptr() not in kept:
            kept.add(tensor.data_ptr())
            total += tensor.numel() * tensor.element_size()
        return tensor

    there = trainable(module)
    tapped = {layer: module.get_submodule(layer) for g in groups if g.way != "vmap" for layer in g.layers}
    with saved_tensors_hooks(weigh, lambda t: t), torch.enable_grad(), Tap(tapped) as tap:
        row_losses(losses, module(rows.x), rows.y)
    work = 0
    for group in groups:
        size = sum(there[name].numel() * there[name].element_size() for name in group.names)
        if group.way == "pairs":
            # Inputs and slopes in float64, and the products of all pairs of positions.
            (layer,) = group.layers
            call = tap.calls[layer][0]
            per_row = call.given[:1].numel() + call.out[:1].numel()
            positions = max(1, call.out[:1].numel() // call.out.shape[-1])
            rows_each = -(-len(rows.x) // max(1, rows.count))
            work += 8 * rows_each * per_row + 16 * (rows_each * positions) ** 2
        else:
            work += 3 * size if group.way == "vmap" else 2 * size
    # The backward pass makes about as much again as the forward pass keeps.
    return 1 + 2 * total // max(1, rows.count) + work


def _probed(module: nn.Module, losses: Losses, rows: Rows) -> list[Group]:
    groups = groups_of(module)
    names = [name for group in groups for name in group.names]
    with without_dropout(module), _moved(module):
        truth = looped_gradients(module, losses, names, rows)
        tapped = {layer: module.get_submodule(layer) for g in groups if g.way != "vmap" for layer in g.layers}
        with Tap(tapped) as tap, torch.enable_grad():
            slopes = tap.slopes(row_losses(losses, module(rows.x), rows.y).sum() * rows.weight)
        found = [_ruled(group, tap, len(rows.x)) for group in groups]
        ruled = [group for group in found if group.way != "vmap"]
        alone = replace(rows, owner=None, count=len(rows.x))
        for k, group in enumerate(found):
            if group in ruled and not _agrees(module, losses, group, tap, slopes, alone, truth):
                found[k] = replace(group, way="vmap")
    return found


def _ruled(group: Group, tap: Tap, rows: int) -> Group:
    """The group with "shared" if a layer was used more than once, and "vmap" if its uses fit no rule."""
    if group.way == "vmap":
        return group
    uses = [call for layer in group.layers for call in tap.calls[layer]]
    fit = all(
        call.whole and call.given.ndim and call.out.ndim > 1 and len(call.given) == len(call.out) == rows
        for call in uses
    )
    if not uses or not fit:
        return replace(group, way="vmap")
    return group if len(uses) == 1 else replace(group, way="shared")


def _agrees(
    module: nn.Module,
    losses: Losses,
    group: Group,
    tap: Tap,
    slopes: dict[str, list[Tensor]],
    rows: Rows,
    truth: dict[str, Tensor],
) -> bool:
    """Whether the rule gives the gradients of plain autograd, row by row."""
    clipper = _clipper(module, losses, [group])
    share = clipper.share_of(group, tap, slopes, rows.units)
    expected = torch.cat([truth[name].flatten(1) for name in group.names], dim=1)
    every = torch.eye(len(expected), dtype=expected.dtype, device=expected.device)
    found = torch.stack([share.total(one, one) for one in every])
    # Half of the digits agree: far more than a wrong rule gives, and never lost to rounding.
    close = torch.finfo(expected.dtype).eps ** 0.5
    return bool((found - expected).norm() <= close * expected.norm())


def _cheapest(
    module: nn.Module, losses: Losses, groups: Sequence[Group], rows: Rows, timed: bool
) -> list[Group]:
    """The groups that go by products, each with its cheapest way."""
    open_ = {layer: module.get_submodule(layer) for g in groups if g.way == "made" for layer in g.layers}
    with Tap(open_) as tap, torch.enable_grad():
        slopes = tap.slopes(row_losses(losses, module(rows.x), rows.y).sum())
    found: list[Group] = []
    for group in groups:
        if group.way == "made":
            ((layer, own),) = group.layers.items()
            part, call = open_[layer], tap.calls[layer][0]
            factors = factors_of(part, call.given, slopes[layer][0], frozenset(own))
            if isinstance(factors, Products):
                group = replace(group, way=_way(factors, part, rows.units, timed))
        found.append(group)
    return found


def _way(factors: Products, part: nn.Module, units: Units, timed: bool) -> Way:
    """The cheapest way of one layer, by multiplications; timed where these do not decide."""
    groups, positions, inputs, outputs = factors.shape
    each = -(-len(factors.slope) // max(1, units.count))  # rows of a unit
    if positions * each == 1:
        return "pairs"
    pairs = 2 * groups * (positions * each) ** 2 * (inputs + outputs)  # twice, for float64
    made = positions * each * factors.size
    if not timed:
        return "pairs" if pairs < made else "made"
    if pairs > HOPELESS * made and not isinstance(part, Convolution):
        return "made"
    scale = torch.ones(len(factors.slope), dtype=factors.slope.dtype, device=factors.slope.device)

    def by_pairs() -> object:
        return paired_squares(factors, units), weighted_sum(factors, part, scale)

    def by_made(by_patches: bool = False) -> object:
        made = made_gradients(factors, units, by_patches=by_patches)
        return torch.linalg.vector_norm(made, dim=1, dtype=torch.float64), scale[: units.count] @ made

    ways: dict[Way, Callable[[], object]] = {"made": by_made}
    if pairs <= HOPELESS * made:
        ways["pairs"] = by_pairs
    if isinstance(part, Convolution):
        ways["patches"] = lambda: by_made(by_patches=True)
    took: dict[Way, float] = {way: _timed(work) for way, work in ways.items()}
    return min(took, key=took.__getitem__)


def _dear(group: Group, module: nn.Module) -> bool:
    """Whether `vmap` for everything could be faster: for layers that work at many positions."""
    return group.way in ("made", "patches", "shared", "vmap") and any(
        isinstance(module.get_submodule(layer), Convolution) or group.way == "vmap" for layer in group.layers
    )


def _clipper(module: nn.Module, losses: Losses, groups: Sequence[Group]) -> Clipper:
    return Clipper(module=module, losses=losses, groups=groups, clip=1.0, at_once=1 << 30)


def _timed(work: Callable[[], object], repeats: int = 3) -> float:
    """The least of a few times of the processor, after one that is not counted."""
    work()
    took: list[float] = []
    for _ in range(repeats):
        start = time.process_time()  # not of the clock: other processes take turns
        work()
        took.append(time.process_time() - start)
    return min(took)


@contextmanager
def without_dropout(module: nn.Module) -> Iterator[None]:
    """Let dropout pass everything inside the block, so that two passes can be compared."""
    parts = [p for p in module.modules() if isinstance(p, nn.modules.dropout._DropoutNd) and p.training]
    inner = nn.RNNBase | nn.MultiheadAttention
    recurrent = [(p, p.dropout) for p in module.modules() if isinstance(p, inner) and p.dropout]
    for part in parts:
        part.training = False
    for part, _ in recurrent:
        vars(part)["dropout"] = 0.0
    try:
        yield
    finally:
        for part in parts:
            part.training = True
        for part, chance in recurrent:
            vars(part)["dropout"] = chance


@contextmanager
def _moved(module: nn.Module) -> Iterator[None]:
    """Weights moved a little inside the block: a layer that begins with zeros hides what is before it."""
    there = trainable(module)
    before = {name: p.detach().clone() for name, p in there.items()}
    generator = torch.Generator().manual_seed(0)
    try:
        with torch.no_grad():
            for p in there.values():
                p.add_((torch.rand(p.shape, generator=generator) - 0.5).to(p) / 10)
        yield
    finally:
        with torch.no_grad():
            for name, p in there.items():
                p.copy_(before[name])
