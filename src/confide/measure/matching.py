"""Reconstructions against true records: matched one to one, then compared by error, PSNR or SSIM."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np

from confide.core.arrays import Bools, Floats, Ints
from confide.core.errors import DataError
from confide.core.lazily import Lazily
from confide.measure.pictures import psnr, ssim
from confide.measure.rebuilding import largest_errors

_scipy: Any = Lazily("scipy.optimize")  # it has no types

Likeness: TypeAlias = Literal["largest-error", "psnr", "ssim"]


def matched(claims: Floats, truth: Floats) -> Ints:
    """The claim that belongs to each true record, with the least sum of squared distances: int64[t].

    A batch has no order, so a set of reconstructions is matched to it as a whole (the Hungarian method). Each
    claim is given to one record at most; a record that gets none has -1.

    Args:
        claims: float64[m, d]; a claim that is no number is given to nobody.
        truth: float64[t, d].

    >>> matched(np.array([[9.0], [1.0]]), np.array([[0.0], [3.0], [8.0]])).tolist()
    [1, -1, 0]
    """
    found = np.full(len(truth), -1, np.int64)
    usable = np.flatnonzero(np.isfinite(claims).all(axis=1))
    if len(usable) and len(truth):
        far = ((truth[:, None, :] - claims[usable][None, :, :]) ** 2).sum(axis=2)
        pairs: tuple[Ints, Ints] = _scipy.linear_sum_assignment(far)
        found[pairs[0]] = usable[pairs[1]]
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Nearness:
    """How a reconstruction is compared with a true record, and how near is near enough.

    Args:
        by: the largest absolute error of a feature in ranges, the PSNR in decibels, or the SSIM.
        bound: at most this error, or at least this PSNR or SSIM.
        low, high: the range of features.
        shape: (height, width) of a picture, for the SSIM.

    Raises:
        DataError: if the range is empty, or SSIM is asked for without a shape.
    """

    by: Likeness = "largest-error"
    bound: float = 1e-3
    low: float = 0.0
    high: float = 1.0
    shape: tuple[int, int] | None = None

    def __post_init__(self) -> None:
        if not self.low < self.high:
            raise DataError(f"features range from {self.low} to {self.high}: give low below high.")
        if self.by == "ssim" and self.shape is None:
            raise DataError("SSIM compares pictures: give their height and width (`shape`).")

    def of(self, claims: Floats, truth: Floats) -> Floats:
        """The likeness of each true record and the claim that is matched to it, float64[t].

        A record without a claim has an infinite error, and a PSNR or SSIM of minus infinity.

        >>> Nearness().of(np.array([[0.5, 1.0]]), np.array([[0.5, 0.75]])).tolist()
        [0.25]
        """
        place = matched(claims, truth)
        found = np.full(len(truth), np.inf if self.by == "largest-error" else -np.inf)
        there = place >= 0
        if there.any():
            found[there] = self._compared(claims[place[there]], truth[there])
        return found

    def near(self, claims: Floats, truth: Floats) -> Bools:
        """Whether the claim that is matched to each true record is near enough, bool[t]."""
        likeness = self.of(claims, truth)
        return likeness <= self.bound if self.by == "largest-error" else likeness >= self.bound

    def _compared(self, claims: Floats, truth: Floats) -> Floats:
        if self.by == "largest-error":
            return largest_errors(claims, truth) / (self.high - self.low)
        # The measures on pictures count in 256 steps.
        shown, original = (255 * (rows - self.low) / (self.high - self.low) for rows in (claims, truth))
        if self.by == "psnr":
            return psnr(original, shown)
        size = (len(truth), *(self.shape or ()))
        return ssim(original.reshape(size), shown.reshape(size))
