"""The inner products of all records' gradients, exact and within a stated memory."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import torch
from torch import Tensor

from confide.core.arrays import Floats
from confide.models.torch.inside import Inside
from confide.models.torch.layers import Products


class Job(NamedTuple):
    """A layer, and the parameters of which gradients are made: none if its products need no gradients."""

    layer: str
    start: int = 0
    stop: int = 0


def gram_of(inside: Inside) -> Floats:
    """The products over all layers of `inside`: float64[n, n].

    Layers whose products come from what they were given and its slopes keep these two for all records. Of
    other layers gradients are made, a slice of the parameters at a time, in as many passes over the records
    as the room asks for; besides, there is the answer. Everything is multiplied and summed in float64: the
    products of a layer with one position carry the rounding of the module's own forward and backward pass
    and no more; gradients that are made, of convolutions mostly, are besides summed over positions in the
    module's numbers, as its own backward pass does.
    """
    n = len(inside.rows)
    gram = torch.zeros(n, n, dtype=torch.float64, device=inside.labels.device)
    for jobs in _passes(inside) if n else ():
        _add(gram, inside, jobs)
    return _mirrored(gram).cpu().numpy()


def _passes(inside: Inside) -> Iterator[list[Job]]:
    """The jobs, as many at a time as fit."""
    now, taken = list[Job](), 0
    for job, size in _jobs(inside):
        if now and taken + size > inside.room // 2:
            yield now
            now, taken = [], 0
        now.append(job)
        taken += size
    if now:
        yield now


def _jobs(inside: Inside) -> Iterator[tuple[Job, int]]:
    """All that is to be done, with the bytes that each job keeps over a pass."""
    n = len(inside.rows)
    for layer, size in inside.sizes().items():
        factors = inside.fast.get(layer)
        if isinstance(factors, Products) and (factors.pair_cost <= size or factors.shape[1] == 1):
            yield Job(layer), n * factors.kept
        else:
            room = max(inside.room // 2, size * inside.width)  # one record's gradient is the least
            step = max(1, room // (n * inside.width))
            for start in range(0, size, step):
                job = Job(layer, start, min(start + step, size))
                yield job, n * (job.stop - start) * inside.width


def _add(gram: Tensor, inside: Inside, jobs: list[Job]) -> None:
    sizes, n = inside.sizes(), len(inside.rows)
    kept: dict[str, list[Products]] = {}
    made: dict[Job, Tensor] = {}
    largest = max((sizes[job.layer] for job in jobs if job.stop), default=0)
    for here, found in inside.each(list(dict.fromkeys(job.layer for job in jobs)), made=largest):
        for job in jobs:
            factors = found[job.layer]
            if isinstance(factors, Products) and not job.stop:
                kept.setdefault(job.layer, []).append(factors)
                continue
            some = factors.gradients()[:, job.start : job.stop]
            made.setdefault(job, some.new_empty(n, some.shape[1]))[here] = some
    for first, *others in kept.values():
        first.joined(others).add_gram(gram, inside.room // 2)
    for each in made.values():
        _add_products(gram, each, inside.room // 2)


def _add_products(gram: Tensor, each: Tensor, room: int) -> None:
    """Add each @ each.T to the upper triangle, in float64."""
    n, size = each.shape
    step, side = max(16, room // (8 * n)), 1024
    for start in range(0, size, step):
        block = each[:, start : start + step].double()
        for top in range(0, n, side):
            gram[top : top + side, top:].addmm_(block[top : top + side], block[top:].T)


def _mirrored(gram: Tensor, side: int = 1024) -> Tensor:
    """The upper triangle, below too; in place."""
    for top in range(0, len(gram), side):
        here = slice(top, top + side)
        corner = gram[here, here].triu()
        gram[here, here] = corner + corner.triu(1).T
        gram[top + side :, here] = gram[here, top + side :].T
    return gram
