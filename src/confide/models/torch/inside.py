"""Per-record gradients of any torch module, with one forward and one backward pass for a chunk of records.

Hooks record the input of each layer, and the backward pass computes the slopes: the derivatives of the loss
in the layers' outputs. From these two `torch/layers.py` computes norms, products and gradients. Before that
a few records are tried, and every layer's gradient is compared with that of plain autograd. `vmap(grad)`
computes the gradients of a layer that has no rule, is used twice, shares its weights, does not keep the
records in the first dimension, or whose parameters are used in another way too.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from functools import partial
from typing import Protocol, TypeAlias

import torch
from torch import Tensor, nn
from torch.autograd.graph import GradientEdge, get_gradient_edge, saved_tensors_hooks
from torch.utils.hooks import RemovableHandle

from confide.core.errors import ModelError
from confide.models.torch.layers import Factors, Made, factors_of, has_rule

Owned: TypeAlias = Mapping[str, Sequence[str]]
"""The layers, each with the full names of its trainable parameters."""

_PROBED = 3  # one record would not show a layer that mixes records


class Forward(Protocol):
    """A function from records to outputs [b, C]; other weights may be given."""

    def __call__(self, rows: Tensor, weights: Mapping[str, Tensor] | None = None, /) -> Tensor: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Inside:
    """The gradients of a module on n records in some layers.

    Args:
        module: in eval mode; it is left unchanged.
        forward: computes the outputs of records.
        losses: the losses [b] of outputs and labels.
        rows, labels: the records; the labels are on the module's device.
        owned: the layers.
        chunk: the largest number of records at once.
        room: the memory in bytes for everything made for the records of a chunk besides the answer; a chunk
            has at least one record.
    """

    module: nn.Module
    forward: Forward
    losses: Callable[[Tensor, Tensor], Tensor]
    rows: Tensor
    labels: Tensor
    owned: Owned
    chunk: int
    room: int
    fast: Mapping[str, Factors] = field(init=False, repr=False)
    _passing: int = field(init=False, repr=False)

    def __post_init__(self) -> None:
        _must_not_mix(self.module)
        fast, passing = self._probed() if len(self.rows) else ({}, 1)
        object.__setattr__(self, "fast", fast)
        object.__setattr__(self, "_passing", passing)

    @property
    def width(self) -> int:
        """The bytes of one number of the module."""
        return next(self.module.parameters()).element_size()

    def sizes(self) -> dict[str, int]:
        """The number of parameters of each layer."""
        there = dict(self.module.named_parameters())
        return {layer: sum(there[name].numel() for name in names) for layer, names in self.owned.items()}

    def each(
        self, layers: Sequence[str] | None = None, *, made: int = 0
    ) -> Iterator[tuple[slice, dict[str, Factors]]]:
        """Yield for each chunk its records and their gradients in every layer.

        Args:
            layers: some of those `owned`; all by default.
            made: for how many parameters the caller holds the gradients of each record at once.
        """
        layers = tuple(self.owned) if layers is None else layers
        if not layers:
            return
        fast, slow = ([n for n in layers if (n in self.fast) is known] for known in (True, False))
        sizes = self.sizes()
        # vmap holds a gradient about three times: as made, in parts, and joined.
        work = max((self.fast[n].work for n in fast), default=0) + 3 * self.width * sum(
            sizes[n] for n in slow
        )
        # The pass itself needs memory too, and the caller's own gradients compete with the work on them.
        at_once = self.room // (self._passing + max(work, 3 * self.width * made))
        at_once = max(1, min(self.chunk, at_once))
        for start in range(0, len(self.rows), at_once):
            here = slice(start, min(start + at_once, len(self.rows)))
            rows, labels = self.rows[here], self.labels[here]
            found = self._caught(rows, labels, fast) if fast else {}
            found |= self._vmapped(rows, labels, slow) if slow else {}
            yield here, {n: found[n] for n in layers}

    def _caught(self, rows: Tensor, labels: Tensor, layers: Sequence[str]) -> dict[str, Factors]:
        with _Hooks(self.module, layers) as hooks, torch.enable_grad():
            # The sum's derivative in a record's output is that of its own loss: records do not mix.
            total = self.losses(self.forward(rows).double(), labels).sum()
        slopes = hooks.slopes(total)
        if not all(hooks.caught_whole(n, len(rows)) for n in layers):
            raise ModelError(
                "the module uses its layers in a different way for different records: "
                "query records of one kind at a time."
            )
        return {n: factors_of(hooks.parts[n], hooks.given(n), slopes[n], self._trained(n)) for n in layers}

    def _vmapped(self, rows: Tensor, labels: Tensor, layers: Sequence[str]) -> dict[str, Factors]:
        """Gradients by `vmap(grad)`; by a loop over the records if a part of the module does not allow it."""
        every = {name: p.detach() for name, p in self.module.named_parameters()}
        chosen = {name: every.pop(name) for n in layers for name in self.owned[n]}

        def of_one(weights: dict[str, Tensor], row: Tensor, label: Tensor) -> Tensor:
            out = self.forward(row.unsqueeze(0), {**every, **weights})
            return self.losses(out.double(), label.unsqueeze(0)).sum()

        try:
            with warnings.catch_warnings():
                # vmap warns where it falls back to a loop for one operation; the result is the same.
                warnings.filterwarnings("ignore", message="There is a performance drop")
                found = torch.func.vmap(torch.func.grad(of_one), in_dims=(None, 0, 0))(chosen, rows, labels)
        except (RuntimeError, ModelError):
            found = self._looped(rows, labels, tuple(chosen))
        return {n: Made(made=torch.cat([found[m].flatten(1) for m in self.owned[n]], dim=1)) for n in layers}

    def _looped(self, rows: Tensor, labels: Tensor, names: Sequence[str]) -> dict[str, Tensor]:
        there = dict(self.module.named_parameters())
        chosen, found = [there[name] for name in names], list[Sequence[Tensor]]()
        for row, label in zip(rows.split(1), labels.split(1), strict=True):
            with torch.enable_grad():
                loss = self.losses(self.forward(row).double(), label).sum()
            found.append(_gradients(loss, chosen))
        return {name: torch.stack(each) for name, each in zip(names, zip(*found, strict=True), strict=True)}

    def _trained(self, layer: str) -> frozenset[str]:
        return frozenset(name.rpartition(".")[2] for name in self.owned[layer])

    def _probed(self) -> tuple[dict[str, Factors], int]:
        """The layers whose rule agrees with plain autograd, and the bytes that a record takes in a pass.

        Each layer comes with the factors of one record, whose sizes are those of every record.
        """
        names = self._with_rule()
        there, rows = dict(self.module.named_parameters()), self.rows[:_PROBED]
        meter = _Meter(self.module)
        with _Hooks(self.module, names) as hooks, torch.enable_grad(), meter.watching():
            out = self.forward(rows)
        # The loss may have a derivative of 0, which would prove nothing; these fixed weights have none.
        weighted = out * torch.arange(1, out.numel() + 1, device=out.device).cos().view_as(out)
        passing = 1 + 2 * meter.bytes // len(rows)  # the backward pass makes about as much again
        try:
            slopes = hooks.slopes(weighted.sum(), retain_graph=True)
            owned = [there[full] for n in names for full in self.owned[n]]
            truth = dict(zip(map(id, owned), _gradients(weighted[-1].sum(), owned), strict=True))
        except RuntimeError:
            return {}, passing
        fast: dict[str, Factors] = {}
        for n in names:
            if not hooks.caught_whole(n, len(rows)):
                continue
            last = hooks.given(n)[-1:].clone(), slopes[n][-1:].clone()
            factors = factors_of(hooks.parts[n], *last, self._trained(n))
            expected = torch.cat([truth[id(there[full])].flatten() for full in self.owned[n]])
            error = torch.linalg.vector_norm(factors.gradients()[0] - expected)
            # Half of the digits agree: far more than a wrong rule gives, and never lost to rounding.
            if error <= torch.finfo(out.dtype).eps ** 0.5 * torch.linalg.vector_norm(expected):
                fast[n] = factors
        return fast, passing

    def _with_rule(self) -> list[str]:
        """The layers that are one module of a known kind and share no parameters with others."""
        # How often each parameter is owned, by identity, since tied weights are one object in two modules.
        parts, users = named_parts(self.module), list[int]()
        for part in self.module.modules():
            users += [id(p) for p in part._parameters.values() if p is not None]
        found: list[str] = []
        for n, names in self.owned.items():
            own = {
                name.rpartition(".")[2]: parts[n]._parameters.get(name.rpartition(".")[2]) for name in names
            }
            alone = all(p is not None and users.count(id(p)) == 1 for p in own.values())
            if has_rule(parts[n]) and own.keys() <= {"weight", "bias"} and alone:
                found.append(n)
        return found


class _Hooks:
    """Hooks that record the inputs of layers, and the positions of their outputs in autograd's graph."""

    def __init__(self, module: nn.Module, layers: Sequence[str]) -> None:
        parts = named_parts(module)
        self.parts = {n: parts[n] for n in layers}
        self._calls: dict[str, list[tuple[Tensor, int, Tensor, GradientEdge | None]]] = {
            n: [] for n in layers
        }
        self._handles: list[RemovableHandle] = []

    def __enter__(self) -> _Hooks:
        for n, part in self.parts.items():
            hook = partial(self._catch, n)
            # First of all hooks: a user's hook may change the output, and that is part of what follows.
            self._handles.append(part.register_forward_hook(hook, prepend=True, with_kwargs=True))
        return self

    def __exit__(self, *_: object) -> None:
        for handle in self._handles:
            handle.remove()

    def _catch(
        self, n: str, _: nn.Module, args: tuple[Tensor, ...], named: dict[str, Tensor], out: Tensor
    ) -> None:
        given = (*args, *named.values())[0].detach()
        # The edge, not the tensor: a later change of `out` in place does not move it.
        edge = get_gradient_edge(out) if out.requires_grad else None
        # The version tells later whether the module has overwritten its input in place.
        self._calls[n].append((given, given._version, out.detach(), edge))

    def caught_whole(self, n: str, b: int) -> bool:
        """Whether the layer was used once, with b records in the first dimension and an unchanged input."""
        return len(self._calls[n]) == 1 and all(
            len(given) == len(out) == b and given._version == version and given.ndim and out.ndim > 1
            for given, version, out, _ in self._calls[n]
        )

    def given(self, n: str) -> Tensor:
        return self._calls[n][0][0]

    def slopes(self, total: Tensor, *, retain_graph: bool = False) -> dict[str, Tensor]:
        """The derivatives of a sum over records in the outputs of all layers; 0 where it does not depend."""
        first = {n: calls[0] for n, calls in self._calls.items() if calls}
        edges = {n: edge for n, (*_, edge) in first.items() if edge is not None}
        found: dict[str, Tensor | None] = {}
        if edges and total.requires_grad:
            slopes = torch.autograd.grad(
                total, list(edges.values()), allow_unused=True, retain_graph=retain_graph
            )
            found = dict(zip(edges, slopes, strict=True))
        slope = {n: found.get(n) for n in first}
        return {n: torch.zeros_like(first[n][2]) if s is None else s for n, s in slope.items()}


