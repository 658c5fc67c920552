"""Shringarpure, Bustamante: Privacy Risks from Genomic Data-Sharing Beacons (AJHG 2015)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from confide.attacks.membership.statistics._published import by_blocks, inside, zeroed
from confide.core.arrays import Floats, Rng
from confide.core.errors import DataError
from confide.core.language import later
from confide.core.nouns import Case, Guess
from confide.core.paper import Paper
from confide.knowledge.frequencies import Reference
from confide.views.frequencies import Genotypes, Presence


@dataclass(frozen=True, slots=True, kw_only=True)
class BeaconLR:
    """Likelihood-ratio tracing from a beacon: it answers only whether anybody has an allele.

    The adversary asks about the alleles that the target has. Of a member's alleles none is absent, but for
    errors of reading. An allele that is rare in the population and present in the beacon speaks for the
    target.

    Of N people with A alleles each, nobody has an allele of frequency f with chance `D_N = (1 - f)^(A N)`. If
    the target is one of them, their own copy is missed with the chance of an error e, and the answer is no
    with chance `e D_(N-1)`. The score is the sum over the target's alleles of the logarithm of the ratio of
    the answer's chances. The paper assumes a law of the frequencies; here the reference's own stand in it.

    Args:
        mismatch: e, the chance that the target's genotype and their copy in the beacon differ.
    """

    name: ClassVar[str] = "beacon-lr"
    title: ClassVar[str] = later("Does the beacon have all alleles of this person?")
    paper: ClassVar[Paper] = Paper(
        authors="Suyash S. Shringarpure and Carlos D. Bustamante",
        title="Privacy Risks from Genomic Data-Sharing Beacons",
        venue="American Journal of Human Genetics 97(5)",
        year=2015,
        url="https://doi.org/10.1016/j.ajhg.2015.09.010",
    )

    mismatch: float = 1e-6

    def __post_init__(self) -> None:
        if not 0 < self.mismatch < 1:
            raise DataError(f"mismatch is {self.mismatch}: give a chance above 0 and below 1.")

    def __call__(self, case: Case[Presence, Reference, Genotypes], *, rng: Rng) -> Guess:
        reference, view = case.known.genotypes(self.name), case.view
        base = reference.frequencies()
        # Of an allele that the reference does not know nothing can be expected.
        known = ~np.isnan(base)
        frequency = inside(np.where(known, base, 0.5), len(reference) * reference.alleles)
        nobody = view.alleles * np.log1p(-frequency)
        log_no_out, log_no_in = view.people * nobody, (view.people - 1) * nobody + np.log(self.mismatch)
        # ln(1 - D): expm1 keeps it exact where nearly surely nobody has the allele.
        log_yes_out, log_yes_in = (np.log(-np.expm1(x)) for x in (log_no_out, log_no_in))
        each = np.where(view.bits, log_yes_in - log_yes_out, log_no_in - log_no_out)
        speaks = np.where(known, each, 0.0)

        def score(y: Floats) -> Floats:
            has = zeroed(y) > 0
            return has.astype(np.float64) @ speaks

        return Guess(None, by_blocks(case.targets, score))
