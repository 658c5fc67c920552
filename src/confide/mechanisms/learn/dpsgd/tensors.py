"""The records of a run as tensors on the module's device, and the rows of some units of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import torch
from torch import Tensor

from confide.mechanisms.learn.dpsgd.people import People
from confide.mechanisms.learn.dpsgd.rows import Rows

Augment: TypeAlias = Callable[[Tensor, torch.Generator], Tensor]
"""One random view of each row: (inputs [b, ...], a generator) -> [b, ...]."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Data:
    """The records as tensors on the module's device, and whose they are."""

    x: Tensor
    y: Tensor
    people: People
    views: int
    augment: Augment | None

    def rows(self, units: Tensor, generator: torch.Generator) -> Rows:
        """The rows of some units; with several views of each row, these are averaged within the unit."""
        index, owner = self.people.rows_of(units.numpy())
        index = index.to(self.x.device)
        x, y = self.x[index], self.y[index]
        if self.augment is None:
            owner = owner if owner is None else owner.to(x.device)
            return Rows(x, y, owner, len(units))
        place = torch.arange(len(units)) if owner is None else owner
        x = torch.stack([self.augment(x, generator) for _ in range(self.views)], dim=1).flatten(0, 1)
        y, place = y.repeat_interleave(self.views, dim=0), place.repeat_interleave(self.views)
        return Rows(x, y, place.to(x.device), len(units), 1 / self.views)
