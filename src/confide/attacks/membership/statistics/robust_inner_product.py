"""Dwork, Smith, Steinke, Ullman, Vadhan: Robust Traceability from Trace Amounts (FOCS 2015)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from confide.attacks.membership.statistics._ancestry import COMPONENTS, PRICE, Ancestry, over_norm
from confide.attacks.membership.statistics._published import by_blocks, published, zeroed
from confide.core.arrays import Floats, Rng
from confide.core.language import later
from confide.core.nouns import Case, Guess
from confide.core.paper import Paper
from confide.knowledge.frequencies import Reference
from confide.views.frequencies import Frequencies, Genotypes


@dataclass(frozen=True, slots=True, kw_only=True)
class RobustInnerProduct:
    """Inner-product tracing: do the published frequencies lean towards the target?

    The adversary knows the target's genotype and a reference sample. It measures how far the pool deviates
    from the population in the direction in which the target does. It needs no law of the frequencies, and
    still works where they were distorted in a way that it does not know: no mechanism that keeps many
    frequencies accurate escapes it.

    With y the target's own frequency, p the reference's and q the pool's the score is `<y - p, q - p>`. The
    paper has one reference person in the place of the first p; the mean of all of them deviates less.
    """

    name: ClassVar[str] = "robust-inner-product"
    title: ClassVar[str] = later("Do the frequencies lean towards this person?")
    paper: ClassVar[Paper] = Paper(
        authors="Cynthia Dwork and Adam Smith and Thomas Steinke and Jonathan Ullman and Salil Vadhan",
        title="Robust Traceability from Trace Amounts",
        venue="IEEE Symposium on Foundations of Computer Science (FOCS)",
        year=2015,
        url="https://doi.org/10.1109/FOCS.2015.46",
    )

    def __call__(self, case: Case[Frequencies, Reference, Genotypes], *, rng: Rng) -> Guess:
        what = published(case, self.name)
        lean = what.pool - what.base
        return Guess(None, by_blocks(what.targets, lambda y: zeroed(y - what.base) @ lean))


@dataclass(frozen=True, slots=True, kw_only=True)
class RobustInnerProductCorrected:
    """Inner-product tracing beyond ancestry: the reference's leading principal components are projected out.

    In a pool of mixed ancestry the frequencies lean towards everybody of the ancestries that are frequent in
    it. The adversary takes the reference's leading principal components out of the target and out of the
    pool, and measures how far what is left of the pool leans towards what is left of the target, in units of
    the target's own norm. The norm differs between ancestries.

    Args:
        components: the number of principal components of the reference that are taken out.
    """

    name: ClassVar[str] = "robust-inner-product-corrected"
    title: ClassVar[str] = later("Do the frequencies lean towards this person more than ancestry explains?")
    paper: ClassVar[Paper] = PRICE

    components: int = COMPONENTS

    def __call__(self, case: Case[Frequencies, Reference, Genotypes], *, rng: Rng) -> Guess:
        what = published(case, self.name)
        ancestry = Ancestry.of(what, self.components, standardised=False)
        lean = ancestry.rest_of(what.pool)

        def score(y: Floats) -> Floats:
            rest = ancestry.explained(y)[1]
            return over_norm(rest @ lean, rest)

        return Guess(None, by_blocks(what.targets, score))
