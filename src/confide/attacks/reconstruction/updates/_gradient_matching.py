"""Records whose gradient comes near to a shared one, by descent."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from confide.core.arrays import Array, Floats, Ints, Rng
from confide.knowledge.updates import KnownInputs
from confide.learners.torch.training import one_thread
from confide.models.torch.plain_network import batch_gradient, parameters_of
from confide.views.shared_gradient import SharedGradient

ENOUGH = 1e-12
"""A squared misfit, in squared lengths of the gradient, at which no other start is tried."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Matched:
    """Records with labels, and how far their gradient is from the shared one.

    Args:
        x: float64[b, d].
        labels: int64[b].
        left: the objective at its end.
    """

    x: Floats
    labels: Ints
    left: float


@dataclass(frozen=True, slots=True, eq=False)
class Aim:
    """The network and the gradient that is to be matched, as tensors."""

    view: SharedGradient
    parameters: Sequence[Tensor]
    wanted: Tensor

    @classmethod
    def of(cls, view: SharedGradient) -> Aim:
        return cls(view, parameters_of(view.layers, torch.float64), torch.from_numpy(view.vector))

    def made(self, x: Tensor, y: Tensor) -> Tensor:
        """The gradient of these records as one vector, which can be differentiated in them."""
        found = batch_gradient(self.view.layers, self.parameters, x, y, again=True)
        return torch.cat([part.flatten() for part in found])

    def squared(self, x: Tensor, y: Tensor) -> Tensor:
        """The squared distance from the shared gradient, in squared lengths of it."""
        return (self.made(x, y) - self.wanted).square().sum() / self.wanted.square().sum().clamp(min=1e-300)

    def cosine(self, x: Tensor, y: Tensor) -> Tensor:
        """1 less the cosine with the shared gradient."""
        return 1 - functional.cosine_similarity(self.made(x, y), self.wanted, dim=0)


def by_lbfgs(
    view: SharedGradient, known: KnownInputs, labels: Ints | None, *, starts: int, steps: int, rng: Rng
) -> Matched:
    """Match the gradient in Euclidean distance by L-BFGS, from random records.

    Args:
        view: the shared gradient.
        known: the form of a record.
        labels: of the records, int64[b]; None looks for them too, as probabilities.
        starts: how many beginnings are tried at most; the best end is kept.
        steps: of the optimiser, for each.
        rng: draws the beginnings.
    """
    aim, classes = Aim.of(view), len(view.layers[-1].weight)
    with one_thread():
        return _best(
            starts, lambda: _lbfgs(aim, _first(view, known, rng), labels, rng, steps=steps, classes=classes)
        )


def _lbfgs(aim: Aim, start: Array, labels: Ints | None, rng: Rng, *, steps: int, classes: int) -> Matched:
    x = torch.from_numpy(start).requires_grad_()
    soft = torch.from_numpy(rng.standard_normal((len(start), classes))).requires_grad_()
    told = None if labels is None else torch.from_numpy(labels)
    sought = [x] if told is not None else [x, soft]
    optimiser = torch.optim.LBFGS(
        sought, max_iter=steps, line_search_fn="strong_wolfe", tolerance_grad=1e-12, tolerance_change=1e-15
    )

    def distance() -> Tensor:
        return aim.squared(x, soft.softmax(dim=1) if told is None else told)

    def closure() -> Tensor:
        optimiser.zero_grad()
        loss = distance()
        loss.backward()
        return loss

    optimiser.step(closure)  # pyright: ignore[reportArgumentType] - the stub wants a float
    named = soft.argmax(dim=1) if told is None else told
    return _kept(x, named, distance())


def by_cosine(
    view: SharedGradient,
    known: KnownInputs,
    labels: Ints,
    *,
    variation: float,
    starts: int,
    steps: int,
    rate: float,
    rng: Rng,
) -> Matched:
    """Match the direction of the gradient by Adam on the signs of slopes, and prefer smooth pictures.

    Args:
        view, known, labels, starts, rng: as in `by_lbfgs`.
        variation: the weight of the total variation, of records that are pictures.
        steps: of Adam; its rate falls tenfold after 3/8, 5/8 and 7/8 of them.
        rate: the first one, in ranges of a feature.
    """
    aim = Aim.of(view)
    with one_thread():
        return _best(
            starts,
            lambda: _signed(aim, _first(view, known, rng), labels, known, variation, steps, rate),
        )


def _signed(
    aim: Aim, start: Array, labels: Ints, known: KnownInputs, variation: float, steps: int, rate: float
) -> Matched:
    x, y = torch.from_numpy(start).requires_grad_(), torch.from_numpy(labels)
    width = known.high - known.low
    optimiser = torch.optim.Adam([x], lr=rate * width)
    falls = [steps * part // 8 for part in (3, 5, 7)]
    schedule = torch.optim.lr_scheduler.MultiStepLR(optimiser, falls, gamma=0.1)
    for _ in range(steps):
        optimiser.zero_grad()
        (aim.cosine(x, y) + variation * total_variation(x) / width).backward()
        if x.grad is not None:
            x.grad.sign_()
        optimiser.step()
        schedule.step()
        with torch.no_grad():
            x.clamp_(known.low, known.high)
    return _kept(x, y, aim.cosine(x, y))


def total_variation(x: Tensor) -> Tensor:
    """The mean absolute difference of neighbouring pixels; 0 of records that are no pictures.

    >>> float(total_variation(torch.tensor([[[[0.0, 1.0], [0.0, 1.0]]]])))
    1.0
    """
    if x.ndim != 4:
        return torch.zeros((), dtype=x.dtype)
    down, right = x[..., 1:, :] - x[..., :-1, :], x[..., :, 1:] - x[..., :, :-1]
    return down.abs().mean() + right.abs().mean()


def _first(view: SharedGradient, known: KnownInputs, rng: Rng) -> Array:
    """Normal numbers around the middle of the range, as far as a uniform one goes."""
    middle, width = (known.low + known.high) / 2, known.high - known.low
    return middle + width / np.sqrt(12) * rng.standard_normal((view.records, *known.shape))


def _best(starts: int, attempt: Callable[[], Matched]) -> Matched:
    best = attempt()
    for _ in range(starts - 1):
        if best.left < ENOUGH:
            break
        other = attempt()
        # An end that is no number is no better.
        best = other if not best.left <= other.left else best
    return best


def _kept(x: Tensor, labels: Tensor, left: Tensor) -> Matched:
    rows = x.detach().numpy()
    return Matched(x=rows.reshape(len(rows), -1), labels=labels.numpy(), left=float(left.detach()))
