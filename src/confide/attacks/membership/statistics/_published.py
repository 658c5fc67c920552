"""Parts of tracing: published frequencies beside the reference's, and targets in blocks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from confide.core.arrays import Bools, Floats
from confide.core.errors import KnowledgeError
from confide.core.language import keep
from confide.core.nouns import Case
from confide.knowledge.frequencies import Reference
from confide.views.frequencies import Frequencies, Genotypes

BLOCK = 200_000
"""Numbers of targets that are scored at once: arrays of 1.6 MB stay in a processor's cache."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Published:
    """What is published, at the k SNPs where the reference knows a frequency too.

    Args:
        pool: the published frequencies, float64[k], as they are.
        base: the frequencies of the reference, float64[k].
        targets: int8[n, k].
        reference: int8[r, k].
        people: in the pool.
    """

    pool: Floats
    base: Floats
    targets: Genotypes
    reference: Genotypes
    people: int

    @property
    def pool_inside(self) -> Floats:
        """The pool's frequencies, kept half an allele off 0 and 1: float64[k]."""
        return inside(self.pool, self.people * self.targets.alleles)

    @property
    def base_inside(self) -> Floats:
        """The reference's frequencies, kept half an allele off 0 and 1: float64[k]."""
        return inside(self.base, len(self.reference) * self.targets.alleles)


def published(case: Case[Frequencies, Reference, Genotypes], attack: str) -> Published:
    """The published part of a case.

    Raises:
        KnowledgeError: if the adversary knows too few people, or no frequency of what is published.
    """
    reference = case.known.genotypes(attack)
    base = frequencies_of(reference)
    both = case.view.published & ~np.isnan(base)
    if not both.any():
        raise KnowledgeError(
            keep(
                "{attack} compares frequencies, but the reference has no genotype at any published SNP: "
                "give a reference with the same SNPs.",
                attack=attack,
            )
        )
    return Published(
        pool=case.view.values[both],
        base=base[both],
        targets=_cut(case.targets, both),
        reference=_cut(reference, both),
        people=case.view.people,
    )


# All worlds of a game share a reference.
@lru_cache(maxsize=2)
def frequencies_of(reference: Genotypes) -> Floats:
    """The frequencies of a reference, float64[m], not to be changed."""
    found = reference.frequencies()
    found.flags.writeable = False
    return found


def inside(frequencies: Floats, alleles: int) -> Floats:
    """Frequencies clipped to [1/(2a), 1 - 1/(2a)] for a counted alleles: half an allele off the ends.

    A frequency of 0 among few people does not say that nobody has the allele.

    >>> inside(np.array([0.0, 0.4, 1.2]), 10).tolist()
    [0.05, 0.4, 0.95]
    """
    least = 1 / (2 * alleles)
    return np.clip(frequencies, least, 1 - least)


def zeroed(shares: Floats) -> Floats:
    """The same numbers with 0 in the place of NaN, which is a missing genotype."""
    return np.where(np.isnan(shares), 0.0, shares)


def by_blocks(targets: Genotypes, score: Callable[[Floats], Floats]) -> Floats:
    """The scores float64[n] of targets, some at a time, from their shares float64[block, k] with NaN."""
    rows = max(1, BLOCK // max(targets.statistics, 1))
    parts = [
        score(targets.take(np.arange(start, min(start + rows, len(targets)))).shares())
        for start in range(0, len(targets), rows)
    ]
    return np.concatenate(parts) if parts else np.empty(0)


def _cut(people: Genotypes, columns: Bools) -> Genotypes:
    # Mostly everything is published: then no copy is made.
    return people if columns.all() else people.only(columns)
