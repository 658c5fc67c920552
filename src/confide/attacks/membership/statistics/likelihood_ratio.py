"""Sankararaman, Obozinski, Jordan, Halperin: Genomic privacy and limits of individual detection (2009)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from confide.attacks.membership.statistics._ancestry import COMPONENTS, PRICE, Ancestry, over_norm
from confide.attacks.membership.statistics._published import by_blocks, inside, published, zeroed
from confide.core.arrays import Floats, Rng
from confide.core.language import later
from confide.core.nouns import Case, Guess
from confide.core.paper import Paper
from confide.knowledge.frequencies import Reference
from confide.views.frequencies import Frequencies, Genotypes


@dataclass(frozen=True, slots=True, kw_only=True)
class FrequencyLR:
    """Likelihood-ratio tracing: how many times likelier is this genotype under the pool than outside it?

    The adversary knows the target's genotype, and the frequencies of a reference sample of the population.
    It takes each allele of the target as drawn from the pool's frequencies or from the population's, and
    adds up the logarithms of the ratios. For independent SNPs and a known population no test of this kind
    finds more (Neyman and Pearson).

    With g the target's copies of A alleles in all, p the reference's and q the pool's frequencies:
    `sum g ln(q/p) + (A - g) ln((1-q)/(1-p))`. Both are kept half an allele off 0 and 1.

    Like Homer's T it takes pool and reference as of one ancestry.
    """

    name: ClassVar[str] = "frequency-lr"
    title: ClassVar[str] = later("Is this genotype likelier under the pool than under the population?")
    paper: ClassVar[Paper] = Paper(
        authors="Sriram Sankararaman and Guillaume Obozinski and Michael I. Jordan and Eran Halperin",
        title="Genomic privacy and limits of individual detection in a pool",
        venue="Nature Genetics 41",
        year=2009,
        url="https://doi.org/10.1038/ng.436",
    )

    def __call__(self, case: Case[Frequencies, Reference, Genotypes], *, rng: Rng) -> Guess:
        what = published(case, self.name)
        pool, base, alleles = what.pool_inside, what.base_inside, what.targets.alleles
        has, lacks = np.log(pool / base), np.log((1 - pool) / (1 - base))

        def score(y: Floats) -> Floats:
            # A missing genotype says nothing for either side.
            return alleles * (zeroed(y) @ has + zeroed(1 - y) @ lacks)

        return Guess(None, by_blocks(what.targets, score))


@dataclass(frozen=True, slots=True, kw_only=True)
class FrequencyLRCorrected:
    """Likelihood-ratio tracing with the target's own expected frequencies, for pools of mixed ancestry.

    The adversary learns from the reference's leading principal components which frequencies to expect for
    somebody of the target's ancestry. It compares these with the same frequencies moved by what the pool
    deviates beyond ancestry. The sum is divided by the norm of the target's own deviation.

    Args:
        components: the number of principal components of the reference that are taken out.
    """

    name: ClassVar[str] = "frequency-lr-corrected"
    title: ClassVar[str] = later("Is this genotype likelier under the pool than their ancestry explains?")
    paper: ClassVar[Paper] = PRICE

    components: int = COMPONENTS

    def __call__(self, case: Case[Frequencies, Reference, Genotypes], *, rng: Rng) -> Guess:
        what = published(case, self.name)
        alleles = what.targets.alleles
        ancestry = Ancestry.of(what, self.components, standardised=True)
        scale = ancestry.scale
        beyond = scale * ancestry.rest_of(what.pool)

        def score(y: Floats) -> Floats:
            explained, rest = ancestry.explained(y)
            # A linear prediction can leave [0, 1], as a frequency cannot.
            expected = inside(what.base + scale * explained, len(what.reference) * alleles)
            moved = inside(expected + beyond, what.people * alleles)
            ratio = y * np.log(moved / expected) + (1 - y) * np.log((1 - moved) / (1 - expected))
            return over_norm(np.nansum(ratio, axis=1), rest)

        return Guess(None, by_blocks(what.targets, score))