class _Meter:
    """A meter of the bytes that autograd keeps for the backward pass, without those of the module itself."""

    def __init__(self, module: nn.Module) -> None:
        # Weights are kept for the backward pass too, but take no further memory for each record.
        self._seen = {t.data_ptr() for t in (*module.parameters(), *module.buffers())}
        self.bytes = 0

    def watching(self) -> saved_tensors_hooks:
        return saved_tensors_hooks(self._weigh, lambda t: t)

    def _weigh(self, kept: Tensor) -> Tensor:
        if kept.data_ptr() not in self._seen:
            self._seen.add(kept.data_ptr())
            self.bytes += kept.numel() * kept.element_size()
        return kept


def named_parts(module: nn.Module) -> dict[str, nn.Module]:
    """The parts of a module by name; the whole module has the name of its class."""
    return {name or type(part).__name__.lower(): part for name, part in module.named_modules()}


def thawed(module: nn.Module) -> nn.Module:
    """A copy of the module that shares all tensors and whose floating-point parameters take gradients."""
    # deepcopy takes an object from this memo instead of copying it.
    shared: dict[int, Tensor] = {id(buffer): buffer for buffer in module.buffers()}
    for p in module.parameters():
        shared[id(p)] = nn.Parameter(p.detach(), requires_grad=p.is_floating_point())
    return deepcopy(module, shared)


def _gradients(total: Tensor, parameters: Sequence[Tensor]) -> Sequence[Tensor]:
    if not (parameters and total.requires_grad):
        return [torch.zeros_like(p) for p in parameters]
    return torch.autograd.grad(total, parameters, allow_unused=True, materialize_grads=True)


def _must_not_mix(module: nn.Module) -> None:
    for name, part in module.named_modules():
        if isinstance(part, nn.modules.batchnorm._BatchNorm) and part.running_mean is None:
            raise ModelError(
                f"layer {name!r} ({type(part).__name__}) keeps no running statistics, so the loss of a "
                "record depends on the others in its batch: train it with track_running_stats=True."
            )
