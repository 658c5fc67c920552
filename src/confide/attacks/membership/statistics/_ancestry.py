"""Price et al.: Principal components analysis corrects for stratification in association studies (2006)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from confide.attacks.membership.statistics._published import Published, frequencies_of, inside, zeroed
from confide.core.arrays import Floats
from confide.core.paper import Paper
from confide.views.frequencies import Genotypes

PRICE = Paper(
    authors="Alkes L. Price and Nick J. Patterson and Robert M. Plenge and Michael E. Weinblatt and "
    "Nancy A. Shadick and David Reich",
    title="Principal components analysis corrects for stratification in genome-wide association studies",
    venue="Nature Genetics 38",
    year=2006,
    url="https://doi.org/10.1038/ng1847",
)
COMPONENTS = 10
"""As many as Price et al. take; one more costs 1 / m of the signal, one too few leaves an ancestry in."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Ancestry:
    """The leading principal components of a reference, which mostly tell its people's ancestry.

    People of one ancestry share deviations from the reference's frequencies. A pool in which this ancestry is
    frequent leans towards all of them, in the pool or not. What is left after projecting the components out
    of target and pool is each person's own.

    Args:
        axes: float64[c, k], orthonormal rows.
        centre: the frequencies of the reference, float64[k].
        scale: that deviations are divided by, float64[k].
    """

    axes: Floats
    centre: Floats
    scale: Floats

    @staticmethod
    def of(what: Published, components: int, *, standardised: bool) -> Ancestry:
        """The components of the reference; fewer where it has no more.

        Args:
            components: how many.
            standardised: whether deviations are divided by those of an allele drawn with the frequency.

        >>> from confide.views.frequencies import Genotypes
        >>> people = Genotypes(copies=np.array([[0, 0, 1], [2, 2, 1], [1, 1, 1]], np.int8))
        >>> half = np.full(3, 0.5)
        >>> case = Published(pool=half, base=half, targets=people, reference=people, people=3)
        >>> np.abs(Ancestry.of(case, 10, standardised=False).axes.round(3)).tolist()
        [[0.707, 0.707, 0.0]]
        """
        return _of(what.reference, components, standardised)

    def explained(self, shares: Floats) -> tuple[Floats, Floats]:
        """The part of each person's deviation that ancestry explains, and the rest: float64[n, k] each."""
        x = _deviation(shares, self.centre, self.scale)
        part = (x @ self.axes.T) @ self.axes
        return part, x - part

    def rest_of(self, pool: Floats) -> Floats:
        """The part of the pool's deviation that ancestry does not explain, float64[k]."""
        return self.explained(pool[None])[1][0]


# All worlds of a game share a reference, and its components take longer than all the rest.
@lru_cache(maxsize=2)
def _of(reference: Genotypes, components: int, standardised: bool) -> Ancestry:
    base = frequencies_of(reference)
    near = inside(base, len(reference) * reference.alleles)
    scale = np.sqrt(near * (1 - near)) if standardised else np.ones(len(base))
    x = _deviation(reference.shares(), base, scale)
    # People are fewer than SNPs as a rule, so their products are the smaller matrix.
    size, vectors = np.linalg.eigh(x @ x.T)
    # The mean is taken out, so that one dimension is empty but for rounding.
    real = min(components, int((size > 1e-9 * size[-1]).sum())) if size[-1] > 0 else 0
    leading = slice(len(size) - real, None)
    axes = (vectors[:, leading] / np.sqrt(size[leading])).T @ x
    return Ancestry(axes=axes, centre=base, scale=scale)


def over_norm(score: Floats, rest: Floats) -> Floats:
    """Scores divided by the norm of each target's own rest; 0 where nothing is left of a target.

    A target with many rare alleles has a large norm, and its score deviates more, in the pool or not.
    """
    norm = np.sqrt((rest**2).sum(axis=1))
    return np.divide(score, norm, out=np.zeros(len(score)), where=norm > 1e-12)


def _deviation(shares: Floats, centre: Floats, scale: Floats) -> Floats:
    x = (shares - centre) / scale
    # A missing genotype is taken as the reference's average.
    return zeroed(x)
