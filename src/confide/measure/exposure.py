"""Exposure: by how many bits a model prefers a canary to the other candidates for its secret.

A canary is a text with a secret that was drawn from a space of R candidates. If the model ranks it r-th of
all by its likelihood, its exposure is log2 R - log2 r. Of a canary that the model never saw, the rank is
uniform, and the exposure 1.44 bits (log2 e) in the mean; at log2 R the secret comes first, and can be read
out. Each bit halves the guesses that are needed.

Where R is too large to ask about every candidate, the rank is estimated: among a sample of candidates, which
resolves no more bits than the logarithm of its size, or from a skew-normal law that is fitted to the sample.
The law's tail is not the model's beyond what the sample reaches, where it invents exposure: so it is cut off
there.

Source: Carlini, Liu, Erlingsson, Kos, Song: The Secret Sharer (USENIX Security 2019).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import log, log2, pi, sqrt

import numpy as np

from confide.core.arrays import Floats, Ints
from confide.core.errors import EvidenceError
from confide.measure.special import chi_square_cdf, log_normal_cdf_of, skew_normal_cdf

MEAN_OF_UNSEEN = 1 / log(2)
"""The mean exposure of canaries that the model never saw, in bits: that of -log2 of a uniform number."""
MOST_SKEW = 0.99
"""Of a skew-normal law, relative to its largest skewness: at the end the fit by moments has no width."""


def exposure_by_rank(space: Floats, at: Floats) -> Floats:
    """Compute the exact exposure from the log-likelihoods of all candidates, in bits, float64[k].

    Equal likelihoods share their middle rank.

    Args:
        space: float64[R], the log-likelihood of every candidate, those asked about included.
        at: float64[k], those asked about.

    Raises:
        EvidenceError: if a number asked about is not in the space.

    >>> exposure_by_rank(np.array([-1.0, -2.0, -3.0, -4.0]), np.array([-1.0, -4.0])).tolist()
    [2.0, 0.0]
    """
    order = np.sort(np.asarray(space, np.float64))
    above = len(order) - np.searchsorted(order, at, side="right")
    equal = len(order) - above - np.searchsorted(order, at, side="left")
    if (equal < 1).any():
        raise EvidenceError("a canary is not among the candidates: give the likelihoods of all of them.")
    return np.maximum(log2(len(order)) - np.log2(above + (equal + 1) / 2), 0.0)


def exposure_by_sampling(sample: Floats, at: Floats, *, size: int) -> Floats:
    """Estimate the exposure by the rank among a sample of other candidates, in bits, float64[k].

    The canary is counted as one of m + 1, so that the estimate is at most log2(m + 1), and its law for a
    canary that the model never saw is exact, whatever the sample.

    Args:
        sample: float64[m], log-likelihoods of candidates drawn at random, without those asked about.
        at: float64[k], those asked about.
        size: of the whole space: no exposure is above its logarithm.
    """
    order = np.sort(np.asarray(sample, np.float64))
    above = len(order) - np.searchsorted(order, at, side="right")
    equal = len(order) - above - np.searchsorted(order, at, side="left")
    bits = log2(len(order) + 1) - np.log2(above + (equal + 2) / 2)
    return np.clip(bits, 0.0, log2(size))


def exposure_by_fit(sample: Floats, at: Floats, *, size: int) -> Floats:
    """Estimate the exposure from a skew-normal law fitted to a sample of other candidates, in bits.

    It is smoother than the rank in the sample. No value is above log2(m + 1): what the sample of m cannot
    reach, the law's tail only invents.

    Args: as in `exposure_by_sampling`.
    """
    cap = min(log2(len(sample) + 1), log2(size))
    perplexity = -np.asarray(sample, np.float64)
    if len(perplexity) < 3 or perplexity.std() <= 1e-12 * (1 + abs(perplexity.mean())):
        return exposure_by_sampling(sample, at, size=size)  # one value has no law
    with np.errstate(divide="ignore"):
        return np.clip(-np.log2(SkewNormal.fit(perplexity).cdf(-np.asarray(at, np.float64))), 0.0, cap)


def chance_of_exposure(bits: Floats, *, spread: float = 1.0) -> float:
    """Bound how often as many canaries that the model never saw are exposed so far.

    Of such a canary 2^-exposure is uniform, or larger, so that the sum of n exposures in nats follows a gamma
    law with n degrees, and the largest is above b with probability n 2^-b at most. The rarer of the two
    counts, twice, as there are two: all canaries a little, or one very much.

    Args:
        bits: float64[n].
        spread: how much larger the variance of the sum is than that of n independent exposures.

    >>> chance_of_exposure(np.array([1.0, 2.0])) > 0.5, chance_of_exposure(np.array([13.0, 1.0])) < 1e-3
    (True, True)
    """
    if not len(bits):
        return 1.0
    # A gamma law with the same mean, n, and the variance n spread.
    together = 1 - chi_square_cdf(2 * log(2) * float(bits.sum()) / spread, 2 * len(bits) / spread)
    return min(2 * min(together, len(bits) * 2.0 ** -float(bits.max())), 1.0)


def spread_of_shared(templates: Ints, drawn: Floats) -> float:
    """The variance of a sum of exposures by sampling, as a multiple of that of independent ones.

    Canaries of one template are ranked among the same m drawn candidates. Their rarity by such a sample is
    off for all of them together, by a deviation of 1 / sqrt(m) nats in the mean.

    Args:
        templates: int64[n], the template of each canary.
        drawn: float64[templates], how many candidates were drawn; inf where all were asked about.

    >>> spread_of_shared(np.zeros(100, np.int64), np.array([100.0]))
    2.0
    """
    each = np.bincount(templates, minlength=len(drawn)).astype(np.float64)
    return 1 + float((each**2 / drawn).sum() / each.sum())


@dataclass(frozen=True, slots=True)
class SkewNormal:
    """The skew-normal law (Azzalini 1985): density 2/scale phi(z) Phi(shape z), z = (x - place) / scale.

    Args:
        place, scale, shape: its parameters; shape 0 is the normal law.
    """

    place: float
    scale: float
    shape: float

    @classmethod
    def fit(cls, x: Floats) -> SkewNormal:
        """Fit it to numbers by their mean, deviation and skewness; a skewness beyond the law's is cut.

        The fit of greatest likelihood follows the middle, where nearly all numbers are; on character models
        it was no nearer to the ranks in the tail, and an exposure is read off there.
        """
        mean, spread = float(x.mean()), float(x.std())
        skew = float((((x - mean) / spread) ** 3).mean())
        most = MOST_SKEW * 0.5 * (4 - pi) * (2 / (pi - 2)) ** 1.5
        third = abs(float(np.clip(skew, -most, most))) ** (2 / 3)
        share = sqrt(pi / 2 * third / (third + ((4 - pi) / 2) ** (2 / 3)))
        share = float(np.copysign(min(share, 0.999), skew))
        scale = spread / sqrt(1 - 2 * share**2 / pi)
        return cls(mean - scale * share * sqrt(2 / pi), scale, share / sqrt(1 - share**2))

    def log_density(self, x: Floats) -> float:
        """The log of the density at all numbers together."""
        z = (x - self.place) / self.scale
        each = -0.5 * z**2 + log_normal_cdf_of(self.shape * z)
        return float(each.sum()) + len(x) * (log(2 / self.scale) - 0.5 * log(2 * pi))

    def cdf(self, x: Floats) -> Floats:
        """P[X <= x], float64[n]."""
        return np.clip(skew_normal_cdf((x - self.place) / self.scale, self.shape), 0.0, 1.0)
