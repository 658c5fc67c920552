"""Gram matrices of per-record gradients, exact and within a stated memory."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import torch
from torch import Tensor

from confide.core.arrays import Floats
from confide.models.torch.inside import Inside
from confide.models.torch.layers import Products


class Job(NamedTuple):
    """A layer, and the range of parameters whose gradients are made; it is empty if none are needed."""

    layer: str
    start: int = 0
    stop: int = 0


def gram_of(inside: Inside) -> Floats:
    """The inner products of all records' gradients over all layers of `inside`: float64[n, n].

    For some layers the products follow from the layer's inputs and slopes; these two are kept for all
    records. For the other layers gradients are made, for a slice of the parameters at a time, in as many
    passes over the records as the memory needs. The answer takes memory in addition.

    All products are computed and summed in float64. The products of a layer with one position have only the
    rounding errors of the module's own forward and backward pass. Gradients that are made (mostly of
    convolutions) are also summed over positions in the module's number type, as in its own backward pass.
    """
    n = len(inside.rows)
    gram = torch.zeros(n, n, dtype=torch.float64, device=inside.labels.device)
    for jobs in _passes(inside) if n else ():
        _add(gram, inside, jobs)
    return _mirrored(gram).cpu().numpy()


def _passes(inside: Inside) -> Iterator[list[Job]]:
    """The jobs of each pass, as many as the memory holds."""
    now, taken = list[Job](), 0
    for job, size in _jobs(inside):
        if now and taken + size > inside.room // 2:  # the other half is for the work on a chunk
            yield now
            now, taken = [], 0
        now.append(job)
        taken += size
    if now:
        yield now


def _jobs(inside: Inside) -> Iterator[tuple[Job, int]]:
    """All jobs, with the bytes that each keeps during a pass."""
    n = len(inside.rows)
    for layer, size in inside.sizes().items():
        factors = inside.fast.get(layer)
        # With one position, or few, the products of factors cost less than those of whole gradients.
        if isinstance(factors, Products) and (factors.pair_cost <= size or factors.shape[1] == 1):
            yield Job(layer), n * factors.kept
        else:
            room = max(inside.room // 2, size * inside.width)  # at least one record's gradient
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
            # Made whole and cut, because autograd gives no part of a layer's gradient.
            some = factors.gradients()[:, job.start : job.stop]
            made.setdefault(job, some.new_empty(n, some.shape[1]))[here] = some
    for first, *others in kept.values():
        first.joined(others).add_gram(gram, inside.room // 2)
    for each in made.values():
        _add_products(gram, each, inside.room // 2)


def _add_products(gram: Tensor, each: Tensor, room: int) -> None:
    """Add each @ each.T to the upper triangle, in float64."""
    n, size = each.shape
    step, side = (
        max(16, room // (8 * n)),
        1024,
    )  # 8 bytes in float64; blocks of the triangle save half the work
    for start in range(0, size, step):
        block = each[:, start : start + step].double()
        for top in range(0, n, side):
            gram[top : top + side, top:].addmm_(block[top : top + side], block[top:].T)


def _mirrored(gram: Tensor, side: int = 1024) -> Tensor:
    """Copy the upper triangle to the lower one, in place."""
    for top in range(0, len(gram), side):
        here = slice(top, top + side)
        corner = gram[here, here].triu()
        gram[here, here] = corner + corner.triu(1).T
        gram[top + side :, here] = gram[here, top + side :].T
    return gram
