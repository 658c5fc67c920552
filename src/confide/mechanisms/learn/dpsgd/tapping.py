"""Hooks that record inputs and slopes of layers, and are there while one step runs.

The module stays the one that came in: no wrapper, no attribute, the same class and the same names of weights.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from types import TracebackType
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.graph import GradientEdge, get_gradient_edge
from torch.utils.hooks import RemovableHandle


@dataclass(frozen=True, slots=True)
class Call:
    """One use of a layer: its input, that input's version, and its output's place in autograd's graph."""

    given: Tensor
    version: int
    out: Tensor
    edge: GradientEdge | None

    @property
    def whole(self) -> bool:
        """Whether the input is still what the layer was given."""
        return self.given._version == self.version


class Tap:
    """Records each use of some layers inside a `with` block."""

    def __init__(self, layers: Mapping[str, nn.Module]) -> None:
        self.layers = layers
        self.calls: dict[str, list[Call]] = {name: [] for name in layers}
        self._handles: list[RemovableHandle] = []

    def __enter__(self) -> Tap:
        for name, part in self.layers.items():
            hook = partial(self._record, name)
            # First of all hooks: a user's hook may change the output, and that is part of what follows.
            self._handles.append(part.register_forward_hook(hook, prepend=True, with_kwargs=True))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for handle in self._handles:
            handle.remove()

    def _record(
        self, name: str, _: nn.Module, args: tuple[Any, ...], named: dict[str, Any], out: Any
    ) -> None:
        given = next((t for t in (*args, *named.values()) if isinstance(t, Tensor)), None)
        if given is None or not isinstance(out, Tensor):
            return
        given = given.detach()
        edge = get_gradient_edge(out) if out.requires_grad else None
        self.calls[name].append(Call(given, given._version, out.detach(), edge))

    def slopes(self, total: Tensor, *, retain_graph: bool = False) -> dict[str, list[Tensor]]:
        """The derivatives of a sum over rows in each output of each layer; zeros where it does not depend."""
        edges = [call.edge for calls in self.calls.values() for call in calls if call.edge is not None]
        found: list[Tensor | None] = [None] * len(edges)
        if edges and total.requires_grad:
            found = list(torch.autograd.grad(total, edges, allow_unused=True, retain_graph=retain_graph))
        waiting = iter(found)
        return {
            name: [
                torch.zeros_like(call.out) if call.edge is None or (slope := next(waiting)) is None else slope
                for call in calls
            ]
            for name, calls in self.calls.items()
        }
