"""The rows of a sample, and whose they are."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from confide.mechanisms.learn.dpsgd.products import Units


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

    def fitting(self, start: int, most: int) -> int:
        """The unit after the last one that fits, with those from `start` on, into this many rows."""
        if self.owner is None:
            return min(start + most, self.count)
        beyond = int(torch.searchsorted(self.owner, start)) + most
        return self.count if beyond >= len(self.owner) else max(start + 1, int(self.owner[beyond]))

    def only(self, kept: Tensor) -> Rows:
        """The rows of the units under a mask bool[count]."""
        if self.owner is None:
            return Rows(self.x[kept], self.y[kept], None, int(kept.sum()), self.weight)
        rows, number = kept[self.owner], kept.cumsum(0) - 1
        return Rows(self.x[rows], self.y[rows], number[self.owner[rows]], int(kept.sum()), self.weight)
