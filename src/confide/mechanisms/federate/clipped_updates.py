"""Updates of clients, clipped as whole vectors, and their sum with noise that hides any one client."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from confide.core.arrays import Array, Floats
from confide.core.budget import Budget, Unit
from confide.core.errors import PromiseError
from confide.mechanisms.federate.protocol import Plan

TOLERATED = 1e-4
"""How much longer than the clip an update may be by rounding in float32; the noise charges ten times that."""


def clipped(update: Array, clip: float) -> Array:
    """The update, shortened to this length if it is longer, as one vector; what is not finite stays so."""
    whole = length(update)
    if not math.isfinite(whole):
        return update  # it is left out: scaled, it would become numbers that mean nothing
    return update * (clip / whole) if whole > clip else update


def length(update: Array) -> float:
    """The Euclidean length, in float64."""
    return float(np.linalg.norm(np.asarray(update, np.float64)))


def length_fault(upload: Array, clip: float) -> str | None:
    """Why an upload of one client cannot be used: no client is trusted to clip; None if it can."""
    return "longer than the clip" if length(upload) > clip * (1 + TOLERATED) else None


def noised(total: Floats, *, clip: float, multiplier: float, bits: Any, parts: int = 1) -> Floats:
    """A sum of clipped updates with normal noise, on the noise's grid, float64[p].

    Args:
        total: float64[p].
        clip: how far one client moves all noised sums of a run together.
        multiplier: the noise's deviation over that.
        bits: the source of uniform words.
        parts: in how many of those sums one client is; each is rounded to the grid by itself.
    """
    import torch

    from confide.mechanisms.learn.dpsgd.noise import GridNoise

    p = len(total)
    # Rounding moves `parts` vectors, and the grid's noise charges one; its step doubles at most by this.
    more = 2 * GridNoise(multiplier=multiplier, clip=clip, numbers=p).step * math.sqrt(p * (parts - 1))
    noise = GridNoise(multiplier=multiplier, clip=clip + more, numbers=p)
    return noise.added(torch.from_numpy(np.array(total, np.float64)), bits).numpy()


def check_client_budget(budget: Budget) -> None:
    """Refuse a budget that clipped updates of clients cannot keep.

    Raises:
        PromiseError: if it hides another unit than a client, or has no delta.
    """
    if budget.unit != Unit.client():
        raise PromiseError(
            f"the budget hides {budget.unit}, and what is clipped and noised is the update of a client: give "
            "Budget(epsilon, delta, Unit.client())."
        )
    if not (budget.epsilon > 0 and budget.delta > 0):
        raise PromiseError(f"normal noise keeps no budget of {budget}: give epsilon and delta above 0.")


def check_delta(budget: Budget, plan: Plan) -> None:
    """Refuse a delta that allows to publish one whole client.

    Raises:
        PromiseError: if it is above one over the number of clients.
    """
    if budget.delta > 1 / plan.clients:
        raise PromiseError(
            f"delta is {budget.delta:g} for {plan.clients:,} clients: a mechanism that publishes all of one "
            f"client would keep it. Give less than {1 / plan.clients:g}."
        )
