"""Andrew et al.: Differentially Private Learning with Adaptive Clipping (NeurIPS 2021)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from confide.core.arrays import Array
from confide.core.errors import PromiseError

FARTHEST = 1e6
"""A clip moves no further than this from where it started, up or down: it would leave the range of noise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AdaptiveClip:
    """An adaptive clip follows a quantile of the lengths of updates, by counts with noise of their own.

    Each sampled client sends, beside its clipped update, +1/2 if its update was no longer than the clip and
    -1/2 otherwise. The server adds noise of deviation s to the sum b of these, and moves the clip to

        clip * exp(-pace * ((b + noise) / (q W) + 1/2 - quantile)).

    *Statement* (theorem 1 of the paper). A round with noise multiplier z' on updates and s on b is one
    Gaussian step of multiplier z, where 1 / z^2 = 1 / z'^2 + 1 / (2 s)^2: both are one vector, scaled so that
    a client moves each part by at most 1. So the clip costs nothing besides; noise on updates grows instead.

    Args:
        start: the clip of the first round.
        quantile: the share of updates that are to be no longer than the clip.
        pace: how fast the clip moves.
        noise: s; None for a twentieth of the expected sample, as the paper recommends. Without noise the clip
            would show lengths of updates: 0 is refused.

    Raises:
        PromiseError: if a setting is out of range.

    >>> clip = AdaptiveClip(start=0.1)
    >>> round(clip.of_updates(1.0, clients=1_000, rate=0.1), 4)  # s = 5
    1.005
    """

    start: float
    quantile: float = 0.5
    pace: float = 0.2
    noise: float | None = None

    def __post_init__(self) -> None:
        for name, value in (("start", self.start), ("pace", self.pace)):
            if not 0 < value < math.inf:
                raise PromiseError(f"{name} is {value}: give a finite number above 0.")
        if not 0 < self.quantile < 1:
            raise PromiseError(f"quantile is {self.quantile}: give a share above 0 and below 1.")
        if self.noise is not None and not 0 < self.noise < math.inf:
            raise PromiseError(
                f"the noise of an adaptive clip is {self.noise}: without noise of its own it publishes "
                "lengths of clients' updates. Give a finite number above 0, or leave it out."
            )

    def deviation(self, *, clients: int, rate: float) -> float:
        """The deviation s of the noise on the count."""
        return rate * clients / 20 if self.noise is None else self.noise

    def of_updates(self, whole: float, *, clients: int, rate: float) -> float:
        """The multiplier of noise on updates with which a round has this multiplier as a whole.

        Raises:
            PromiseError: if the count alone costs more than the round may.
        """
        s = self.deviation(clients=clients, rate=rate)
        rest = whole**-2 - (2 * s) ** -2
        if rest <= 0:
            by_itself = (
                f", or let more than {10 * whole:.3g} clients be expected in a round, whose twentieth it is "
                "where nothing is given"
            )
            raise PromiseError(
                f"the adaptive clip's noise of {s:g} costs more than a round of multiplier {whole:.3g} may: "
                f"give noise above {whole / 2:.3g}, such as noise = {whole:.2g}"
                f"{by_itself if self.noise is None else ''}."
            )
        return rest**-0.5

    def following(self, clip: float, total: float, *, clients: int, rate: float, bits: Any) -> float:
        """The clip of the next round.

        Args:
            clip: of this round.
            total: the sum b.
            clients, rate: their number, and the chance of each.
            bits: the source of uniform words.
        """
        import torch

        from confide.mechanisms.learn.dpsgd.noise import GridNoise

        s = self.deviation(clients=clients, rate=rate)
        noise = GridNoise(multiplier=2 * s, clip=0.5, numbers=1)  # a client moves b by 1/2
        b = float(noise.added(torch.tensor([total], dtype=torch.float64), bits)[0])
        short = b / (rate * clients) + 0.5
        moved = clip * math.exp(-self.pace * (short - self.quantile))
        return min(max(moved, self.start / FARTHEST), self.start * FARTHEST)


def within(update: Array, clip: float) -> Array:
    """What a client sends of its update's length: +1/2 within the clip, else -1/2, float64[]."""
    return np.array(0.5 if np.linalg.norm(np.asarray(update, np.float64)) <= clip else -0.5)
