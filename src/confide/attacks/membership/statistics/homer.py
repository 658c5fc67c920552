"""Homer et al.: Resolving Individuals Contributing Trace Amounts of DNA to Highly Complex Mixtures (2008)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from confide.attacks.membership.statistics._ancestry import COMPONENTS, PRICE, Ancestry, over_norm
from confide.attacks.membership.statistics._published import by_blocks, published
from confide.core.arrays import Floats, Rng
from confide.core.language import later
from confide.core.nouns import Case, Guess
from confide.core.paper import Paper
from confide.knowledge.frequencies import Reference
from confide.views.frequencies import Frequencies, Genotypes


@dataclass(frozen=True, slots=True, kw_only=True)
class Homer:
    """Homer's T: is the target nearer to the pool's frequencies than to the population's?

    The adversary knows the target's genotype, and the frequencies of a reference sample of the population.
    At each SNP it asks whether the target is nearer to the pool or to the reference. A member pulls the
    pool's frequencies a little towards themselves, at every SNP.

    With y the target's own frequency (0, 1/2 or 1), p the reference's and q the pool's,
    `D_j = |y_j - p_j| - |y_j - q_j|`; the score is `mean(D) / (sd(D) / sqrt(m))`.

    It takes pool and reference as of one ancestry; if they are not, everybody of the pool's ancestry looks
    like a member.
    """

    name: ClassVar[str] = "homer"
    title: ClassVar[str] = later("Is this person nearer to the pool than to the population?")
    paper: ClassVar[Paper] = Paper(
        authors="Nils Homer and Szabolcs Szelinger and Margot Redman and David Duggan and Waibhav Tembe and "
        "Jill Muehling and John V. Pearson and Dietrich A. Stephan and Stanley F. Nelson and David W. Craig",
        title="Resolving Individuals Contributing Trace Amounts of DNA to Highly Complex Mixtures Using "
        "High-Density SNP Genotyping Microarrays",
        venue="PLoS Genetics 4(8)",
        year=2008,
        url="https://doi.org/10.1371/journal.pgen.1000167",
    )

    def __call__(self, case: Case[Frequencies, Reference, Genotypes], *, rng: Rng) -> Guess:
        what = published(case, self.name)

        def score(y: Floats) -> Floats:
            nearer = np.abs(y - what.base) - np.abs(y - what.pool)
            known = ~np.isnan(nearer)
            count = np.maximum(known.sum(axis=1), 1)
            mean = np.where(known, nearer, 0).sum(axis=1) / count
            around = np.where(known, nearer - mean[:, None], 0)
            # One SNP has no deviation: then the sign of the mean is all that can be said.
            error = np.sqrt((around**2).sum(axis=1) / np.maximum(count - 1, 1) / count)
            return np.where(error > 0, mean / np.where(error > 0, error, 1), np.sign(mean))

        return Guess(None, by_blocks(what.targets, score))


@dataclass(frozen=True, slots=True, kw_only=True)
class HomerCorrected:
    """Homer's distances with the target's own expected frequencies, for pools of mixed ancestry.

    The adversary learns from the reference's leading principal components which frequencies to expect for
    somebody of the target's ancestry. It measures distances to these, and to these moved by what the pool
    deviates beyond ancestry. The sum is divided by the norm of the target's own deviation.

    Args:
        components: the number of principal components of the reference that are taken out.
    """

    name: ClassVar[str] = "homer-corrected"
    title: ClassVar[str] = later("Is this person nearer to the pool than their ancestry explains?")
    paper: ClassVar[Paper] = PRICE

    components: int = COMPONENTS

    def __call__(self, case: Case[Frequencies, Reference, Genotypes], *, rng: Rng) -> Guess:
        what = published(case, self.name)
        ancestry = Ancestry.of(what, self.components, standardised=True)
        scale = ancestry.scale
        beyond = scale * ancestry.rest_of(what.pool)

        def score(y: Floats) -> Floats:
            explained, rest = ancestry.explained(y)
            expected = what.base + scale * explained
            nearer = np.abs(y - expected) - np.abs(y - expected - beyond)
            return over_norm(np.nansum(nearer, axis=1), rest)

        return Guess(None, by_blocks(what.targets, score))
