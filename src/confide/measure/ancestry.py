"""Ancestry: how far a sample is from people of one population, and two samples from each other."""

from __future__ import annotations

import math

import numpy as np

from confide.core.arrays import Floats

MEDIAN = 0.4549
"""The median of the square of a standard normal number."""


def structure(shares: Floats) -> float:
    """The largest principal component of a sample, by the largest that chance leaves [Patterson et al. 2006].

    People of one ancestry deviate together from the frequencies of all. Of n people of one population with m
    independent SNPs the largest eigenvalue of their products is near (1 + sqrt(n / m))^2 times the mean one
    (Marchenko, Pastur). Linked SNPs raise it too.

    Args:
        shares: each person's own frequency at each SNP, float64[n, m], NaN where it is missing.

    Returns:
        about 1 where one population and chance explain the sample; 0 where no SNP varies.

    >>> rng = np.random.default_rng(0)
    >>> frequencies = rng.uniform(0.1, 0.5, (2, 900))
    >>> round(structure(rng.binomial(2, frequencies[0], (60, 900)) / 2), 1)
    1.0
    >>> structure(rng.binomial(2, np.repeat(frequencies, 30, axis=0)) / 2) > 2
    True
    """
    known = ~np.isnan(shares)
    counts = np.maximum(known.sum(axis=0), 1)
    centred = np.where(known, shares - np.where(known, shares, 0).sum(axis=0) / counts, 0)
    spread = np.sqrt((centred**2).mean(axis=0))
    x = centred[:, spread > 0] / spread[spread > 0]
    people, snps = x.shape
    if not snps or people < 2:
        return 0.0
    largest = float(np.linalg.eigvalsh(x @ x.T / snps)[-1])
    return largest / (1 + math.sqrt(people / snps)) ** 2


def squared_differences(p: Floats, q: Floats, alleles: tuple[int, int]) -> Floats:
    """Squared differences of two samples' frequencies in units of their variance by chance, float64[m].

    Args:
        p, q: the frequencies, NaN where none is known.
        alleles: how many each sample has at a SNP.
    """
    each = 1 / alleles[0] + 1 / alleles[1]
    # Half an allele off 0 and 1, where no deviation is seen.
    around = np.clip((p + q) / 2, each / 4, 1 - each / 4)
    return (p - q) ** 2 / (around * (1 - around) * each)


def inflation(squared: Floats) -> float:
    """How many times as large the median squared difference is as by chance: genomic control.

    1 is that of two samples of one population [Devlin, Roeder 1999]; 0 where no frequency is known.

    >>> round(inflation(np.random.default_rng(0).standard_normal(100_000) ** 2), 2)
    1.0
    """
    known = squared[np.isfinite(squared)]
    return float(np.median(known)) / MEDIAN if len(known) else 0.0
