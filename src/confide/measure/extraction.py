"""(n, p)-discoverable extraction: how many samples of a model get a text out of it, with which probability.

An adversary who knows a prefix draws continuations from the model. If the model continues with the suffix z
with probability p_z, at least one of n draws is z with probability 1 - (1 - p_z)^n. A text is
(n, p)-discoverable if that is at least p. As p_z is the product of the probabilities of the suffix's signs,
nothing need be drawn to know it: greedy decoding, the usual test, misses all that comes second.

Source: Hayes, Swanberg, Chaudhari, Yona, Shumailov, Nasr, Choquette-Choo, Lee, Cooper: Measuring
memorization in language models via probabilistic extraction (NAACL 2025; arXiv:2410.19482).
"""

from __future__ import annotations

from math import expm1, log, log1p

import numpy as np
from numpy.typing import ArrayLike

from confide.core.arrays import Floats
from confide.core.errors import EvidenceError


def extraction_probability(log_likelihood: ArrayLike, *, samples: int) -> Floats:
    """Compute the probability that at least one of n samples is the text, float64[k].

    Args:
        log_likelihood: of the suffix after its prefix: ln p_z.
        samples: n.

    >>> round(float(extraction_probability(np.log(0.008), samples=87)), 2)
    0.5
    """
    _need(samples=samples)
    with np.errstate(divide="ignore"):  # p_z of 1 is found at once
        return -np.expm1(samples * np.log1p(-np.exp(np.asarray(log_likelihood, np.float64))))


def samples_needed(log_likelihood: ArrayLike, *, probability: float) -> Floats:
    """Compute the least n with which a text is found with probability p, float64[k]; inf where none is.

    >>> samples_needed(np.log([1.0, 0.5, 0.008]), probability=0.5).tolist()
    [1.0, 1.0, 87.0]
    """
    _need(probability=probability)
    p = np.exp(np.asarray(log_likelihood, np.float64))
    with np.errstate(divide="ignore"):
        # The tolerance keeps an n that is whole from being counted one up.
        return np.maximum(np.ceil(log1p(-probability) / np.log1p(-p) - 1e-9), 1.0)


def least_log_likelihood(*, samples: int, probability: float) -> float:
    """Compute the ln p_z from which on a text is (n, p)-discoverable.

    >>> round(least_log_likelihood(samples=1, probability=0.5), 4)
    -0.6931
    """
    _need(samples=samples, probability=probability)
    return log(-expm1(log1p(-probability) / samples))


def _need(*, samples: int = 1, probability: float = 0.5) -> None:
    if samples < 1:
        raise EvidenceError(f"{samples} samples: give 1 or more.")
    if not 0 < probability < 1:
        raise EvidenceError(f"a probability of {probability}: give one above 0 and below 1.")
