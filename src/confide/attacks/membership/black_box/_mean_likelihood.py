"""Mean likelihood of a record over reference models, IN and OUT, in logarithms."""

from __future__ import annotations

import numpy as np

from confide.core.arrays import Bools, Floats

# The smallest log-likelihood: ratios of still smaller ones are noise.
FLOOR = np.log(1e-12)
# The paper's value of `a` for CIFAR-10, taken where it can neither be tuned nor divided by.
UNTUNED = 0.3


def log_mean(log_p: Floats, here: Bools) -> Floats:
    """log of the mean of exp(log_p) [M, n] over the models `here` [M, n]; NaN where there is none."""
    held = np.where(here & ~np.isnan(log_p), log_p, -np.inf)
    top = np.maximum(held.max(axis=0), -1e300)  # all -inf: no models, or p = 0 for each
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(
            here.any(axis=0), top + np.log(np.exp(held - top).sum(axis=0) / here.sum(axis=0)), np.nan
        )


def log_out(log_p: Floats, included: Bools, *, a: float) -> Floats:
    """log p(x) among OUT models; where all were trained on x, from p_in = a p_out + 1 - a."""
    outside = log_mean(log_p, ~included)
    if not np.isnan(outside).any():
        return outside
    divisor = a or UNTUNED
    with np.errstate(divide="ignore", invalid="ignore"):
        inverted = np.log(np.maximum((np.exp(log_mean(log_p, included)) + divisor - 1) / divisor, 0.0))
    return np.where(np.isnan(outside), inverted, outside)


def log_likelihood(outside: Floats, inside: Floats | None, *, a: float) -> Floats:
    """log p(x) = log((p_in + p_out) / 2), with p_in = a p_out + 1 - a where `inside` is missing."""
    with np.errstate(divide="ignore"):
        assumed = np.logaddexp(np.log(a) + outside, np.log(1 - a))
    known = assumed if inside is None else np.where(np.isnan(inside), assumed, inside)
    return np.maximum(np.logaddexp(known, outside) - np.log(2), FLOOR)
